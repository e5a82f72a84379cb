package handler

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Example is an answer that the operation may give, for documents and for
// gateways that answer in its place (tier.Mock). It is of the type Out, and
// encoded as the function's own answers are, once:
//
//	handler.New(svc.get, handler.Example(Order{ID: "7", Total: 42}))
//
// An operation has at most one. One of another type than Out, one that cannot be
// encoded, a stream, or a status of 400 and more is an error of
// [Operation.Compile].
func Example[Out any](out Out) Option {
	return option(func(s *settings) { s.examples = append(s.examples, &out) })
}

// readExample encodes the example, nil if there is none.
func (op *Operation) readExample() (*schema.Example, error) {
	switch len(op.examples) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, errors.New("handler.Example: there are several; an operation has one")
	}
	example := op.examples[0]
	if t := reflect.TypeOf(example).Elem(); t != op.out {
		return nil, fmt.Errorf("handler.Example: a %v, but the operation gives %v; write an example of that", t, op.out)
	}
	var resp *Response
	var err error
	if p := attempt(func() { resp, err = op.output.respond(example) }); p != nil {
		err = p
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("handler.Example: %w", err)
	case resp.Stream != nil:
		resp.Done(nil)
		return nil, fmt.Errorf("handler.Example: a stream, %v, is no example; only what can be read again is", op.out)
	case resp.StatusCode() < 200 || resp.StatusCode() >= http.StatusBadRequest:
		return nil, fmt.Errorf("handler.Example: the status %d is no success; declare errors with handler.Errors", resp.StatusCode())
	}
	return &schema.Example{Status: resp.StatusCode(), Header: maps.Clone(resp.Header), Body: resp.Body}, nil
}
