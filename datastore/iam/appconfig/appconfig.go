// Package appconfig reads configurations that AWS AppConfig deploys.
//
//	func main() { run.Main(newApp, dynamotable.Driver, appconfig.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function; [With]
// takes any other. The variable TIERKIT_CONFIG_<NAME> has the ids, or the names, of the
// application, the environment and the profile: "abc1234/def5678/ghi9012". Nothing is
// sent before the first Get. It opens what is declared with config.AppConfig and
// config.FeatureFlags. No extension of Lambda is needed.
//
// # Sessions
//
// The first Get starts a session and asks for the document; each later one asks whether
// there is another. A token that AppConfig does not take, because it is older than a day
// or was used in a request whose answer was lost, starts another session.
// AppConfig says how long it is not to be asked again, 15 seconds at least: until then
// the document of before is answered.
//
// # Permissions
//
// appconfig:StartConfigurationSession and appconfig:GetLatestConfiguration on the one
// configuration, whose ARN is made of ids and not of names.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsappconfig.html
//
// # Time and faults
//
// What is throttled, fails in the service or is lost on the way is repeated within the
// deadline of the context. A configuration that is not there, or of which nothing was
// deployed, answers datastore.ErrNotFound. The error of the SDK is found by errors.As.
//
// See https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_appconfigdata_GetLatestConfiguration.html
package appconfig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appconfigdata"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Driver reads configurations with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_APPCONFIGDATA or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("APPCONFIGDATA", newClient))

// With reads configurations with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *appconfigdata.Client { return appconfigdata.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*appconfigdata.Client]
	retry  *iam.Retry
}

var (
	_ config.Driver     = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*appconfigdata.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they are
// given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "config".
func (d *driver) Kind() string { return "config" }

// Name is "appconfig".
func (d *driver) Name() string { return "appconfig" }

// Opens reports whether AppConfig has the configuration.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(config.Spec)
	return ok && (s.Source == config.AppConfig || s.Source == config.FeatureFlags)
}

// OpenConfig implements [config.Driver]. It sends nothing.
func (d *driver) OpenConfig(_ context.Context, data *datastore.Data, spec config.Spec) (config.Conn, error) {
	ids, _ := data.Physical(spec)
	parts := strings.Split(ids, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set, or is not APPLICATION/ENVIRONMENT/PROFILE", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, now: data.Now, start: &appconfigdata.StartConfigurationSessionInput{
		ApplicationIdentifier: &parts[0], EnvironmentIdentifier: &parts[1], ConfigurationProfileIdentifier: &parts[2],
		RequiredMinimumPollIntervalInSeconds: aws.Int32(interval(spec.MaxAge)),
	}}, nil
}

// interval is how often AppConfig is asked at most, in seconds: somewhat more often
// than documents are kept, because it counts from when a request arrives.
func interval(maxAge time.Duration) int32 {
	const least, most, slack = 15, 86400, 5
	return int32(min(max(int64(maxAge/time.Second)-slack, least), most))
}

var errNoToken = errors.New("the answer has no token")
