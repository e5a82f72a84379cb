package handlertest_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// send posts a streamed answer; the error of body goes into the trailers.
func (f function) send(t *testing.T, id string, body io.Reader, trailer http.Header) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, f.base+"invocation/"+id+"/response", struct{ io.Reader }{body})
	if err != nil {
		t.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/vnd.awslambda.http-integration-response")
	req.Trailer = trailer
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func cutTrailer() http.Header {
	return http.Header{"Lambda-Runtime-Function-Error-Type": {"Lost"},
		"Lambda-Runtime-Function-Error-Body": {base64.StdEncoding.EncodeToString([]byte(`{"errorType":"Lost"}`))}}
}

const prelude = `{"statusCode":201,"headers":{"X-A":"1"},"cookies":["a=1"]}` + "\x00\x00\x00\x00\x00\x00\x00\x00"

func TestInvokeStream(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	pipe, more := io.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		h, _ := f.next(t)
		if got := f.send(t, h.Get("Lambda-Runtime-Aws-Request-Id"), pipe, cutTrailer()); got != http.StatusAccepted {
			t.Errorf("response: %d, want 202", got)
		}
		h, _ = f.next(t)
		f.post(t, "invocation/"+h.Get("Lambda-Runtime-Aws-Request-Id")+"/error", "Oops", []byte(`{}`))
	}()
	go more.Write([]byte("first"))
	s, err := rt.InvokeStream(t.Context(), []byte("{}"))
	if err != nil || s.RequestID == "" || s.ContentType != "application/vnd.awslambda.http-integration-response" {
		t.Fatalf("InvokeStream = %+v, %v", s, err)
	}
	buf := make([]byte, 5)
	if _, err := io.ReadFull(s, buf); err != nil || string(buf) != "first" {
		t.Errorf("Read = %q, %v before the function has ended", buf, err)
	}
	more.Close()
	var e *handlertest.FunctionError
	if rest, err := io.ReadAll(s); !errors.As(err, &e) || e.Type != "Lost" || string(e.Document) != `{"errorType":"Lost"}` || len(rest) > 0 {
		t.Errorf("STR-05: Read = %q, %v, want the error of the trailers", rest, err)
	}
	if _, err := rt.InvokeStream(t.Context(), nil); !errors.As(err, &e) || e.Type != "Oops" {
		t.Errorf("InvokeStream = %v, want function error Oops", err)
	}
	<-served
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rt.InvokeStream(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("InvokeStream of a cancelled context: %v", err)
	}
}

// A client that leaves does not keep the function from ending.
func TestInvokeStream_Closed(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	status := make(chan int)
	go func() {
		h, _ := f.next(t)
		status <- f.send(t, h.Get("Lambda-Runtime-Aws-Request-Id"), strings.NewReader(strings.Repeat("x", 1<<20)), nil)
	}()
	s, err := rt.InvokeStream(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if got := <-status; got != http.StatusAccepted {
		t.Errorf("response: %d, want 202", got)
	}
}

// A streamed answer that is wanted whole.
func TestInvoke_Streamed(t *testing.T) {
	t.Parallel()
	rt, f := newRuntime(t)
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		h, _ := f.next(t)
		f.send(t, h.Get("Lambda-Runtime-Aws-Request-Id"), strings.NewReader(prelude+strings.Repeat("x", 7<<20)), cutTrailer())
	})
	result, err := rt.Invoke(t.Context(), nil)
	if err != nil || result.FunctionError != "Lost" || string(result.Cut) != `{"errorType":"Lost"}` || result.ContentType != "application/vnd.awslambda.http-integration-response" {
		t.Fatalf("Invoke = %s, %s, %s, %v", result.FunctionError, result.Cut, result.ContentType, err)
	}
	a, err := handlertest.ReadStreamed(result.Payload)
	if err != nil || a.Status != 201 || a.Header.Get("X-A") != "1" || len(a.Cookies) != 1 || len(a.Body) != 7<<20 {
		t.Errorf("ReadStreamed = %d %v %q, %d bytes, %v", a.Status, a.Header, a.Cookies, len(a.Body), err)
	}
}

func TestReadStreamed(t *testing.T) {
	t.Parallel()
	const nuls = "\x00\x00\x00\x00\x00\x00\x00\x00"
	a, err := handlertest.ReadStreamed([]byte(`{"statusCode":200,"multiValueHeaders":{"X":["1","2"],"Set-Cookie":["c=1"]}}` + nuls + nuls + "\x00x"))
	if err != nil || len(a.Header["X"]) != 2 || len(a.Cookies) != 1 || string(a.Body) != nuls+"\x00x" {
		t.Errorf("STR-07: ReadStreamed = %+v, %v, want the body from the first eight NUL bytes on", a, err)
	}
	for _, bad := range []string{"", `{"statusCode":200}`, `{"statusCode":200,"body":"x"}` + nuls, nuls} {
		if _, err := handlertest.ReadStreamed([]byte(bad)); err == nil {
			t.Errorf("ReadStreamed(%q) is no error", bad)
		}
	}
}
