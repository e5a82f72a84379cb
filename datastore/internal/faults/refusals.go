package faults

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Refusals holds a driver to what the errors of its service mean: it answers the
// operations with each error, once and always, and counts the requests. The errors
// that all AWS services have are there already.
//
//	func TestRefusals(t *testing.T) {
//		faults.Refusals[store]{
//			Open:       func(t *testing.T, client *http.Client) store { ... },
//			Refuse:     faults.RefuseJSON,
//			Good:       faults.Answer{Body: `{"Value":"hunter2"}`},
//			Operations: []faults.Operation[store]{{Name: "Get", Do: ...}},
//			Service: []faults.Refusal{
//				{Code: "ParameterNotFound", Want: datastore.ErrNotFound},
//			},
//		}.Run(t)
//	}
type Refusals[H any] struct {
	// Open is a handle whose requests client answers. It sends nothing.
	Open func(t *testing.T, client *http.Client) H
	// Refuse is how the service writes an error: [RefuseJSON] or [RefuseXML].
	Refuse func(status int, code string) Answer
	// Good is the answer with which all operations succeed.
	Good Answer
	// Operations are one of each sort, of one request each.
	Operations []Operation[H]
	// Service are the service's own errors.
	Service []Refusal
	// Secret is in what the operations send, and in no error.
	Secret string
}

// Refusal is an error of a service.
type Refusal struct {
	Status int // 0 means 400
	Code   string
	Want   error // what it means
	// Again says that another attempt may succeed.
	Again bool
	// Lost says that the operation may have been carried out all the same.
	Lost bool

	err error // in place of an answer
}

// attempts is how often a call is tried at most.
const attempts = 8

var errReset = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// common are the errors of all AWS services.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
var common = []Refusal{
	{Code: "the answer is lost", err: errReset, Want: datastore.ErrUnavailable, Again: true, Lost: true},
	{Code: "nothing listens", err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}, Want: datastore.ErrUnavailable, Again: true},
	{Status: 500, Code: "InternalFailure", Want: datastore.ErrUnavailable, Again: true, Lost: true},
	{Status: 503, Code: "ServiceUnavailable", Want: datastore.ErrUnavailable, Again: true, Lost: true},
	{Code: "ThrottlingException", Want: datastore.ErrThrottled, Again: true},
	{Status: 429, Code: "TooManyRequestsException", Want: datastore.ErrThrottled, Again: true},
	{Status: 403, Code: "AccessDeniedException", Want: datastore.ErrDenied},
	{Status: 403, Code: "ExpiredTokenException", Want: datastore.ErrDenied},
	{Status: 403, Code: "UnrecognizedClientException", Want: datastore.ErrDenied},
	{Status: 403, Code: "SomethingNewForbidden", Want: datastore.ErrDenied},
	{Status: 400, Code: "SomethingNew", Want: datastore.ErrUnavailable},
}

// RefuseJSON is an error of the services that speak JSON.
//
// See https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
func RefuseJSON(status int, code string) Answer {
	return Answer{
		Status: status, Header: http.Header{"X-Amzn-Errortype": {code}},
		Body: `{"__type":` + strconv.Quote(code) + `,"message":"refused"}`,
	}
}

// RefuseXML is an error of the services that speak the query protocol.
//
// See https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization
func RefuseXML(status int, code string) Answer {
	return Answer{
		Status: status,
		Body:   "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>refused</Message></Error></ErrorResponse>",
	}
}

// Run runs the tests, each as a subtest of t.
func (r Refusals[H]) Run(t *testing.T) {
	for _, refusal := range r.all() {
		for _, op := range r.Operations {
			t.Run(refusal.Code+"/"+op.Name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { r.always(t, refusal, op) })
				synctest.Test(t, func(t *testing.T) { r.once(t, refusal, op) })
			})
		}
	}
}

// all are the errors of all services, but for those that mean something else in this
// one, and its own.
func (r Refusals[H]) all() []Refusal {
	all := slices.Clone(r.Service)
	for _, refusal := range common {
		if !slices.ContainsFunc(r.Service, func(own Refusal) bool { return own.Code == refusal.Code }) {
			all = append(all, refusal)
		}
	}
	return all
}

func (r Refusals[H]) answer(refusal Refusal) Answer {
	if refusal.err != nil {
		return Answer{Err: refusal.err}
	}
	return r.Refuse(cmp.Or(refusal.Status, http.StatusBadRequest), refusal.Code)
}

// sentAgain reports whether an operation is sent again after it.
func (o Operation[H]) sentAgain(r Refusal) bool { return r.Again && (!r.Lost || o.repeated()) }

// always: no attempt is answered otherwise.
func (r Refusals[H]) always(t *testing.T, refusal Refusal, op Operation[H]) {
	answer := r.answer(refusal)
	answer.Always = true
	script := NewScript(t, answer)
	err := op.Do(t.Context(), r.Open(t, script.Client()))
	want, requests := refusal.Want, 1
	if refusal.Lost && op.Write {
		want = datastore.ErrUnknown
	}
	if op.sentAgain(refusal) {
		requests = attempts
	}
	if got := len(script.Requests()); !errors.Is(err, want) || got != requests {
		t.Fatalf("always: error = %v after %d requests, want %v after %d", err, got, want, requests)
	}
	own, ok := errors.AsType[*datastore.Error](err)
	var api interface{ ErrorCode() string } // of the SDK
	switch {
	case !ok || own.Attempts != requests || refusal.err == nil && own.Code != refusal.Code:
		t.Errorf("always: error = %+v, want one of %d attempts with the code %s", own, requests, refusal.Code)
	case refusal.err != nil && !errors.Is(err, refusal.err), refusal.err == nil && !errors.As(err, &api):
		t.Errorf("always: error = %v, want the SDK's below it", err)
	}
	if r.Secret != "" {
		Hidden(t, err, r.Secret)
	}
}

// once: the second attempt succeeds, if there is one.
func (r Refusals[H]) once(t *testing.T, refusal Refusal, op Operation[H]) {
	if !op.sentAgain(refusal) {
		return
	}
	script := NewScript(t, r.answer(refusal), r.Good)
	err := op.Do(t.Context(), r.Open(t, script.Client()))
	sent := script.Requests()
	if err != nil || len(sent) != 2 || !sameBody(sent[0].Body, sent[1].Body) {
		t.Errorf("once: error = %v, sent %d requests, want none and the same one twice", err, len(sent))
	}
}

// sameBody reports whether two bodies are the same, as JSON if they are that: the SDK
// writes the members of maps in any order.
func sameBody(a, b string) bool {
	var first, second any
	if json.Unmarshal([]byte(a), &first) != nil || json.Unmarshal([]byte(b), &second) != nil {
		return a == b
	}
	return reflect.DeepEqual(first, second)
}

// Hidden fails t if err, or an error below it, shows one of the texts, be it as text
// or as bytes.
func Hidden(t testing.TB, err error, texts ...string) {
	t.Helper()
	if err == nil {
		return
	}
	shown := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, text := range texts {
		decimal, hex := strings.Trim(fmt.Sprint([]byte(text)), "[]"), fmt.Sprintf("%#v", []byte(text))
		for _, form := range []string{text, decimal, strings.ReplaceAll(decimal, " ", ", "), strings.TrimSuffix(strings.TrimPrefix(hex, "[]byte{"), "}")} {
			if strings.Contains(shown, form) {
				t.Errorf("the error shows %q: %s", text, shown)
			}
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, below := range e.Unwrap() {
			Hidden(t, below, texts...)
		}
	case interface{ Unwrap() error }:
		Hidden(t, e.Unwrap(), texts...)
	}
}
