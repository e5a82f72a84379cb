package local_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// lambdaApp is an App with one function that is invoked directly and one with
// routes.
func lambdaApp(tb testing.TB) *tier.App {
	tb.Helper()
	app := tier.New("shop")
	app.Function("price").Invoke(noop)
	app.API("orders").Handle("GET /orders", noop)
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	return app
}

func newLambda(tb testing.TB, f local.Function, opts *local.LambdaOptions) *local.Lambda {
	tb.Helper()
	l, err := local.NewLambda(lambdaApp(tb), func(string) local.Function { return f }, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// invokeLambda asks for an invocation; header are pairs.
func invokeLambda(l *local.Lambda, function, payload string, header ...string) *http.Response {
	r := httptest.NewRequest("POST", "/2015-03-31/functions/"+function+"/invocations", strings.NewReader(payload))
	r.Host = "127.0.0.1:3001"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	l.ServeHTTP(rec, r)
	return rec.Result()
}

func bodyText(tb testing.TB, resp *http.Response) string {
	tb.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

type lambdaError struct{}

func (*lambdaError) Error() string { return "row 42 is broken" }

// TestLambdaInvoke: what the API answers to each way of calling and failing. A
// function error is a 200 that a header tells from an answer (LMB-11, T208).
func TestLambdaInvoke(t *testing.T) {
	t.Parallel()
	echoes := func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }
	fails := func(err error) func(context.Context, []byte) ([]byte, error) {
		return func(context.Context, []byte) ([]byte, error) { return nil, err }
	}
	for _, tt := range []struct {
		name, function, payload string
		header                  []string
		invoke                  func(context.Context, []byte) ([]byte, error)
		status                  int
		functionError, body     string // of the body a part
		why                     string
	}{
		{"an answer", "price", `{"a":1}`, nil, echoes, 200, "", `{"a":1}`, "LMB-11"},
		{"a function with routes", "orders", `{"a":1}`, nil, echoes, 200, "", `{"a":1}`, "every function of the App"},
		{"no payload", "price", ``, nil, echoes, 200, "", `{}`, "a function always gets JSON"},
		{"by ARN", "arn:aws:lambda:eu-west-1:123456789012:function:price", `1`, nil, echoes, 200, "", `1`, "an ARN of any region"},
		{"by encoded ARN", "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aprice%3A%24LATEST", `1`, nil, echoes, 200, "", `1`, "botocore encodes colons"},
		{"by partial ARN", "123456789012:function:price", `1`, nil, echoes, 200, "", `1`, ""},
		{"with its qualifier", "price:$LATEST", `1`, nil, echoes, 200, "", `1`, ""},
		{"a function error", "price", `1`, nil, fails(messages.InvokeResponse_Error{Type: "sold_out", Message: "nothing is left"}), 200, "Unhandled",
			`{"errorMessage":"nothing is left","errorType":"sold_out"}`, "LMB-11, T208"},
		{"an error of a type", "price", `1`, nil, fails(fmt.Errorf("read: %w", error(&lambdaError{}))), 200, "Unhandled", "read: row 42 is broken", "T207"},
		{"an error type", "price", `1`, nil, fails(&lambdaError{}), 200, "Unhandled", `"errorType":"lambdaError"`, "T207: the name without the pointer"},
		{"a panic", "price", `1`, nil, func(context.Context, []byte) ([]byte, error) { panic("as asked") }, 200, "Unhandled", "panic: as asked", "T207, LMB-03"},
		{"an answer too large", "price", `1`, nil, func(context.Context, []byte) ([]byte, error) { return make([]byte, 6_291_557), nil }, 200, "Unhandled",
			`"errorType":"Function.ResponseSizeTooLarge"`, "LMB-04, RST-53"},
		{"throttled", "price", `1`, nil, fails(local.ErrThrottled), 429, "", "Rate Exceeded.", ""},
		{"not invoked", "price", `1`, nil, fails(local.ErrNotInvoked), 500, "", "ServiceException", ""},
		{"a dry run", "price", `1`, []string{"X-Amz-Invocation-Type", "DryRun"}, nil, 204, "", "", "nothing runs"},
		{"an unknown type", "price", `1`, []string{"X-Amz-Invocation-Type", "Maybe"}, nil, 400, "", "InvalidParameterValueException", ""},
		{"an unknown function", "nobody", `1`, nil, nil, 404, "", "Function not found: arn:aws:lambda:local:000000000000:function:nobody", "ResourceNotFoundException"},
		{"an unknown qualifier", "price:blue", `1`, nil, nil, 404, "", "function:price:blue", "aliases are not declared"},
		{"a name of many parts", "a:b:c", `1`, nil, nil, 400, "", "not a name", ""},
		{"no JSON", "price", `{`, nil, nil, 400, "", "InvalidRequestContentException", ""},
		{"too large", "price", `"` + strings.Repeat("x", 6_291_455) + `"`, nil, nil, 413, "", "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)", "LMB-04"},
		{"too large an event", "price", `"` + strings.Repeat("x", 1<<20) + `"`, []string{"X-Amz-Invocation-Type", "Event"}, nil, 413, "", "RequestTooLargeException", "LMB-04"},
		{"a bad client context", "price", `1`, []string{"X-Amz-Client-Context", "???"}, nil, 400, "", "Base64-encoded JSON", ""},
		{"a web page", "price", `1`, []string{"Origin", "https://evil.example"}, nil, 403, "", "no web pages", "a page can post to any port of this machine"},
		{"a web page by no-cors", "price", `1`, []string{"Sec-Fetch-Site", "cross-site"}, nil, 403, "", "no web pages", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			run := tt.invoke
			if run == nil {
				run = func(context.Context, []byte) ([]byte, error) { t.Error("the function ran"); return nil, nil }
			}
			resp := invokeLambda(newLambda(t, local.Function{Invoke: run}, nil), tt.function, tt.payload, tt.header...)
			body := bodyText(t, resp)
			said := body + value(resp.Header, "x-amzn-errortype")
			if resp.StatusCode != tt.status || !strings.Contains(said, tt.body) || value(resp.Header, "x-amz-function-error") != tt.functionError {
				t.Errorf("%d %.300s %v, want %d %s %s\n%s", resp.StatusCode, body, resp.Header, tt.status, tt.functionError, tt.body, tt.why)
			}
			if version := value(resp.Header, "x-amz-executed-version"); (version == "$LATEST") != (tt.status == 200) {
				t.Errorf("executed version %q", version)
			}
			if value(resp.Header, "x-amzn-requestid") == "" {
				t.Error("no request id")
			}
		})
	}
}

// TestLambdaRequests: what is not the operation Invoke, or not local.
func TestLambdaRequests(t *testing.T) {
	t.Parallel()
	l := newLambda(t, local.Function{Invoke: answering(`1`)}, nil)
	for _, tt := range []struct {
		method, path, host string
		status             int
	}{
		{"POST", "/2015-03-31/functions/price/invocations", "localhost:3001", 200},
		{"POST", "/2015-03-31/functions/price/invocations/", "[::1]:3001", 200},
		{"POST", "/2015-03-31/functions/price/invocations?Qualifier=$LATEST", "127.0.0.1", 200},
		{"POST", "/2015-03-31/functions/price/invocations?Qualifier=blue", "127.0.0.1", 404},
		{"POST", "/2015-03-31/functions/price:$LATEST/invocations?Qualifier=blue", "127.0.0.1", 400},
		{"POST", "/2015-03-31/functions/price/invocations", "evil.example", 403},
		{"POST", "/2015-03-31/functions/price/invocations", "localhost.evil.example", 403},
		{"GET", "/2015-03-31/functions/price/invocations", "127.0.0.1", 404},
		{"GET", "/2015-03-31/functions", "127.0.0.1", 404},
		{"POST", "/2015-03-31/functions//invocations", "127.0.0.1", 404},
		{"POST", "/2015-03-31/functions/a%2Fb/invocations", "127.0.0.1", 404},
		{"POST", "/", "127.0.0.1", 404},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Host = tt.host
		if resp := do(t, l, r); resp.StatusCode != tt.status {
			t.Errorf("%s %s of %s = %d %s, want %d", tt.method, tt.path, tt.host, resp.StatusCode, bodyText(t, resp), tt.status)
		}
	}
}

// TestLambdaContext: the function learns who it is, its deadline and what the
// client says of itself (LMB-08: custom values may be anything).
func TestLambdaContext(t *testing.T) {
	t.Parallel()
	var lc *lambdacontext.LambdaContext
	var left time.Duration
	l := newLambda(t, local.Function{Timeout: 90 * time.Second, Memory: 512, Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
		lc, _ = lambdacontext.FromContext(ctx)
		at, _ := ctx.Deadline()
		left = time.Until(at)
		return []byte(`{}`), nil
	}}, &local.LambdaOptions{Random: sequence{}})
	client := base64.StdEncoding.EncodeToString([]byte(`{"client":{"app_title":"shop"},"custom":{"n":1,"s":"x"}}`))
	resp := invokeLambda(l, "price", `{}`, "X-Amz-Client-Context", client, "X-Amz-Log-Type", "Tail")
	if lc == nil || lc.AwsRequestID != value(resp.Header, "x-amzn-requestid") || lc.InvokedFunctionArn != "arn:aws:lambda:local:000000000000:function:price" {
		t.Fatalf("lambda context %+v of %d %s", lc, resp.StatusCode, bodyText(t, resp))
	}
	if left <= 80*time.Second || left > 90*time.Second {
		t.Errorf("LMB-08: %v left of 90s", left)
	}
	if lc.ClientContext.Client.AppTitle != "shop" || lc.ClientContext.Custom["s"] != "x" {
		t.Errorf("LMB-08: client context %+v", lc.ClientContext)
	}
	log, err := base64.StdEncoding.DecodeString(value(resp.Header, "x-amz-log-result"))
	if err != nil || !strings.Contains(string(log), "END RequestId: "+lc.AwsRequestID) || !regexp.MustCompile(`\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\n$`).Match(log) {
		t.Errorf("log %q, %v", log, err)
	}
}

func TestLambdaTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLambda(t, local.Function{Timeout: 3 * time.Second, Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return []byte(`{}`), nil
		}}, nil)
		start := time.Now()
		resp := invokeLambda(l, "price", `{}`)
		var failed struct{ ErrorType, ErrorMessage string }
		if err := json.Unmarshal([]byte(bodyText(t, resp)), &failed); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second || value(resp.Header, "x-amz-function-error") != "Unhandled" ||
			failed.ErrorType != "Sandbox.Timedout" || !strings.HasSuffix(failed.ErrorMessage, "Task timed out after 3.00 seconds") {
			t.Errorf("LMB-11: after %v %+v %v", took, failed, resp.Header)
		}
	})
}

// TestLambdaEvents: an event is accepted at once and tried three times, with the
// same request id (LMB-10).
func TestLambdaEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tries []time.Duration
		ids := map[string]bool{}
		start := time.Now()
		works := errors.New("not yet")
		l := newLambda(t, local.Function{Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			ids[lc.AwsRequestID] = true
			tries = append(tries, time.Since(start))
			return nil, works
		}}, nil)
		resp := invokeLambda(l, "price", `{}`, "X-Amz-Invocation-Type", "Event")
		if body := bodyText(t, resp); resp.StatusCode != 202 || body != "" || time.Since(start) != 0 {
			t.Fatalf("%d %q after %v, want 202 at once", resp.StatusCode, body, time.Since(start))
		}
		time.Sleep(time.Hour) // the bubble's clock
		synctest.Wait()
		if fmt.Sprint(tries) != "[0s 1m0s 3m0s]" || len(ids) != 1 {
			t.Errorf("LMB-10: tries after %v with the ids %v; want 0s 1m0s 3m0s and one id", tries, ids)
		}
		works = nil
		invokeLambda(l, "price", `{}`, "X-Amz-Invocation-Type", "Event")
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(tries) != 4 {
			t.Errorf("LMB-10: %d tries in all; one that works is the last", len(tries))
		}
	})
}

// TestLambdaClose: nothing runs after Close, and nothing is waited for that would
// only come later.
func TestLambdaClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		release := make(chan struct{})
		l := newLambda(t, local.Function{Invoke: func(context.Context, []byte) ([]byte, error) {
			running.Add(1)
			<-release
			running.Add(-1)
			return nil, errors.New("again")
		}}, nil)
		invokeLambda(l, "price", `{}`, "X-Amz-Invocation-Type", "Event")
		synctest.Wait()
		closed := make(chan struct{})
		go func() { l.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("Close did not wait for the running event")
		default:
		}
		start := time.Now()
		close(release)
		<-closed
		if running.Load() != 0 || time.Since(start) != 0 {
			t.Errorf("%d running %v after Close", running.Load(), time.Since(start))
		}
	})
}

// TestLambdaRoom: events are throttled when too many wait.
func TestLambdaRoom(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	l := newLambda(t, local.Function{Invoke: func(context.Context, []byte) ([]byte, error) { <-release; return nil, nil }}, nil)
	accepted := 0
	for range 1100 {
		switch resp := invokeLambda(l, "price", `1`, "X-Amz-Invocation-Type", "Event"); resp.StatusCode {
		case 202:
			accepted++
		case 429:
		default:
			t.Fatalf("%d %s", resp.StatusCode, bodyText(t, resp))
		}
	}
	close(release)
	if accepted != 1000 {
		t.Errorf("%d events accepted, want 1000 and then 429", accepted)
	}
}

func TestLambdaLog(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	l := newLambda(t, local.Function{Invoke: func(context.Context, []byte) ([]byte, error) { return nil, errors.New("broken") }},
		&local.LambdaOptions{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return at }})
	invokeLambda(l, "price", `{"password":"hunter2"}`)
	for _, want := range []string{"level=ERROR", "function=price", "type=RequestResponse", "status=200", "broken"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %s; want %s", &log, want)
		}
	}
	if strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log has the payload: %s", &log)
	}
}

func TestNewLambdaRefuses(t *testing.T) {
	t.Parallel()
	for want, invoke := range map[string]func(string) local.Function{
		"function price has no Invoke": func(string) local.Function { return local.Function{} },
	} {
		if _, err := local.NewLambda(lambdaApp(t), invoke, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewLambda = %v, want %q", err, want)
		}
	}
	l := newLambda(t, local.Function{Invoke: answering("1")}, &local.LambdaOptions{Random: strings.NewReader("")})
	if resp := invokeLambda(l, "price", "1"); resp.StatusCode != 500 {
		t.Errorf("without randomness: %d, want 500", resp.StatusCode)
	}
}

// A local Lambda that the AWS CLI and SDKs can invoke functions of.
func ExampleNewLambda() {
	app := tier.New("shop")
	app.Function("price").Invoke(noop)
	l, err := local.NewLambda(app, func(string) local.Function {
		return local.Function{Invoke: func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }}
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	for _, name := range []string{"price", "nobody"} {
		resp := invokeLambda(l, name, `{"cents":42}`)
		body, err := io.ReadAll(resp.Body)
		fmt.Println(resp.StatusCode, string(body), err)
	}
	// Output:
	// 200 {"cents":42} <nil>
	// 404 {"Type":"User","Message":"Function not found: arn:aws:lambda:local:000000000000:function:nobody"} <nil>
}

// FuzzLambda: whatever is asked, there is an answer, and a refusal is a document
// with its type.
func FuzzLambda(f *testing.F) {
	f.Add("price", "Event", "e30=", []byte(`{}`))
	f.Add("arn:aws:lambda:eu-west-1:1:function:price:$LATEST", "RequestResponse", "", []byte(`[1`))
	f.Add("function:", "DryRun", "x", []byte("\xff"))
	f.Add("a:function:price", "", `bnVsbA==`, []byte(`"\ud800"`))
	l, err := local.NewLambda(lambdaApp(f), func(string) local.Function { return local.Function{Invoke: answering("1")} }, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { l.Close() })
	f.Fuzz(func(t *testing.T, name, kind, client string, payload []byte) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(payload))
		r.URL.Path, r.URL.RawPath = "/2015-03-31/functions/"+name+"/invocations", ""
		r.Host = "localhost"
		r.Header = http.Header{"X-Amz-Invocation-Type": {kind}, "X-Amz-Client-Context": {client}}
		resp := do(t, l, r)
		body := bodyText(t, resp)
		if resp.StatusCode < 400 {
			return
		}
		var refusal struct{ Type, Message string }
		if err := json.Unmarshal([]byte(body), &refusal); err != nil || refusal.Message == "" || value(resp.Header, "x-amzn-errortype") == "" {
			t.Fatalf("%d %s %v, %v", resp.StatusCode, body, resp.Header, err)
		}
	})
}
