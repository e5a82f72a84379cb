package template_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/whole"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// sources are what permissions say of requests, by function: "live/GET/a".
func sources(t *testing.T, newApp func(*datastore.Data) *tier.App) map[string][]string {
	t.Helper()
	var d doc
	if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for id, r := range d.Resources {
		if len(id) > 255 {
			t.Errorf("%s: a logical id of %d characters", id, len(id))
		}
		if r.Type != "AWS::Lambda::Permission" {
			continue
		}
		arn, _ := r.Properties["SourceArn"].(map[string]any)["Fn::Sub"].(string) // a topic has none
		_, source, _ := strings.Cut(strings.TrimPrefix(arn, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"), "}/")
		f := r.Properties["FunctionName"].(map[string]any)["Ref"].(string)
		all[f] = append(all[f], source)
	}
	for _, list := range all {
		slices.Sort(list)
	}
	return all
}

// routes declares a REST API whose default function has n routes of each method
// in each stage, beside a function of one route.
func routes(n int, stages int, methods ...string) func(*datastore.Data) *tier.App {
	return func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		for i := range n {
			for _, m := range methods {
				api.Handle(fmt.Sprintf("%s /r%d", m, i), handler.New(list))
			}
		}
		api.Function("few").Handle("GET /few/{id}", handler.New(get))
		var all []tier.Stage
		for i := range stages {
			all = append(all, tier.Stage{Name: fmt.Sprintf("s%d", i)})
		}
		if stages > 0 {
			api.Stages(all...)
		}
		return app
	}
}

// TestFoldedPermissions: a function whose policy has no room for one permission a
// route has one a method, and if that is too much one a stage; a function beside
// it keeps its own.
func TestFoldedPermissions(t *testing.T) {
	t.Parallel()
	got := sources(t, routes(30, 0, "GET", "POST"))
	if d := cmp.Diff(map[string][]string{"OrdersFunction": {"live/GET/*", "live/POST/*"}, "FewFunction": {"live/GET/few/*"}}, got); d != "" {
		t.Error(d)
	}
	if got := sources(t, routes(5, 3, "GET", "PUT"))["OrdersFunction"]; len(got) != 30 || slices.Contains(got, "s0/GET/*") {
		t.Errorf("30 permissions have room: %v", got)
	}
	got = sources(t, routes(5, 8, "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"))
	var stages []string
	for i := range 8 {
		stages = append(stages, fmt.Sprintf("s%d/*", i))
	}
	if d := cmp.Diff(stages, got["OrdersFunction"]); d != "" || len(got["FewFunction"]) != 8 || got["FewFunction"][0] != "s0/GET/few/*" {
		t.Errorf("by stage: %v\n%v", d, got["FewFunction"])
	}
	wants(t, routes(1, 60, "GET"), "function orders: too many stages or APIs may invoke it", "divide it into several functions")
}

// TestPolicyHasRoom: what is not folded fits into the policy of a function with
// the longest names, and not much less is folded.
func TestPolicyHasRoom(t *testing.T) {
	t.Parallel()
	n := 1
	for ; len(sources(t, routes(n, 0, "GET"))["OrdersFunction"]) == n; n++ {
		if n > 100 {
			t.Fatal("100 routes are not folded")
		}
	}
	type object = map[string]any
	var statements []object
	for i := range n - 1 {
		statements = append(statements, object{
			"Sid": strings.Repeat("s", 100), "Effect": "Allow", "Action": "lambda:InvokeFunction",
			"Principal": object{"Service": "apigateway.amazonaws.com"},
			"Resource":  "arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:" + strings.Repeat("f", 64),
			"Condition": object{
				"StringEquals": object{"AWS:SourceAccount": "123456789012"},
				"ArnLike":      object{"AWS:SourceArn": fmt.Sprintf("arn:aws-us-gov:execute-api:ap-southeast-1:123456789012:a1b2c3d4e5/live/GET/r%d", i)},
			},
		})
	}
	text, err := json.Marshal(object{"Version": "2012-10-17", "Id": "default", "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 20*1024 || len(text) < 19*1024 {
		t.Errorf("%d routes take %d bytes, want nearly 20 KB", n-1, len(text))
	}
}

// TestFoldedTemplate: a template that CloudFormation would refuse for its number of
// resources has a permission a method, also where functions have room for more; one that
// has too many others is refused.
func TestFoldedTemplate(t *testing.T) {
	t.Parallel()
	functions := func(n int) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		for f := range n {
			fn := api.Function(fmt.Sprintf("f%d", f))
			for i := range 30 {
				fn.Handle(fmt.Sprintf("GET /f%d/r%d", f, i), handler.New(list))
			}
		}
		return app
	}
	for n, permissions := range map[int]int{15: 15 * 30, 16: 16, 140: -1} {
		made, err := template.New(functions(n))
		if permissions < 0 {
			if err == nil || !strings.Contains(err.Error(), "CloudFormation takes 500: deploy it with fewer functions") {
				t.Errorf("%d functions: New = %v", n, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all := made.Resources()
		got := len(slices.DeleteFunc(slices.Clone(all), func(r template.Resource) bool { return r.Type != "AWS::Lambda::Permission" }))
		if got != permissions || len(all) > 500 {
			t.Errorf("%d functions: %d permissions of %d resources, want %d", n, got, len(all), permissions)
		}
	}
}

// TestFoldedSocket: the same of the routes of a WebSocket API.
func TestFoldedSocket(t *testing.T) {
	t.Parallel()
	got := sources(t, func(*datastore.Data) *tier.App {
		app := tier.New("talk")
		chat := app.WebSocket("chat")
		for i := range 60 {
			chat.Handle(fmt.Sprintf("key%d", i), handler.New(list))
		}
		chat.Function("few").Handle("say", handler.New(list))
		return app
	})
	if d := cmp.Diff(map[string][]string{"ChatFunction": {"live/*"}, "FewFunction": {"live/say"}}, got); d != "" {
		t.Error(d)
	}
}

// TestJoinedPermissions: what a function serves beside an API takes room in its policy,
// too.
func TestJoinedPermissions(t *testing.T) {
	t.Parallel()
	joined := func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		for i := range 25 {
			api.Handle(fmt.Sprintf("GET /r%d", i), handler.New(list))
		}
		chat := app.WebSocket("chat")
		for i := range 25 {
			chat.Handle(fmt.Sprintf("key%d", i), handler.New(list))
		}
		worker := app.Function("worker")
		for i := range 10 {
			tier.On(worker, topic.New[order](data, fmt.Sprintf("topic%d", i)), work[order])
		}
		return app
	}
	apart := sources(t, joined)
	if len(apart["OrdersFunction"]) != 25 || len(apart["ChatFunction"]) != 25 || len(apart["WorkerFunction"]) != 10 {
		t.Errorf("each has room for its own: %v", apart)
	}
	got := sources(t, func(data *datastore.Data) *tier.App {
		app := joined(data)
		app.Join()
		return app
	})["OrdersFunction"]
	if len(got) != 10+25+1 || !slices.Contains(got, "live/*") {
		t.Errorf("%d permissions, want one each for topics and routes, and one for the WebSocket API: %v", len(got), got)
	}
}

// TestRotationsTakeRoom: permissions of Secrets Manager count where those of routes are
// folded.
func TestRotationsTakeRoom(t *testing.T) {
	t.Parallel()
	for rotations, want := range map[int]int{0: 30, 10: 10 + 1} {
		got := sources(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders")
			for i := range 30 {
				api.Handle(fmt.Sprintf("GET /r%d", i), handler.New(list))
			}
			for i := range rotations {
				own := secret.New[secret.Credentials](data, fmt.Sprintf("s%d", i), secret.Manager, nil)
				tier.On(api, own.Rotation(24*time.Hour), secret.Steps(turner[secret.Credentials]{}))
			}
			return app
		})["OrdersFunction"]
		if len(got) != want {
			t.Errorf("%d rotations: %d permissions, want %d: %v", rotations, len(got), want, got)
		}
	}
}

// TestPublicURLTakesRoom: the two permissions of a public URL count.
func TestPublicURLTakesRoom(t *testing.T) {
	t.Parallel()
	withURL := func(n int) func(*datastore.Data) *tier.App {
		return func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders", tier.URL(tier.FunctionURL{Auth: tier.URLPublic}))
			for i := range n {
				api.Handle(fmt.Sprintf("GET /r%d", i), handler.New(list))
			}
			return app
		}
	}
	var d doc
	for n := 30; n < 45; n++ {
		d = doc{}
		if err := json.Unmarshal(sam(t, withURL(n)), &d); err != nil {
			t.Fatal(err)
		}
		if _, folded := d.Resources["OrdersApiRoutesOrdersGetPermission"]; folded {
			if own := len(sources(t, routes(n, 0, "GET"))["OrdersFunction"]); own != n {
				t.Errorf("%d routes are folded without a URL too: %d permissions", n, own)
			}
			return
		}
	}
	t.Error("44 routes and a URL are not folded")
}

// TestIDs: routes of similar words have ids of their own, and none too long.
func TestIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("/a-long-segment", 30)
	got := sources(t, func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders", tier.VersionByPath())
		v1 := api.Version("1")
		v1.Handle("GET /a", handler.New(list))
		for _, p := range []string{"GET /v1a", "GET /v1A", "GET /V1a", "GET /v1-a", "GET /v/1/a", "GET " + long + "/x", "GET " + long + "/y"} {
			api.Handle(p, handler.New(list))
		}
		api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "a_stage"}, tier.Stage{Name: "Permission"})
		return app
	})["OrdersFunction"]
	want := []string{}
	for _, stage := range []string{"live", "a_stage", "Permission"} {
		for _, p := range []string{"/v1/a", "/v1a", "/v1A", "/V1a", "/v1-a", "/v/1/a", long + "/x", long + "/y"} {
			want = append(want, stage+"/GET"+p)
		}
	}
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestOutputsMeet: two outputs of one name are a mistake, and not one of them lost.
func TestOutputsMeet(t *testing.T) {
	t.Parallel()
	wants(t, func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.API("orders").Handle("GET /", handler.New(list))
		app.API("x").Function("orders-api", tier.URL(tier.FunctionURL{})).Handle("GET /", handler.New(list), tier.IAM())
		return app
	}, "output OrdersApiUrl is that of a declaration at", "give one of the two another name")
}

// wants is a template that is refused with these words and a line of this file.
func wants(t *testing.T, newApp func(*datastore.Data) *tier.App, words ...string) {
	t.Helper()
	_, err := template.New(newApp(datastore.New(nil, nil)))
	var d *datastore.DeclarationError
	if !errors.As(err, &d) || filepath.Base(d.At.File) != "permission_test.go" {
		t.Fatalf("SAM = %v, want a mistake of this file", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("SAM = %v, want %q", err, w)
		}
	}
}

// TestSameBytes: the order of maps does not show.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	first := sam(t, whole.App)
	for range 10 {
		if again := sam(t, whole.App); !bytes.Equal(first, again) {
			t.Fatalf("another print differs:\n%s", cmp.Diff(string(first), string(again)))
		}
	}
}
