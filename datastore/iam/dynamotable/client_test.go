package dynamotable_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestClient: what package table has no words for is asked of the service itself.
func TestClient(t *testing.T) {
	t.Parallel()
	type note struct {
		ID string `table:"id,pk"`
	}
	url, name := servers.URL(t, "TIERKIT_TEST_MOTO"), ""
	data := datastore.New([]datastore.Driver{dynamotable.With(config(url, nil))}, &datastore.Options{
		Lookup: func(string) (string, bool) { return name, true },
	})
	notes := table.New[note](data, "notes")
	name = createTable(t, url, notes.Spec().(table.Spec))
	client, id, err := dynamotable.Client(data, notes)
	if err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &id})
	if err != nil || *out.Table.TableName != name {
		t.Errorf("DescribeTable(%q) = %+v, %v", id, out, err)
	}
}
