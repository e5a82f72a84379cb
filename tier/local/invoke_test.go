package local_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func TestTimeouts(t *testing.T) {
	t.Parallel()
	const gatewayBody = `{"message": "Endpoint request timed out"}`
	heeds := func(ctx context.Context, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return []byte(`{"body":"too late"}`), nil
	}
	for _, tt := range []struct {
		name              string
		function, gateway time.Duration
		ignores           bool // the function ignores its context
		status            int
		body              string
		after             time.Duration
		why               string
	}{
		{"function first", 2 * time.Second, 29 * time.Second, true, 502, failedBody, 2 * time.Second, "RST-54, T119"},
		{"function first, heeded", 2 * time.Second, 29 * time.Second, false, 502, failedBody, 2 * time.Second, "RST-54, T119: what comes at the deadline is too late"},
		{"gateway first", 10 * time.Second, time.Second, true, 504, gatewayBody, time.Second, "RST-54, T120"},
		{"gateway first, heeded", 10 * time.Second, time.Second, false, 504, gatewayBody, time.Second, "RST-54, T120"},
		{"together", 5 * time.Second, 5 * time.Second, true, 504, gatewayBody, 5 * time.Second, "RST-54: otherwise 504"},
		{"default", 30 * time.Second, 0, true, 504, gatewayBody, 29 * time.Second, "RST-56"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				invoke := heeds
				if tt.ignores {
					invoke = func(context.Context, []byte) ([]byte, error) { <-release; return []byte(`{}`), nil }
				}
				g, err := local.NewGateway(declare(t, "GET /x"), func(string) local.Function {
					return local.Function{Timeout: tt.function, Invoke: invoke}
				}, &local.Options{Timeout: tt.gateway, Random: sequence{}})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
				body, _ := io.ReadAll(resp.Body)
				if took := time.Since(start); resp.StatusCode != tt.status || string(body) != tt.body || took != tt.after {
					t.Errorf("%d %s after %v, want %d %s after %v\n%s", resp.StatusCode, body, took, tt.status, tt.body, tt.after, tt.why)
				}
				if got := value(resp.Header, "x-amzn-ErrorType"); got != "InternalServerErrorException" {
					t.Errorf("GWR-15, GWR-16: x-amzn-ErrorType %q, want InternalServerErrorException", got)
				}
				time.Sleep(tt.function) // the bubble's clock: an abandoned invocation ends at its own timeout
			})
		})
	}
}

func TestInvocationContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, leave := context.WithCancel(context.Background())
		var kept context.Context
		g, err := local.NewGateway(declare(t, "GET /x"), func(name string) local.Function {
			return local.Function{Timeout: 7 * time.Second, Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
				leave()
				kept = ctx
				if err := ctx.Err(); err != nil {
					t.Errorf("ctx.Err() = %v after the client left; AWS does not tell the function", err)
				}
				return []byte(`{}`), nil
			}}
		}, &local.Options{Random: sequence{}})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		do(t, g, httptest.NewRequest("GET", "/x", nil).WithContext(client))
		if deadline, ok := kept.Deadline(); !ok || !deadline.Equal(start.Add(7*time.Second)) {
			t.Errorf("T205: deadline %v, %v; want 7s after %v", deadline, ok, start)
		}
		lc, ok := lambdacontext.FromContext(kept)
		if !ok || lc.AwsRequestID != "10111213-1415-4617-9819-1a1b1c1d1e1f" || lc.InvokedFunctionArn != "arn:aws:lambda:local:000000000000:function:orders" {
			t.Errorf("lambda context = %+v, %v", lc, ok)
		}
		if name, _ := datastore.FunctionFrom(kept); name != "orders" {
			t.Errorf("function of the context = %q, want orders", name)
		}
		if trace, _ := kept.Value("x-amzn-trace-id").(string); !strings.HasPrefix(trace, "Root=1-") {
			t.Errorf("trace of the context = %q", trace)
		}
		synctest.Wait()
		if !errors.Is(kept.Err(), context.Canceled) {
			t.Errorf("ctx.Err() = %v after the invocation, want canceled", kept.Err())
		}
	})
}

func TestFunctionFailures(t *testing.T) {
	t.Parallel()
	calls := 0
	for _, tt := range []struct {
		name   string
		invoke func(context.Context, []byte) ([]byte, error)
		logged string
	}{
		{"panic", func(context.Context, []byte) ([]byte, error) { panic("boom\x1b[31m\n") }, `panic: boom\\x1b[31m\\n (invoke_test.go:`},
		{"nil pointer", func(context.Context, []byte) ([]byte, error) { var p *int; *p = 1; return nil, nil }, "nil pointer dereference (invoke_test.go:"},
		{"error", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("the cause") }, "function orders: the cause"},
		{"exit", func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }, "exited without an answer"},
		{"malformed", answering(`{"foo":1}`), `malformed answer: answer: key \"foo\" is not allowed`},
	} {
		var log bytes.Buffer
		invoke := func(ctx context.Context, payload []byte) ([]byte, error) {
			if calls++; calls%2 == 0 {
				return []byte(`{}`), nil
			}
			return tt.invoke(ctx, payload)
		}
		g := newGateway(t, declare(t, "GET /x"), &local.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, invoke)
		resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
		if resp.StatusCode != 502 {
			t.Errorf("%s: status %d, want 502: RST-54", tt.name, resp.StatusCode)
		}
		if !strings.Contains(log.String(), tt.logged) || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("%s: log %s, want one line with %s", tt.name, log.String(), tt.logged)
		}
		if resp := do(t, g, httptest.NewRequest("GET", "/x", nil)); resp.StatusCode != 200 {
			t.Errorf("%s: the next invocation answers %d, want 200", tt.name, resp.StatusCode)
		}
	}
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	g := newGateway(t, declare(t, "GET /orders/{id}"), &local.Options{Log: logger}, answering(`{"statusCode":203}`))
	do(t, g, httptest.NewRequest("GET", "/orders/7?token=secret", nil))
	do(t, g, httptest.NewRequest("GET", "/caf%C3%A9%0a", nil))
	want := "level=INFO msg=request method=GET path=/orders/7 status=203 ms=0 request=00010203-0405-4607-8809-0a0b0c0d0e0f" +
		" function=orders memory=256 invocation=10111213-1415-4617-9819-1a1b1c1d1e1f\n" +
		"level=INFO msg=request method=GET path=/caf%C3%A9%0a status=404 ms=0 request=00010203-0405-4607-8809-0a0b0c0d0e0f\n"
	if log.String() != want {
		t.Errorf("log:\n%swant:\n%s", log.String(), want)
	}
}

func TestNewGatewayRefuses(t *testing.T) {
	t.Parallel()
	good := func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }
	for _, tt := range []struct {
		api    *tier.API
		invoke func(string) local.Function
		opts   *local.Options
		want   string
	}{
		{tier.New("shop").API("orders"), good, nil, "API orders has no routes"},
		{declare(t, "GET /x"), nil, nil, "invoke is nil"},
		{declare(t, "GET /x"), func(string) local.Function { return local.Function{} }, nil, "function orders has no Invoke"},
		{declare(t, "GET /x"), good, &local.Options{Door: local.REST{Stage: "a/b"}}, `stage "a/b"`},
		{declare(t, "GET /x"), good, &local.Options{Timeout: time.Millisecond}, "write 50ms or more"},
	} {
		g, err := local.NewGateway(tt.api, tt.invoke, tt.opts)
		if g != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewGateway = %v, %v; want an error with %q", g, err, tt.want)
		}
	}
}

func TestNoRandomness(t *testing.T) {
	t.Parallel()
	g, err := local.NewGateway(declare(t, "GET /x"), func(string) local.Function {
		return local.Function{Invoke: answering(`{}`)}
	}, &local.Options{Random: brokenReader{}})
	if err != nil {
		t.Fatal(err)
	}
	if resp := do(t, g, httptest.NewRequest("GET", "/x", nil)); resp.StatusCode != 500 {
		t.Errorf("status %d without ids, want 500", resp.StatusCode)
	}
}
