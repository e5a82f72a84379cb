package lambda_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// TestStreamProcess runs one process of a function in stream mode through
// everything that may happen to it: it must live to the end.
func TestStreamProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and starts a program")
	}
	f := start(t, "./testdata/streamfn")
	url := func(path string) []byte { return handlertest.URLEvent(handlertest.Request("GET", path)) }
	f.firstBytes(t, url("/s/step"))

	result, err := f.invoke(t, url("/s/cut"))
	if err != nil || !bytes.HasSuffix(result.Payload, []byte(nuls+"half")) || !bytes.Contains(result.Cut, []byte("cursor lost")) || result.FunctionError == "" {
		t.Errorf("T199, STR-05: %q, cut %s by %s, %v; want the trailers of aws-lambda-go", result.Payload, result.Cut, result.FunctionError, err)
	}
	if a := f.streamed(t, url("/nothing")); a.Status != 404 || !bytes.Contains(a.Body, []byte(`"status":404`)) {
		t.Errorf("T196: an error of a URL in stream mode: %+v, want a problem document behind a prelude", a)
	}
	if a := f.streamed(t, url("/whole")); a.Status != 200 || string(a.Body) != "whole" {
		t.Errorf("a body that is a value: %+v", a)
	}
	if a := f.streamed(t, url("/s/large")); len(a.Body) != 16<<20 {
		t.Errorf("STR-04: %d bytes, want more than a buffered answer may have", len(a.Body))
	}
	if a, result := f.answer(t, handlertest.RESTEvent(handlertest.Request("GET", "/whole"))); string(a.Body) != "whole" || result.ContentType != "application/octet-stream" {
		t.Errorf("a route that is not in stream mode: %+v, %s", a, result.ContentType)
	}
	result, err = f.invoke(t, url("/s/abort"))
	if err != nil || result.FunctionError == "" || result.Cut != nil {
		t.Errorf("STR-05: a failure before the first byte: %+v, %v; want a function error at /error", result, err)
	}
	result, err = f.invoke(t, []byte(`{"foo":1}`))
	if err != nil || !bytes.Contains(result.Payload, []byte(`"errorType":"EventError"`)) {
		t.Errorf("an unknown event: %s, %v", result.Payload, err)
	}
	result, err = f.InvokeUntil(t.Context(), time.Now().Add(100*time.Millisecond), url("/s/wait"))
	if err != nil || !bytes.Contains(result.Cut, []byte("deadline exceeded")) {
		t.Errorf("the deadline: %+v, %v; want the answer cut off", result, err)
	}
	f.firstBytes(t, handlertest.RESTEvent(handlertest.Request("GET", "/s/step", handlertest.Facts(func(f *handler.Facts) { f.Resource = "/s/step" }))))
	if log := f.stop(); !strings.Contains(log, "answer cut off") || !strings.Contains(log, "cursor lost") {
		t.Errorf("log %s, want what cut the answer off", log)
	}
}

// firstBytes reads the first bytes of an answer before the handler writes more.
func (f function) firstBytes(t *testing.T, payload []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := f.InvokeStream(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []byte
	for buf := make([]byte, 512); !bytes.HasSuffix(got, []byte(nuls+"first")); {
		n, err := s.Read(buf)
		if err != nil {
			t.Fatalf("%q, then %v", got, err)
		}
		got = append(got, buf[:n]...)
	}
	if _, err := io.WriteString(f.stdin, "\n"); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(s)
	if err != nil || string(rest) != "second" || s.ContentType != lambda.StreamType {
		t.Errorf("the rest: %q, %v, content type %s", rest, err, s.ContentType)
	}
	var e *handlertest.FunctionError
	if errors.As(err, &e) {
		t.Errorf("cut off: %s", e.Document)
	}
}

// streamed is the streamed answer to one event.
func (f function) streamed(t *testing.T, payload []byte) handlertest.Answer {
	t.Helper()
	result, err := f.invoke(t, payload)
	if err != nil || result.FunctionError != "" || result.ContentType != lambda.StreamType {
		t.Fatalf("Invoke(%s) = %s, %s, %v", payload, result.FunctionError, result.ContentType, err)
	}
	a, err := handlertest.ReadStreamed(result.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
