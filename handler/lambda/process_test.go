package lambda_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// function is a process, built as it is deployed, on a runtime.
type function struct {
	*handlertest.Runtime
	stdin io.Writer
	stop  func() (log string)
}

// start runs a command.
func start(t *testing.T, pkg string, env ...string) function {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc,validator_novalidatefn", "-o", bin, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	rt, err := handlertest.NewRuntime()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rt.Close() })
	var log bytes.Buffer
	cmd := exec.Command(bin)
	cmd.Env = append(append(os.Environ(), rt.Env()...), env...)
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceValue(func() string {
		cmd.Process.Kill()
		cmd.Wait() // it was killed; after this the log is complete
		return log.String()
	})
	t.Cleanup(func() { stop() })
	return function{rt, stdin, stop}
}

// invoke gives a process that died a minute to be noticed.
func (f function) invoke(t *testing.T, payload []byte) (handlertest.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return f.InvokeUntil(ctx, time.Now().Add(30*time.Second), payload)
}

// answer is what the function answers to one event.
func (f function) answer(t *testing.T, payload []byte) (handlertest.Answer, handlertest.Result) {
	t.Helper()
	result, err := f.invoke(t, payload)
	if err != nil || result.FunctionError != "" {
		t.Fatalf("Invoke(%s) = %s, %v", payload, result.Payload, err)
	}
	a, err := handlertest.ReadAnswer(result.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return a, result
}

func (f function) get(t *testing.T, path string) handlertest.Answer {
	t.Helper()
	a, _ := f.answer(t, handlertest.HTTPEvent(handlertest.Request("GET", path)))
	return a
}

// TestProcess runs one process through everything that may happen to it: it
// must live to the end.
func TestProcess(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and starts a program")
	}
	f := start(t, "./testdata/fn")
	everyDoor(t, f)

	result, err := f.invoke(t, []byte(`{"foo":1}`))
	if err != nil || result.FunctionError == "" || !bytes.Contains(result.Payload, []byte("top-level keys [foo]")) || !bytes.Contains(result.Payload, []byte(`"errorType":"EventError"`)) {
		t.Errorf("T94, T207: unknown event: %s %s, %v; want a function error EventError", result.FunctionError, result.Payload, err)
	}
	if a := f.get(t, "/panic"); a.Status != 500 || !bytes.Contains(a.Body, []byte("test-request")) {
		t.Errorf("T81: panic: %d %s, want 500 with the request id", a.Status, a.Body)
	}
	if a := f.get(t, "/large"); a.Status != 500 {
		t.Errorf("T203, RST-53: large answer: %d, want 500 before the Runtime API refuses it", a.Status)
	}
	deadline(t, f)
	if a := f.get(t, "/nothing"); a.Status != 404 {
		t.Errorf("the last invocation: %d, want 404", a.Status)
	}
	log := f.stop()
	for _, want := range []string{"assignment to entry in nil map", "main.go", "6291556", "deadline exceeded"} {
		if !strings.Contains(log, want) {
			t.Errorf("log %s, want %s in it", log, want)
		}
	}
}

func everyDoor(t *testing.T, f function) {
	t.Helper()
	req := handlertest.Request("POST", "/echo", handlertest.Body("text/plain", []byte("héllo \"world\"")))
	for _, ev := range handlertest.Events(req) {
		a, result := f.answer(t, ev.Payload)
		door, _, _ := strings.Cut(ev.Door, "-")
		if a.Status != 201 || string(a.Body) != "héllo \"world\"" || a.Header.Get("X-Front-Door") != door ||
			a.Header.Get("X-Invocation") != result.RequestID || a.Header.Get("X-Function") != "fn" {
			t.Errorf("%s: answer %+v", ev.Door, a)
		}
	}
}

// T205, LMB-08: the deadline of the invocation is the context's, and the
// context ends there.
func deadline(t *testing.T, f function) {
	t.Helper()
	want := time.Now().Add(20 * time.Second)
	result, err := f.InvokeUntil(t.Context(), want, handlertest.HTTPEvent(handlertest.Request("GET", "/deadline")))
	if err != nil {
		t.Fatal(err)
	}
	a, err := handlertest.ReadAnswer(result.Payload)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ MS, Known string }
	if err := a.JSON(&got); err != nil || got.Known != "true" || got.MS != strconv.FormatInt(want.UnixMilli(), 10) {
		t.Errorf("deadline %+v, %v, want %d", got, err, want.UnixMilli())
	}
	result, err = f.InvokeUntil(t.Context(), time.Now().Add(100*time.Millisecond), handlertest.RESTEvent(handlertest.Request("GET", "/wait")))
	if err != nil || !bytes.Contains(result.Payload, []byte(`"statusCode":503`)) {
		t.Errorf("after the deadline: %s, %v, want 503", result.Payload, err)
	}
}

// TestConcurrentLoops: an environment that may run several invocations at
// once does, each with its own context, and no process-wide trace (LMB-07).
func TestConcurrentLoops(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds and starts a program")
	}
	f := start(t, "./testdata/fn", "AWS_LAMBDA_MAX_CONCURRENCY=2")
	event := handlertest.HTTPEvent(handlertest.Request("GET", "/meet"))
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			result, err := f.invoke(t, event)
			if err != nil {
				t.Error(err)
				return
			}
			a, err := handlertest.ReadAnswer(result.Payload)
			if err != nil || a.Status != 200 || a.Header.Get("X-Invocation") != result.RequestID || a.Header.Get("X-Trace") != "" {
				t.Errorf("LMB-07: %s, %v; want two invocations that meet, each as %s, and no trace in the environment", result.Payload, err, result.RequestID)
			}
		})
	}
	both.Wait()
}
