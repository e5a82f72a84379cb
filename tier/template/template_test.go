package template_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/internal/whole"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

var update = flag.Bool("update", false, "write the golden files")

type order struct {
	ID    string `json:"id" table:"id,pk"`
	Email string `json:"email"`
}

type event struct {
	Customer string `json:"customer" table:"customer,pk"`
	At       int64  `json:"at" table:"at,sk"`
}

type byID struct {
	ID string `path:"id"`
}

type reader interface {
	table.Getter[order]
	table.Querier[order]
}

type writer interface {
	table.Creator[order]
	table.Deleter[order]
}

func get(context.Context, byID) (order, error)            { return order{}, nil }
func list(context.Context, struct{}) ([]order, error)     { return nil, nil }
func place(context.Context, order) (order, error)         { return order{}, nil }
func remove(context.Context, byID) (struct{}, error)      { return struct{}{}, nil }
func file(context.Context, path) (handler.Content, error) { return handler.Content{}, nil }

type path struct {
	Path string `path:"path"`
}

func one(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[table.Getter[order]](api, table.New[order](data, "orders"))
	api.Handle("GET /orders/{id}", handler.New(get))
	return app
}

func several(data *datastore.Data) *tier.App {
	app := tier.New("big-shop")
	orders, events := table.New[order](data, "orders"), table.New[event](data, "order-events")
	api := app.API("orders", tier.Memory(1024), tier.Timeout(20*time.Second))
	reads := api.Function("reads")
	datastore.Use[writer](api, orders)
	datastore.Use[table.Putter[event]](api, events)
	datastore.Use[reader](reads, orders)
	reads.Handle("GET /orders", handler.New(list))
	reads.Handle("GET /orders/{id}", handler.New(get))
	api.Handle("POST /orders", handler.New(place))
	api.Handle("DELETE /orders/{id}", handler.New(remove))
	api.CORS(handler.CORS{Origins: []string{"https://app.example", "https://b.example"}, MaxAge: time.Hour, Credentials: true})
	files := app.API("files")
	files.CORS(handler.CORS{Origins: []string{"*"}})
	files.Handle("GET /", handler.New(list))
	files.Handle("GET /files/{path...}", handler.New(file))
	files.Handle("/any/{id}/x", handler.New(remove))
	files.Handle("GET /same-words", handler.New(list))
	files.Handle("GET /same/words", handler.New(list))
	return app
}

func sam(t testing.TB, newApp func(*datastore.Data) *tier.App) []byte {
	t.Helper()
	return made(t, newApp).SAM("bootstrap.zip")
}

func made(t testing.TB, newApp func(*datastore.Data) *tier.App) *template.Template {
	t.Helper()
	made, err := template.NewWith(newApp(datastore.New(nil, nil)), &template.Options{Unverified: template.Unverified()})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// apps are those whose templates are in testdata.
var apps = map[string]func(*datastore.Data) *tier.App{
	"one": one, "several": several, "signed": signed, "guarded": guarded, "validated": validated, "mocks": mocks, "streams": streams,
	"direct": direct, "socket": socket, "stores": stores, "encrypted": encrypted, "network": network, "services": services, "reports": reports, "gatedsocket": gatedSocket, "whole": whole.App, "events": events, "guardedevents": guardedEvents, "kafka": kafka,
	"migrated": migrated, "migratedhere": migratedHere, "wired": wired, "asked": asked, "proxied": proxied, "http": httpShop, "stages": stagedShop, "versions": versionedShop, "live": live, "traffic": traffic, "authorizers": authorized, "tenants": tenants,
	"site": webShop, "watchedsite": watchedSite, "plainsite": plainSite, "signedin": signedInShop,
	"rotated": rotated, "hooked": hooked, "isolated": isolated, "instanced": instanced, "logged": logged, "secluded": secluded, "joined": joinedShop, "joinednetwork": joinedNetwork, "joinedlive": joinedLive, "guardedshop": guardedShop,
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, newApp := range apps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sam(t, newApp)
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("%s (-want +got), go test -update writes it:\n%s", golden, d)
			}
			if again := sam(t, newApp); !bytes.Equal(got, again) {
				t.Error("a second print differs")
			}
		})
	}
}

type doc struct {
	Resources map[string]struct {
		Type       string
		DependsOn  []string
		Properties map[string]any
	}
}

// TestLeastPrivilege: nothing managed, no wildcard but those that AWS forces.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, several), &d); err != nil {
		t.Fatal(err)
	}
	roles := 0
	for id, r := range d.Resources {
		switch r.Type {
		case "AWS::Serverless::Function":
			if r.Properties["Role"] == nil || r.Properties["Policies"] != nil {
				t.Errorf("%s: SAM would make a role", id)
			}
		case "AWS::IAM::Role":
			roles++
			if r.Properties["ManagedPolicyArns"] != nil {
				t.Errorf("%s: managed policies", id)
			}
			for _, s := range statements(t, r.Properties) {
				checkStatement(t, id, s)
			}
		}
	}
	if roles != 3 {
		t.Errorf("%d roles, want one a function", roles)
	}
}

func statements(t *testing.T, role map[string]any) []map[string]any {
	t.Helper()
	var parsed struct {
		Policies []struct {
			PolicyDocument struct{ Statement []map[string]any }
		}
	}
	text, err := json.Marshal(role)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Policies[0].PolicyDocument.Statement
}

func checkStatement(t *testing.T, role string, s map[string]any) {
	t.Helper()
	for _, a := range s["Action"].([]any) {
		if strings.Contains(a.(string), "*") {
			t.Errorf("%s: action %v", role, a)
		}
	}
	arn := s["Resource"].(map[string]any)["Fn::Sub"].(string)
	// The streams of the function's own log group have names that Lambda makes.
	ownLog := strings.HasPrefix(arn, "arn:${AWS::Partition}:logs:") && strings.HasSuffix(arn, "Log}:log-stream:*") && strings.Count(arn, "*") == 1
	if strings.Contains(arn, "*") && !ownLog {
		t.Errorf("%s: resource %s", role, arn)
	}
}

// TestActions: each function is allowed what its own handles name.
func TestActions(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, several), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, id := range []string{"OrdersRole", "ReadsRole", "FilesRole"} {
		for _, s := range statements(t, d.Resources[id].Properties) {
			arn := s["Resource"].(map[string]any)["Fn::Sub"].(string)
			got[id] += fmt.Sprint(s["Action"], arn[strings.Index(arn, "${AWS::AccountId}:")+len("${AWS::AccountId}"):], " ")
		}
	}
	want := map[string]string{
		"OrdersRole": "[dynamodb:DeleteItem dynamodb:PutItem] :table/${OrdersTable} [dynamodb:PutItem] :table/${OrderEventsTable} [logs:CreateLogStream logs:PutLogEvents] :log-group:${OrdersLog}:log-stream:* ",
		"ReadsRole":  "[dynamodb:GetItem dynamodb:Query] :table/${OrdersTable} [logs:CreateLogStream logs:PutLogEvents] :log-group:${ReadsLog}:log-stream:* ",
		"FilesRole":  "[logs:CreateLogStream logs:PutLogEvents] :log-group:${FilesLog}:log-stream:* ",
	}
	for id := range got {
		got[id] = strings.ReplaceAll(got[id], "]:", "] :")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestPermissions: one a route, bound to API, stage, method, path and account.
func TestPermissions(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, several), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		if r.Type != "AWS::Lambda::Permission" {
			continue
		}
		arn := r.Properties["SourceArn"].(map[string]any)["Fn::Sub"].(string)
		got[arn[strings.Index(arn, "}:$")+1:]] = r.Properties["FunctionName"].(map[string]any)["Ref"].(string)
		if account := r.Properties["SourceAccount"].(map[string]any)["Ref"]; account != "AWS::AccountId" {
			t.Errorf("%s: SourceAccount %v", id, account)
		}
	}
	want := map[string]string{}
	for arn, function := range map[string]string{
		"${OrdersApi}/live/GET/orders":      "ReadsFunction",
		"${OrdersApi}/live/GET/orders/*":    "ReadsFunction",
		"${OrdersApi}/live/POST/orders":     "OrdersFunction",
		"${OrdersApi}/live/DELETE/orders/*": "OrdersFunction",
		"${FilesApi}/live/GET/":             "FilesFunction",
		"${FilesApi}/live/GET/files/*":      "FilesFunction",
		"${FilesApi}/live/*/any/*/x":        "FilesFunction",
		"${FilesApi}/live/GET/same-words":   "FilesFunction",
		"${FilesApi}/live/GET/same/words":   "FilesFunction",
	} {
		want[":"+arn] = function
	}
	trimmed := map[string]string{}
	for arn, function := range got {
		trimmed[arn[strings.LastIndex(arn, ":"):]] = function
	}
	if d := cmp.Diff(want, trimmed); d != "" {
		t.Error(d)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, newApp := range map[string]func(*datastore.Data) *tier.App{
		"declares nothing": func(*datastore.Data) *tier.App { return tier.New("shop") },
		"logical id": func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("x")
			datastore.Use[reader](api, table.New[order](data, "orders-x"))
			datastore.Use[reader](api, table.New[order](data, "ordersX"))
			api.Handle("GET /", handler.New(list))
			return app
		},
	} {
		if _, err := template.New(newApp(datastore.New(nil, nil))); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("SAM = %v, want an error with %q", err, name)
		} else {
			var d *datastore.DeclarationError
			if !errors.As(err, &d) || filepath.Base(d.At.File) != "template_test.go" {
				t.Errorf("%v: no Go line", err)
			}
		}
	}
}

func ExampleTemplate_SAM() {
	t, err := template.New(one(datastore.New(nil, nil)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var d doc
	if err := json.Unmarshal(t.SAM("bootstrap.zip"), &d); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Resources["OrdersFunction"].Properties["Runtime"], d.Resources["OrdersFunction"].Properties["Handler"])
	// Output: provided.al2023 orders
}
