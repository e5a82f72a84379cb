package service_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

type Invoice struct {
	ID    string `json:"id"`
	Total int    `json:"total"`
}

// invoices is a web service as it may be in the private network.
func invoices() datastore.Driver {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "42" {
			http.Error(w, "no such invoice", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, `{"id": "42", "total": 700}`)
	})
	return localservice.New(map[string]http.Handler{"billing": mux})
}

func ExampleNew() {
	data := datastore.New([]datastore.Driver{invoices()}, nil)
	billing := service.New(data, "billing", &service.Policy{Timeout: 2 * time.Second})
	api := function("api") // a tier.API
	calls := datastore.Use[service.Caller](api, billing.Route("GET /invoices/{id}"))

	ctx := context.Background()
	invoice, err := service.Call[Invoice](ctx, calls, "GET", "/invoices/42", nil)
	fmt.Println(invoice.Total, err)
	_, err = service.Call[Invoice](ctx, calls, "DELETE", "/invoices/42", nil)
	fmt.Println(errors.Is(err, datastore.ErrDenied))
	// Output:
	// 700 <nil>
	// true
}

// A status that is not 2xx is an error, which has what the service answered.
func ExampleStatusError() {
	data := datastore.New([]datastore.Driver{invoices()}, nil)
	calls := datastore.Use[service.Caller](function("api"), service.New(data, "billing", nil))

	_, err := service.Call[Invoice](context.Background(), calls, "GET", "/invoices/7", nil)
	fmt.Println(errors.Is(err, datastore.ErrNotFound))
	if status, ok := errors.AsType[*service.StatusError](err); ok {
		fmt.Printf("%d %q\n", status.Status, status.Body)
	}
	// Output:
	// true
	// 404 "no such invoice\n"
}

// A package that wants a *http.Client gets one that reaches the service alone.
func ExampleClient() {
	data := datastore.New([]datastore.Driver{invoices()}, nil)
	client := service.Client(datastore.Use[service.Caller](function("api"), service.New(data, "billing", nil)))

	resp, err := client.Get("http://service/invoices/42")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 {"id": "42", "total": 700} <nil>
}

// A service that is called with little time left stops when nobody waits any more.
func ExampleHonour() {
	handler := service.Honour(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		deadline, ok := r.Context().Deadline()
		fmt.Println(ok && time.Until(deadline) <= time.Second)
	}))
	data := datastore.New([]datastore.Driver{localservice.New(map[string]http.Handler{"billing": handler})}, nil)
	calls := datastore.Use[service.Caller](function("api"), service.New(data, "billing", nil))

	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := service.Call[struct{}](ctx, calls, "POST", "/reports", nil)
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
