package template_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
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

// TestMockLiteral: what a mapping template would read as its own comes out as it
// is, and what a client gets is the declared example.
func TestMockLiteral(t *testing.T) {
	t.Parallel()
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
	text := sam(t, mocks)
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"LaterFunction", "LaterRole", "OrdersTable", "OrdersApiPostOrdersPermission"} {
		if strings.Contains(string(text), `"`+id) {
			t.Errorf("the template has %s; mocks need none", id)
		}
	}
	paths := doc.Resources["OrdersApi"].Properties.DefinitionBody.Paths
	template := func(path, method string) string {
		i := paths[path][method].Integration
		if i.Type != "mock" {
			t.Errorf("%s %s: integration %q, want mock", method, path, i.Type)
		}
		got := i.Responses["default"].Templates["application/json"]
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
