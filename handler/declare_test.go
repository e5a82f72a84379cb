package handler_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func declare[In, Out any](opts ...handler.Option) *handler.Operation {
	return handler.New(func(context.Context, In) (out Out, err error) { return out, nil }, opts...)
}

type none = struct{}

type embeddedMembers struct {
	B string `json:"b"`
}

func TestDeclarationErrors(t *testing.T) {
	t.Parallel()
	type embedded struct {
		ID string `path:"id"`
	}
	type badRules struct {
		A string `json:"a" validate:"required,nosuchrule"`
		B string `json:"b" validate:"min=x"`
		C bool   `json:"c" validate:"max=3"`
		D any    `json:"d" validate:"min=3"`
		E string `json:"e" validate:"dive"`
		F string `json:"f" validate:"validateFn"`
	}
	tests := []struct {
		name string
		op   *handler.Operation
		path []string
		want []string
	}{
		{"a channel", declare[struct {
			C chan int `json:"c"`
		}, none](), nil, []string{".C: chan int has no JSON form"}},
		{"a query of a struct", declare[struct {
			T struct{} `query:"t"`
		}, none](), nil, []string{"struct {} is no type for a parameter"}},
		{"two sources", declare[struct {
			A string `query:"a" header:"a"`
		}, none](), nil, []string{"comes from query and from header"}},
		{"no source", declare[struct {
			A string `query:"a"`
			B string
		}, none](), nil, []string{".B: nothing says where it comes from"}},
		{"unexported", declare[struct {
			a string `query:"a"`
		}, none](), nil, []string{"is not exported"}},
		{"twice", declare[struct {
			A string `query:"a"`
			B string `query:"a"`
		}, none](), nil, []string{`query "a" is bound by`}},
		{"two bodies", declare[struct {
			A string `body:""`
			B string `json:"b"`
		}, none](), nil, []string{"each want the body"}},
		{"two whole bodies", declare[struct {
			A string `body:""`
			B string `body:""`
		}, none](), nil, []string{"each want the body"}},
		{"form and json", declare[struct {
			A string `form:"a"`
			B string `json:"b"`
		}, none](), nil, []string{"each want the body"}},
		{"bad defaults", declare[struct {
			A int `query:"a" default:"x"`
			B int `json:"b" default:"x"`
		}, none](), nil, []string{`default "x" must be a whole number`, `B: default "x" must be a whole number`}},
		{"list in the path", declare[struct {
			A []string `path:"a"`
		}, none](), []string{"a"}, []string{"a path parameter has one value"}},
		{"no name", declare[struct {
			A string `query:""`
		}, none](), nil, []string{"has no name"}},
		{"embedded pointer", declare[struct{ *embedded }, none](), []string{"id"}, []string{"fields of an embedded pointer cannot be bound"}},
		{"embedded pointer of members", declare[struct {
			*embeddedMembers
			A string `query:"a"`
		}, none](), nil, []string{"fields of an embedded pointer cannot be bound"}},
		{"unbound", declare[none, none](), []string{"id"}, []string{"path parameter {id} is bound by no field of struct {}; add a field `ID string `path:\"id\"``"}},
		{"not in the pattern", declare[embedded, none](), []string{"key"}, []string{"the pattern has no parameter {id}; it has {key}", "path parameter {key} is bound by no field"}},
		{"rules", declare[badRules, none](), nil, []string{"nosuchrule", `"min=x"`, `"max=3"`, "the rule min on a value of type interface {}", "dive needs a slice", "validateFn calls methods by name"}},
		{"options", declare[none, none](handler.Status(404), handler.MaxBody(0), handler.Errors(nil)), nil, []string{"handler.Status(404)", "handler.MaxBody(0)", "handler.Errors: error 0"}},
		{"no content with a body", declare[none, string](handler.Status(204)), nil, []string{"such an answer has no body"}},
		{"redirect with a status", declare[none, handler.Redirect](handler.Status(201)), nil, []string{"carries its own status"}},
		{"unencodable", declare[none, struct{ F func() }](), nil, []string{"func() has no JSON form"}},
		{"mixed out", declare[none, struct {
			E string `header:"E"`
			B string `json:"b"`
		}](), nil, []string{"B: is no part of the answer"}},
		{"bad parts", declare[none, struct {
			A string   `status:""`
			B string   `header:"content-length"`
			C string   `cookie:""`
			D struct{} `header:"D"`
			E []string `body:""`
			F []string `body:""`
			g string   `header:"G"`
		}](), nil, []string{"the status is one field of type int", "Content-Length is set by the server", "string is no cookie", "no type for a header", "an answer has one body", "is not exported"}},
		{"no function", handler.New[none, none](nil), nil, []string{"the function is nil"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := tt.op.Compile(tt.path)
			if err == nil {
				t.Fatal("Compile found nothing wrong")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Compile = %v\nwant %q in it", err, want)
				}
			}
			if _, err := tt.op.Handle(t.Context(), request("GET /")); err == nil || handler.AsError(err).StatusCode() != 500 {
				t.Errorf("Handle after it: %v, want an error of status 500", err)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	op := handler.New(func(_ context.Context, in replacing) (tagged, error) { return tagged{}, nil },
		handler.Summary("s"), handler.Description("d"), handler.Tags("a", "b"), handler.OperationID("replace"),
		handler.Errors(&handler.Error{Status: 409, Code: "c", Message: "m"}))
	if err := op.Compile([]string{"id"}); err != nil {
		t.Fatal(err)
	}
	d, err := op.Describe()
	if err != nil {
		t.Fatal(err)
	}
	if d.ID != "replace" || d.Summary != "s" || d.Description != "d" || len(d.Tags) != 2 || len(d.Errors) != 1 || d.Errors[0].Status != 409 {
		t.Errorf("Describe = %+v", d)
	}
	if p := d.Params[0]; len(d.Params) != 1 || p.In != "path" || p.Name != "id" || !p.Required || p.Rules != "gte=1" || p.Type.Bits != 64 {
		t.Errorf("parameters = %+v", d.Params)
	}
	if b := d.Body; !b.Required || b.MediaTypes[0] != "application/json" || b.Type.Fields[0].Name != "email" || !b.Type.Fields[0].Required() {
		t.Errorf("body = %+v", b)
	}
	if o := d.Output; o.Status != http.StatusOK || !o.AnyStatus || len(o.Headers) != 4 || len(o.Cookies) != 2 || o.Type.Value().Fields[0].Name != "name" {
		t.Errorf("output = %+v", o)
	}
}

func TestDescribeBodies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		op       *handler.Operation
		types    []string
		required bool
	}{
		{"urlencoded", declare[signUp, none](), []string{"application/x-www-form-urlencoded", "multipart/form-data"}, true},
		{"files", declare[album, none](), []string{"multipart/form-data"}, false},
		{"raw", declare[[]byte, none](), []string{"*/*"}, false},
		{"optional", declare[*order, none](), []string{"application/json"}, false},
		{"time", declare[time.Time, none](), []string{"application/json"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, err := tt.op.Describe()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(d.Body.MediaTypes, " ") != strings.Join(tt.types, " ") || d.Body.Required != tt.required {
				t.Errorf("body = %+v, want %v, required %v", d.Body, tt.types, tt.required)
			}
		})
	}
	if d, err := declare[none, none]().Describe(); err != nil || d.Body != nil || d.Output.Status != 204 {
		t.Errorf("nothing in and out: %+v, %v", d, err)
	}
}
