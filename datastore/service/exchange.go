package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// state is what all handles of a service share.
type state struct {
	*handle.State[Conn]
	spec    Spec
	policy  Policy
	rules   *retry.Rules
	breaker breaker
	flying  chan struct{}
}

func newState(data *datastore.Data, name string, policy *Policy) *state {
	own, errs := policy.filled(name)
	spec := Spec{Logical: name, Signed: own.Network.Signed, Port: own.Network.Port}
	s := &state{spec: spec, policy: own, rules: retry.New(nil), flying: make(chan struct{}, max(own.MaxInFlight, 1))}
	s.State = handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenService(ctx, data, spec)
	}, errs...)
	s.breaker = breaker{rules: own.Breaker, now: data.Now, counts: retry.NewWindow(own.Breaker.Window)}
	return s
}

// exchange is one request, which can be sent several times.
type exchange struct {
	state   *state
	conn    Conn
	req     *http.Request
	resp    *http.Response // of the last attempt
	first   io.ReadCloser  // the body for the first attempt, if it need not be made again
	again   func() (io.ReadCloser, error)
	length  int64 // of the body
	hurried bool
}

// hurried reports whether a caller gives the service less time than its policy does.
func (s *state) hurried(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < s.policy.Timeout
}

// safe are the methods that change nothing, and idempotent those that can be
// repeated.
//
// See https://www.rfc-editor.org/rfc/rfc9110.html#name-method-definitions
func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions || method == http.MethodTrace
}

func idempotent(method string) bool {
	return safe(method) || method == http.MethodPut || method == http.MethodDelete
}

// errStatus is a response that may become another one if it is asked for again.
type errStatus int

func (e errStatus) Error() string { return "status " + strconv.Itoa(int(e)) }

// exchange sends a request, again where that helps.
func (s *state) exchange(ctx context.Context, conn Conn, req *http.Request) (*http.Response, error) {
	until := time.Now().Add(s.policy.Timeout)
	x := &exchange{state: s, conn: conn, req: req, hurried: s.hurried(ctx)}
	if err := x.repeatable(s.policy.MaxBytes); err != nil {
		return nil, err
	}
	if err := s.enter(ctx, until); err != nil {
		return nil, err
	}
	defer func() { <-s.flying }()
	method := methodOf(req)
	call := retry.Call{
		Write:      !safe(method),
		Repeatable: idempotent(method) || req.Header.Get("Idempotency-Key") != "",
		Limit:      s.policy.AttemptTimeout, Attempts: s.policy.Attempts, Until: until,
	}
	err := s.rules.Do(ctx, call, x.attempt)
	if _, status := errors.AsType[errStatus](err); status && x.resp != nil {
		return x.resp, nil // what to make of it is the caller's to say
	}
	return x.resp, err
}

// enter waits until there are fewer than MaxInFlight calls.
func (s *state) enter(ctx context.Context, until time.Time) error {
	select {
	case s.flying <- struct{}{}:
		return nil
	default:
	}
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case s.flying <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%d calls of this process are under way already (Policy.MaxInFlight): %w", s.policy.MaxInFlight, ctx.Err())}
	}
}

// repeatable finds out how the request's body is sent again: as the request says, or
// from memory.
func (x *exchange) repeatable(limit int64) error {
	req := x.req
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	if req.GetBody != nil && req.ContentLength > 0 && req.ContentLength <= limit {
		x.first, x.again, x.length = req.Body, req.GetBody, req.ContentLength
		return nil
	}
	body, err := readAll(req.Body, req.ContentLength, limit)
	switch {
	case err != nil:
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("read the request's body: %w", err)}
	case int64(len(body)) > limit:
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the request's body has more than %d bytes (Policy.MaxBytes)", limit)}
	}
	x.length = int64(len(body))
	x.again = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// body is the one for an attempt.
func (x *exchange) body() (io.ReadCloser, error) {
	if first := x.first; first != nil {
		x.first = nil
		return first, nil
	}
	return x.again()
}

// try is one attempt: what it needs, in one piece of memory.
type try struct {
	sending retry.Sending
	url     url.URL
}

// attempt sends the request once and reads the response.
func (x *exchange) attempt(ctx context.Context) *retry.Fault {
	s := x.state
	x.resp = nil
	probe, ok := s.breaker.allow()
	if !ok {
		return &retry.Fault{Kind: datastore.ErrUnavailable, Err: errors.New("the service failed too often and is left alone for a while (Policy.Breaker)")}
	}
	how := failed
	defer func() { s.breaker.done(probe, how) }() // also if the driver panics
	var begun time.Time
	if x.hurried {
		begun = time.Now()
	}
	t := &try{}
	resp, err := t.roundTrip(ctx, x)
	if err == nil {
		err = s.readBody(resp)
	}
	if err != nil {
		f := faultOf(err, t.sending.None(err))
		tooSoon := x.hurried && ctx.Err() != nil && time.Since(begun) < s.policy.AttemptTimeout*9/10 // timers are not exact
		if errors.Is(err, context.Canceled) || tooSoon || f.Kind != datastore.ErrUnavailable {
			how = withdrawn
		}
		return f
	}
	x.resp = resp
	if resp.StatusCode < http.StatusInternalServerError {
		how = succeeded
	}
	return statusFault(resp)
}

func (t *try) roundTrip(ctx context.Context, x *exchange) (*http.Response, error) {
	req, err := t.request(t.sending.Watch(ctx), x)
	if err != nil {
		return nil, err
	}
	return x.conn.RoundTrip(req)
}

// request is the one of an attempt.
func (t *try) request(ctx context.Context, x *exchange) (*http.Request, error) {
	req := x.req.WithContext(ctx)
	t.url = *x.req.URL
	u := &t.url
	u.Scheme, u.Host, u.User, u.Fragment, u.RawFragment = "", "", nil, "", ""
	req.URL, req.Method = u, methodOf(x.req)
	req.RequestURI, req.Host, req.Close, req.Trailer = "", "", false, nil
	req.Header = withBudget(ctx, x.req.Header)
	addTrace(datastore.TraceFrom(ctx), req.Header)
	req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	if x.length > 0 {
		body, err := x.body()
		if err != nil {
			return nil, &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("make the request's body again: %w", err)}
		}
		req.Body, req.GetBody, req.ContentLength = body, x.again, x.length
	}
	if prepare := x.state.policy.Prepare; prepare != nil {
		prepare(ctx, req.Header)
	}
	return req, nil
}

// errTooLong is a response over the limit. Its connection is given up.
var errTooLong = &datastore.Error{Kind: datastore.ErrTooLarge, Err: errors.New("the response is larger than Policy.MaxBytes")}

// readBody takes the response's body into memory.
func (s *state) readBody(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := readAll(resp.Body, resp.ContentLength, s.policy.MaxBytes)
	switch {
	case err != nil:
		return fmt.Errorf("read the response's body: %w", err)
	case int64(len(body)) > s.policy.MaxBytes:
		return errTooLong
	}
	resp.Body = newInMemory(body)
	resp.Request = nil // it is that of an attempt, and is signed
	return nil
}

// faultOf reads the error of a connection. unsent says that certainly nothing went
// out.
func faultOf(err error, unsent bool) *retry.Fault {
	if err == error(errTooLong) {
		return &retry.Fault{Kind: datastore.ErrTooLarge, Err: errTooLong.Err, Lost: true}
	}
	if own, ok := errors.AsType[*datastore.Error](err); ok {
		return &retry.Fault{Kind: own.Kind, Code: own.Code, Err: cause(own)}
	}
	var t interface{ Timeout() bool }
	slow := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &t) && t.Timeout()
	return &retry.Fault{Kind: datastore.ErrUnavailable, Err: err, Retry: true, Lost: !unsent, Quick: !unsent && !slow}
}

func cause(e *datastore.Error) error {
	if e.Err != nil {
		return e.Err
	}
	return e
}

// statusFault is nil for the responses that another attempt would not better.
func statusFault(resp *http.Response) *retry.Fault {
	kind, lost := datastore.ErrUnavailable, true
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		kind, lost = datastore.ErrThrottled, false
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return nil
	}
	return &retry.Fault{
		Err: errStatus(resp.StatusCode), Kind: kind, Code: strconv.Itoa(resp.StatusCode), Retry: true, Lost: lost, After: retryAfter(resp.Header, time.Now),
	}
}

// retryAfter is how long the service asks to wait, in either form.
//
// See https://www.rfc-editor.org/rfc/rfc9110.html#name-retry-after
func retryAfter(header http.Header, now func() time.Time) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now()), 0)
	}
	return 0
}
