package dynamotable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/table/tabletest"
)

// TestConformanceMoto: moto is AWS STS as well, so that each owner has credentials of its own.
func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	tabletest.Run(t, func(t testing.TB, spec table.Spec) *datastore.Data {
		return withRole(config(url, nil), createTable(t, url, spec))
	}, tabletest.MixedOrderFails, tabletest.NoBytePrefix, tabletest.SmallerItems, tabletest.NarrowSums)
}

func TestConformanceDynalite(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_DYNALITE")
	tabletest.Run(t, func(t testing.TB, spec table.Spec) *datastore.Data {
		return onServer(t, config(url, nil), createTable(t, url, spec))
	}, tabletest.UnequalLists, tabletest.NoTransactions, tabletest.NoOldItem)
}

func TestConformanceDynoxide(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_DYNOXIDE")
	tabletest.Run(t, func(t testing.TB, spec table.Spec) *datastore.Data {
		return onServer(t, config(url, nil), createTable(t, url, spec))
	})
}

// config is for a server at url, reached by client; nil for the driver's own.
func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// onServer is a Data whose only table has the given name in DynamoDB.
func onServer(_ testing.TB, cfg aws.Config, name string) *datastore.Data {
	return datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) { return name, variable != datastore.CallerRole },
	})
}

// withRole is onServer with a role to assume for owners.
func withRole(cfg aws.Config, name string) *datastore.Data {
	return datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) {
			if variable == datastore.CallerRole {
				return "arn:aws:iam::123456789012:role/caller", true
			}
			return name, true
		},
	})
}

// Table names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

// createTable makes an empty table and deletes it when the test ends.
func createTable(t testing.TB, url string, spec table.Spec) string {
	t.Helper()
	client := dynamodb.NewFromConfig(config(url, nil))
	name := fmt.Sprintf("tierkit-%d-%d", startedAt, created.Add(1))
	in := &dynamodb.CreateTableInput{TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema(spec.Primary())}
	all := types.Projection{ProjectionType: types.ProjectionTypeAll}
	defined := map[table.Attribute]bool{}
	define := func(attributes ...table.Attribute) {
		for _, a := range attributes {
			if a.Name != "" && !defined[a] {
				defined[a] = true
				in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
					AttributeName: &a.Name, AttributeType: types.ScalarAttributeType(a.Type.String()),
				})
			}
		}
	}
	define(spec.PK, spec.SK)
	for _, x := range spec.Indexes.All() {
		define(x.PK, x.SK)
		if x.Local {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: &x.Name, KeySchema: keySchema(x), Projection: &all})
		} else {
			in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{IndexName: &x.Name, KeySchema: keySchema(x), Projection: &all})
		}
	}
	// The SDK repeats a request whose answer was lost: the name is ours alone.
	var inUse *types.ResourceInUseException
	if _, err := client.CreateTable(t.Context(), in); err != nil && !errors.As(err, &inUse) {
		t.Fatalf("CreateTable: %v", err)
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, 30*time.Second); err != nil {
		t.Fatalf("wait for table %s: %v", name, err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Logf("DeleteTable %s: %v", name, err)
		}
	})
	return name
}

func keySchema(x table.Index) []types.KeySchemaElement {
	schema := []types.KeySchemaElement{{AttributeName: &x.PK.Name, KeyType: types.KeyTypeHash}}
	if x.HasSK() {
		schema = append(schema, types.KeySchemaElement{AttributeName: &x.SK.Name, KeyType: types.KeyTypeRange})
	}
	return schema
}
