package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// The versions of an order. In version 2 a name has two parts and lines are items; in
// version 3 prices have a currency, and how many are listed is in the query.
type (
	line1 struct {
		SKU string `json:"sku"`
		Qty int    `json:"qty"`
	}
	place1 struct {
		Shop  string  `path:"shop"`
		Name  string  `json:"name" validate:"required"`
		Lines []line1 `json:"lines"`
		Price int     `json:"price"`
		Max   int     `header:"X-Max"`
	}
	name2 struct {
		First string `json:"first"`
		Last  string `json:"last" validate:"max=5"`
	}
	item2 struct {
		Code  string `json:"code" validate:"len=2"`
		Count int    `json:"count" validate:"gte=1"`
	}
	place2 struct {
		Shop  string  `path:"shop"`
		Name  name2   `json:"name"`
		Items []item2 `json:"items"`
		Price int     `json:"price"`
		Max   int     `header:"X-Max"`
	}
	price3 struct {
		Cents    int    `json:"cents" validate:"lte=100"`
		Currency string `json:"currency" validate:"len=3"`
	}
	place3 struct {
		Shop  string         `path:"shop" validate:"ne=closed"`
		Name  name2          `json:"name"`
		Items []item2        `json:"items" validate:"dive"`
		Price price3         `json:"price"`
		Max   int            `query:"max" validate:"lte=9"`
		By    handler.Caller // nobody, unless an upgrade passes it on
		Trace string         `header:"X-Trace" validate:"ne=bad"`
	}
	text1 struct {
		Text string `json:"text"`
	}
	receipt1 struct {
		Version string `header:"X-Receipt"`
		Body    text1  `body:""`
	}
	receipt2 struct {
		Lines []string `json:"lines"`
	}
)

func (in place3) Validate(context.Context) error {
	if in.Name.First == "nobody" {
		return handler.Invalid(handler.FieldError{Location: "body.name.first", Rule: "somebody", Message: "must be somebody"})
	}
	return nil
}

var errOdd = errors.New("odd")

func upgrade1(in place1) (place2, error) {
	first, last, _ := strings.Cut(in.Name, " ")
	out := place2{Shop: in.Shop, Name: name2{first, last}, Price: in.Price, Max: in.Max}
	for _, l := range in.Lines {
		out.Items = append(out.Items, item2{l.SKU, l.Qty})
	}
	if in.Price == 13 {
		return out, errOdd
	}
	return out, nil
}

func upgrade2(in place2) (place3, error) {
	if in.Price < 0 {
		return place3{}, handler.Invalid(handler.FieldError{Location: "body.items[0].code", Rule: "sign", Message: "is never paid back"})
	}
	out := place3{Shop: in.Shop, Name: in.Name, Items: in.Items, Price: price3{in.Price, "EUR"}, Max: in.Max}
	if in.Max == 8 {
		out.Trace = "bad"
	}
	return out, nil
}

func downgrade2(out receipt2) (receipt1, error) {
	if len(out.Lines) > 3 {
		return receipt1{}, handler.Errorf(418, "no room")
	}
	return receipt1{"1", text1{strings.Join(out.Lines, ";")}}, nil
}

func place(_ context.Context, in place3) (receipt2, error) {
	switch in.Name.First {
	case "sold":
		return receipt2{}, &handler.Error{Status: 409, Code: "sold_out", Fields: []handler.FieldError{{Location: "body.items[1].code"}, {Location: "stock"}}}
	case "wrapped":
		return receipt2{}, fmt.Errorf("place: %w", handler.Invalid(handler.FieldError{Location: "query.max"}))
	case "twice":
		return receipt2{}, handler.Invalid(handler.FieldError{Location: "body.name.first", Rule: "taken"}, handler.FieldError{Location: "body.name.last", Rule: "taken"})
	case "declared":
		return receipt2{}, errOdd
	case "long":
		return receipt2{make([]string, 4)}, nil
	}
	lines := []string{in.Shop + " " + in.Name.Last + ", " + in.Name.First, fmt.Sprint(in.Price, in.Max)}
	for _, item := range in.Items {
		lines = append(lines, fmt.Sprint(item))
	}
	return receipt2{lines}, nil
}

var (
	toItems = []handler.Renamed{{Old: "body.lines", New: "body.items"}, {Old: "body.lines[].sku", New: "body.items[].code"},
		{Old: "body.lines[].qty", New: "body.items[].count"}, {Old: "body.name", New: "body.name"}}
	toQuery = []handler.Renamed{{Old: "header.X-Max", New: "query.max"}, {Old: "body.price", New: "body.price.cents"}}
)

func newPlace() *handler.Operation {
	return handler.New(place, handler.Status(201), handler.Example(receipt2{[]string{"a", "b"}}),
		handler.Errors(&handler.Error{Status: 422, Code: "odd", Err: errOdd}), handler.Summary("place an order"))
}

func olderPlaces() map[string]*handler.Operation {
	newest := newPlace()
	second := handler.Older(newest, handler.Upgrade(upgrade2, toQuery...))
	return map[string]*handler.Operation{
		"two steps": handler.Older(newest, handler.Downgrade(downgrade2), handler.Upgrade(upgrade1, toItems...), handler.Upgrade(upgrade2, toQuery...)),
		"one each":  handler.Older(second, handler.Upgrade(upgrade1, toItems...), handler.Downgrade(downgrade2)),
	}
}

func serveAt(t testing.TB, op *handler.Operation, pattern string, req *handler.Request) handlertest.Answer {
	t.Helper()
	mux := handler.NewMux()
	if err := mux.Route(pattern, op); err != nil {
		t.Fatal(err)
	}
	a, _ := handlertest.Do(t.Context(), mux, req)
	return a
}

// TestOlder: a client of the first version is served by a function of the third.
func TestOlder(t *testing.T) {
	t.Parallel()
	for name, op := range olderPlaces() {
		req := handlertest.Request("POST", "/shops/main", handlertest.Header("X-Max", "3"),
			handlertest.JSON(map[string]any{"name": "Ada King", "price": 7, "lines": []line1{{"ab", 2}}}))
		a := serveAt(t, op, "POST /shops/{shop}", req)
		if want := `{"text":"main King, Ada;{7 EUR} 3;{ab 2}"}`; a.Status != 201 || string(a.Body) != want || a.Header.Get("X-Receipt") != "1" {
			t.Errorf("%s: %d %s %v, want 201 %s", name, a.Status, a.Body, a.Header, want)
		}
	}
}

// TestOlderErrors: what is wrong is told in the words of the client.
func TestOlderErrors(t *testing.T) {
	t.Parallel()
	for kind, op := range olderPlaces() {
		for name, tt := range map[string]struct {
			target, max, body string
			status            int
			code              string
			want              []string
		}{
			"of its own type":      {"/shops/a", "x", `{"lines":7}`, 400, "", []string{"body.lines type", "body.name required", "header.X-Max type"}},
			"renamed":              {"/shops/a", "10", `{"name":"a b","price":101}`, 400, "", []string{"body.price lte", "header.X-Max lte"}},
			"renamed in a list":    {"/shops/a", "1", `{"name":"a b","lines":[{"sku":"ab","qty":1},{"sku":"a","qty":0}]}`, 400, "", []string{"body.lines[1].qty gte", "body.lines[1].sku len"}},
			"two parts of one":     {"/shops/a", "1", `{"name":"twice b"}`, 400, "", []string{"body.name taken"}},
			"a part of a whole":    {"/shops/a", "1", `{"name":"a too-long"}`, 400, "", []string{"body.name max"}},
			"called the same":      {"/shops/closed", "1", `{"name":"a b"}`, 400, "", []string{"path.shop ne"}},
			"nothing of the kind":  {"/shops/a", "8", `{"name":"a b"}`, 400, "", []string{"request ne"}},
			"of Validate":          {"/shops/a", "1", `{"name":"nobody"}`, 400, "", []string{"body.name somebody"}},
			"of an upgrade":        {"/shops/a", "1", `{"name":"a","price":-1}`, 400, "", []string{"body.lines[0].sku sign"}},
			"of an upgrade, plain": {"/shops/a", "1", `{"name":"a","price":13}`, 400, "", nil},
			"of the function":      {"/shops/a", "1", `{"name":"sold"}`, 409, "sold_out", []string{"body.lines[1].sku ", "stock "}},
			"wrapped":              {"/shops/a", "1", `{"name":"wrapped"}`, 400, "", []string{"header.X-Max "}},
			"declared":             {"/shops/a", "1", `{"name":"declared"}`, 422, "odd", nil},
			"of a downgrade":       {"/shops/a", "1", `{"name":"long"}`, 500, "", nil},
		} {
			req := handlertest.Request("POST", tt.target, handlertest.Header("X-Max", tt.max), handlertest.Body("application/json", []byte(tt.body)))
			a := serveAt(t, op, "POST /shops/{shop}", req)
			var p handler.Problem
			if err := a.JSON(&p); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Location+" "+f.Rule)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" || a.Status != tt.status || p.Code != tt.code {
				t.Errorf("%s, %s: %d %q, want %d %q; fields (-want +got):\n%s", kind, name, a.Status, p.Code, tt.status, tt.code, diff)
			}
			if strings.Contains(string(a.Body), "odd\"}") && tt.code == "" || strings.Contains(string(a.Body), "no room") {
				t.Errorf("%s, %s: the answer tells an inner error: %s", kind, name, a.Body)
			}
		}
	}
}

// TestOlderErrorChain: errors stay what they are.
func TestOlderErrorChain(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	wrapped := fmt.Errorf("call: %w", &handler.Error{Status: 409, Err: cause, Fields: []handler.FieldError{{Location: "body.b"}}})
	type newer struct {
		B int `json:"b"`
	}
	type old struct {
		A int `json:"a"`
	}
	op := handler.Older(handler.New(func(context.Context, newer) (struct{}, error) { return struct{}{}, wrapped }),
		handler.Upgrade(func(o old) (newer, error) { return newer{o.A}, nil }, handler.Renamed{Old: "body.a", New: "body.b"}))
	_, err := op.Handle(t.Context(), handlertest.Request("POST", "/", handlertest.Body("application/json", []byte(`{"a":1}`))))
	var e *handler.Error
	if !errors.As(err, &e) || e.Status != 409 || e.Fields[0].Location != "body.a" || !errors.Is(err, cause) || !errors.Is(err, wrapped) {
		t.Errorf("error = %v, want 409 with body.a, the cause and what it was wrapped in", err)
	}
	if f := wrapped.(interface{ Unwrap() error }).Unwrap().(*handler.Error).Fields[0]; f.Location != "body.b" {
		t.Errorf("the function's own error was changed: %v", f)
	}
}

// TestOlderDescribed: the description is of the client's types.
func TestOlderDescribed(t *testing.T) {
	t.Parallel()
	for name, op := range olderPlaces() {
		d, err := op.Describe()
		if err != nil {
			t.Fatal(err)
		}
		var params []string
		for _, p := range d.Params {
			params = append(params, string(p.In)+" "+p.Name)
		}
		members := map[string]bool{}
		for _, f := range d.Body.Type.Fields {
			members[f.Name] = true
		}
		if diff := cmp.Diff([]string{"path shop", "header X-Max"}, params); diff != "" || !members["lines"] || members["items"] {
			t.Errorf("%s: body %v, parameters (-want +got):\n%s", name, members, diff)
		}
		if got := d.Output; got.Status != 201 || !hasMember(got.Type, "text") || string(got.Example.Body) != `{"text":"a;b"}` {
			t.Errorf("%s: the answer is described as %d %v, example %s", name, got.Status, got.Type.Go, got.Example.Body)
		}
		if d.Summary != "place an order" || len(d.Errors) != 1 {
			t.Errorf("%s: summary %q, %d errors; want those of the newest", name, d.Summary, len(d.Errors))
		}
	}
}

func hasMember(t *schema.Type, name string) bool {
	return slices.ContainsFunc(t.Fields, func(f schema.Field) bool { return f.Name == name })
}

// TestOlderRefused: steps that do not follow each other are mistakes of the declaration.
func TestOlderRefused(t *testing.T) {
	t.Parallel()
	broken := func(receipt2) (receipt1, error) { return receipt1{}, errOdd }
	for name, tt := range map[string]struct {
		op   *handler.Operation
		want string
	}{
		"a step is missing at the end":    {handler.Older(newPlace(), handler.Upgrade(upgrade1)), "the upgrades end with handler_test.place2, and the operation takes handler_test.place3"},
		"a step is missing between":       {handler.Older(newPlace(), handler.Upgrade(func(string) (place1, error) { return place1{}, nil }), handler.Upgrade(upgrade2)), "takes handler_test.place2 where there is handler_test.place1"},
		"the wrong order":                 {handler.Older(newPlace(), handler.Upgrade(upgrade2), handler.Upgrade(upgrade1)), "put the steps in order"},
		"a downgrade of something else":   {handler.Older(newPlace(), handler.Downgrade(func(int) (int, error) { return 0, nil })), "takes int where there is handler_test.receipt2"},
		"an upgrade for a downgrade":      {handler.Older(newPlace(), handler.Upgrade(downgrade2)), "the upgrades end with handler_test.receipt1"},
		"no function to upgrade":          {handler.Older(newPlace(), handler.Upgrade[place2, place3](nil)), "handler.Upgrade: the function from handler_test.place2 to handler_test.place3 is nil"},
		"no function to downgrade items":  {handler.Older(newPlace(), handler.DowngradeItems[int, int](nil)), "is nil"},
		"a step is nil":                   {handler.Older(newPlace(), nil), "a step is nil"},
		"no operation":                    {handler.Older(nil), "there is no operation with a function"},
		"an operation without a function": {handler.Older(handler.New[place3, receipt2](nil)), "there is no operation with a function"},
		"what the operation itself lacks": {handler.Older(handler.New(place, handler.MaxBody(0))), "MaxBody"},
		"an example that cannot be made":  {handler.Older(newPlace(), handler.Downgrade(broken)), "the example"},
		"a body that the newest decodes": {handler.Older(handler.New(place, handler.Decode(func(context.Context, []byte, any) error { return nil })), handler.Upgrade(upgrade2)),
			"handler.Decode"},
	} {
		_, described := tt.op.Describe()
		_, answered := tt.op.Handle(t.Context(), handlertest.Request("POST", "/"))
		for what, err := range map[string]error{"Compile": tt.op.Compile([]string{"shop"}), "Describe": described, "Handle": answered} {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: %s: error = %v, want %q in it", name, what, err, tt.want)
			}
		}
	}
	op := handler.Older(newPlace(), handler.Upgrade(upgrade2))
	if err := op.Compile(nil); err == nil || !strings.Contains(err.Error(), "Shop") {
		t.Errorf("a pattern without the parameter of the older type: %v, want a mistake", err)
	}
}

// TestOlderStreams: items of a stream are downgraded as they are sent, and other streams
// pass.
func TestOlderStreams(t *testing.T) {
	t.Parallel()
	list := func(fail bool) *handler.Operation {
		return handler.New(func(context.Context, struct{}) (handler.NDJSON[int], error) {
			return func(yield func(int, error) bool) {
				if !yield(1, nil) || !yield(2, nil) {
					return
				}
				if fail {
					yield(0, errOdd)
				}
			}, nil
		})
	}
	text := func(n int) (string, error) {
		if n > 2 {
			return "", errOdd
		}
		return fmt.Sprint("n", n), nil
	}
	a := serveAt(t, handler.Older(list(false), handler.DowngradeItems(text)), "GET /", handlertest.Request("GET", "/"))
	if string(a.Body) != "\"n1\"\n\"n2\"\n" {
		t.Errorf("items: %q", a.Body)
	}
	mux := handler.NewMux()
	if err := mux.Route("GET /", handler.Older(list(true), handler.DowngradeItems(text))); err != nil {
		t.Fatal(err)
	}
	if _, err := handlertest.Do(t.Context(), mux, handlertest.Request("GET", "/")); !errors.Is(err, errOdd) {
		t.Errorf("a stream that fails: %v, want %v", err, errOdd)
	}
	reader := handler.New(func(_ context.Context, in struct {
		N int `query:"n"`
	}) (io.Reader, error) {
		return strings.NewReader(strings.Repeat("x", in.N)), nil
	})
	type old struct {
		N int `query:"count"`
	}
	op := handler.Older(reader, handler.Upgrade(func(o old) (struct {
		N int `query:"n"`
	}, error) {
		return struct {
			N int `query:"n"`
		}{o.N}, nil
	}))
	if a := serveAt(t, op, "GET /", handlertest.Request("GET", "/?count=3")); string(a.Body) != "xxx" {
		t.Errorf("a reader: %q, want xxx", a.Body)
	}
}

// FuzzOlderNames: whatever an error calls a field, the client is told of a part that it
// has, or of what the function called it.
func FuzzOlderNames(f *testing.F) {
	for _, seed := range []string{"body.items[1].code", "body.items[x.y].count", "body.items[].code", "body.items[", "body", "body.", "query.max", "query.max.x",
		"path.shop", "body.name.first", "body.price.cents", "stock", "", "body.items[a]b].code", "header.X-Trace", "body..", "body[0]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, location string) {
		wrong := handler.New(func(context.Context, place3) (receipt2, error) {
			return receipt2{}, handler.Invalid(handler.FieldError{Location: location, Rule: "r"})
		})
		op := handler.Older(wrong, handler.Upgrade(upgrade1, toItems...), handler.Upgrade(upgrade2, toQuery...), handler.Downgrade(downgrade2))
		_, err := op.Handle(t.Context(), handlertest.Request("POST", "/", handlertest.Body("application/json", []byte(`{"name":"a"}`))))
		var e *handler.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 {
			t.Fatalf("error = %v, want one field", err)
		}
		got := e.Fields[0].Location
		for _, prefix := range []string{"path.shop", "header.X-Max", "body.name", "body.lines", "body.price", "request"} {
			if strings.HasPrefix(got, prefix) {
				return
			}
		}
		if got != "body" && got != location {
			t.Errorf("%q is told as %q, which is no part of the request", location, got)
		}
	})
}
