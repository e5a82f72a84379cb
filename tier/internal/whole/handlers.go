package whole

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Order is what the shop sells.
type Order struct {
	ID    string `json:"id" table:"id,pk" validate:"required,max=40"`
	Email string `json:"email" validate:"required,email"`
}

type session struct {
	Token string `table:"token,pk"`
}

type note struct {
	Text string `json:"text" validate:"required"`
}

type byID struct {
	ID string `path:"id"`
}

type query struct {
	Page int    `query:"page"`
	Tag  string `query:"tag"`
}

type needed struct {
	Query string `query:"q" validate:"required"`
	note
}

// Seen is what a function saw of a request.
type Seen struct {
	Pattern string `json:"pattern"`
	Caller  string `json:"caller"` // kind and id
	Version string `json:"version"`
	Level   string `json:"level"` // the stage variable
}

// echo answers with what it saw.
var echo = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	caller := req.Caller()
	level, _ := req.StageVariable("level")
	seen := Seen{Pattern: req.Pattern(), Version: req.Version(), Level: level}
	if !caller.Anonymous() {
		seen.Caller = string(caller.Kind) + " " + caller.ID
	}
	body, err := json.Marshal(seen)
	return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
})

// mark shows that the middleware of a route ran.
func mark(next handler.Handler) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		resp, err := next.Handle(ctx, req)
		if resp != nil {
			resp.Header.Set("X-Mark", "here")
		}
		return resp, err
	})
}

// letIn lets in who has the [Token].
func letIn(_ context.Context, check handler.Check) (handler.Verdict, error) {
	if check.Token != Token {
		return handler.Verdict{}, handler.ErrUnauthorized
	}
	return handler.Verdict{Allow: true, Principal: "ada"}, nil
}

func get(s table.Getter[Order]) func(context.Context, byID) (Order, error) {
	return func(ctx context.Context, in byID) (Order, error) { return s.Get(ctx, table.PK(in.ID)) }
}

func place(s table.Creator[Order]) func(context.Context, Order) (Order, error) {
	return func(ctx context.Context, in Order) (Order, error) { return s.Create(ctx, in) }
}

func list(context.Context, struct{}) ([]Order, error) { return nil, nil }

// search measures the tag, to be seen in what is cached.
func search(_ context.Context, in query) (map[string]int, error) {
	return map[string]int{"page": in.Page, "tag": len(in.Tag)}, nil
}

func searchAgain(_ context.Context, in query) (map[string]int, error) {
	return map[string]int{"page": in.Page, "tag": len(in.Tag), "version": 2}, nil
}

func check(_ context.Context, in needed) (note, error) { return in.note, nil }

func nothing(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

func repeat(_ context.Context, in note) (note, error) { return in, nil }

func priceOf(_ context.Context, in note) (int, error) { return len(in.Text), nil }

func rows(context.Context, struct{}) (handler.NDJSON[int], error) {
	return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(2, nil) }, nil
}

func news(context.Context, struct{}) (handler.EventStream, error) {
	return func(yield func(handler.ServerEvent, error) bool) {
		yield(handler.ServerEvent{ID: "1", Data: "tick"}, nil)
	}, nil
}
