// Package calltest is the conformance suite of package call: what every driver must
// do, one case a rule. The embedded driver, datastore/embedded/localcall, is the
// reference.
//
//	func TestConformance(t *testing.T) {
//		calltest.Run(t, func(t testing.TB, spec call.Spec, run calltest.Function) calltest.Harness {
//			...
//		})
//	}
package calltest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
)

// Function is what the function that is called does with a payload. Its error is a
// [*call.RemoteError].
type Function func(payload []byte) ([]byte, error)

// Open prepares the function of spec for one case, which does what run does. It is
// called from several tests at once.
type Open func(t testing.TB, spec call.Spec, run Function) Harness

// Harness is a function with which a case is tried.
type Harness struct {
	// Data on which the case declares the function.
	Data *datastore.Data
}

// Image is what the suite sends.
type Image struct {
	Name string `json:"name"`
	Fail bool   `json:"fail,omitempty"`
}

// Size is what the suite's functions answer.
type Size struct {
	Width int `json:"width"`
}

type all[In, Out any] interface {
	call.Caller[In, Out]
	call.Starter[In]
}

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open Open)
}

// Run runs the suite on the functions that open prepares.
func Run(t *testing.T, open Open) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, open)
		})
	}
}

var rules = []rule{
	{"call", "the function gets the JSON, HTML not escaped, and its answer is decoded", callJSON},
	{"call/raw", "bytes are JSON already, in both directions", callRaw},
	{"call/nothing", "struct{} is an empty object, and any answer", callNothing},
	{"call/largest", "6 MB are taken in both directions", callLargest},
	{"call/failed", "a function that fails is a RemoteError, whose message is in no text", callFailed},
	{"call/unfit", "an answer that does not fit is corrupt", callUnfit},
	{"call/cancelled", "a context that has ended calls nothing", callCancelled},
	{"call/qualifier", "a version or an alias can be called", callQualifier},
	{"start", "the function runs later, with the JSON", start},
	{"start/failed", "nobody hears of a started function that fails", startFailed},
	{"start/too-large", "1 MB is taken, and not more", startTooLarge},
}

type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

func use[In, Out any](t testing.TB, open Open, run Function, opts ...call.Option) all[In, Out] {
	t.Helper()
	spec, ok := call.New[In, Out](datastore.New(nil, nil), "suite", opts...).Spec().(call.Spec)
	if !ok {
		t.Fatal("the Spec of a call is no call.Spec")
	}
	h := open(t, spec, run)
	handle := datastore.Use[all[In, Out]](function{}, call.New[In, Out](h.Data, "suite", opts...))
	for _, err := range h.Data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// failing fails if it is asked to, and answers the width 7 else.
func failing(payload []byte) ([]byte, error) {
	var in Image
	if err := json.Unmarshal(payload, &in); err != nil || in.Fail {
		return nil, &call.RemoteError{Type: "imageError", Message: "secret of " + in.Name}
	}
	return []byte(`{"width":7}`), nil
}

func callJSON(t *testing.T, open Open) {
	got := make(chan string, 1)
	resize := use[Image, Size](t, open, func(payload []byte) ([]byte, error) {
		got <- string(payload)
		return []byte(`{"width":7}`), nil
	})
	size, err := resize.Call(t.Context(), Image{Name: "<a>&\u00e9"})
	if err != nil || size.Width != 7 {
		t.Fatalf("Call = %+v, %v, want the width 7", size, err)
	}
	if diff := cmp.Diff(`{"name":"<a>&é"}`, <-got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

func callRaw(t *testing.T, open Open) {
	echo := use[[]byte, []byte](t, open, func(payload []byte) ([]byte, error) { return payload, nil })
	if got, err := echo.Call(t.Context(), []byte(` {"a": 1}`)); err != nil || string(got) != ` {"a": 1}` {
		t.Errorf("Call of raw JSON = %q, %v, want the same", got, err)
	}
	if _, err := echo.Call(t.Context(), []byte(`{"a": `)); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Call of what is no JSON: error = %v, want %v", err, datastore.ErrInvalid)
	}
	text := use[string, string](t, open, func(payload []byte) ([]byte, error) { return payload, nil })
	if got, err := text.Call(t.Context(), `"<`); err != nil || got != `"<` {
		t.Errorf("Call of a text = %q, %v, want the same", got, err)
	}
}

func callNothing(t *testing.T, open Open) {
	run := use[struct{}, struct{}](t, open, func(payload []byte) ([]byte, error) {
		if string(payload) != "{}" {
			return nil, &call.RemoteError{Type: "payloadError"}
		}
		return []byte(`"done"`), nil
	})
	if _, err := run.Call(t.Context(), struct{}{}); err != nil {
		t.Error(err)
	}
}

func callLargest(t *testing.T, open Open) {
	echo := use[string, string](t, open, func(payload []byte) ([]byte, error) { return payload, nil })
	text := strings.Repeat("x", call.MaxPayload-2)
	if got, err := echo.Call(t.Context(), text); err != nil || got != text {
		t.Errorf("Call of 6 MB = %d bytes, %v, want the same", len(got), err)
	}
	if _, err := echo.Call(t.Context(), text+" "); !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("Call of one byte more: error = %v, want %v", err, datastore.ErrTooLarge)
	}
}

func callFailed(t *testing.T, open Open) {
	resize := use[Image, Size](t, open, failing)
	_, err := resize.Call(t.Context(), Image{Name: "a", Fail: true})
	remote, ok := errors.AsType[*call.RemoteError](err)
	if !ok || !errors.Is(err, datastore.ErrUnknown) || remote.Type != "imageError" || remote.Message != "secret of a" {
		t.Fatalf("Call of a function that fails: error = %v with %+v, want %v of type imageError", err, remote, datastore.ErrUnknown)
	}
	if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "imageError") {
		t.Errorf("error = %q, want the type and not the message", err)
	}
	if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "call suite" || e.Op != "call" || e.Attempts != 1 {
		t.Errorf("error = %+v, want a call of call suite with one attempt", e)
	}
	if size, err := resize.Call(t.Context(), Image{Name: "b"}); err != nil || size.Width != 7 {
		t.Errorf("the next Call = %+v, %v, want the width 7", size, err)
	}
}

func callUnfit(t *testing.T, open Open) {
	resize := use[Image, Size](t, open, func([]byte) ([]byte, error) { return []byte(`{"width":"secret"}`), nil })
	_, err := resize.Call(t.Context(), Image{})
	if !errors.Is(err, datastore.ErrCorrupt) || strings.Contains(err.Error(), "secret") {
		t.Errorf("Call with an answer that does not fit: error = %v, want %v without the answer", err, datastore.ErrCorrupt)
	}
}

func callCancelled(t *testing.T, open Open) {
	resize := use[Image, Size](t, open, func([]byte) ([]byte, error) {
		t.Error("the function was called")
		return nil, nil
	})
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := resize.Call(ctx, Image{}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Call in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	if err := resize.Start(ctx, Image{}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Start in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
}

func callQualifier(t *testing.T, open Open) {
	resize := use[Image, Size](t, open, failing, call.Qualifier("live"))
	if size, err := resize.Call(t.Context(), Image{}); err != nil || size.Width != 7 {
		t.Errorf("Call of an alias = %+v, %v, want the width 7", size, err)
	}
}

func start(t *testing.T, open Open) {
	got := make(chan string, 2)
	resize := use[Image, Size](t, open, func(payload []byte) ([]byte, error) {
		got <- string(payload)
		return []byte(`{}`), nil
	})
	if err := resize.Start(t.Context(), Image{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	if payload := <-got; payload != `{"name":"a"}` {
		t.Errorf("the function got %s", payload)
	}
}

func startFailed(t *testing.T, open Open) {
	ran := make(chan struct{}, 3)
	resize := use[Image, Size](t, open, func(payload []byte) ([]byte, error) {
		ran <- struct{}{}
		return failing(payload)
	})
	if err := resize.Start(t.Context(), Image{Name: "a", Fail: true}); err != nil {
		t.Errorf("Start of a function that fails: error = %v, want none", err)
	}
	<-ran
}

func startTooLarge(t *testing.T, open Open) {
	ran := make(chan int, 1)
	echo := use[string, string](t, open, func(payload []byte) ([]byte, error) {
		ran <- len(payload)
		return []byte("0"), nil
	})
	text := strings.Repeat("x", call.MaxEvent-2)
	if err := echo.Start(t.Context(), text+" "); !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("Start of more than 1 MB: error = %v, want %v", err, datastore.ErrTooLarge)
	}
	if err := echo.Start(t.Context(), text); err != nil || <-ran != call.MaxEvent {
		t.Errorf("Start of 1 MB: error = %v, want none and all of it", err)
	}
}
