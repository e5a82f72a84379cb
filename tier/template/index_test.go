package template_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// seat has indexes, and expires.
type seat struct {
	Event   string    `table:"event,pk"`
	No      int       `table:"no,sk"`
	Email   string    `table:"email,index=byEmail.pk"`
	Sold    time.Time `table:"sold,index=byEmail.sk,local=bySold"`
	Expires time.Time `table:"expires,ttl"`
}

func seats(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("seats")
	seats := table.New[seat](data, "seats")
	datastore.Use[table.Updater[seat]](api, seats)
	datastore.Use[table.Querier[seat]](api, seats.Via("byEmail"))
	api.Handle("GET /orders/{id}", handler.New(get))
	return app
}

// TestIndexes: a table has its indexes and its time to live, whatever scope was
// granted; a grant on an index is one on the index alone.
func TestIndexes(t *testing.T) {
	t.Parallel()
	text := sam(t, seats)
	var d doc
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal([]byte(`{
		"AttributeDefinitions": [
			{"AttributeName": "event", "AttributeType": "S"}, {"AttributeName": "no", "AttributeType": "N"},
			{"AttributeName": "email", "AttributeType": "S"}, {"AttributeName": "sold", "AttributeType": "S"}],
		"KeySchema": [{"AttributeName": "event", "KeyType": "HASH"}, {"AttributeName": "no", "KeyType": "RANGE"}],
		"GlobalSecondaryIndexes": [{
			"IndexName": "byEmail", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}, {"AttributeName": "sold", "KeyType": "RANGE"}]}],
		"LocalSecondaryIndexes": [{
			"IndexName": "bySold", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "event", "KeyType": "HASH"}, {"AttributeName": "sold", "KeyType": "RANGE"}]}],
		"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": true}
	}`), &want); err != nil {
		t.Fatal(err)
	}
	tables := 0
	var arns []string
	for _, r := range d.Resources {
		if r.Type == "AWS::IAM::Role" {
			for _, s := range statements(t, r.Properties) {
				arns = append(arns, s["Resource"].(map[string]any)["Fn::Sub"].(string))
			}
		}
		if r.Type != "AWS::DynamoDB::Table" {
			continue
		}
		tables++
		got := map[string]any{}
		for name := range want {
			got[name] = r.Properties[name]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the table (-want +got):\n%s", diff)
		}
	}
	if tables != 1 {
		t.Errorf("the template has %d tables, want 1", tables)
	}
	if all := strings.Join(arns, "\n"); strings.Count(all, "/index/byEmail") != 1 || strings.Count(all, ":table/") != 2 {
		t.Errorf("the role's resources are\n%s\nwant the table and its index byEmail", all)
	}
}
