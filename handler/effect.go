package handler

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Effect is what a middleware adds to what is known of the operations that it is
// around: documents show it, a gateway that validates requests asks for it, and
// declarations are checked by it. It changes nothing of what the middleware does.
type Effect struct {
	// Headers of a request that it reads.
	Headers []HeaderText
	// Errors that it answers.
	Errors []*Error
	// Once says that it keeps a delivery from the handler which was carried out before,
	// and fails one that another delivery works on.
	Once bool
}

// HeaderText is a header with a text.
type HeaderText struct {
	Name     string
	Required bool // a request without it, or with an empty one, is refused
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
			all.Headers, all.Errors = append(all.Headers, e.Headers...), append(all.Errors, e.Errors...)
			all.Once = all.Once || e.Once
		}
	}
	return all
}

// On is an operation with the effect added: a copy.
func (e Effect) On(op *schema.Operation) *schema.Operation {
	if len(e.Headers) == 0 && len(e.Errors) == 0 {
		return op
	}
	more := *op
	more.Params, more.Errors = slices.Clone(op.Params), slices.Clone(op.Errors)
	for _, h := range e.Headers {
		i := slices.IndexFunc(more.Params, func(own schema.Param) bool {
			return own.In == schema.InHeader && strings.EqualFold(own.Name, h.Name)
		})
		switch {
		case i < 0:
			more.Params = append(more.Params, h.param())
		case h.Required:
			more.Params[i].Required = true
		}
	}
	for _, err := range e.Errors {
		failure := schema.Failure{Status: err.StatusCode(), Code: err.Code, Message: err.Message}
		if !slices.Contains(more.Errors, failure) {
			more.Errors = append(more.Errors, failure)
		}
	}
	return &more
}

func (h HeaderText) param() schema.Param {
	p := schema.Param{In: schema.InHeader, Name: h.Name, Required: h.Required,
		Type: &schema.Type{Go: reflect.TypeFor[string](), Kind: schema.String}}
	if h.Required {
		p.Rules = "required"
	}
	return p
}
