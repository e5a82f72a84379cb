package template_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// logged has an access log in each kind of API.
func logged(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	api.AccessLog(tier.AccessLog{Days: 90, Client: true})
	api.Handle("GET /orders", handler.New(list))
	web := app.API("web", tier.HTTP)
	web.Stages(tier.Stage{Name: tier.RootStage}, tier.Stage{Name: "test"})
	web.AccessLog(tier.AccessLog{})
	web.Handle("GET /orders", handler.New(list))
	chat := app.WebSocket("chat")
	chat.AccessLog(tier.AccessLog{})
	chat.Handle("$connect", handler.New(list))
	return app
}

// TestAccessLogs: every stage writes into the log of its API, one line of JSON of
// fields that are safe to keep.
func TestAccessLogs(t *testing.T) {
	t.Parallel()
	common := []string{"authorizerError", "error", "errorType", "integrationError", "integrationLatency", "integrationStatus", "requestId", "requestTime", "stage", "status"}
	answered := append([]string{"httpMethod", "protocol", "responseLatency", "responseLength"}, common...)
	want := map[string][]string{
		"OrdersApi":  append([]string{"ip", "resourcePath", "userAgent"}, answered...),
		"WebApi":     append([]string{"routeKey"}, answered...),
		"ChatSocket": append([]string{"connectionId", "eventType", "messageId", "routeKey"}, common...),
	}
	var d doc
	if err := json.Unmarshal(made(t, logged).CloudFormation("bootstrap.zip"), &d); err != nil {
		t.Fatal(err)
	}
	stages := map[string]int{}
	for id, r := range d.Resources {
		setting := r.Properties["AccessLogSetting"]
		if r.Type == "AWS::ApiGatewayV2::Stage" {
			setting = r.Properties["AccessLogSettings"]
		} else if r.Type != "AWS::ApiGateway::Stage" {
			continue
		}
		of := api(r.Properties)
		stages[of]++
		log := setting.(map[string]any)
		group := "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${" + of + "AccessLog}"
		if got := log["DestinationArn"].(map[string]any)["Fn::Sub"]; got != group {
			t.Errorf("%s writes to %v, want %s", id, got, group)
		}
		var line map[string]string
		if err := json.Unmarshal([]byte(log["Format"].(string)), &line); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		slices.Sort(want[of])
		if diff := cmp.Diff(want[of], slices.Sorted(maps.Keys(line))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		for name, value := range line {
			if !strings.HasPrefix(value, "$context.") || strings.Contains(value, "$context.path") {
				t.Errorf("%s: %s is %s", id, name, value)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"OrdersApi": 2, "WebApi": 2, "ChatSocket": 1}, stages); diff != "" {
		t.Errorf("stages with a log (-want +got):\n%s", diff)
	}
	for id, days := range map[string]float64{"OrdersApiAccessLog": 90, "WebApiAccessLog": 30, "ChatSocketAccessLog": 30} {
		if got := d.Resources[id].Properties["RetentionInDays"]; got != days {
			t.Errorf("%s keeps lines %v days, want %v", id, got, days)
		}
	}
}

// api is the logical id of a stage's API.
func api(properties map[string]any) string {
	for _, name := range []string{"RestApiId", "ApiId"} {
		if r, ok := properties[name].(map[string]any); ok {
			return r["Ref"].(string)
		}
	}
	return ""
}
