package iam_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// TestClientFor: one client for a Data, another for the next, with the SDK's own
// retries off and this package's HTTP client unless one is given.
func TestClientFor(t *testing.T) {
	t.Parallel()
	made := 0
	own := &http.Client{}
	for _, given := range []aws.Config{{Region: "eu-west-1"}, {HTTPClient: own}} {
		made = 0
		c := iam.From(given, func(cfg aws.Config) *aws.Config { made++; return &cfg })
		first, second := datastore.New(nil, nil), datastore.New(nil, nil)
		one, err := c.For(first)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := c.For(first)
		other, _ := c.For(second)
		if again != one || other == one || made != 2 {
			t.Errorf("For: %d clients for two Data, same %v, other %v", made, again == one, other != one)
		}
		if _, ok := one.Retryer().(aws.NopRetryer); !ok || one.Region != given.Region {
			t.Errorf("For: the retryer is %T in %q", one.Retryer(), one.Region)
		}
		if client, ok := one.HTTPClient.(*http.Client); !ok || (client == own) != (given.HTTPClient != nil) {
			t.Errorf("For: the HTTP client is %T", one.HTTPClient)
		}
	}
}

func TestClientFromEnvironment(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	c := iam.FromEnvironment("S3", func(cfg aws.Config) string { return cfg.Region })
	data := datastore.New(nil, nil)
	if _, err := c.For(data); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("For outside a function = %v, want ErrUnavailable", err)
	}
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	if region, err := c.For(data); err != nil || region != "eu-west-1" {
		t.Errorf("For = %q, %v: a failure is not kept", region, err)
	}
}
