package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	function := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK", "AWS_SESSION_TOKEN": "ST",
	}
	for _, c := range []struct {
		name     string
		set      map[string]string
		endpoint string
		wantErr  string
	}{
		{"a function", nil, "", ""},
		{"endpoint of the service", map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://d", "AWS_ENDPOINT_URL": "http://all"}, "http://d", ""},
		{"endpoint of all", map[string]string{"AWS_ENDPOINT_URL_S3": "http://s", "AWS_ENDPOINT_URL": "http://all"}, "http://all", ""},
		{"endpoints ignored", map[string]string{"AWS_ENDPOINT_URL": "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "", ""},
		{"no region", map[string]string{"AWS_REGION": ""}, "", "AWS_REGION"},
		{"no keys", map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, "", "AWS_SECRET_ACCESS_KEY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := iam.Config("DYNAMODB", func(name string) (string, bool) {
				if v, ok := c.set[name]; ok {
					return v, true
				}
				v, ok := function[name]
				return v, ok
			})
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Fatalf("Config: error = %v, want one naming %s", err, c.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			keys, err := cfg.Credentials.Retrieve(t.Context())
			if err != nil || keys.AccessKeyID != "AK" || keys.SecretAccessKey != "SK" || keys.SessionToken != "ST" || cfg.Region != "eu-central-1" {
				t.Errorf("Config = %+v with %+v, %v, want what is set", cfg, keys, err)
			}
			if got := aws.ToString(cfg.BaseEndpoint); got != c.endpoint {
				t.Errorf("Config: endpoint = %q, want %q", got, c.endpoint)
			}
		})
	}
}
