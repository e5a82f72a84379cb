package middleware

import (
	"github.com/seed-18e8afb5/tierkit/handler"
)

// effective is a handler with a middleware around it that says what it answers by itself.
type effective struct {
	handler.HandlerFunc
	effect func(method string) handler.Effect
}

var _ handler.Effective = effective{}

// Effect is nothing for records.
func (e effective) Effect(method string) handler.Effect {
	if method == "RECORD" {
		return handler.Effect{}
	}
	return e.effect(method)
}

// answers is the effect of what answers these errors.
func answers(errs ...error) func(string) handler.Effect {
	var e handler.Effect
	for _, err := range errs {
		e.Errors = append(e.Errors, handler.AsError(err))
	}
	return func(string) handler.Effect { return e }
}
