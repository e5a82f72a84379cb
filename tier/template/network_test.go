package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// TestNetwork: a function reaches its stores' ports and the endpoints of the services
// it calls, and nothing else; one without such a store is outside of the network.
func TestNetwork(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, network), &d); err != nil {
		t.Fatal(err)
	}
	const profiles, hits, shared, open = "ProfilesCacheGroup", "HitCountsCacheGroup", "SharedCacheGroup", "OpenCacheGroup"
	want := map[string][]string{
		"ReadsGroup":  {"6379 " + profiles, "5432 MainSqldbGroup", "443 0.0.0.0/0"},
		"WorkerGroup": {"6379 " + profiles, "6379 " + hits, "6379 " + shared, "6379 " + open, "3306 AccountsSqldbGroup", "443 EndpointGroup"},
	}
	for _, store := range []string{profiles, hits, shared, open, "MainSqldbGroup", "AccountsSqldbGroup", "EndpointGroup"} {
		want[store] = []string{"86 255.255.255.255/32"} // nothing
	}
	got := map[string][]string{}
	var endpoints []string
	for id, r := range d.Resources {
		switch r.Type {
		case "AWS::EC2::SecurityGroup":
			if _, has := r.Properties["SecurityGroupIngress"]; has {
				t.Errorf("%s lets somebody in beside the functions", id)
			}
			for _, rule := range r.Properties["SecurityGroupEgress"].([]any) {
				got[id] = append(got[id], egress(rule.(map[string]any)))
			}
		case "AWS::EC2::VPCEndpoint":
			endpoints = append(endpoints, id)
		case "AWS::EC2::NatGateway", "AWS::EC2::InternetGateway":
			t.Errorf("%s is a way out of the network", id)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what may leave (-want +got):\n%s", diff)
	}
	slices.Sort(endpoints)
	if want := []string{"AppconfigEndpoint", "DynamodbEndpoint", "SecretsmanagerEndpoint", "SqsEndpoint", "SsmEndpoint"}; !slices.Equal(endpoints, want) {
		t.Errorf("endpoints %v, want %v", endpoints, want)
	}
	for function, inside := range map[string]bool{"ReadsFunction": true, "WorkerFunction": true, "OrdersFunction": false} {
		if _, has := d.Resources[function].Properties["VpcConfig"]; has != inside {
			t.Errorf("%s is in the network: %v, want %v", function, has, inside)
		}
	}
}

func egress(rule map[string]any) string {
	to := rule["CidrIp"]
	if group, ok := rule["DestinationSecurityGroupId"].(map[string]any); ok {
		to = group["Fn::GetAtt"].([]any)[0]
	}
	return fmt.Sprint(rule["ToPort"], " ", to)
}

// TestIngress: who is let in are exactly the functions that use the store.
func TestIngress(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, network), &d); err != nil {
		t.Fatal(err)
	}
	var got []string
	for id, r := range d.Resources {
		if r.Type == "AWS::EC2::SecurityGroupIngress" {
			got = append(got, id)
		}
	}
	slices.Sort(got)
	want := []string{
		"AccountsSqldbGroupFromWorkerGroup3306", "EndpointGroupFromWorkerGroup443", "HitCountsCacheGroupFromWorkerGroup6379",
		"MainSqldbGroupFromReadsGroup5432", "OpenCacheGroupFromWorkerGroup6379", "ProfilesCacheGroupFromReadsGroup6379",
		"ProfilesCacheGroupFromWorkerGroup6379", "SharedCacheGroupFromWorkerGroup6379",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ingress %v, want %v", got, want)
	}
}

// TestNoTemplate: what a stack cannot have is a mistake with its line and a hint.
func TestNoTemplate(t *testing.T) {
	t.Parallel()
	noop := func(context.Context, order) (order, error) { return order{}, nil }
	for name, tt := range map[string]struct {
		declare func(*datastore.Data, *tier.App)
		want    string
	}{
		"functions that call each other": {func(data *datastore.Data, app *tier.App) {
			one, two, three := app.Function("one"), app.Function("two"), app.Function("three")
			for _, f := range []*tier.Function{one, two, three} {
				f.Invoke(handler.New(noop))
			}
			datastore.Use[call.Starter[order]](one, call.New[order, order](data, "two"))
			datastore.Use[call.Starter[order]](two, call.New[order, order](data, "three"))
			datastore.Use[call.Starter[order]](three, call.New[order, order](data, "one"))
		}, "one calls two calls three calls one"},
		"a topic of large messages": {func(data *datastore.Data, app *tier.App) {
			f := app.Function("f")
			f.Invoke(handler.New(noop))
			datastore.Use[topic.Publisher[order]](f, topic.New[order](data, "reports", topic.MaxMessage(1<<20)))
		}, "topic reports: CloudFormation makes topics of 262144 bytes a message"},
		"a service without an endpoint": {func(data *datastore.Data, app *tier.App) {
			f := app.Function("f")
			f.Invoke(handler.New(noop))
			datastore.Use[cache.Getter[order]](f, cache.New[order](data, "profiles"))
			datastore.Use[sqldb.Reader](f, sqldb.New(data, "global", sqldb.DSQL))
		}, "calls dsql, which has no endpoint there: divide it into two functions"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New(nil, nil)
			app := tier.New("shop")
			tt.declare(data, app)
			_, err := template.New(app)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "network_test.go:") {
				t.Errorf("SAM = %v, want %q with a line of this file", err, tt.want)
			}
		})
	}
}

// TestEndpointsOfCallers: the requests for callers' rows leave a function in the
// private network with the role of its callers, and it asks AWS STS for that.
func TestEndpointsOfCallers(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	f := app.Function("notes")
	f.Invoke(handler.New(func(context.Context, order) (order, error) { return order{}, nil }))
	datastore.Use[cache.Getter[order]](f, cache.New[order](data, "profiles"))
	datastore.Use[table.Getter[order]](f, table.New[order](data, "orders").PerCaller())
	text := sam(t, func(*datastore.Data) *tier.App { return app })
	for id, want := range map[string]bool{"DynamodbEndpoint": true, "StsEndpoint": false} {
		_, rest, found := strings.Cut(string(text), "\""+id+"\": {")
		principals, _, ended := strings.Cut(rest, "aws:ResourceAccount")
		if !found || !ended {
			t.Fatalf("no %s in the template", id)
		}
		if got := strings.Contains(principals, "\"NotesCallerRole\""); got != want || !strings.Contains(principals, "\"NotesRole\"") {
			t.Errorf("%s lets in the callers' role: %v, want %v, beside the function's", id, got, want)
		}
	}
}

// TestEndpointOfIdentityPools: an exchange from inside the private network leaves by an
// endpoint, which lets its unsigned requests through for its own pools.
func TestEndpointOfIdentityPools(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		f := app.Function("visits")
		f.Invoke(handler.New(func(context.Context, order) (order, error) { return order{}, nil }))
		datastore.Use[cache.Getter[order]](f, cache.New[order](data, "profiles"))
		users := identity.New(data, "users")
		datastore.Use[identity.Getter](f, users)
		datastore.Use[identity.Exchanger](f, identity.NewExchange(data, "visitors", users))
		return app
	}), &d); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	statement := func(key string) any {
		return object{
			"Effect": "Allow", "Principal": "*", "Resource": "*",
			"Action":    []any{"cognito-identity:GetCredentialsForIdentity", "cognito-identity:GetId"},
			"Condition": object{"StringEquals": object{key: []any{object{"Fn::Sub": "arn:${AWS::Partition}:cognito-identity:${AWS::Region}:${AWS::AccountId}:identitypool/${VisitorsIdentity}"}}}},
		}
	}
	endpoint := d.Resources["CognitoIdentityEndpoint"]
	want := []any{statement("cognito-identity-auth:IdentityPoolArn"), statement("cognito-identity-unauth:IdentityPoolArn")}
	if diff := cmp.Diff(want, endpoint.Properties["PolicyDocument"].(object)["Statement"]); diff != "" {
		t.Errorf("what the endpoint lets through (-want +got):\n%s", diff)
	}
	if name := fmt.Sprint(endpoint.Properties["ServiceName"]); !strings.Contains(name, "com.amazonaws.${AWS::Region}.cognito-identity]") {
		t.Errorf("service name %s, want that of cognito-identity", name)
	}
	if d.Resources["CognitoIdpEndpoint"].Type == "" {
		t.Error("no endpoint for the directory")
	}
	if role, err := json.Marshal(d.Resources["VisitsRole"]); err != nil || strings.Contains(string(role), "cognito-identity:") {
		t.Errorf("the role %s names requests that nobody signs: %v", role, err)
	}
}
