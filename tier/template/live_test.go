package template_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// live has an alias of every function, and everything that invokes one.
func live(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	plain := tier.Live(tier.Rollout{})
	lost, jobs := queue.New[string](data, "lost"), queue.New[order](data, "jobs")

	api := app.API("orders", tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes, Errors: 2, Alarms: []string{"sales-fall"}}),
		tier.Provisioned(2, 20), tier.Reserved(50))
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"}, plain)
	gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	datastore.Use[call.Caller[order, order]](api, call.New[order, order](data, "price"))
	datastore.Use[call.Starter[order]](api, call.New[order, order](data, "mailer"))
	api.Handle("GET /orders/{id}", handler.New(get), gate)
	api.Handle("POST /orders", handler.New(place), tier.Public())
	api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	reads := api.Function("reads", plain, tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	reads.Handle("GET /orders", handler.New(rows), tier.Stream(), tier.Public())

	http := app.API("files", tier.HTTP, tier.Live(tier.Rollout{Shift: tier.Linear10PercentEvery1Minute}))
	http.Handle("GET /files", handler.New(list))

	price := app.Function("price", tier.Live(tier.Rollout{Shift: tier.AllAtOnce}), tier.Provisioned(1, 1))
	price.Invoke(handler.New(place), tier.Retries(1), tier.MaxAge(time.Hour), tier.OnFailure(lost))

	mailer := app.Function("mailer", plain, tier.Recursive())
	mailer.Invoke(handler.New(place))
	tier.On(mailer, jobs, work[order])
	tier.On(mailer, topic.New[order](data, "placed"), work[order], tier.Retries(0))
	tier.On(mailer, blob.New(data, "incoming").Created(), work[blob.Event], tier.Retries(0))
	tier.On(mailer, bus.NewSchedule("nightly", "rate(1 day)", struct{}{}), work[struct{}], tier.Retries(0))
	tier.On(mailer, bus.NewLogs("errors", "/ecs/shop", ""), work[bus.LogBatch], tier.Retries(0))
	tier.On(mailer, bus.NewKafka[order](bus.NewCluster("main"), "clicks", "shop.clicks"), work[order])
	tier.On(mailer, bus.NewFirehose[order]("orders", bus.Newlines()), work[*bus.Transformation[order]])
	clerk := app.Function("clerk", plain)
	tier.On(clerk, bus.NewRule[order]("shipped", `{"source": ["carrier"]}`), work[bus.Event[order]])
	tier.On(clerk, identity.New(data, "users").PreSignUp(), work[*identity.PreSignUpEvent])

	chat := app.WebSocket("chat", plain)
	pass := app.Authorizer("pass", tier.AuthorizerSettings{Sources: []string{"query.key"}}, plain)
	pass.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	chat.Authorize(pass)
	chat.Handle("$connect", handler.New(list))
	chat.Handle("say", handler.New(place))
	return app
}

// TestLive: whatever invokes a function invokes its alias. What names the function
// itself does not invoke it.
func TestLive(t *testing.T) {
	t.Parallel()
	var d struct{ Resources, Outputs map[string]json.RawMessage }
	text := made(t, live).CloudFormation("s3://bucket/code.zip")
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	// A function by Ref, by Fn::GetAtt, or in a text in which ":live" does not follow.
	past := regexp.MustCompile(`"Ref":\s*"\w+Function"|"Fn::GetAtt":\s*\[\s*"\w+Function"|\$\{\w+Function(\.Arn)?\}(:live)?`)
	of := map[string]bool{}
	for id, r := range d.Resources {
		var typed struct{ Type string }
		if err := json.Unmarshal(r, &typed); err != nil {
			t.Fatal(err)
		}
		for _, found := range past.FindAllString(string(r), -1) {
			if !strings.HasSuffix(found, ":live") {
				of[typed.Type] = true
				if typed.Type == "AWS::IAM::Role" && id != "RolloutRole" && !strings.Contains(string(r), `:live"`) {
					t.Errorf("%s names %s", id, found)
				}
			}
		}
	}
	for name, o := range d.Outputs {
		if found := past.FindString(string(o)); found != "" && !strings.HasSuffix(found, ":live") {
			t.Errorf("the output %s names %s", name, found)
		}
	}
	want := []string{
		"AWS::CloudWatch::Alarm", "AWS::IAM::Role", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig", "AWS::Lambda::Url", "AWS::Lambda::Version",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(of))); diff != "" {
		t.Errorf("resources that name a function and not its alias (-want +got):\n%s", diff)
	}
	for id, qualified := range map[string]bool{"ReadsUrl": true, "PriceFunctionInvocations": true, "MailerFunctionInvocations": true} {
		if got := strings.Contains(string(d.Resources[id]), `"Qualifier": "live"`); got != qualified {
			t.Errorf("%s: %s", id, d.Resources[id])
		}
	}
}

// TestVersions: a version is another one when the configuration of its function is, or
// the code, and only then.
func TestVersions(t *testing.T) {
	t.Parallel()
	version := func(memory, reserved int, encrypted, code string) string {
		app := tier.New("shop")
		api := app.API("orders", tier.Live(tier.Rollout{}), tier.Memory(memory), tier.Reserved(reserved))
		data := datastore.New(nil, nil)
		if encrypted == "" {
			datastore.Use[reader](api, table.New[order](data, "orders"))
		} else {
			datastore.Use[reader](api, table.New[order](data, "orders", table.EncryptedBy(key.New(data, encrypted, nil))))
		}
		api.Handle("GET /orders/{id}", handler.New(get))
		app.API("other").Handle("GET /orders/{id}", handler.New(get))
		m, err := template.NewWith(app, &template.Options{Code: func(f *tier.Function) string { return f.Name() + code }})
		if err != nil {
			t.Fatal(err)
		}
		var d doc
		if err := json.Unmarshal(m.CloudFormation("s3://bucket/"+code), &d); err != nil {
			t.Fatal(err)
		}
		var versions []string
		for id, r := range d.Resources {
			if r.Type == "AWS::Lambda::Version" {
				versions = append(versions, id)
			}
		}
		if len(versions) != 1 || fmt.Sprint(d.Resources["OrdersFunctionAliaslive"].Properties["FunctionVersion"]) != "map[Fn::GetAtt:["+versions[0]+" Version]]" {
			t.Fatalf("versions %v, and the alias %v; want one, and the alias on it", versions, d.Resources["OrdersFunctionAliaslive"].Properties)
		}
		return versions[0]
	}
	first := version(256, 5, "", "a")
	for name, tt := range map[string]struct {
		version string
		same    bool
	}{
		"the same function":     {version(256, 5, "", "a"), true},
		"reserved concurrency":  {version(256, 6, "", "a"), true}, // which is not of a version
		"another configuration": {version(512, 5, "", "a"), false},
		"another code":          {version(256, 5, "", "b"), false},
		"another table":         {version(256, 5, "pii", "a"), false},
	} {
		if same := tt.version == first; same != tt.same {
			t.Errorf("%s: the versions %s and %s, want the same: %v", name, first, tt.version, tt.same)
		}
	}
}

// TestRollouts: what watches a rollout, and what CodeDeploy may do.
func TestRollouts(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(made(t, live).CloudFormation("s3://bucket/code.zip"), &d); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"OrdersFunctionDeploymentGroup": "[map[Name:map[Ref:OrdersErrorsAlarm]] map[Name:map[Ref:OrdersLoggedAlarm]] map[Name:sales-fall]]",
		"FilesFunctionDeploymentGroup":  "[map[Name:map[Ref:FilesErrorsAlarm]] map[Name:map[Ref:FilesLoggedAlarm]]]",
	} {
		watched := d.Resources[id].Properties["AlarmConfiguration"].(map[string]any)
		if got := fmt.Sprint(watched["Alarms"]); got != want || watched["Enabled"] != true {
			t.Errorf("%s watches %s, want %s", id, got, want)
		}
	}
	for id, want := range map[string]string{
		"OrdersErrorsAlarm": "AWS/Lambda Errors 2 [map[Name:FunctionName Value:map[Ref:OrdersFunction]] map[Name:Resource Value:map[Fn::Sub:${OrdersFunction}:live]]]",
		"FilesLoggedAlarm":  "map[Fn::Sub:tierkit/${AWS::StackName}] files 0 <nil>",
	} {
		p := d.Resources[id].Properties
		if got := fmt.Sprint(p["Namespace"], " ", p["MetricName"], " ", p["Threshold"], " ", p["Dimensions"]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	filter := d.Resources["FilesErrorsFilter"].Properties
	if got := fmt.Sprint(filter["LogGroupName"], " ", filter["FilterPattern"]); got != `map[Ref:FilesLog] { $.level = "ERROR" }` {
		t.Errorf("errors are counted in %s", got)
	}
	var may []string
	for _, s := range statements(t, d.Resources["PriceRolloutRole"].Properties) {
		may = append(may, fmt.Sprint(s["Action"], " ", s["Resource"].(map[string]any)["Fn::Sub"]))
	}
	own := ":${AWS::Region}:${AWS::AccountId}:"
	want := []string{
		"[lambda:GetAlias lambda:UpdateAlias] arn:${AWS::Partition}:lambda" + own + "function:${PriceFunction}",
		"[lambda:GetProvisionedConcurrencyConfig] arn:${AWS::Partition}:lambda" + own + "function:${PriceFunction}:live",
		"[cloudwatch:DescribeAlarms] arn:${AWS::Partition}:cloudwatch" + own + "alarm:*",
	}
	if diff := cmp.Diff(want, may); diff != "" {
		t.Errorf("the role of CodeDeploy (-want +got):\n%s", diff)
	}
	applications := 0
	for _, r := range d.Resources {
		if r.Type == "AWS::CodeDeploy::Application" {
			applications++
		}
	}
	if applications != 1 {
		t.Errorf("%d applications of CodeDeploy, want one", applications)
	}
}

// TestLiveRefuses: what only the whole template shows.
func TestLiveRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		want    string
		declare func(*datastore.Data, *tier.App)
	}{
		"a circle by way of an alias": {"the user pool needs a function that answers its triggers", func(data *datastore.Data, app *tier.App) {
			users, lister := identity.New(data, "users"), app.Function("lister", tier.Live(tier.Rollout{}))
			lister.Invoke(handler.New(list))
			datastore.Use[identity.Lister](lister, users)
			guard := app.Function("guard", tier.Live(tier.Rollout{}))
			tier.On(guard, users.PreSignUp(), work[*identity.PreSignUpEvent])
			datastore.Use[call.Caller[struct{}, []order]](guard, call.New[struct{}, []order](data, "lister"))
		}},
		"an alias that is not there": {`call price: no function price of this App has the alias "live"; add tier.Live(tier.Rollout{}) to it`, func(data *datastore.Data, app *tier.App) {
			app.Function("price").Invoke(handler.New(place))
			api := app.API("orders")
			datastore.Use[call.Caller[order, order]](api, call.New[order, order](data, "price", call.Qualifier("live")))
			api.Handle("GET /orders/{id}", handler.New(get))
		}},
	} {
		data, app := datastore.New(nil, nil), tier.New("shop")
		tt.declare(data, app)
		_, err := template.New(app)
		var d *datastore.DeclarationError
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "live_test.go") {
			t.Errorf("%s: New = %v, want %q with a line of this file", name, err, tt.want)
		}
	}
}
