package lambdacall_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	call.Caller[int, int]
	call.Starter[int]
}

// TestRefusals: what each error means, and what is repeated.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[functions]{
		Open: func(_ *testing.T, client *http.Client) functions {
			return functionsBy(client, "http://scripted.invalid")
		},
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: "2"},
		Operations: operations,
		Service: []faults.Refusal{
			{Status: 500, Code: "ServiceException", Want: datastore.ErrUnavailable, Again: true, Lost: true},
			{Status: 502, Code: "SnapStartNotReadyException", Want: datastore.ErrUnavailable, Again: true},
			{Status: 502, Code: "EC2ThrottledException", Want: datastore.ErrThrottled, Again: true},
			{Status: 409, Code: "ResourceConflictException", Want: datastore.ErrUnavailable, Again: true},
			{Status: 404, Code: "ResourceNotFoundException", Want: datastore.ErrUnavailable},
			{Status: 400, Code: "InvalidRequestContentException", Want: datastore.ErrDeclaration},
			{Status: 413, Code: "RequestTooLargeException", Want: datastore.ErrTooLarge},
		},
		Secret: "8675309",
	}.Run(t)
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.RefuseJSON(404, "ResourceNotFoundException"))
	_, err := functionsBy(s.Client(), "http://scripted.invalid").once.Call(t.Context(), 1)
	if native, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestLongCall: a function may take long, and a call that is cut off by the
// deadline may have run.
func TestLongCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := func(faults.Request) faults.Answer {
			time.Sleep(10 * time.Minute)
			return faults.Answer{Body: "2"}
		}
		s := faults.NewScript(t, faults.Answer{From: long}, faults.Answer{Hang: true})
		f := functionsBy(s.Client(), "http://scripted.invalid").once
		if got, err := f.Call(t.Context(), 1); got != 2 || err != nil {
			t.Errorf("Call of ten minutes = %d, %v, want 2", got, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := f.Call(ctx, 1)
		if took := time.Since(begin); !errors.Is(err, datastore.ErrUnknown) || took != time.Minute {
			t.Errorf("Call with one minute: error = %v after %v, want %v after it", err, took, datastore.ErrUnknown)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{lambdacall.With(config("http://scripted.invalid", nil))}, nil)
	f := datastore.Use[call.Starter[int]](function{}, call.New[int, int](data, "my-fn"))
	if err := f.Start(t.Context(), 1); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_CALL_MY_FN") {
		t.Errorf("Start without the name: error = %v, want %v naming TIERKIT_CALL_MY_FN", err, datastore.ErrUnavailable)
	}
}
