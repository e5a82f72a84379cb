package hook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/hook"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// codeDeploy speaks AWS JSON 1.1, and answers some requests with errors first.
type codeDeploy struct {
	*httptest.Server
	refusals []string // bodies of errors, "" for a connection that ends

	mu   sync.Mutex
	told []map[string]string
}

const accessKey, secretKey = "AKIDEXAMPLE", "secret"

func newCodeDeploy(t *testing.T, refusals ...string) *codeDeploy {
	t.Helper()
	c := &codeDeploy{refusals: refusals}
	verifier := sigv4.NewVerifier("codedeploy", "eu-west-1", sigv4.Static(sigv4.Credentials{AccessKey: accessKey, Secret: secretKey}), nil)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			_, err = verifier.Verify(req.Context(), sigv4.FromHTTP(req, body))
		}
		var told map[string]string
		if err == nil {
			err = json.Unmarshal(body, &told)
		}
		if err != nil || req.Method != "POST" || req.URL.Path != "/" || req.Header.Get("Content-Type") != "application/x-amz-json-1.1" ||
			req.Header.Get("X-Amz-Target") != "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus" {
			t.Errorf("%s %s with %v: %s, %v", req.Method, req.URL, req.Header, body, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.told = append(c.told, told)
		if n := len(c.told); n <= len(c.refusals) {
			if c.refusals[n-1] == "" {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(400)
			io.WriteString(w, c.refusals[n-1])
			return
		}
		io.WriteString(w, `{"lifecycleEventHookExecutionId":"hook-1"}`)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *codeDeploy) lookup(name string) (string, bool) {
	v, ok := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_ENDPOINT_URL_CODEDEPLOY": c.URL + "/",
	}[name]
	return v, ok
}

// served is a hook as Lambda invokes it.
func served(t *testing.T, lookup func(string) (string, bool), fn func(context.Context, hook.Release) error) *lambda.Doorway {
	t.Helper()
	f := tier.New("shop").Function("check")
	hook.On(f, fn)
	direct, err := f.Direct()
	if err != nil {
		t.Fatal(err)
	}
	return lambda.New(nil, &lambda.Options{Function: "check", Direct: f.Report()(lookup)(direct)})
}

const event = `{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"hook-1"}`

func outcome(status string) map[string]string {
	return map[string]string{"deploymentId": "d-1", "lifecycleEventHookExecutionId": "hook-1", "status": status}
}

// quiet drops the log of hooks that fail.
func quiet() { slog.SetDefault(slog.New(slog.DiscardHandler)) }

// TestOutcome: whatever becomes of a hook, CodeDeploy is told, and Lambda is told of a
// failure only if CodeDeploy does not know the outcome.
func TestOutcome(t *testing.T) {
	quiet()
	const (
		throttled = `{"__type":"ThrottlingException","message":"Rate exceeded"}`
		denied    = `{"__type":"com.amazonaws.codedeploy#AccessDeniedException","Message":"not authorized"}`
		known     = `{"__type":"LifecycleEventAlreadyCompletedException:http://internal.amazon.com/coral/","message":"completed"}`
	)
	stuck := make(chan struct{})
	defer close(stuck)
	passes := func(context.Context, hook.Release) error { return nil }
	for _, tt := range []struct {
		name     string
		fn       func(context.Context, hook.Release) error
		refusals []string
		want     []string // statuses that CodeDeploy was told
		fails    string   // of the function, "" for not
	}{
		{"passes", passes, nil, []string{"Succeeded"}, ""},
		{"fails", func(context.Context, hook.Release) error { return errors.New("no orders") }, nil, []string{"Failed"}, ""},
		{"is refused", func(context.Context, hook.Release) error { return &handler.Error{Status: 409} }, nil, []string{"Failed"}, ""},
		{"panics", func(context.Context, hook.Release) error { panic("no orders") }, nil, []string{"Failed"}, ""},
		{"is late", func(ctx context.Context, _ hook.Release) error { <-ctx.Done(); return ctx.Err() }, nil, []string{"Failed"}, ""},
		{"is stuck", func(context.Context, hook.Release) error { <-stuck; return nil }, nil, []string{"Failed"}, ""},
		{"told at the second time", passes, []string{throttled}, []string{"Succeeded", "Succeeded"}, ""},
		{"told, but the answer is lost", passes, []string{"", known}, []string{"Succeeded", "Succeeded"}, ""},
		{"told before", passes, []string{known}, []string{"Succeeded"}, ""},
		{"may not tell", passes, []string{denied}, []string{"Succeeded"}, "Internal Server Error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCodeDeploy(t, tt.refusals...)
			given := make(chan hook.Release, 1)
			door := served(t, c.lookup, func(ctx context.Context, r hook.Release) error {
				given <- r
				return tt.fn(ctx, r)
			})
			limit := 20 * time.Second
			if strings.HasPrefix(tt.name, "is ") {
				limit = 400 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			answer, err := door.Invoke(ctx, []byte(event))
			if (err != nil) != (tt.fails != "") || err == nil && string(answer) != "null" || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("Invoke = %s, %v, want null or the error %q", answer, err, tt.fails)
			}
			var want []map[string]string
			for _, status := range tt.want {
				want = append(want, outcome(status))
			}
			if diff := cmp.Diff(want, c.told); diff != "" {
				t.Errorf("CodeDeploy is told (-want +got):\n%s", diff)
			}
			if got, want := <-given, (hook.Release{Deployment: "d-1", Execution: "hook-1"}); got != want {
				t.Errorf("the hook was given %+v, want %+v", got, want)
			}
		})
	}
}

// TestByHand: without the ids of a deployment nobody is told, and what becomes of the
// hook is the answer.
func TestByHand(t *testing.T) {
	quiet()
	for _, tt := range []struct{ payload, fails string }{
		{"{}", ""}, {`{"DeploymentId":""}`, ""}, {"null", ""}, {"{}", "no orders"}, {`"x"`, "the event is none of CodeDeploy"}, {`{"DeploymentId":1}`, "the event is none of CodeDeploy"},
	} {
		c := newCodeDeploy(t)
		door := served(t, c.lookup, func(context.Context, hook.Release) error {
			if tt.fails != "" {
				return &handler.Error{Status: 409, Message: tt.fails}
			}
			return nil
		})
		answer, err := door.Invoke(t.Context(), []byte(tt.payload))
		if failed := fmt.Sprint(err); (tt.fails == "") != (err == nil) || err != nil && !strings.Contains(failed, tt.fails) || err == nil && string(answer) != "null" {
			t.Errorf("Invoke(%s) = %s, %v, want null or %q", tt.payload, answer, err, tt.fails)
		}
		if len(c.told) > 0 {
			t.Errorf("Invoke(%s) told CodeDeploy %v", tt.payload, c.told)
		}
	}
}

// refusedCard has in its text what a log must not have.
type refusedCard struct {
	Number string `redact:"secret"`
}

func (e *refusedCard) Error() string { return "card " + e.Number + " was refused" }

// TestLog: the log says why a rollout was stopped, as doorways tell errors: without the
// text of those that have redacted fields.
func TestLog(t *testing.T) {
	var log strings.Builder
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer quiet()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("no orders"), `error="no orders"`},
		{fmt.Errorf("pay: %w", &refusedCard{"4111"}), `error="text withheld for its redacted fields: *hook_test.refusedCard"`},
	} {
		log.Reset()
		c := newCodeDeploy(t)
		if _, err := served(t, c.lookup, func(context.Context, hook.Release) error { return tt.err }).Invoke(t.Context(), []byte(event)); err != nil {
			t.Fatal(err)
		}
		if got := log.String(); !strings.Contains(got, tt.want) || !strings.Contains(got, "deployment=d-1") || strings.Contains(got, "4111") {
			t.Errorf("the log of %T has %s, want %s", tt.err, got, tt.want)
		}
	}
}

// TestOutsideLambda: without the variables of Lambda the outcome is not told, and the
// function fails.
func TestOutsideLambda(t *testing.T) {
	quiet()
	door := served(t, func(string) (string, bool) { return "", false }, func(context.Context, hook.Release) error { return nil })
	if answer, err := door.Invoke(t.Context(), []byte(event)); err == nil {
		t.Errorf("Invoke = %s, want an error", answer)
	}
}

func ExampleOn() {
	app := tier.New("shop")
	check := app.Function("check", tier.Timeout(time.Minute))
	hook.On(check, func(_ context.Context, r hook.Release) error {
		fmt.Printf("checks %q\n", r.Deployment)
		return nil
	})
	orders := app.API("orders", tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes, Before: check}))
	orders.Handle("GET /orders", handler.New(func(context.Context, struct{}) ([]string, error) { return nil, nil }))
	fmt.Println(check.Checked().Name(), len(app.Check()), "mistakes")

	// By hand, as the command invoke does:
	run, err := check.Direct()
	if err == nil {
		_, err = lambda.New(nil, &lambda.Options{Direct: run}).Invoke(context.Background(), []byte("{}"))
	}
	fmt.Println(err)
	// Output:
	// orders 0 mistakes
	// checks ""
	// <nil>
}
