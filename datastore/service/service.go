// Package service is the store of web services that an application calls: private
// ones on EC2, ECS or behind a load balancer in the network of its functions, and
// private or regional APIs of API Gateway that take IAM signatures.
//
//	type invoices interface { // what this function may do, and no more
//		service.Caller
//	}
//
//	billing := service.New(data, "billing", nil)
//	calls := datastore.Use[invoices](api, billing.Route("GET /invoices/{id}"))
//	invoice, err := service.Call[Invoice](ctx, calls, "GET", "/invoices/42", nil)
//
// [Call] sends and receives JSON; [Caller] is the HTTP exchange itself, and
// [Client] makes a *http.Client of it for packages that want one.
//
// Paths begin with "/", and go after the one of the service's URL. Redirects are
// not followed. A response is read whole, so that one that is cut short is an
// error and never a short answer.
//
// # Time and faults
//
// A call ends within the deadline of its context and within [Policy.Timeout]. What
// is left of the time is sent along in the header [BudgetHeader], and [Honour]
// gives it to the handlers of the service that is called.
//
// Requests whose method is idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE), and
// others that have a header Idempotency-Key, are sent again after a failure of the
// connection and after the statuses 429, 500, 502, 503 and 504, not before the time
// that Retry-After asks for. Others are sent again only if they were certainly not
// carried out: no connection was got, or the status is 429. A service that fails
// too often is left alone for a while; see [Policy.Breaker].
//
// # Outcomes
//
//	a status, whatever it is                       Do returns the response; Call a [*StatusError] unless it is 2xx
//	no connection, no time for an answer           datastore.ErrUnavailable
//	the same, of a request that may be carried out datastore.ErrUnknown; it is not sent again
//	the breaker is open, too many calls at once    datastore.ErrUnavailable; nothing was sent
//	too little time is left                        datastore.ErrNoBudget; nothing was sent
//	a method or path that was not granted          datastore.ErrDenied; nothing was sent
//	a path that is none                            datastore.ErrInvalid; nothing was sent
//	a request or response over its limit           datastore.ErrTooLarge
//	a response of Call that does not fit its type  datastore.ErrCorrupt
//
// Everything here is safe for concurrent use.
package service

import (
	"context"
	"net/http"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Caller sends a request to the service and returns its response, whatever its
// status is. Of the URL only path and query count. The body of the response is in
// memory and need not be closed.
type Caller interface {
	Do(req *http.Request) (*http.Response, error)
}

// Service is a declared service. It is used through the handles that
// [datastore.Use] makes of it.
type Service struct {
	state *state
	spec  Spec
	route route
	err   error // of the route
}

// New declares the service called name. policy may be nil. Nothing is opened
// before the first operation. Panics with a [*datastore.DeclarationError] if data
// is nil.
func New(data *datastore.Data, name string, policy *Policy) *Service {
	s := newState(data, name, policy)
	return &Service{state: s, spec: s.spec}
}

// Route narrows the service to the requests of one pattern, "GET /invoices/{id}":
// handles that are granted on it refuse all others with [datastore.ErrDenied]. A
// segment in braces is any one that is not empty, and {rest...} at the end any
// number of them; without a method it is any. IAM keeps the same for services that
// are signed to. What is no pattern is a declaration error, and refuses all requests.
func (s *Service) Route(pattern string) *Service {
	narrow := *s
	r, err := parseRoute(pattern)
	if err != nil {
		narrow.err = s.state.Data.Mistake(err)
		return &narrow
	}
	narrow.route, narrow.spec.Method, narrow.spec.Path = r, r.method, r.path
	return &narrow
}

// Spec is a [Spec].
func (s *Service) Spec() datastore.Spec { return s.spec }

// Capabilities are [Caller].
func (s *Service) Capabilities() []datastore.Capability {
	return []datastore.Capability{bitDo: {Op: "Do", Type: reflect.TypeFor[Caller]()}}
}

const bitDo datastore.Bit = 0

// Handle is for [datastore.Use].
func (s *Service) Handle(g *datastore.Grant) any { return &granted{s.state, g, s.route, s.err} }

var _ datastore.Store = (*Service)(nil)

// granted has the operations of one grant.
type granted struct {
	state *state
	grant *datastore.Grant
	route route
	err   error
}

var _ Caller = (*granted)(nil)

func (h *granted) check(req *http.Request) error {
	if h.err != nil {
		return &datastore.Error{Kind: datastore.ErrDeclaration, Err: h.err}
	}
	return h.route.check(req)
}

// Do implements [Caller]. It closes the request's body.
func (h *granted) Do(req *http.Request) (resp *http.Response, err error) {
	ctx := context.Background() // of no request, which is refused
	if req != nil {
		ctx = req.Context()
		if req.Body != nil {
			defer req.Body.Close()
		}
	}
	op := handle.Op{Grant: h.grant, Bit: bitDo, Name: "Do", Fallback: datastore.ErrUnavailable}
	err = h.state.Run(ctx, op, func() error { return h.check(req) }, func(ctx context.Context, conn Conn) error {
		resp, err = h.state.exchange(ctx, conn, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}
