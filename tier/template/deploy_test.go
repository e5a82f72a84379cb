package template_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestCallersInNetwork: a function in the private network reaches the stores of its
// callers there too: it assumes their role by an endpoint, and the endpoints let that
// role in.
func TestCallersInNetwork(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		f := app.API("orders").Function("reads")
		datastore.Use[cache.Getter[order]](f, cache.New[order](data, "profiles"))
		datastore.Use[table.Getter[order]](f, table.New[order](data, "orders").PerCaller())
		f.Handle("GET /orders/{id}", handler.New(get))
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	if _, has := d.Resources["StsEndpoint"]; !has {
		t.Error("there is no endpoint by which the role of a caller is assumed")
	}
	roles := fmt.Sprint(d.Resources["DynamodbEndpoint"].Properties["PolicyDocument"])
	if !strings.Contains(roles, "ReadsCallerRole") {
		t.Errorf("the endpoint of DynamoDB does not let the role of a caller in: %v", roles)
	}
	if rules := fmt.Sprint(d.Resources["ReadsGroup"].Properties["SecurityGroupEgress"]); !strings.Contains(rules, "EndpointGroup") {
		t.Errorf("the function may not reach the endpoint: %v", rules)
	}
}
