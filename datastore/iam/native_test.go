package iam_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/appconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/cognitoidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kinesisstream"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kmskey"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/poolidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/redshiftwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/s3blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/snstopic"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/ssmsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type item struct {
	ID string `table:"id,pk"`
}

// native gives out the client of a store's driver.
type native struct {
	name   string
	driver func(aws.Config) datastore.Driver
	store  func(*datastore.Data) datastore.Store
	client func(*datastore.Data, datastore.Store) (bool, string, error) // whether there is one
}

// of is a driver's Client without the type of its client.
func of[C any](client func(*datastore.Data, datastore.Store) (*C, string, error)) func(*datastore.Data, datastore.Store) (bool, string, error) {
	return func(data *datastore.Data, store datastore.Store) (bool, string, error) {
		c, id, err := client(data, store)
		return c != nil, id, err
	}
}

var natives = []native{
	{"dynamotable", dynamotable.With, func(d *datastore.Data) datastore.Store { return table.New[item](d, "one") }, of(dynamotable.Client)},
	{"s3blob", s3blob.With, func(d *datastore.Data) datastore.Store { return blob.New(d, "one") }, of(s3blob.Client)},
	{"sqsqueue", sqsqueue.With, func(d *datastore.Data) datastore.Store { return queue.New[item](d, "one") }, of(sqsqueue.Client)},
	{"snstopic", snstopic.With, func(d *datastore.Data) datastore.Store { return topic.New[item](d, "one") }, of(snstopic.Client)},
	{"kinesisstream", kinesisstream.With, func(d *datastore.Data) datastore.Store { return stream.New[item](d, "one") }, of(kinesisstream.Client)},
	{"lambdacall", lambdacall.With, func(d *datastore.Data) datastore.Store { return call.New[item, item](d, "one") }, of(lambdacall.Client)},
	{"kmskey", kmskey.With, func(d *datastore.Data) datastore.Store { return key.New(d, "one", nil) }, of(kmskey.Client)},
	{"smsecret", smsecret.With, func(d *datastore.Data) datastore.Store {
		return secret.New[secret.Text](d, "one", secret.Manager, nil)
	}, of(smsecret.Client)},
	{"ssmsecret", ssmsecret.With, func(d *datastore.Data) datastore.Store {
		return secret.New[secret.Text](d, "one", secret.Parameter, nil)
	}, of(ssmsecret.Client)},
	{"appconfig", appconfig.With, func(d *datastore.Data) datastore.Store {
		return config.New(d, "one", config.AppConfig, item{}, nil)
	}, of(appconfig.Client)},
	{"ssmconfig", ssmconfig.With, func(d *datastore.Data) datastore.Store {
		return config.New(d, "one", config.Parameter, item{}, nil)
	}, of(ssmconfig.Client)},
	{"cognitoidentity", cognitoidentity.With, func(d *datastore.Data) datastore.Store { return identity.New(d, "one") }, of(cognitoidentity.Client)},
	{"poolidentity", poolidentity.With, func(d *datastore.Data) datastore.Store {
		return identity.NewExchange(d, "one", identity.New(d, "users"))
	}, of(poolidentity.Client)},
	{"redshiftwarehouse", redshiftwarehouse.With, func(d *datastore.Data) datastore.Store {
		return warehouse.New(d, "one", warehouse.Serverless)
	}, of(redshiftwarehouse.Client)},
}

// other is a driver of all kinds that is not the one of the package.
type other struct{ kind string }

func (o other) Kind() string { return o.kind }
func (o other) Name() string { return "other" }

// TestNative: each driver gives out its client and what the variable holds, unless
// another driver keeps the store or the variable is not set.
func TestNative(t *testing.T) {
	t.Parallel()
	known := func(string) (string, bool) { return "physical", true }
	unknown := func(string) (string, bool) { return "", false }
	for _, n := range natives {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			driver := n.driver(aws.Config{Region: "eu-west-1"})
			data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Lookup: known})
			if ok, id, err := n.client(data, n.store(data)); !ok || id != "physical" || err != nil {
				t.Errorf("Client = %v, %q, %v, want one for what the variable holds", ok, id, err)
			}
			for why, data := range map[string]*datastore.Data{
				"it is kept by other here": datastore.New([]datastore.Driver{other{driver.Kind()}, driver}, &datastore.Options{Lookup: known}),
				"_ONE is not set":          datastore.New([]datastore.Driver{driver}, &datastore.Options{Lookup: unknown}),
				"no driver for stores":     datastore.New(nil, &datastore.Options{Lookup: known}),
			} {
				ok, _, err := n.client(data, n.store(data))
				if ok || !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), why) {
					t.Errorf("Client = %v, %v, want %v: %s", ok, err, datastore.ErrUnavailable, why)
				}
			}
		})
	}
}
