package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

type signed struct {
	By handler.Caller
}

type noted struct {
	signed
	ID   string `path:"id"`
	Note string `json:"note" validate:"required"`
}

func TestCallerField(t *testing.T) {
	t.Parallel()
	ada := handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"staff"}}
	forged := `{"note":"n","By":{"ID":"eve"},"by":{"ID":"eve"},"ID":"eve","signed":{"By":{"ID":"eve"}}}`
	req := func(opts ...handlertest.Option) *handler.Request {
		return routed("/{id}", handlertest.Request("POST", "/7?By=eve&by=eve&ID=eve",
			append(opts, handlertest.Body("application/json", []byte(forged)), handlertest.Header("By", "eve"))...))
	}
	got, err := bound[noted](t, req(handlertest.As(ada)))
	if err != nil || got.By.ID != "ada" || !got.By.InGroup("staff") || got.ID != "7" || got.Note != "n" {
		t.Errorf("In = %+v, %v", got, err)
	}
	if got, err := bound[*noted](t, req()); err != nil || !got.By.Anonymous() || got.By.ID != "" {
		t.Errorf("In of an anonymous caller = %+v, %v", got, err)
	}
	only, err := bound[struct{ By handler.Caller }](t, handlertest.Request("GET", "/", handlertest.As(ada)))
	if err != nil || only.By.ID != "ada" {
		t.Errorf("In of a caller alone = %+v, %v", only, err)
	}
	embedded, err := bound[struct {
		handler.Caller
		N int `query:"n"`
	}](t, handlertest.Request("GET", "/?n=3&ID=eve", handlertest.As(ada)))
	if err != nil || embedded.ID != "ada" || embedded.N != 3 {
		t.Errorf("In with an embedded caller = %+v, %v", embedded, err)
	}
}

func TestCallerField_Refused(t *testing.T) {
	t.Parallel()
	type inner struct {
		Owners []*handler.Caller `json:"owners"`
	}
	for name, tt := range map[string]struct {
		op   *handler.Operation
		want string
	}{
		"a tag": {declare[struct {
			By handler.Caller `query:"by"`
		}, none](), ".By: a handler.Caller is who is calling, never what a client writes; drop the query tag"},
		"a member": {declare[struct {
			By handler.Caller `json:"by"`
		}, none](), "drop the json tag"},
		"unexported": {declare[struct {
			by handler.Caller
		}, none](), ".by: is a handler.Caller but is not exported"},
		"in a body": {declare[struct {
			Order inner `body:""`
		}, none](), "its body has a handler.Caller, which a client could make up"},
		"as the body": {declare[handler.Caller, none](), "its body has a handler.Caller"},
		"deep":        {declare[map[string][]inner, none](), "its body has a handler.Caller"},
	} {
		if err := tt.op.Compile(nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Compile = %v, want %q", name, err, tt.want)
		}
	}
}

func ExampleNew_caller() {
	type in struct {
		By handler.Caller
		ID string `path:"id"`
	}
	op := handler.New(func(_ context.Context, in in) (string, error) {
		return in.By.ID + " reads " + in.ID, nil
	})
	req := handlertest.Request("GET", "/orders/7", handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"}))
	answer, err := handlertest.Do(context.Background(), op, routed("/orders/{id}", req))
	fmt.Println(string(answer.Body), err)
	// Output: "ada reads 7" <nil>
}
