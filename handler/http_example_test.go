package handler_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func ExampleFromHTTP() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "order %s for %s", r.PathValue("id"), r.Host)
	})
	h := handler.FromHTTP(mux)

	resp, err := h.Handle(context.Background(), plain("GET", "/orders/7").request())
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"), err)
	fmt.Println(string(resp.Body))
	// Output:
	// 200 text/plain; charset=utf-8 <nil>
	// order 7 for api.example.com
}

func ExampleFromHTTPMiddleware() {
	// Any middleware for net/http: here one that looks at the status.
	look := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sw := &statusWriter{ResponseWriter: w}
			next.ServeHTTP(sw, r)
			fmt.Println("the middleware sees", sw.seen)
		})
	}
	place := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(409, "sold out")
	})
	h := handler.Chain(place, handler.FromHTTPMiddleware(look))

	resp, err := h.Handle(context.Background(), plain("POST", "/orders").request())
	fmt.Println("the caller sees", resp.Status, resp.Err, err)
	// Output:
	// the middleware sees 409
	// the caller sees 409 409: sold out <nil>
}

func ExampleToHTTP() {
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		body, err := req.Body()
		if err != nil {
			return nil, err
		}
		return &handler.Response{Status: 201, Body: append([]byte("placed "), body...)}, nil
	})
	server := httptest.NewServer(handler.ToHTTP(h, &handler.HTTPOptions{MaxBody: 16}))
	defer server.Close()

	for _, order := range []string{"7 apples", "more apples than fit"} {
		resp, err := http.Post(server.URL, "text/plain", strings.NewReader(order))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == 201 {
			fmt.Println(resp.Status, string(body))
			continue
		}
		fmt.Println(resp.Status, resp.Header.Get("Content-Type"))
	}
	// Output:
	// 201 Created placed 7 apples
	// 413 Request Entity Too Large application/problem+json
}
