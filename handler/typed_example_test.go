package handler_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// show prints an answer.
func show(h handler.Handler, req *handler.Request) {
	resp, err := h.Handle(context.Background(), req)
	if err != nil {
		resp = handler.Respond(req, err)
	}
	fmt.Println(resp.StatusCode(), string(resp.Body))
}

func ExampleNew() {
	type in struct {
		ID    string `path:"id" validate:"required"`
		Limit int    `query:"limit" default:"20" validate:"lte=100"`
	}
	type out struct {
		ID    string `json:"id"`
		Limit int    `json:"limit"`
	}
	op := handler.New(func(_ context.Context, in in) (out, error) {
		return out(in), nil
	})
	show(op, routed("/orders/{id}", request("GET /orders/7")))
	show(op, routed("/orders/{id}", request("GET /orders/7?limit=500")))
	// Output:
	// 200 {"id":"7","limit":20}
	// 400 {"type":"about:blank","title":"Bad Request","status":400,"detail":"the request is not valid","requestId":"r-1","errors":[{"location":"query.limit","rule":"lte","message":"must be at most 100"}]}
}

func ExampleNew_body() {
	type order struct {
		Email string   `json:"email" validate:"required,email"`
		Items []string `json:"items" validate:"required,min=1"`
	}
	op := handler.New(func(_ context.Context, in order) (order, error) { return in, nil }, handler.Status(201))
	show(op, request("POST /orders", "", `{"email":"ada@shop.example","items":["gear"]}`))
	_, err := op.Handle(context.Background(), request("POST /orders", "", `{"email":"ada","items":["gear",5]}`))
	for _, f := range handler.AsError(err).Fields {
		fmt.Println(f.Location, f.Message)
	}
	// Output:
	// 201 {"email":"ada@shop.example","items":["gear"]}
	// body.items[1] must be a string
	// body.email must be a valid email address
}

func ExampleOperation_Compile() {
	op := handler.New(func(context.Context, struct{}) (string, error) { return "", nil })
	fmt.Println(op.Compile([]string{"id"}))
	// Output: path parameter {id} is bound by no field of struct {}; add a field `ID string `path:"id"``
}

func ExampleOperation_Describe() {
	type in struct {
		Limit int `query:"limit" default:"20" validate:"lte=100"`
	}
	d, err := handler.New(func(context.Context, in) ([]string, error) { return nil, nil }).Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range d.Params {
		fmt.Println(p.In, p.Name, p.Required, *p.Default, p.Rules)
	}
	fmt.Println(d.Output.Status, d.Output.MediaType)
	// Output:
	// query limit false 20 lte=100
	// 200 application/json
}

func ExampleErrors() {
	sold := errors.New("sold out")
	op := handler.New(func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, fmt.Errorf("reserve gear: %w", sold)
	}, handler.Errors(&handler.Error{Status: 409, Code: "sold_out", Err: sold}))
	show(op, request("POST /orders"))
	// Output: 409 {"type":"about:blank","title":"Conflict","status":409,"code":"sold_out","requestId":"r-1"}
}

func ExampleDisallowUnknown() {
	type note struct {
		Text string `json:"text"`
	}
	op := handler.New(func(_ context.Context, in note) (note, error) { return in, nil }, handler.DisallowUnknown())
	_, err := op.Handle(context.Background(), request("POST /notes", "", `{"text":"a","txet":"b"}`))
	fmt.Println(handler.AsError(err).Fields)
	// Output: [{body.txet unknown is not known here}]
}

func ExampleMaxBody() {
	op := handler.New(func(_ context.Context, in []byte) (struct{}, error) { return struct{}{}, nil }, handler.MaxBody(3))
	_, err := op.Handle(context.Background(), request("PUT /", "", "abcd"))
	fmt.Println(err)
	// Output: 413: the body must not have more than 3 bytes
}

func ExampleStatus() {
	show(handler.New(func(context.Context, struct{}) (string, error) { return "made", nil }, handler.Status(201)), request("POST /"))
	// Output: 201 "made"
}

func ExampleSummary() {
	op := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil },
		handler.Summary("Ping"), handler.Description("Answers at once."), handler.Tags("health"), handler.OperationID("ping"))
	d, _ := op.Describe()
	fmt.Println(d.ID, d.Summary, d.Description, d.Tags)
	// Output: ping Ping Answers at once. [health]
}

func ExampleContent() {
	op := handler.New(func(context.Context, struct{}) (handler.Content, error) {
		return handler.Content{Type: "text/csv", Data: []byte("a,b\n1,2")}, nil
	})
	show(op, request("GET /report"))
	// Output:
	// 200 a,b
	// 1,2
}

func ExampleRedirect() {
	op := handler.New(func(context.Context, struct{}) (handler.Redirect, error) {
		return handler.Redirect{URL: "/login"}, nil
	})
	resp, _ := op.Handle(context.Background(), request("GET /"))
	fmt.Println(resp.Status, resp.Header.Get("Location"))
	// Output: 303 /login
}

func ExampleNew_parts() {
	type in struct {
		SID string `cookie:"sid"`
	}
	type out struct {
		ETag string       `header:"ETag"`
		SID  *http.Cookie `cookie:""`
		Body []string     `body:""`
	}
	op := handler.New(func(_ context.Context, in in) (out, error) {
		return out{ETag: `"v1"`, SID: &http.Cookie{Name: "sid", Value: strings.ToUpper(in.SID)}, Body: []string{"a"}}, nil
	})
	resp, _ := op.Handle(context.Background(), request("GET /", "Cookie: sid=x"))
	fmt.Println(resp.Header.Get("ETag"), resp.Header.Get("Set-Cookie"), string(resp.Body))
	// Output: "v1" sid=X ["a"]
}

func ExampleInvalid() {
	fmt.Println(handler.Invalid(handler.FieldError{Location: "body.until", Rule: "order", Message: "must be after from"}))
	// Output: 400: the request is not valid: body.until must be after from
}
