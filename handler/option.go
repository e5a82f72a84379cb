package handler

import "context"

// Option adds to an [Operation].
type Option interface{ apply(*settings) }

// settings are what options say.
type settings struct {
	status      int // 0 for the default
	maxBody     int
	strict      bool
	errors      []*Error
	id          string
	summary     string
	description string
	tags        []string
	examples    []any // pointers to Out
	decode      func(ctx context.Context, body []byte, in any) error
}

type option func(*settings)

func (o option) apply(s *settings) { o(s) }

// Status is the status of the answer, 200 to 299, unless the function chooses
// another. Without it: 200, or 204 where Out is struct{}, or 303 for a [Redirect].
func Status(code int) Option { return option(func(s *settings) { s.status = code }) }

// MaxBody is the most bytes that a request body may have; a larger one is
// answered 413. Without it, 1 MiB. AWS delivers at most 10 MB through a REST or
// HTTP API and 6 MB to a function, base64 included.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func MaxBody(bytes int) Option { return option(func(s *settings) { s.maxBody = bytes }) }

// Errors declares errors of the operation, for its description. An error that
// the function returns and that is no [*Error] itself is answered as the first
// declared one whose Err it is (errors.Is), and stays its cause:
//
//	handler.Errors(&handler.Error{Status: 409, Code: "sold_out", Err: errSoldOut})
func Errors(errs ...*Error) Option {
	return option(func(s *settings) { s.errors = append(s.errors, errs...) })
}

// Summary says in a few words what the operation does.
func Summary(text string) Option { return option(func(s *settings) { s.summary = text }) }

// Description says at length what the operation does; CommonMark.
func Description(text string) Option { return option(func(s *settings) { s.description = text }) }

// Tags group operations in documents.
func Tags(tags ...string) Option {
	return option(func(s *settings) { s.tags = append(s.tags, tags...) })
}

// OperationID names the operation in documents and clients; it must be unique.
func OperationID(id string) Option { return option(func(s *settings) { s.id = id }) }

// DisallowUnknown refuses JSON bodies with members that no field has. Without
// it they are ignored, so that a client may be newer than the function.
func DisallowUnknown() Option { return option(func(s *settings) { s.strict = true }) }

// Decode has f make the In of a body that is not JSON: in is a pointer to a new In.
// All of In comes from the body then, its tags say nothing about other places, and
// it is validated as ever. The body may be empty, and is not to be changed. An error
// answers 400 without its text, unless it is an [*Error]. In what describes the
// operation the body is of any content type.
func Decode(f func(ctx context.Context, body []byte, in any) error) Option {
	return option(func(s *settings) { s.decode = f })
}
