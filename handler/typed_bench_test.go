package handler_test

import (
	"context"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func bench(b *testing.B, op *handler.Operation, req *handler.Request, params ...string) {
	b.Helper()
	if err := op.Compile(params); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := op.Handle(context.Background(), req); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandle(b *testing.B) {
	type byID struct {
		ID     string `path:"id"`
		Expand bool   `query:"expand"`
	}
	type checked struct {
		ID     string `path:"id" validate:"uuid"`
		Expand bool   `query:"expand"`
	}
	get := routed("/orders/{id}", request("GET /orders/7f0c0f4e-3b1d-4f7e-9d0e-0a4c6f2b9a11?expand=true"))
	b.Run("GET", func(b *testing.B) {
		bench(b, handler.New(func(context.Context, byID) (struct{}, error) { return struct{}{}, nil }), get, "id")
	})
	b.Run("GET validated", func(b *testing.B) {
		bench(b, handler.New(func(context.Context, checked) (struct{}, error) { return struct{}{}, nil }), get, "id")
	})
	post := request("POST /", "Content-Type: application/json", "",
		`{"email":"ada@shop.example","shipTo":{"city":"London","zip":"EC1A"},"items":[`+strings.Repeat(`{"sku":"a1","qty":2},`, 4)+`{"sku":"b"}],"note":"ring twice"}`)
	b.Run("POST validated", func(b *testing.B) {
		bench(b, handler.New(func(context.Context, order) (struct{}, error) { return struct{}{}, nil }), post)
	})
	b.Run("JSON answer", func(b *testing.B) {
		out := order{Email: "ada@shop.example", Items: []item{{"a", 1}, {"b", 2}}}
		bench(b, handler.New(func(context.Context, struct{}) (order, error) { return out, nil }), get)
	})
}

// BenchmarkCompile is the price of a route at a cold start.
func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		op := handler.New(func(context.Context, order) (order, error) { return order{}, nil })
		if err := op.Compile(nil); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzBind checks that no request makes binding panic, and that what it refuses
// is the client's fault.
func FuzzBind(f *testing.F) {
	for _, body := range []string{"", "{}", "null", `{"email":"a@b.example","shipTo":{"city":"c"},"items":[{"sku":"a"}]}`, `{"items":[{},null,5]}`, `[`} {
		f.Add("limit=5&flag=true&kind=a,b&num=1", body, "application/json")
		f.Add("limit=%zz&since=x", body, "multipart/form-data; boundary=b")
	}
	f.Add("", "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nabc\r\n--b--", "multipart/form-data; boundary=b")
	f.Add("", "name=a&age=3", "application/x-www-form-urlencoded")
	ops := []*handler.Operation{declare[everything, none](), declare[placing, none](), declare[album, none](), declare[signUp, none](), declare[[]item, none]()}
	f.Fuzz(func(t *testing.T, query, body, kind string) {
		for _, op := range ops {
			req := request("POST /?"+query, "Content-Type: "+kind, "Cookie: sid="+kind, "", body)
			if _, err := op.Handle(t.Context(), req); err != nil && handler.AsError(err).StatusCode() >= 500 {
				t.Errorf("%q %q %q: %v", query, body, kind, err)
			}
		}
	})
}
