package cognitoidentity_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// canned answers every request with one body.
type canned string

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(string(c))), ContentLength: int64(len(c)),
	}, nil
}

// BenchmarkGet is the driver beside the bare SDK, at a server that costs nothing.
func BenchmarkGet(b *testing.B) {
	cfg := config("http://canned.invalid", &http.Client{Transport: canned(`{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED","UserAttributes":[{"Name":"sub","Value":"1"},{"Name":"email","Value":"ada@example.com"}]}`)})
	b.Run("sdk", func(b *testing.B) {
		client := cip.NewFromConfig(cfg)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.AdminGetUser(b.Context(), &cip.AdminGetUserInput{UserPoolId: aws.String("eu-west-1_Abc"), Username: aws.String("ada")}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("driver", func(b *testing.B) {
		store := datastore.Use[identity.Getter](function{}, identity.New(dataFor(cfg, "eu-west-1_Abc"), "people"))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.Get(b.Context(), "ada"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
