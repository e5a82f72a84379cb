package template_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// direct has a function without an API.
func direct(data *datastore.Data) *tier.App {
	app := tier.New("prices")
	price := app.Function("price", tier.Timeout(5*time.Minute))
	datastore.Use[table.Getter[order]](price, table.New[order](data, "orders"))
	price.Invoke(handler.New(place))
	return app
}

// TestDirect: a function without an API has a role and a log like any other, and
// no permission: who invokes it brings one in a role of its own.
func TestDirect(t *testing.T) {
	t.Parallel()
	var d struct {
		doc
		Outputs map[string]any
	}
	if err := json.Unmarshal(sam(t, direct), &d); err != nil {
		t.Fatal(err)
	}
	types := map[string]int{}
	for _, r := range d.Resources {
		types[r.Type]++
	}
	for _, typ := range []string{"AWS::Serverless::Function", "AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::DynamoDB::Table"} {
		if types[typ] != 1 {
			t.Errorf("%d resources of type %s, want 1", types[typ], typ)
		}
		delete(types, typ)
	}
	if len(types) > 0 {
		t.Errorf("more than a function needs: %v", types)
	}
	if got := d.Resources["PriceFunction"].Properties["Timeout"]; got != 300.0 {
		t.Errorf("timeout %v, want 300", got)
	}
	if d.Outputs["PriceFunctionName"] == nil {
		t.Errorf("outputs %v do not name the function", d.Outputs)
	}
}
