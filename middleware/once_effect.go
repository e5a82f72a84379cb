package middleware

import (
	"context"
	"net/http"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
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
		refusal := handler.AsError(err)
		e.Errors = append(e.Errors, schema.Failure{Status: refusal.Status, Code: refusal.Code, Message: refusal.Message})
	}
	if text, err := schema.Read(reflect.TypeFor[string]()); err == nil && (h.Key == nil || h.requires()) {
		p := schema.Param{In: schema.InHeader, Name: http.CanonicalHeaderKey("Idempotency-Key"), Type: text}
		if h.requires() && method != "" { // any method: GET needs none
			p.Required, p.Rules = true, "required"
		}
		e.Params = append(e.Params, p)
	}
	return e
}

// requires reports whether a request must have the header.
func (h *onced) requires() bool {
	return h.Key != nil && reflect.ValueOf(h.Key).Pointer() == reflect.ValueOf(RequireKey).Pointer()
}
