package main

import (
	"context"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/handler"
)

type load struct {
	ID    string `json:"id"`
	Grams int    `json:"grams"`
}

type weight struct {
	Grams int `json:"grams"`
}

// last is what the function weigh was given last, of those that waited for nobody.
var last = make(chan load, 10)

// errTooLight is what weigh fails with.
type errTooLight struct{}

func (errTooLight) Error() string { return "there is nothing on the scale" }

func weigh(_ context.Context, in load) (weight, error) {
	if in.Grams == 0 {
		return weight{}, errTooLight{}
	}
	select {
	case last <- in:
	default: // nobody asks
	}
	return weight{in.Grams}, nil
}

// weighed waits for what was weighed.
func weighed(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	select {
	case in := <-last:
		return &handler.Response{Body: []byte(in.ID)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type weighing interface {
	call.Caller[load, weight]
	call.Starter[load]
}

type calls struct {
	weigh weighing
	ghost call.Caller[load, weight]
	bills service.Caller
}

// outcome is an answer, or an error in words.
type outcome struct {
	Grams  int    `json:"grams,omitempty"`
	Error  string `json:"error,omitempty"`
	Remote string `json:"remote,omitempty"` // type and message of a function's error
}

func outcomeOf(w weight, err error) (outcome, error) {
	out := outcome{Grams: w.Grams}
	if err != nil {
		out.Error = err.Error()
	}
	if remote, ok := errors.AsType[*call.RemoteError](err); ok {
		out.Remote = remote.Type + ": " + remote.Message
	}
	return out, nil
}

func (c calls) now(ctx context.Context, in load) (outcome, error) {
	return outcomeOf(c.weigh.Call(ctx, in))
}

func (c calls) later(ctx context.Context, in load) (outcome, error) {
	return outcomeOf(weight{}, c.weigh.Start(ctx, in))
}

func (c calls) nobody(ctx context.Context, in load) (outcome, error) {
	return outcomeOf(c.ghost.Call(ctx, in))
}

func (c calls) bill(ctx context.Context, in byID) (outcome, error) {
	return outcomeOf(service.Call[weight](ctx, c.bills, "GET", "/bills/"+in.ID, nil))
}
