package handler_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

type displayed struct {
	ETag string `header:"ETag"`
	Body []int  `body:""`
}

type panics struct{}

func (panics) MarshalJSON() ([]byte, error) { panic("no JSON today") }

func TestExample(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		op   *handler.Operation
		want *schema.Example
		err  string
	}{
		{"none", declare[none, string](), nil, ""},
		{"JSON", declare[none, map[string]int](handler.Example(map[string]int{"a": 1}), handler.Status(201)),
			&schema.Example{Status: 201, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"a":1}`)}, ""},
		{"nil slice", declare[none, []int](handler.Example([]int(nil))),
			&schema.Example{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`[]`)}, ""},
		{"parts", declare[none, displayed](handler.Example(displayed{ETag: `"7"`, Body: []int{7}})),
			&schema.Example{Status: 200, Header: http.Header{"Content-Type": {"application/json"}, "Etag": {`"7"`}}, Body: []byte(`[7]`)}, ""},
		{"nothing", declare[none, none](handler.Example(none{})), &schema.Example{Status: 204, Header: http.Header{}}, ""},
		{"content", declare[none, handler.Content](handler.Example(handler.Content{Type: "text/plain", Data: []byte("hi")})),
			&schema.Example{Status: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(`hi`)}, ""},
		{"a redirect", declare[none, handler.Redirect](handler.Example(handler.Redirect{URL: "/b"})),
			&schema.Example{Status: 303, Header: http.Header{"Location": {"/b"}}}, ""},
		{"another type", declare[none, string](handler.Example(7)), nil, "handler.Example: a int, but the operation gives string"},
		{"a pointer", declare[none, displayed](handler.Example(&displayed{})), nil, "handler.Example: a *handler_test.displayed, but the operation gives handler_test.displayed"},
		{"two", declare[none, int](handler.Example(1), handler.Example(2)), nil, "there are several"},
		{"no JSON", declare[none, float64](handler.Example(math.NaN())), nil, "handler.Example: encode float64"},
		{"a panic", declare[none, panics](handler.Example(panics{})), nil, "no JSON today"},
		{"a stream", declare[none, io.Reader](handler.Example[io.Reader](strings.NewReader("x"))), nil, "a stream, io.Reader, is no example"},
		{"a failure", declare[none, *handler.Response](handler.Example(&handler.Response{Status: 404})), nil, "the status 404 is no success"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := test.op.Describe()
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("Describe: %v, want %q", err, test.err)
				}
				if err := test.op.Compile(nil); err == nil {
					t.Error("Compile takes it")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, d.Output.Example, cmp.Transformer("header", func(h map[string][]string) http.Header { return h })); d != "" {
				t.Errorf("example (-want +got):\n%s", d)
			}
		})
	}
}

// TestExampleIsEncodedOnce: what the value becomes later does not matter.
func TestExampleIsEncodedOnce(t *testing.T) {
	t.Parallel()
	list := []int{1}
	op := declare[none, []int](handler.Example(list))
	for range 2 {
		d, err := op.Describe()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(d.Output.Example.Body); got != "[1]" {
			t.Errorf("example %s, want [1]", got)
		}
		list[0] = 2
	}
}

func ExampleExample() {
	type order struct {
		ID    string `json:"id"`
		Total int    `json:"total"`
	}
	op := handler.New(func(context.Context, struct{}) (order, error) { return order{}, nil },
		handler.Example(order{ID: "7", Total: 42}))
	d, err := op.Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Output.Example.Status, string(d.Output.Example.Body))
	// Output: 200 {"id":"7","total":42}
}
