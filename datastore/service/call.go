package service

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// StatusError is a response that is not 2xx. It is found by errors.As. Its text
// does not have the body.
type StatusError struct {
	Status int
	Header http.Header
	Body   []byte // the first 64 KB: a problem document, for example
}

const maxErrorBody = 64 << 10

func (e *StatusError) Error() string {
	return "the service answered " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
}

// Call sends in as JSON and reads the response as JSON into an Out. in may be nil,
// for no body. A path with a query is fine. An Out of struct{} reads nothing. A
// status that is not 2xx is an error, of the kind that fits it:
//
//	404, 410           datastore.ErrNotFound
//	409, 412           datastore.ErrConflict
//	401, 403           datastore.ErrDenied
//	400, 422           datastore.ErrInvalid
//	413                datastore.ErrTooLarge
//	429                datastore.ErrThrottled
//	500 and above      datastore.ErrUnavailable, and datastore.ErrUnknown for methods that change something
//	all others         datastore.ErrDeclaration
func Call[Out any](ctx context.Context, c Caller, method, path string, in any) (Out, error) {
	var out Out
	req, err := newRequest(ctx, method, path, in)
	if err != nil {
		return out, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return out, err
	}
	body, err := accepted(method, resp)
	if err != nil {
		return out, err
	}
	if _, nothing := any(out).(struct{}); nothing {
		return out, nil
	}
	if err := json.Unmarshal(body, &out); err != nil {
		var none Out
		return none, callError(datastore.ErrCorrupt, fmt.Errorf("the response is no JSON of a %T", none))
	}
	return out, nil
}

func newRequest(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, callError(datastore.ErrDeclaration, fmt.Errorf("a request of type %T has no JSON: %w", in, err))
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, path, &body)
	if err != nil {
		return nil, callError(datastore.ErrInvalid, errors.New("the method or the path is none"))
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// accepted is the body of a response of 2xx.
func accepted(method string, resp *http.Response) ([]byte, error) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return nil, callError(datastore.ErrUnavailable, err)
	}
	if resp.StatusCode/100 == 2 {
		return body.Bytes(), nil
	}
	e := &StatusError{Status: resp.StatusCode, Header: resp.Header, Body: body.Bytes()[:min(body.Len(), maxErrorBody)]}
	kind := kindOf(resp.StatusCode)
	if resp.StatusCode >= http.StatusInternalServerError && !safe(method) {
		kind = datastore.ErrUnknown
	}
	own := callError(kind, e)
	own.Code = strconv.Itoa(resp.StatusCode)
	return nil, own
}

func kindOf(status int) error {
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return datastore.ErrNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return datastore.ErrConflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return datastore.ErrDenied
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return datastore.ErrInvalid
	case http.StatusRequestEntityTooLarge:
		return datastore.ErrTooLarge
	case http.StatusTooManyRequests:
		return datastore.ErrThrottled
	}
	if status >= http.StatusInternalServerError {
		return datastore.ErrUnavailable
	}
	return datastore.ErrDeclaration
}

func callError(kind, err error) *datastore.Error {
	return &datastore.Error{Store: "service", Op: "call", Kind: kind, Err: err}
}

// anyHost stands for the service in the URLs of [Client].
const anyHost = "service"

// Client is a *http.Client whose requests go to the service, for packages that
// want one. Their URLs begin with "http://service/". It does not follow redirects.
func Client(c Caller) *http.Client {
	return &http.Client{
		Transport:     transport{c},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type transport struct{ caller Caller }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != anyHost {
		return nil, callError(datastore.ErrInvalid, fmt.Errorf("the URL has the host %s; write http://%s/ and the path", (&url.URL{Host: req.URL.Host}).Hostname(), anyHost))
	}
	resp, err := t.caller.Do(req)
	if err == nil {
		resp.Request = req
	}
	return resp, err
}
