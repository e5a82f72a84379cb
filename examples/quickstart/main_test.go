package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

const (
	id    = "0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"
	order = `{"id":"` + id + `","email":"ada@shop.example","total":42}`
)

// TestService tries the whole service over HTTP, with a table in memory.
func TestService(t *testing.T) {
	h, err := newApp(datatest.New(t)).HTTPHandler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	for _, step := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"not there yet", "GET", "/orders/" + id, "", 404, `"title":"Not Found"`},
		{"place", "POST", "/orders", order, 201, `"total":42`},
		{"read", "GET", "/orders/" + id, "", 200, `"email":"ada@shop.example"`},
		{"place again", "POST", "/orders", order, 409, `"title":"Conflict"`},
		{"every failing field", "POST", "/orders", `{"id":"7","total":-1}`, 400, `"body.email"`},
		{"bad id", "GET", "/orders/7", "", 400, `"path.id"`},
		{"broken", "POST", "/orders", `{"id":`, 400, `"body"`},
		{"no such path", "GET", "/nothing", "", 404, `"status":404`},
		{"wrong method", "PUT", "/orders", order, 405, `"status":405`},
	} {
		t.Run(step.name, func(t *testing.T) {
			req, err := http.NewRequest(step.method, server.URL+step.path, strings.NewReader(step.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != step.status || !strings.Contains(string(body), step.want) {
				t.Errorf("%s %s = %d %s, want %d with %s", step.method, step.path, resp.StatusCode, body, step.status, step.want)
			}
			if resp.StatusCode >= 400 && resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %s", resp.Header.Get("Content-Type"))
			}
			if !json.Valid(body) {
				t.Errorf("not JSON: %s", body)
			}
		})
	}
}

// soldOut is a store of one method more than a test needs: the interface that is
// the permission is also the seam.
type soldOut struct{}

func (soldOut) Get(context.Context, table.Key, ...table.ReadOption) (Order, error) {
	return Order{}, datastore.ErrNotFound
}

func (soldOut) Create(context.Context, Order) (Order, error) {
	return Order{}, datastore.ErrThrottled
}

// TestPlace tries one function with a store of its own.
func TestPlace(t *testing.T) {
	_, err := orders{soldOut{}}.place(t.Context(), Order{ID: id})
	if !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("place = %v, want the store's error", err)
	}
}
