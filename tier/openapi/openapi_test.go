package openapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

func describe[In any](tb testing.TB, opts ...handler.Option) *schema.Operation {
	tb.Helper()
	d, err := handler.New(func(context.Context, In) (struct{}, error) { return struct{}{}, nil }, opts...).Describe()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

type Order struct {
	ID       string        `json:"id" validate:"required,uuid4"`
	Email    string        `json:"email" validate:"required,email"`
	Password string        `json:"password" validate:"eqfield=Confirm"`
	Confirm  string        `json:"confirm"`
	Limit    int           `json:"limit" default:"20" validate:"gt=0,lt=101"`
	Kinds    []string      `json:"kinds" default:"new,paid" validate:"max=3,unique,dive,oneof=new paid"`
	State    string        `json:"state,omitempty" validate:"omitempty,oneof=open shut"`
	Placed   time.Time     `json:"placed"`
	Wait     time.Duration `json:"wait" validate:"lte=1s"`
	Photo    []byte        `json:"photo"`
	Next     *Order        `json:"next"`
	Lines    []Line        `json:"lines" validate:"dive"`
	Gifts    []Line        `json:"gifts"`
	Ratio    float32       `json:"ratio" validate:"lte=0.1"`
}

type Line struct {
	SKU string `json:"sku" validate:"required,alphaunicode"`
}

const fullOrder = `{"Line":{"type":"object","properties":{"sku":{"type":"string","minLength":1,"pattern":"^\\p{L}+$"}},"required":["sku"]},` +
	`"LineUnchecked":{"type":"object","properties":{"sku":{"type":"string"}}},` +
	`"Order":{"type":"object","properties":{` +
	`"id":{"type":"string","minLength":1,"pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},` +
	`"email":{"type":"string","minLength":1,"format":"email","x-validate":["email"]},` +
	`"password":{"type":"string","x-validate":["eqfield=Confirm"]},"confirm":{"type":"string"},` +
	`"limit":{"type":"integer","format":"int64","exclusiveMinimum":0,"exclusiveMaximum":101,"default":20},` +
	`"kinds":{"type":["array","null"],"maxItems":3,"uniqueItems":true,"items":{"type":"string","enum":["new","paid"]},"default":["new","paid"]},` +
	`"state":{"type":"string","anyOf":[{"const":""},{"enum":["open","shut"]}]},` +
	`"placed":{"type":"string","format":"date-time"},"wait":{"type":"integer","format":"int64","maximum":1000000000},` +
	`"photo":{"type":["string","null"],"contentEncoding":"base64"},` +
	`"next":{"anyOf":[{"$ref":"#/components/schemas/Order"},{"type":"null"}]},` +
	`"lines":{"type":["array","null"],"items":{"$ref":"#/components/schemas/Line"}},` +
	`"gifts":{"type":["array","null"],"items":{"$ref":"#/components/schemas/LineUnchecked"}},` +
	`"ratio":{"type":"number","maximum":0.10000000894069672,"x-validate":["lte=0.1"]}},"required":["id","email"]}}`

// importOrder has none of what models of API Gateway do not understand
// (infrastructure 3.3).
const importOrder = `{"Line":{"type":"object","properties":{"sku":{"type":"string","minLength":1}},"required":["sku"]},` +
	`"LineUnchecked":{"type":"object","properties":{"sku":{"type":"string"}}},` +
	`"Order":{"type":"object","properties":{` +
	`"id":{"type":"string","minLength":1,"pattern":"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"},` +
	`"email":{"type":"string","minLength":1},"password":{"type":"string"},"confirm":{"type":"string"},` +
	`"limit":{"type":"integer","minimum":1,"maximum":100},` +
	`"kinds":{"maxItems":3,"uniqueItems":true,"items":{"type":"string","enum":["new","paid"]}},` +
	`"state":{"type":"string"},"placed":{"type":"string"},"wait":{"type":"integer","maximum":1000000000},"photo":{},"next":{},` +
	`"lines":{"items":{"$ref":"#/components/schemas/Line"}},"gifts":{"items":{"$ref":"#/components/schemas/LineUnchecked"}},` +
	`"ratio":{"type":"number","maximum":0.10000000894069672}},"required":["id","email"]}}`

func TestDialects(t *testing.T) {
	t.Parallel()
	schemas := openapi.New()
	ref := schemas.Body("unused", describe[Order](t).Body)
	for _, test := range []struct{ name, got, want string }{
		{"body", marshal(t, ref), `{"$ref":"#/components/schemas/Order"}`},
		{"full", marshal(t, schemas.Components(openapi.Full)), fullOrder},
		{"import", marshal(t, schemas.Components(openapi.Import)), importOrder},
	} {
		if d := cmp.Diff(strings.SplitAfter(test.want, ","), strings.SplitAfter(test.got, ",")); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
	}
	want := []openapi.Left{{Field: "Order.Email", Rule: "email"}, {Field: "Order.Password", Rule: "eqfield=Confirm"}, {Field: "Order.Ratio", Rule: "lte=0.1"}}
	if d := cmp.Diff(want, schemas.Left()); d != "" {
		t.Errorf("left to the function (-want +got):\n%s", d)
	}
}

type Page[T any] struct {
	Items []T `json:"items"`
}

func TestNames(t *testing.T) {
	t.Parallel()
	type Line struct { // another one
		N int `json:"n"`
	}
	schemas := openapi.New()
	for _, test := range []struct {
		name string
		body *schema.Body
		want string
	}{
		{"a type", describe[Order](t).Body, "Order"},
		{"the same again", describe[Order](t).Body, "Order"},
		{"a pointer", describe[*Order](t).Body, "Place"},
		{"another of the name", describe[Line](t).Body, "Line2"},
		{"generic", describe[Page[Line]](t).Body, "PageLine"},
		{"generic of generic", describe[Page[map[string]Page[int]]](t).Body, "PageMapStringPageInt"},
		{"a list", describe[[]Line](t).Body, "PlaceBody"},
		{"no name", describe[struct {
			A string `json:"a"`
		}](t).Body, "PlaceBody2"},
		{"unknown members refused", describe[Order](t, handler.DisallowUnknown()).Body, "OrderStrict"},
	} {
		got := marshal(t, schemas.Body("place", test.body))
		if want := fmt.Sprintf(`{"$ref":"#/components/schemas/%s"}`, test.want); got != want {
			t.Errorf("%s: %s, want %s", test.name, got, want)
		}
	}
	for _, m := range schemas.Components(openapi.Import) {
		for _, c := range m.Name {
			if c|0x20 < 'a' && (c < '0' || c > '9') || c|0x20 > 'z' {
				t.Errorf("component %s: API Gateway takes letters and digits", m.Name)
			}
		}
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	type in struct {
		Name     string     `query:"name" validate:"required"`
		ID       string     `query:"id" validate:"uuid4"`
		N        int        `query:"n" validate:"gte=1"`
		When     *time.Time `query:"when" validate:"required"`
		Text     *string    `query:"text" validate:"required"` // ?text= is taken
		Kinds    []string   `query:"kinds" validate:"required"`
		Page     int        `query:"page" default:"1" validate:"gte=1"`
		Free     string     `query:"free"`
		Trace    string     `header:"x-trace" validate:"required"`
		Accept   string     `header:"Accept" validate:"required"`
		Session  string     `cookie:"sid" validate:"required"`
		Optional *Order     `body:""`
	}
	c := openapi.ChecksOf(describe[in](t))
	var names []string
	for _, p := range c.Required {
		names = append(names, string(p.In)+" "+p.Name)
	}
	want := []string{"query name", "query id", "query n", "query when", "header X-Trace"}
	if d := cmp.Diff(want, names); d != "" || c.Body || c.None() {
		t.Errorf("ChecksOf: body %t, none %t, required (-want +got):\n%s", c.Body, c.None(), d)
	}
	for name, test := range map[string]struct {
		op   *schema.Operation
		want bool
	}{
		"required":   {describe[Order](t), true},
		"optional":   {describe[*Order](t), false},
		"all absent": {describe[Page[int]](t), false},
		"a list":     {describe[[]Line](t), true},
		"by a rule": {describe[struct {
			N int `json:"n" validate:"gte=1"`
		}](t), true},
		"bytes": {describe[[]byte](t), false},
		"none":  {describe[struct{}](t), false},
	} {
		if got := openapi.ChecksOf(test.op).Body; got != test.want {
			t.Errorf("%s: Body %t, want %t", name, got, test.want)
		}
	}
}

// TestRefusedWhenAbsent: that a parameter is required in the document means that
// the function refuses a request without it, and one in which it is empty.
func TestRefusedWhenAbsent(t *testing.T) {
	t.Parallel()
	type in struct {
		Email string `query:"email" validate:"email"`
		URL   string `query:"url" validate:"url"`
		Any   string `query:"any" validate:"uuid|alpha"`
		Date  string `query:"date" validate:"datetime=2006-01-02"`
		IP    string `query:"ip" validate:"ip"`
		Flag  bool   `query:"flag" validate:"required"`
	}
	op := handler.New(func(context.Context, in) (struct{}, error) { return struct{}{}, nil })
	d, err := op.Describe()
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"email": "a@b.example", "url": "https://a.example/", "any": "abc", "date": "2026-01-02", "ip": "::1", "flag": "true"}
	ask := func(without, with string) bool {
		query := []string{with}
		for name, v := range good {
			if name != without {
				query = append(query, name+"="+v)
			}
		}
		_, err := op.Handle(context.Background(), handlertest.Request("GET", "/?"+strings.Join(query, "&")))
		return err == nil
	}
	if !ask("", "x=y") {
		t.Fatal("the function refuses what is good")
	}
	required := openapi.ChecksOf(d).Required
	if len(required) != len(good) {
		t.Errorf("%d required, want %d", len(required), len(good))
	}
	for _, p := range required {
		if ask(p.Name, "x=y") || ask(p.Name, p.Name+"=") {
			t.Errorf("%s: required in the document, and the function takes requests without it", p.Name)
		}
	}
}

// FuzzDocument: what the function takes the schemas take.
func FuzzDocument(f *testing.F) {
	for _, test := range fixed {
		for _, doc := range test.docs {
			f.Add(doc)
		}
	}
	subjects := []*subject{newSubject[numbers](f), newSubject[lists](f), newSubject[strings1](f), newSubject[nested](f), newSubject[Order](f), newSubject[conditional](f), newSubject[odd](f)}
	f.Fuzz(func(t *testing.T, doc string) {
		if doc == "" || !json.Valid([]byte(doc)) {
			return
		}
		for _, s := range subjects {
			s.check(t, doc, false)
		}
	})
}

func ExampleSchemas_Body() {
	type Order struct {
		Email string `json:"email" validate:"required,email"`
		Count int    `json:"count" validate:"gt=0"`
	}
	op, err := handler.New(func(_ context.Context, in Order) (Order, error) { return in, nil }).Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	schemas := openapi.New()
	for _, v := range []any{schemas.Body("place", op.Body), schemas.Components(openapi.Full), schemas.Components(openapi.Import)} {
		text, _ := json.Marshal(v)
		fmt.Println(string(text))
	}
	fmt.Println(schemas.Left())
	// Output:
	// {"$ref":"#/components/schemas/Order"}
	// {"Order":{"type":"object","properties":{"email":{"type":"string","minLength":1,"format":"email","x-validate":["email"]},"count":{"type":"integer","format":"int64","exclusiveMinimum":0}},"required":["email","count"]}}
	// {"Order":{"type":"object","properties":{"email":{"type":"string","minLength":1},"count":{"type":"integer","minimum":1}},"required":["email","count"]}}
	// [{Order.Email email}]
}
