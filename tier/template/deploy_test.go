package template_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
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

// TestLongNames: stores whose names differ at the end have physical names that differ.
func TestLongNames(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		for _, language := range []string{"german", "french"} {
			datastore.Use[search.Searcher[product]](api, search.New[product](data, "customer-documents-"+language, search.Serverless))
		}
		api.Handle("GET /orders/{id}", handler.New(get))
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range d.Resources {
		if r.Type == "AWS::OpenSearchServerless::Collection" {
			names = append(names, fmt.Sprint(r.Properties["Name"]))
			parts := r.Properties["Name"].(map[string]any)["Fn::Join"].([]any)[1].([]any)
			if name := parts[0].(string); len(name)+len("-51af3dc0") > 32 || strings.HasSuffix(name, "-") {
				t.Errorf("a collection has the name %q before the id of the stack, want 23 letters at most and no hyphen at the end", name)
			}
		}
	}
	if len(names) != 2 || names[0] == names[1] {
		t.Errorf("two collections have the names %v, want two names", slices.Compact(names))
	}
}

// TestTopicNames: CloudFormation has made names of topics that SNS refuses where the
// topic is FIFO, so that these have one; other topics are named by CloudFormation.
func TestTopicNames(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[topic.Publisher[order]](api, topic.New[order](data, "placed"))
		datastore.Use[topic.Publisher[order]](api, topic.New[order](data, "ledger", topic.FIFO()))
		api.Handle("GET /orders/{id}", handler.New(get))
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	if name, has := d.Resources["PlacedTopic"].Properties["TopicName"]; has {
		t.Errorf("a standard topic has the name %v, want none", name)
	}
	name := fmt.Sprint(d.Resources["LedgerTopic"].Properties["TopicName"])
	if !strings.Contains(name, "ledger") || !strings.Contains(name, ".fifo") || !strings.Contains(name, "AWS::StackId") {
		t.Errorf("a FIFO topic has the name %s, want one of the stack that ends in .fifo", name)
	}
}

// TestVisitorRole: an identity pool gives out credentials of a role only, to nobody
// but its own users who have logged in, and the template gives that role nothing.
func TestVisitorRole(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		users := identity.New(data, "users")
		datastore.Use[identity.Exchanger](api, identity.NewExchange(data, "visitors", users))
		api.Handle("GET /orders/{id}", handler.New(get))
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	roles := fmt.Sprint(d.Resources["VisitorsIdentityRoles"].Properties)
	if want := "map[IdentityPoolId:map[Ref:VisitorsIdentity] Roles:map[authenticated:map[Fn::GetAtt:[VisitorsIdentityRole Arn]]]]"; roles != want {
		t.Errorf("the roles of the pool are %s, want %s", roles, want)
	}
	role := d.Resources["VisitorsIdentityRole"].Properties
	if policies, has := role["Policies"]; has {
		t.Errorf("the role has the policies %v, want none", policies)
	}
	trust := fmt.Sprint(role["AssumeRolePolicyDocument"])
	for _, want := range []string{
		"cognito-identity.amazonaws.com:aud:map[Ref:VisitorsIdentity]", "cognito-identity.amazonaws.com:amr:authenticated", "Action:sts:AssumeRoleWithWebIdentity ",
	} {
		if !strings.Contains(trust, want) {
			t.Errorf("the role trusts %s, want %s in it", trust, want)
		}
	}
}

// TestDatabasesByTLS: every database refuses a connection without TLS, by parameters of
// its own version.
func TestDatabasesByTLS(t *testing.T) {
	t.Parallel()
	for engine, want := range map[sqldb.Engine]struct{ family, version, parameters string }{
		sqldb.Postgres:       {"postgres17", "17.", "map[rds.force_ssl:1]"},
		sqldb.AuroraPostgres: {"aurora-postgresql17", "17.", "map[rds.force_ssl:1]"},
		sqldb.MySQL:          {"mysql8.4", "8.4.", "map[require_secure_transport:1]"},
		sqldb.AuroraMySQL:    {"aurora-mysql8.0", "8.0.mysql_aurora.3.", "map[require_secure_transport:ON]"},
	} {
		var d doc
		if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders")
			datastore.Use[sqldb.Reader](api, sqldb.New(data, "main", engine))
			api.Handle("GET /orders/{id}", handler.New(get))
			return app
		}), &d); err != nil {
			t.Fatal(err)
		}
		database, group := d.Resources["MainSqldb"], d.Resources["MainSqldbParameters"]
		named, typ := database.Properties["DBParameterGroupName"], "AWS::RDS::DBParameterGroup"
		if database.Type == "AWS::RDS::DBCluster" {
			named, typ = database.Properties["DBClusterParameterGroupName"], "AWS::RDS::DBClusterParameterGroup"
		}
		if fmt.Sprint(named) != "map[Ref:MainSqldbParameters]" || !strings.HasPrefix(fmt.Sprint(database.Properties["EngineVersion"]), want.version) {
			t.Errorf("%s: version %v with the parameters %v, want version %s with MainSqldbParameters", engine, database.Properties["EngineVersion"], named, want.version)
		}
		if group.Type != typ || group.Properties["Family"] != want.family || fmt.Sprint(group.Properties["Parameters"]) != want.parameters {
			t.Errorf("%s: %s %v, want %s of %s with %s", engine, group.Type, group.Properties, typ, want.family, want.parameters)
		}
	}
}
