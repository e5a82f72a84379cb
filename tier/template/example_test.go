package template_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type price struct {
	ETag string `header:"ETag"`
	Body string `body:""`
}

func quote(context.Context, byID) (price, error) { return price{}, nil }

// dollars has all that a mapping template would take for its own.
const dollars = "$5 #if(true) ${x} $util.x() ## \\$ \\# 'é'"

func mocks(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	later := api.Function("later")
	datastore.Use[table.Getter[order]](later, table.New[order](data, "orders"))
	api.CORS(handler.CORS{Origins: []string{"https://a.example", "https://b.example"}, Expose: []string{"ETag"}})
	api.Handle("GET /orders", handler.New(list))
	api.Handle("POST /orders", handler.New(place, handler.Status(201), handler.Example(order{ID: "7", Email: "a@b.example"})), tier.Mock(), tier.Validated())
	later.Handle("GET /prices/{id}", handler.New(quote, handler.Example(price{ETag: `"7"`, Body: dollars})), tier.Mock())
	later.Handle("DELETE /orders/{id}", handler.New(remove, handler.Example(struct{}{})), tier.Mock())
	return app
}

// mockTemplates are the mapping templates of the answers of an API, by path and
// method: of mock integrations alone.
func mockTemplates(t *testing.T, text []byte) map[string]map[string]string {
	t.Helper()
	var doc struct {
		Resources map[string]struct {
			Properties struct {
				DefinitionBody struct {
					Paths map[string]map[string]struct {
						Integration struct {
							Type      string
							Responses map[string]struct {
								Templates map[string]string `json:"responseTemplates"`
							}
						} `json:"x-amazon-apigateway-integration"`
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]string{}
	for path, methods := range doc.Resources["OrdersApi"].Properties.DefinitionBody.Paths {
		all[path] = map[string]string{}
		for method, m := range methods {
			if m.Integration.Type == "mock" {
				all[path][method] = m.Integration.Responses["default"].Templates["application/json"]
			}
		}
	}
	return all
}

// TestMockLiteral: what a mapping template would read as its own comes out as it
// is, and what a client gets is the declared example.
func TestMockLiteral(t *testing.T) {
	t.Parallel()
	text := sam(t, mocks)
	for _, id := range []string{"LaterFunction", "LaterRole", "OrdersTable", "OrdersApiPostOrdersPermission"} {
		if strings.Contains(string(text), `"`+id) {
			t.Errorf("the template has %s; mocks need none", id)
		}
	}
	templates := mockTemplates(t, text)
	template := func(path, method string) string {
		got, ok := templates[path][method]
		if !ok {
			t.Errorf("%s %s has no mock integration", method, path)
		}
		if at := strings.LastIndex(got, "#end"); at >= 0 { // what chooses the origin goes before
			got = got[at+len("#end"):]
		}
		return got
	}
	if got, want := template("/orders", "post"), `{"id":"7","email":"a@b.example"}`; got != want {
		t.Errorf("POST /orders: template %s, want %s", got, want)
	}
	encoded, ok := strings.CutPrefix(template("/prices/{id}", "get"), "$util.base64Decode('")
	encoded, end := strings.CutSuffix(encoded, "')")
	body, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || !end || err != nil {
		t.Fatalf("GET /prices/{id}: template %s, want a call of base64Decode", template("/prices/{id}", "get"))
	}
	var got string
	if err := json.Unmarshal(body, &got); err != nil || got != dollars {
		t.Errorf("GET /prices/{id}: %s, want %q in JSON", body, dollars)
	}
	if got := template("/orders/{id}", "delete"); got != "" {
		t.Errorf("DELETE /orders/{id}: template %s, want an empty one", got)
	}
}

// TestMockSize: the largest example, in the longest form that it can have, is
// within what a mapping template may have, 300 KB; and no template loops, or
// escapes in a way that is not JSON (MCK-07).
func TestMockSize(t *testing.T) {
	t.Parallel()
	large := func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		var origins []string
		for i := range 200 {
			origins = append(origins, fmt.Sprintf("https://shop-%03d.customers.app.example:8443", i))
		}
		api.CORS(handler.CORS{Origins: origins})
		example := strings.Repeat("$", 200_000-len(`""`))
		api.Handle("GET /prices/{id}", handler.New(quote, handler.Example(price{Body: example})), tier.Mock())
		return app
	}
	found := 0
	for path, methods := range mockTemplates(t, sam(t, large)) {
		for method, text := range methods {
			if found = max(found, len(text)); len(text) > 300_000 || strings.Contains(text, "#foreach") || strings.Contains(text, "escapeJavaScript") {
				t.Errorf("MCK-07: %s %s: a template of %d bytes, %.80s", method, path, len(text), text)
			}
		}
	}
	if found < 200_000 {
		t.Errorf("the largest template has %d bytes; the example is not in it", found)
	}
}
