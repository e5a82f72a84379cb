package handler

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Effect is what a middleware adds to what is known of the operations that it is
// around: documents show it, a gateway that validates requests asks for it, and
// declarations are checked by it. It changes nothing of what the middleware does.
type Effect struct {
	// Params that it reads of a request.
	Params []schema.Param
	// Errors that it answers.
	Errors []schema.Failure
	// Once says that it keeps a delivery from the handler which was carried out before,
	// and fails one that another delivery works on.
	Once bool
}

// Effective is a handler that a middleware has returned and that knows its [Effect] on
// requests of a method, "" for any of them; "RECORD" for records of a queue or a
// stream. A middleware that calls others passes theirs on by a method of its own:
// [EffectOf] looks no further than at what the middleware returns.
type Effective interface {
	Handler
	Effect(method string) Effect
}

// EffectOf is the effect that middleware has on requests of a method, all together. It
// calls each with a handler that nobody calls.
func EffectOf(method string, mw ...Middleware) Effect {
	idle := HandlerFunc(func(context.Context, *Request) (*Response, error) {
		return nil, &Error{Status: http.StatusNotImplemented}
	})
	var all Effect
	for _, m := range mw {
		if m == nil {
			continue
		}
		if h, ok := m(idle).(Effective); ok {
			e := h.Effect(method)
			all.Params, all.Errors = append(all.Params, e.Params...), append(all.Errors, e.Errors...)
			all.Once = all.Once || e.Once
		}
	}
	return all
}

// On is an operation with the effect added: a copy.
func (e Effect) On(op *schema.Operation) *schema.Operation {
	if len(e.Params) == 0 && len(e.Errors) == 0 {
		return op
	}
	more := *op
	more.Params, more.Errors = slices.Clone(op.Params), slices.Clone(op.Errors)
	for _, p := range e.Params {
		i := slices.IndexFunc(more.Params, func(own schema.Param) bool {
			return own.In == p.In && (own.Name == p.Name || p.In == schema.InHeader && strings.EqualFold(own.Name, p.Name))
		})
		if i < 0 {
			more.Params = append(more.Params, p)
		} else if p.Required {
			more.Params[i].Required = true
		}
	}
	for _, failure := range e.Errors {
		if !slices.Contains(more.Errors, failure) {
			more.Errors = append(more.Errors, failure)
		}
	}
	return &more
}
