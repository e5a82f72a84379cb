package appconfig_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appconfigdata"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// canned answers at once with a document, the same one each time, and takes any token.
type canned struct{ paired.Answer }

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.Answer.RoundTrip(req)
	if err == nil {
		resp.Header["Next-Poll-Configuration-Token"] = []string{"token"}
	}
	return resp, err
}

// BenchmarkDriver is the driver beside the bare SDK, with nothing kept, so that each Get
// asks:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/appconfig
func BenchmarkDriver(b *testing.B) {
	server := &http.Client{Transport: answering{http.MethodPost, session, canned{paired.Answer{Type: "application/json", Body: `{"perMinute":60}`}}}}
	client, driver, ctx := appconfigdata.NewFromConfig(configuration("http://canned.invalid", server)), handle(server, "http://canned.invalid"), paired.Context(b)
	paired.Compare(b, "get", func() error {
		out, err := client.GetLatestConfiguration(ctx, &appconfigdata.GetLatestConfigurationInput{ConfigurationToken: aws.String("token")})
		if err != nil {
			return err
		}
		var document json.RawMessage
		return json.Unmarshal(out.Configuration, &document)
	}, func() error { return get(ctx, driver) })
}
