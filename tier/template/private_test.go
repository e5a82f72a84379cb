package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

const endpoint = "vpce-0a1b2c3d4e5f60718"

// secluded has private APIs: with endpoints that it names, with a parameter, and with
// a resource policy of its own.
func secluded(*datastore.Data) *tier.App {
	app := tier.New("shop")
	app.API("stock", tier.Private(endpoint, "vpce-00000000")).Handle("GET /stock", handler.New(list))
	given := app.API("given", tier.Private())
	given.Authorize(tier.IAM())
	given.Handle("GET /stock", handler.New(list))
	own := app.API("own", tier.Private(endpoint))
	own.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow, Principals: []string{"111122223333"}})
	own.Handle("GET /stock", handler.New(list), tier.IAM())
	return app
}

// TestPrivateAPI: what does not come by its endpoints is refused, whoever asks, by the
// policy as AWS would evaluate it.
func TestPrivateAPI(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(made(t, secluded).CloudFormation("bootstrap.zip"), &d); err != nil {
		t.Fatal(err)
	}
	for id, everybody := range map[string]bool{"StockApi": true, "GivenApi": true, "OwnApi": false} {
		properties := d.Resources[id].Properties
		configuration := properties["EndpointConfiguration"].(map[string]any)
		if types := configuration["Types"].([]any); len(types) != 1 || types[0] != "PRIVATE" || configuration["VpcEndpointIds"] == nil {
			t.Errorf("%s is reached by %v", id, configuration)
		}
		text, err := json.Marshal(properties["Body"].(map[string]any)["x-amazon-apigateway-policy"])
		if err != nil {
			t.Fatal(err)
		}
		// The parameter has one endpoint, and API Gateway completes its short form of resources.
		document := strings.NewReplacer(`{"Ref":"GivenApiEndpoints"}`, `["`+endpoint+`"]`, "execute-api:/", "arn:aws:execute-api:eu-west-1:111122223333:a1/").Replace(string(text))
		policy, err := evaluate.ParseResource(id, []byte(document))
		if err != nil {
			t.Fatalf("%s: %v in %s", id, err, document)
		}
		anybody := evaluate.ImplicitDeny
		if everybody {
			anybody = evaluate.Allow
		}
		user := evaluate.Principal{ARN: "arn:aws:iam::111122223333:user/ada"}
		for _, c := range []struct {
			name string
			who  evaluate.Principal
			from []string
			want evaluate.Outcome
		}{
			{"somebody", evaluate.Principal{}, []string{endpoint}, anybody},
			{"a user", user, []string{endpoint}, evaluate.Allow},
			{"somebody elsewhere", evaluate.Principal{}, []string{"vpce-0ffffffffffffffff"}, evaluate.ExplicitDeny},
			{"a user elsewhere", user, []string{"vpce-0ffffffffffffffff"}, evaluate.ExplicitDeny},
			{"a user without an endpoint", user, nil, evaluate.ExplicitDeny},
		} {
			got := evaluate.Evaluate(evaluate.Request{
				Principal: c.who, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:eu-west-1:111122223333:a1/live/GET/stock",
				Context: map[string][]string{"aws:SourceVpce": c.from},
			}, policy)
			if got.Outcome != c.want {
				t.Errorf("%s: %s: %v, want %v", id, c.name, got.Outcome, c.want)
			}
		}
	}
}

// guardedShop has web ACLs: its own before two stages, and one that there is.
func guardedShop(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	api.WAF(tier.WAF{RateLimit: 1000, Rules: []tier.ManagedRules{tier.IPReputation, tier.CommonRules}})
	api.Handle("GET /orders", handler.New(list))
	other := app.API("other")
	other.WAF(tier.WAF{Existing: true})
	other.Handle("GET /orders", handler.New(list))
	return app
}

// TestWebACL: every stage has one, and its rules are asked in their order.
func TestWebACL(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(made(t, guardedShop).CloudFormation("bootstrap.zip"), &d); err != nil {
		t.Fatal(err)
	}
	var associated []string
	for _, r := range d.Resources {
		if r.Type == "AWS::WAFv2::WebACLAssociation" {
			sub := r.Properties["ResourceArn"].(map[string]any)["Fn::Sub"].([]any)
			stage := sub[1].(map[string]any)["Stage"].(map[string]any)["Ref"].(string)
			if d.Resources[stage].Type != "AWS::ApiGateway::Stage" {
				t.Errorf("%s is no stage", stage)
			}
			associated = append(associated, stage)
		}
	}
	if len(associated) != 3 {
		t.Errorf("web ACLs before %v, want the three stages", associated)
	}
	if got := d.Resources["OrdersApiWebAcl"].Properties["Name"].(map[string]any)["Fn::Sub"]; got != "${AWS::StackName}-OrdersApiWebAcl" {
		t.Errorf("the web ACL is called %v, and the role that deploys makes those of its stack alone", got)
	}
	var names []string
	for i, rule := range d.Resources["OrdersApiWebAcl"].Properties["Rules"].([]any) {
		r := rule.(map[string]any)
		if r["Priority"] != float64(i) {
			t.Errorf("rule %v has the priority %v, want %d", r["Name"], r["Priority"], i)
		}
		names = append(names, r["Name"].(string))
	}
	if got := strings.Join(names, " "); got != "rate AWSManagedRulesAmazonIpReputationList AWSManagedRulesCommonRuleSet" {
		t.Errorf("rules %s", got)
	}
}
