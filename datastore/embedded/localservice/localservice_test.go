package localservice_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/service/servicetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	servicetest.Run(t, func(_ testing.TB, spec service.Spec, h http.Handler) *datastore.Data {
		return datastore.New([]datastore.Driver{localservice.New(map[string]http.Handler{spec.Logical: h})}, nil)
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func TestNobody(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{localservice.New(nil)}, nil)
	c := datastore.Use[service.Caller](function{}, service.New(data, "billing", nil))
	if _, err := service.Call[int](t.Context(), c, "GET", "/", nil); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Call of a service that nobody serves: error = %v, want %v", err, datastore.ErrUnavailable)
	}
}

func ExampleNew() {
	billing := http.NewServeMux()
	billing.HandleFunc("GET /invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id": %q, "total": 10}`, r.PathValue("id"))
	})
	data := datastore.New([]datastore.Driver{localservice.New(map[string]http.Handler{"billing": billing})}, nil)
	invoices := datastore.Use[service.Caller](function{}, service.New(data, "billing", nil).Route("GET /invoices/{id}"))
	invoice, err := service.Call[struct {
		ID    string
		Total int
	}](context.Background(), invoices, "GET", "/invoices/42", nil)
	fmt.Println(invoice, err)
	_, err = service.Call[struct{}](context.Background(), invoices, "DELETE", "/invoices/42", nil)
	fmt.Println(errors.Is(err, datastore.ErrDenied))
	// Output:
	// {42 10} <nil>
	// true
}
