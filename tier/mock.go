package tier

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Mock lets the gateway of a REST API answer a route itself, with the example
// that the operation declares (handler.Example): its status, its headers and its
// body. No function is invoked, so clients can be written before the function
// is. Authorizers, API keys, limits and [Validated] apply as to any route; the
// route's middleware does not run.
//
// The answer is the same for every request. Its body must be text of at most
// 200,000 bytes, and its headers printable ASCII without single quotes, at most
// one cookie among them: a mock integration cannot give others. A function whose
// routes are all mocks is not deployed, unless programs invoke it. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html.
func Mock() RouteOption {
	return routeOption(func(r *Route) {
		r.mock = true
		r.function.api.restOnly(r.at, "a mock integration")
	})
}

// maxMock keeps the mapping template of a mock, in which the body may stand in
// base64, below API Gateway's 300 KB. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const maxMock = 200_000

// MockAnswer is what the gateway answers in place of a function.
type MockAnswer struct {
	Status int
	// Header of the answer, one value each, those of CORS included but for
	// Access-Control-Allow-Origin.
	Header http.Header
	Body   string
	// CORS, if it is not nil, says which origins may read the answer.
	CORS *handler.CORS
}

// Mock is what the gateway answers on this route, nil if a function does.
func (r *Route) Mock() *MockAnswer {
	if !r.mock {
		return nil
	}
	op := r.Operation()
	if op == nil || op.Output.Example == nil {
		return nil
	}
	e := op.Output.Example
	m := &MockAnswer{Status: e.Status, Header: http.Header{}, Body: string(e.Body), CORS: r.function.api.cors}
	for name, values := range e.Header {
		m.Header.Set(name, strings.Join(values, ","))
	}
	if m.CORS != nil {
		for name, values := range m.CORS.AnswerHeader() {
			if old := m.Header.Get(name); old != "" && name == "Vary" {
				values = []string{old + "," + values[0]}
			}
			m.Header.Set(name, values[0])
		}
	}
	return m
}

// checkMock is what keeps the gateway from answering a route that is a mock.
func (r *Route) checkMock() []error {
	if !r.mock {
		return nil
	}
	fail := func(format string, args ...any) []error {
		return []error{&datastore.DeclarationError{At: r.at, Message: "route " + r.text + ": tier.Mock: " + fmt.Sprintf(format, args...)}}
	}
	if _, typed := r.handler.(describer); !typed {
		return fail("the handler is not made with handler.New, so it has no example to answer; use handler.New(fn, handler.Example(value))")
	}
	op, answer := r.Operation(), r.Mock()
	switch {
	case r.stream:
		return fail("the gateway answers in one piece; leave out tier.Stream or tier.Mock")
	case op == nil:
		return nil // Compile says why
	case answer == nil:
		return fail("the operation has no example to answer; give handler.New the option handler.Example(value)")
	case len(answer.Body) > maxMock:
		return fail("the example has %d bytes; a mock integration gives at most %d", len(answer.Body), maxMock)
	case !utf8.ValidString(answer.Body):
		return fail("the example is not text, and a mock integration gives no other; remove tier.Mock")
	case len(op.Output.Example.Header["Set-Cookie"]) > 1:
		return fail("the example sets several cookies, and a mock integration can set one; leave the others out")
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		if value := answer.Header.Get(name); strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c > '~' || c == '\'' }) {
			return fail("the header %s of the example has a character that a mock integration cannot give; write printable ASCII without single quotes", name)
		}
	}
	return nil
}

// answers is the mock as a handler, for front doors without mock integrations.
func (m *MockAnswer) answers() handler.Handler {
	return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: m.Status, Header: m.Header.Clone(), Body: []byte(m.Body)}, nil
	})
}
