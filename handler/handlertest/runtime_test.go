package handlertest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// function talks to a runtime as a function's process does.
type function struct{ base string }

func newRuntime(t *testing.T) (*handlertest.Runtime, function) {
	t.Helper()
	rt, err := handlertest.NewRuntime()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	addr, _ := strings.CutPrefix(rt.Env()[0], "AWS_LAMBDA_RUNTIME_API=")
	return rt, function{"http://" + addr + "/2018-06-01/runtime/"}
}

func (f function) next(t *testing.T) (http.Header, string) {
	t.Helper()
	resp, err := http.Get(f.base + "invocation/next")
	if err != nil {
		t.Error(err)
		return http.Header{}, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.Header, string(body)
}

func (f function) post(t *testing.T, path, errorType string, body []byte) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, f.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestRuntime(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	const id = "Lambda-Runtime-Aws-Request-Id"
	deadline := time.UnixMilli(4102444800123)
	served := make(chan struct{})
	go func() {
		defer close(served)
		h, body := f.next(t)
		if body != `{"n":1}` || h.Get("Lambda-Runtime-Deadline-Ms") != "4102444800123" || h.Get("Lambda-Runtime-Invoked-Function-Arn") == "" || h.Get("Lambda-Runtime-Trace-Id") == "" {
			t.Errorf("LMB-01: next: %v %s", h, body)
		}
		if got := f.post(t, "invocation/"+h.Get(id)+"/response", "", make([]byte, 6<<20+101)); got != http.StatusRequestEntityTooLarge {
			t.Errorf("LMB-02: response too large: %d, want 413", got)
		}
		if got := f.post(t, "invocation/"+h.Get(id)+"/response", "", []byte("answer")); got != http.StatusAccepted {
			t.Errorf("response: %d, want 202", got)
		}
		if got := f.post(t, "invocation/"+h.Get(id)+"/response", "", []byte("again")); got != http.StatusBadRequest {
			t.Errorf("LMB-02: second response: %d, want 400", got)
		}
		h, _ = f.next(t)
		f.post(t, "invocation/"+h.Get(id)+"/error", "Oops", []byte(`{"errorType":"Oops"}`))
	}()
	result, err := rt.InvokeUntil(t.Context(), deadline, []byte(`{"n":1}`))
	if err != nil || string(result.Payload) != "answer" || result.FunctionError != "" || result.RequestID == "" {
		t.Errorf("InvokeUntil = %+v, %v", result, err)
	}
	result, err = rt.Invoke(t.Context(), nil)
	if err != nil || result.FunctionError != "Oops" || string(result.Payload) != `{"errorType":"Oops"}` {
		t.Errorf("Invoke = %+v, %v, want function error Oops", result, err)
	}
	<-served
}

func TestRuntimeInitError(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	f.post(t, "init/error", "Init", []byte("no handler"))
	f.post(t, "init/error", "Init", []byte("again"))
	if _, err := rt.Invoke(t.Context(), nil); !errors.Is(err, handlertest.ErrInit) || !strings.Contains(err.Error(), "no handler") {
		t.Errorf("Invoke: %v, want ErrInit with its document", err)
	}
}

func TestRuntimeEnds(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rt.Invoke(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Invoke of a cancelled context: %v", err)
	}
	taken := make(chan struct{})
	go func() { f.next(t); close(taken) }()
	go func() { <-taken; rt.Close() }()
	if _, err := rt.Invoke(t.Context(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Invoke of a closed runtime: %v, want net.ErrClosed", err)
	}
}
