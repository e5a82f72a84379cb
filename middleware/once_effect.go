package middleware

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// onced is a handler with Once around it.
type onced struct {
	*once
	next handler.Handler
}

var _ handler.Effective = (*onced)(nil)

func (h *onced) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	return h.handle(ctx, req, h.next)
}

// Effect is the header of the key, if it is the header's, and the refusals.
func (h *onced) Effect(method string) handler.Effect {
	switch {
	case method == "RECORD":
		return handler.Effect{Once: true}
	case safe(method):
		return handler.Effect{}
	}
	e := handler.Effect{Once: true}
	for _, err := range []error{inFlight(), answerNotStored(), keyReused()} {
		e.Errors = append(e.Errors, handler.AsError(err))
	}
	if h.Key == nil || h.requires() {
		// Among any methods is GET, which needs none.
		e.Headers = []handler.HeaderText{{Name: "Idempotency-Key", Required: h.requires() && method != ""}}
	}
	return e
}

// requires reports whether a request must have the header.
func (h *onced) requires() bool {
	return h.Key != nil && reflect.ValueOf(h.Key).Pointer() == reflect.ValueOf(RequireKey).Pointer()
}
