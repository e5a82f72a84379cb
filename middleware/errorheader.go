package middleware

import (
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// withErrorHeader is err with more headers in its answer. It stays the error that it is:
// all that errors.Is and errors.As find in it they find afterwards.
func withErrorHeader(err error, add func(http.Header)) error {
	e := *handler.AsError(err)
	err = unanswered(err) // what stands around it has its headers from e
	if e.Header = e.Header.Clone(); e.Header == nil {
		e.Header = http.Header{}
	}
	add(e.Header)
	return &answered{err, &e}
}

// answered is an error with another answer.
type answered struct {
	error
	answer *handler.Error
}

// Unwrap has the answer first: that is the one that [handler.AsError] finds.
func (a *answered) Unwrap() []error { return []error{a.answer, a.error} }

// unanswered is the error that more headers were given: what is told of it.
func unanswered(err error) error {
	if a, ok := err.(*answered); ok {
		return a.error
	}
	return err
}
