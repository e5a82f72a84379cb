package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

type basket struct {
	Email string `json:"email" validate:"required,email"`
	Items []int  `json:"items" validate:"min=1"`
}

type total struct {
	Cents int    `json:"cents"`
	Note  string `json:"note"`
}

// price adds up a basket.
func price(_ context.Context, in basket) (total, error) {
	switch in.Email {
	case "gone@shop.example":
		return total{}, (&handler.Error{Status: 409, Code: "sold_out", Message: "nothing is left"}).Wrap(errors.New("row 42"))
	case "broken@shop.example":
		return total{}, errors.New("password is hunter2")
	case "panic@shop.example":
		panic("hunter2")
	}
	sum := total{Note: "<b>"}
	for _, n := range in.Items {
		sum.Cents += n
	}
	return sum, nil
}

func direct(h handler.Handler, log *logged) *lambda.Doorway {
	opts := log.options()
	opts.Direct = h
	return lambda.New(nil, opts)
}

// TestDirect: a payload is decoded and validated as a body is, the value is the
// answer, and an error is a function error without internals.
func TestDirect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, payload, want, errorType, message, logs string }{
		{"a value", `{"email":"a@shop.example","items":[40,2]}`, `{"cents":42,"note":"<b>"}`, "", "", ""},
		{"every failing field", `{"email":"x","items":[]}`, "", "Bad Request",
			"the request is not valid: body.email must be a valid email address; body.items must have at least 1 item", `"status":400`},
		{"a wrong type", `{"email":1,"items":[1]}`, "", "Bad Request", "body.email", `"status":400`},
		{"no object", `[1]`, "", "Bad Request", "body", `"status":400`},
		{"null", `null`, "", "Bad Request", "body", `"status":400`},
		{"an error with a code", `{"email":"gone@shop.example","items":[1]}`, "", "sold_out", "nothing is left", "row 42"},
		{"any error", `{"email":"broken@shop.example","items":[1]}`, "", "Internal Server Error", "Internal Server Error", "hunter2"},
		{"a panic", `{"email":"panic@shop.example","items":[1]}`, "", "Internal Server Error", "Internal Server Error", `"stack":"goroutine`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			d := direct(handler.New(price), &log)
			for range 2 { // the next invocation works as the first
				out, err := d.Invoke(t.Context(), []byte(tt.payload))
				if tt.errorType == "" {
					if err != nil || string(out) != tt.want {
						t.Fatalf("Invoke = %s, %v, want %s", out, err, tt.want)
					}
					continue
				}
				// Not errors.As: aws-lambda-go looks at the outermost error only.
				e, ok := err.(messages.InvokeResponse_Error)
				if !ok || out != nil || e.Type != tt.errorType || !strings.Contains(e.Message, tt.message) || e.ShouldExit {
					t.Fatalf("Invoke = %s, %+v, want %s: %s", out, err, tt.errorType, tt.message)
				}
				if strings.Contains(e.Message, "hunter2") || strings.Contains(e.Message, "row 42") {
					t.Errorf("%q tells internals", e.Message)
				}
			}
			if !strings.Contains(log.String(), tt.logs) {
				t.Errorf("log %s; want %s", &log, tt.logs)
			}
		})
	}
}

// TestDirectDetection: an event of AWS is never taken for a payload, whatever the
// function serves, and a payload never for an event.
func TestDirectDetection(t *testing.T) {
	t.Parallel()
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(`"` + req.Facts().FrontDoor + `"`)}, nil
	})
	opts := quiet()
	opts.Direct = h
	both, only := lambda.New(h, opts), lambda.New(nil, opts)
	routes := lambda.New(h, quiet())
	for _, tt := range []struct {
		payload                        string
		byBoth, byOnlyDirect, byRoutes string // what is answered, or a part of the error
	}{
		{`{"foo":1}`, `"invoke"`, `"invoke"`, "top-level keys [foo]"},
		{`"text"`, `"invoke"`, `"invoke"`, "no object"},
		{`[{"httpMethod":"GET","path":"/","resource":"/"}]`, `"invoke"`, `"invoke"`, "no object"},
		{`{"detail":{"requestContext":{"elb":{}}}}`, `"invoke"`, `"invoke"`, "top-level keys [detail]"},
		{restEvent(``), "rest", "REST API event", "rest"},
		{httpEvent(``), "http", "HTTP API event", "http"},
		{urlEvent(``), "url", "function URL event", "url"},
		{albEvent(``), "alb", "ALB event", "alb"},
		{latticeEvent(``), "lattice", "VPC Lattice event", "lattice"},
		{`{"Records":[{"eventSource":"aws:sqs"}]}`, "batch of records", "batch of records", "batch of records"},
		{`{"requestContext":{"connectionId":"c="}}`, "WebSocket", "WebSocket", "WebSocket"},
		{`{"type":"TOKEN","methodArn":"arn"}`, "authorizer", "authorizer", "authorizer"},
		{`{"foo":`, "not JSON", "not JSON", "not JSON"},
		{``, "not JSON", "not JSON", "not JSON"},
	} {
		for _, on := range []struct {
			name string
			d    *lambda.Doorway
			want string
		}{{"both", both, tt.byBoth}, {"only direct", only, tt.byOnlyDirect}, {"only routes", routes, tt.byRoutes}} {
			out, err := on.d.Invoke(t.Context(), []byte(tt.payload))
			if got := fmt.Sprintf("%s %v", out, err); !strings.Contains(got, on.want) {
				t.Errorf("%s: %.60s: %s, want %s", on.name, tt.payload, got, on.want)
			}
			var e *lambda.EventError
			if errors.As(err, &e) && strings.Contains(e.Error(), "direct invocations") != (on.d != routes) {
				t.Errorf("%s: %v: does it say what the function serves?", on.name, e)
			}
		}
	}
}

// TestDirectRequest is what a handler sees of a direct invocation.
func TestDirectRequest(t *testing.T) {
	t.Parallel()
	var got *handler.Request
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		got = req
		return &handler.Response{}, nil
	})
	var log logged
	for _, identity := range []string{"", "eu-west-1:7"} {
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
			AwsRequestID: "i-1", Identity: lambdacontext.CognitoIdentity{CognitoIdentityID: identity}})
		payload := []byte(`{"a":1}`)
		out, err := direct(h, &log).Invoke(ctx, payload)
		if err != nil || string(out) != "null" {
			t.Fatalf("Invoke = %s, %v, want null", out, err)
		}
		copy(payload, "xxxxxxx") // aws-lambda-go uses its buffer again
		body, err := got.Body()
		if err != nil || string(body) != `{"a":1}` || got.Method() != "POST" || got.Path() != "/" || got.RawQuery() != "" || len(got.Headers()) != 0 {
			t.Errorf("request %s %s?%s %v %s, %v", got.Method(), got.Path(), got.RawQuery(), got.Headers(), body, err)
		}
		if p, ok := lambda.Payload(got); !ok || string(p) != `{"a":1}` {
			t.Errorf("Payload = %s, %v", p, ok)
		}
		if f := got.Facts(); f.FrontDoor != "invoke" || f.ID != "i-1" || f.Invocation != "i-1" {
			t.Errorf("facts %+v", f)
		}
		if c := got.Caller(); c.Identity != identity || c.Anonymous() != (identity == "") {
			t.Errorf("caller %+v, want the identity %q", c, identity)
		}
	}
}

// TestDirectAnswers: what an answer cannot be is a function error.
func TestDirectAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		resp *handler.Response
		want string
	}{
		{"JSON", &handler.Response{Body: []byte(`[1]`)}, "[1]"},
		{"a stream", &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, `{"a":1}`)
			return err
		}}, `{"a":1}`},
		{"no JSON", &handler.Response{Body: []byte(`hello`)}, "Internal Server Error"},
		{"an error status", &handler.Response{Status: 404, Body: []byte(`{}`)}, "Not Found"},
		{"a redirect", &handler.Response{Status: 303}, "Internal Server Error"},
		{"an answered error", &handler.Response{Status: 418, Err: handler.Errorf(429, "slow down")}, "slow down"},
		{"too large", &handler.Response{Body: json.RawMessage(`"` + strings.Repeat("x", 6_291_555) + `"`)}, "Internal Server Error"},
		{"a stream too large", &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return nil
				}
			}
		}}, "Internal Server Error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			done := 0
			tt.resp.OnDone(func(error) { done++ })
			var log logged
			out, err := direct(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				return tt.resp, nil
			}), &log).Invoke(t.Context(), []byte(`{}`))
			if got := fmt.Sprintf("%s%+v", out, err); !strings.Contains(got, tt.want) || done != 1 {
				t.Errorf("Invoke = %.200s, done %d times; want %s and once", got, done, tt.want)
			}
		})
	}
	aborts := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic(http.ErrAbortHandler) })
	var log logged
	if _, err := direct(aborts, &log).Invoke(t.Context(), []byte(`{}`)); err == nil || log.String() != "" {
		t.Errorf("an aborted answer: %v, log %s; want a function error and no log", err, &log)
	}
}

// FuzzDirect: every payload is an event of AWS, an answer or a function error.
func FuzzDirect(f *testing.F) {
	for _, payload := range []string{`{"email":"a@b.example","items":[1]}`, `null`, `[]`, `"x"`, `{"foo":1}`, restEvent(``), `{`} {
		f.Add([]byte(payload))
	}
	opts := quiet()
	opts.Direct = handler.New(func(_ context.Context, in map[string]any) (map[string]any, error) { return in, nil })
	d := lambda.New(nil, opts)
	f.Fuzz(func(t *testing.T, payload []byte) {
		out, err := d.Invoke(t.Context(), payload)
		switch {
		case err == nil && (!json.Valid(out) || !json.Valid(payload)):
			t.Fatalf("Invoke(%q) = %q", payload, out)
		case err != nil && out != nil:
			t.Fatalf("Invoke(%q) = %q, %v", payload, out, err)
		}
	})
}

// A function that programs invoke with a value of their own.
func ExampleOptions_direct() {
	double := handler.New(func(_ context.Context, in struct {
		N int `json:"n" validate:"gte=0"`
	}) (map[string]int, error) {
		return map[string]int{"n": 2 * in.N}, nil
	})
	doorway := lambda.New(nil, &lambda.Options{Direct: double, Logger: quiet().Logger})
	for _, payload := range []string{`{"n":21}`, `{"n":-1}`} {
		answer, err := doorway.Invoke(context.Background(), []byte(payload))
		var failed messages.InvokeResponse_Error
		if errors.As(err, &failed) {
			fmt.Println(failed.Type + ": " + failed.Message)
			continue
		}
		fmt.Println(string(answer))
	}
	// Output:
	// {"n":42}
	// Bad Request: the request is not valid: body.n must be at least 0
}
