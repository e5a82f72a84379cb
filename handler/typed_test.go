package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

type page struct {
	Limit int    `query:"limit" default:"20" validate:"gte=1,lte=100"`
	After string `query:"after"`
}

type everything struct {
	page
	ID     string        `path:"id"`
	Flag   *bool         `query:"flag"`
	Kinds  []string      `query:"kind"`
	Exact  []string      `query:"exact,nosplit"`
	Nums   []int8        `query:"num"`
	Since  time.Time     `query:"since"`
	From   netip.Addr    `query:"from"`
	Wait   time.Duration `query:"wait"`
	Ratio  float32       `query:"ratio"`
	Count  uint16        `query:"count"`
	Trace  string        `header:"x-trace"`
	Accept []string      `header:"X-List"`
	SID    *string       `cookie:"sid"`
}

// bound is what a function with the input In is called with.
func bound[In any](t *testing.T, req *handler.Request) (In, error) {
	t.Helper()
	var got In
	op := handler.New(func(_ context.Context, in In) (struct{}, error) {
		got = in
		return struct{}{}, nil
	})
	_, err := op.Handle(t.Context(), req)
	return got, err
}

func TestParams(t *testing.T) {
	t.Parallel()
	yes, sid := true, "s1"
	withID := func(e everything) everything {
		e.ID = "a b"
		if e.Limit == 0 {
			e.Limit = 20
		}
		return e
	}
	tests := []struct {
		name string
		req  *handler.Request
		want everything
	}{
		{"absent", request("GET /"), everything{}},
		{"scalars", request("GET /?limit=7&flag=true&wait=5&ratio=.5&count=65535&since=2026-01-02T03:04:05Z&from=::1"),
			everything{page: page{Limit: 7}, Flag: &yes, Wait: 5, Ratio: .5, Count: 65535,
				Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), From: netip.IPv6Loopback()}},
		{"decoded", request("GET /?a%66ter=x%26y+z"), everything{page: page{After: "x&y z"}}},
		{"one value is split", request("GET /?kind=a,b&exact=a,b&num=-1,127"),
			everything{Kinds: []string{"a", "b"}, Exact: []string{"a,b"}, Nums: []int8{-1, 127}}},
		{"repeated are verbatim", request("GET /?kind=a,b&kind=c"), everything{Kinds: []string{"a,b", "c"}}},
		{"an empty list", request("GET /?kind="), everything{Kinds: []string{}}},
		{"headers and cookies", request("GET /", "X-Trace: t", "X-List: a, b", "X-List: c", "Cookie: a=b; sid=s1"),
			everything{Trace: "t", Accept: []string{"a", "b", "c"}, SID: &sid}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := bound[everything](t, routed("/{id}", tt.req.WithPath("/a%20b")))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(withID(tt.want), got, cmp.AllowUnexported(everything{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

type address struct {
	City string `json:"city" validate:"required"`
	Zip  string `json:"zip" validate:"max=5"`
}

type item struct {
	SKU string `json:"sku" validate:"required,max=3"`
	Qty int    `json:"qty" validate:"gte=1" default:"1"`
}

type order struct {
	Email  string          `json:"email" validate:"required,email"`
	ShipTo address         `json:"shipTo" validate:"required"`
	Items  []item          `json:"items" validate:"required,min=1,dive"`
	Labels map[string]item `json:"labels" validate:"dive"`
	Note   *string         `json:"note"`
}

type placing struct {
	Tenant string `path:"tenant" json:"tenant"`
	Dry    bool   `query:"dry"`
	order
}

type replacing struct {
	ID    int   `path:"id" validate:"gte=1"`
	Order order `body:""`
}

func fieldsOf(t *testing.T, err error) []string {
	t.Helper()
	var e *handler.Error
	if !errors.As(err, &e) || e.Status != 400 {
		t.Fatalf("error = %v, want one of status 400", err)
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Location+" "+f.Rule+": "+f.Message)
	}
	return out
}

func TestFailingFields(t *testing.T) {
	t.Parallel()
	bind := map[string]func(*testing.T, *handler.Request) error{
		"whole":  func(t *testing.T, r *handler.Request) error { _, err := bound[order](t, r); return err },
		"some":   func(t *testing.T, r *handler.Request) error { _, err := bound[placing](t, r); return err },
		"field":  func(t *testing.T, r *handler.Request) error { _, err := bound[replacing](t, r); return err },
		"list":   func(t *testing.T, r *handler.Request) error { _, err := bound[[]item](t, r); return err },
		"params": func(t *testing.T, r *handler.Request) error { _, err := bound[everything](t, r); return err },
		"ptr":    func(t *testing.T, r *handler.Request) error { _, err := bound[*order](t, r); return err },
	}
	tests := []struct {
		name, in string
		req      *handler.Request
		want     []string
	}{
		{"decoding and rules at once", "whole",
			request("POST /", "", `{"email":"x","shipTo":{"city":7,"zip":"123456"},"items":[{"sku":"a"},{"sku":"long","qty":0},{"qty":"1"}],"labels":{"a.b":{"sku":""}},"note":null}`),
			[]string{"body.shipTo.city type: must be a string", "body.items[2].qty type: must be a whole number",
				"body.email email: must be a valid email address", "body.shipTo.zip max: must be at most 5 characters long",
				"body.items[1].sku max: must be at most 3 characters long", "body.items[1].qty gte: must be at least 1",
				"body.items[2].sku required: is required", "body.labels[a.b].sku required: is required"}},
		{"a required struct whose only member failed", "whole", request("POST /", "", `{"email":"a@b.example","shipTo":{"city":1},"items":[{"sku":"a"}]}`),
			[]string{"body.shipTo.city type: must be a string"}},
		{"null", "whole", request("POST /", "", `{"email":null,"shipTo":null,"items":null}`),
			[]string{"body.email type: must not be null", "body.shipTo type: must not be null", "body.items required: is required"}},
		{"embedded, and a field that the body must not set", "some", routed("/{tenant}", request("POST /t?dry=7", "", `{"tenant":5}`)),
			[]string{"query.dry type: must be true or false", "body.email required: is required", "body.shipTo required: is required", "body.items required: is required"}},
		{"a field is the body", "field", routed("/{id}", request("PUT /0", "", `{"email":"a@b.example","shipTo":{"city":"c"},"items":[{}]}`)),
			[]string{"path.id gte: must be at least 1", "body.items[0].sku required: is required"}},
		{"no body", "field", routed("/{id}", request("PUT /x")),
			[]string{"path.id type: must be a whole number", "body required: is required, as JSON"}},
		{"a list", "list", request("POST /", "", `[{"sku":"a"},{"sku":"long"},5]`),
			[]string{"body[2] type: must be an object", "body[1].sku max: must be at most 3 characters long"}},
		{"a pointer", "ptr", request("POST /", "", `{"email":"a@b.example","shipTo":{"city":"c"},"items":[]}`),
			[]string{"body.items min: must have at least 1 item"}},
		{"broken", "list", request("POST /", "", "[\n {"), []string{"body json: is not JSON: line 2, column 3: the document ends too early"}},
		{"parameters", "params", request("GET /?limit=101&flag=yes&num=1,300&since=now&from=x&wait=1s&ratio=NaN&count=-1&kind=%zz&after=1&after=2"),
			[]string{"query.limit lte: must be at most 100"}},
	}
	tests[len(tests)-1].want = []string{
		"query.after duplicate: must be given once", "query.flag type: must be true or false",
		"query.kind type: must be percent-encoded", "query.num[1] type: is out of range",
		"query.since type: must be a date and time as in RFC 3339", "query.from type: is not valid",
		"query.wait type: must be a whole number", "query.ratio type: must be a number", "query.count type: must be a whole number",
		"query.limit lte: must be at most 100"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, fieldsOf(t, bind[tt.in](t, tt.req))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBodySetsNoParameter(t *testing.T) {
	t.Parallel()
	req := routed("/{tenant}", request("POST /good", "", `{"tenant":"evil","Dry":true,"email":"a@b.example","shipTo":{"city":"c"},"items":[{"sku":"a"}]}`))
	got, err := bound[placing](t, req)
	if err != nil {
		t.Fatal(err)
	}
	want := placing{Tenant: "good", order: order{Email: "a@b.example", ShipTo: address{City: "c"}, Items: []item{{"a", 1}}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(placing{})); diff != "" {
		t.Error(diff)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	type raw struct {
		Data []byte `body:""`
	}
	type reading struct {
		Data io.Reader `body:""`
	}
	type maybe struct {
		ID   string   `query:"id"`
		Body *address `body:""`
	}
	data, err := bound[raw](t, request("PUT /", "Content-Type: image/png", "Content-Encoding: gzip", "", "\x00\xff"))
	if err != nil || string(data.Data) != "\x00\xff" {
		t.Errorf("raw body = %q, %v", data.Data, err)
	}
	stream, err := bound[reading](t, request("PUT /", "", "abc"))
	if err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(stream.Data); err != nil || string(all) != "abc" {
		t.Errorf("body to read = %q, %v", all, err)
	}
	if got, err := bound[maybe](t, request("PUT /")); err != nil || got.Body != nil {
		t.Errorf("optional body = %v, %v, want nil", got.Body, err)
	}
	if got, err := bound[maybe](t, request("PUT /", "", "null")); err != nil || got.Body != nil {
		t.Errorf("null body = %v, %v, want nil", got.Body, err)
	}
	if got, err := bound[page](t, request("GET /?limit=3")); err != nil || got.Limit != 3 {
		t.Errorf("page = %v, %v", got, err)
	}
	type defaults struct {
		N     int      `json:"n" default:"5"`
		Kinds []string `json:"kinds" default:"a,b"`
		Sub   struct {
			B *bool `json:"b" default:"true"`
		} `json:"sub"`
	}
	for _, body := range []string{"", "{}"} {
		got, err := bound[defaults](t, request("POST /", "", body))
		if err != nil || got.N != 5 || len(got.Kinds) != 2 || got.Sub.B == nil || !*got.Sub.B {
			t.Errorf("body %q = %+v, %v, want defaults", body, got, err)
		}
	}
	if _, err := bound[struct{}](t, request("POST /", "Content-Type: text/plain", "", "junk")); err != nil {
		t.Errorf("a function without input: %v", err)
	}
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	op := handler.New(func(context.Context, map[string]int) (struct{}, error) { return struct{}{}, nil },
		handler.MaxBody(16), handler.DisallowUnknown())
	broken := handler.Errorf(400, "the body is not base64")
	tests := []struct {
		name   string
		req    *handler.Request
		status int
		header http.Header
	}{
		{"plain", request("POST /", "Content-Type: application/json", "", "{}"), 204, nil},
		{"spaces and charset", request("POST /", "Content-Type: application/json ; charset=UTF-8", "", "{}"), 204, nil},
		{"suffix", request("POST /", "Content-Type: application/vnd.shop+json", "", "{}"), 204, nil},
		{"identity", request("POST /", "Content-Encoding: Identity", "", "{}"), 204, nil},
		{"text", request("POST /", "Content-Type: text/json", "", "{}"), 415, http.Header{"Accept": {"application/json"}}},
		{"charset", request("POST /", "Content-Type: application/json; charset=latin1", "", "{}"), 415, http.Header{"Accept-Charset": {"utf-8"}}},
		{"nonsense", request("POST /", "Content-Type: ;;", "", "{}"), 415, http.Header{"Accept": {"application/json"}}},
		{"gzip", request("POST /", "Content-Encoding: gzip", "", "{}"), 415, http.Header{"Accept-Encoding": {"identity"}}},
		{"too large", request("POST /", "", strings.Repeat(" ", 17)), 413, nil},
		{"undecodable", handler.NewRequest(delivery{method: "POST", path: "/", bodyErr: broken}), 400, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := op.Handle(t.Context(), tt.req)
			status, header := 0, http.Header(nil)
			if err != nil {
				status, header = handler.AsError(err).StatusCode(), handler.AsError(err).Header
			} else {
				status = resp.StatusCode()
			}
			if status != tt.status || !cmp.Equal(header, tt.header) {
				t.Errorf("status %d, header %v; want %d, %v (%v)", status, header, tt.status, tt.header, err)
			}
		})
	}
}

func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	strict := handler.New(func(context.Context, address) (struct{}, error) { return struct{}{}, nil }, handler.DisallowUnknown())
	_, err := strict.Handle(t.Context(), request("POST /", "", `{"city":"c","town":1,"zip":"","town":2}`))
	want := []string{"body.town unknown: is not known here", "body.town duplicate: is given more than once"}
	if diff := cmp.Diff(want, fieldsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	if got, err := bound[address](t, request("POST /", "", `{"City":"C","city":"c"}`)); err != nil || got.City != "c" {
		t.Errorf("names by case: %v, %v", got, err)
	}
}

type selfChecked struct {
	A, B int
}

func (s *selfChecked) Validate(context.Context) error {
	switch {
	case s.A > s.B:
		return handler.Invalid(handler.FieldError{Location: "body.A", Rule: "order", Message: "must not be over B"})
	case s.A == s.B:
		return errors.New("internal detail")
	}
	return nil
}

func TestOwnValidate(t *testing.T) {
	t.Parallel()
	if _, err := bound[selfChecked](t, request("POST /", "", `{"A":1,"B":2}`)); err != nil {
		t.Error(err)
	}
	_, err := bound[selfChecked](t, request("POST /", "", `{"A":3,"B":2}`))
	if got := fieldsOf(t, err); len(got) != 1 || got[0] != "body.A order: must not be over B" {
		t.Errorf("fields = %q", got)
	}
	_, err = bound[*selfChecked](t, request("POST /", "", `{"A":2,"B":2}`))
	resp := handler.Respond(request("GET /"), err)
	if resp.Status != 400 || strings.Contains(string(resp.Body), "internal") {
		t.Errorf("answer = %d %s", resp.Status, resp.Body)
	}
	if _, err := bound[*selfChecked](t, request("POST /", "", `null`)); err != nil {
		t.Errorf("null for a pointer: %v", err)
	}
}

var errSoldOut = errors.New("sold out")

func TestDeclaredErrors(t *testing.T) {
	t.Parallel()
	var fail error
	op := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, fail },
		handler.Errors(&handler.Error{Status: 409, Code: "sold_out", Err: errSoldOut}))
	for _, tt := range []struct {
		err  error
		want int
	}{{fmt.Errorf("place: %w", errSoldOut), 409}, {handler.Errorf(418, "tea").Wrap(errSoldOut), 418}, {io.EOF, 500}} {
		fail = tt.err
		_, err := op.Handle(t.Context(), request("GET /"))
		if got := handler.AsError(err).StatusCode(); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%v answers %d as %v, want %d", tt.err, got, err, tt.want)
		}
	}
}
