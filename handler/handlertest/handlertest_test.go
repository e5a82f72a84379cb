package handlertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

func ExampleRequest() {
	req := handlertest.Request("get", "/orders/a%2Fb?expand=true",
		handlertest.Header("Accept", "text/plain"),
		handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"}))
	fmt.Println(req.Method(), req.Path(), req.Query("expand"), req.Header("accept"), req.Caller().ID, req.Facts().Host)
	// Output: GET /orders/a%2Fb true text/plain ada api.example.com
}

func ExampleDo() {
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(http.StatusNotFound, "no order %s", req.Path())
	})
	answer, err := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/7"))
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"))
	fmt.Println(err)
	// Output:
	// 404 application/problem+json
	// 404: no order /7
}

func ExampleReadAnswer() {
	answer, err := handlertest.ReadAnswer([]byte(`{"statusCode":201,"headers":{"content-type":"text/plain"},"cookies":["a=1"],"body":"aGk=","isBase64Encoded":true}`))
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"), answer.Cookies, string(answer.Body), err)
	// Output: 201 text/plain [a=1] hi <nil>
}

func TestRequestTarget(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, path, query, host, scheme string }{
		{"/", "/", "", "api.example.com", "https"},
		{"/a?b=c?d", "/a", "b=c?d", "api.example.com", "https"},
		{"/a#top", "/a", "", "api.example.com", "https"},
		{"//x/y", "//x/y", "", "api.example.com", "https"},
		{"/a?next=https://x/y", "/a", "next=https://x/y", "api.example.com", "https"},
		{"http://shop.example:8080/a?b", "/a", "b", "shop.example:8080", "http"},
		{"https://shop.example?b", "/", "b", "shop.example", "https"},
	} {
		req := handlertest.Request("GET", tt.target)
		if f := req.Facts(); req.Path() != tt.path || req.RawQuery() != tt.query || f.Host != tt.host || f.Scheme != tt.scheme {
			t.Errorf("Request(%q) = %s %s at %s %s, want %s %s at %s %s", tt.target, req.Path(), req.RawQuery(), f.Scheme, f.Host, tt.path, tt.query, tt.scheme, tt.host)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Request of a relative path did not panic")
		}
	}()
	handlertest.Request("GET", "orders")
}

func TestDoEnds(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	for _, tt := range []struct {
		name     string
		resp     *handler.Response
		err      error
		status   int
		body     string
		wantErr  error
		wantDone string
	}{
		{"body", &handler.Response{Body: []byte("hi")}, nil, 200, "hi", nil, "[<nil>]"},
		{"error", nil, cut, 500, "", cut, "[]"},
		{"answered error", &handler.Response{Status: 503, Err: cut}, nil, 503, "", cut, "[<nil>]"},
		{"stream", &handler.Response{Stream: func(_ context.Context, w io.Writer) error { io.WriteString(w, "hi"); return nil }}, nil, 200, "hi", nil, "[<nil>]"},
		{"cut stream", &handler.Response{Stream: func(_ context.Context, w io.Writer) error { io.WriteString(w, "h"); return cut }}, nil, 200, "h", cut, "[cut]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			done := []error{}
			h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				if tt.resp != nil {
					tt.resp.OnDone(func(err error) { done = append(done, err) })
				}
				return tt.resp, tt.err
			})
			a, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
			if a.Status != tt.status || tt.body != "" && string(a.Body) != tt.body || err != tt.wantErr || fmt.Sprint(done) != tt.wantDone {
				t.Errorf("Do = %d %s, %v, done %v; want %d %s, %v, %s", a.Status, a.Body, err, done, tt.status, tt.body, tt.wantErr, tt.wantDone)
			}
		})
	}
	if a, err := handlertest.Do(t.Context(), handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }),
		handlertest.Request("GET", "/")); a.Status != 500 || err == nil {
		t.Errorf("Do of a handler that answers nothing = %d, %v, want 500 and an error", a.Status, err)
	}
}

// The events are what aws-lambda-go's types expect.
func TestEventsDecode(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("POST", "/orders/a%20b/items?x=1&x=2", handlertest.JSON(map[string]int{"n": 1}),
		handlertest.Header("Cookie", "a=1; b=2"), handlertest.Header("X-Two", "1", "2"),
		handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada", Scopes: []string{"read"}}),
		handlertest.Facts(func(f *handler.Facts) { f.Resource, f.Stage = "/orders/{id}/{rest+}", "dev" }))
	got := map[string][]byte{}
	for _, ev := range handlertest.Events(req) {
		got[ev.Door] = ev.Payload
	}
	var rest events.APIGatewayProxyRequest
	decode(t, got["rest"], &rest)
	if rest.Path != "/orders/a%20b/items" || rest.QueryStringParameters["x"] != "2" || len(rest.MultiValueHeaders["X-Two"]) != 2 || rest.Body != `{"n":1}` ||
		!reflect.DeepEqual(rest.PathParameters, map[string]string{"id": "a%20b", "rest": "items"}) || rest.RequestContext.Stage != "dev" {
		t.Errorf("RESTEvent: %+v", rest)
	}
	var http events.APIGatewayV2HTTPRequest
	decode(t, got["http"], &http)
	if http.RawPath != "/dev/orders/a b/items" || http.RawQueryString != "x=1&x=2" || http.QueryStringParameters["x"] != "1,2" || http.Headers["x-two"] != "1,2" ||
		!reflect.DeepEqual(http.Cookies, []string{"a=1", "b=2"}) || http.Headers["cookie"] != "" || http.PathParameters["id"] != "a b" ||
		http.RequestContext.Authorizer.JWT.Claims["sub"] != "ada" || http.RequestContext.Authorizer.JWT.Scopes[0] != "read" {
		t.Errorf("HTTPEvent: %+v", http)
	}
	var url events.LambdaFunctionURLRequest
	decode(t, got["url"], &url)
	if url.RawPath != "/orders/a%20b/items" || url.Headers["cookie"] == "" || len(url.Cookies) != 2 || url.RequestContext.HTTP.Path != "/orders/a b/items" {
		t.Errorf("URLEvent: %+v", url)
	}
	var alb events.ALBTargetGroupRequest
	decode(t, got["alb"], &alb)
	if alb.Headers["x-two"] != "2" || alb.MultiValueHeaders != nil || alb.QueryStringParameters["x"] != "2" || alb.RequestContext.ELB.TargetGroupArn == "" {
		t.Errorf("ALBEvent: %+v", alb)
	}
	var multi events.ALBTargetGroupRequest
	decode(t, got["alb-multi"], &multi)
	if len(multi.MultiValueHeaders["x-two"]) != 2 || multi.Headers != nil || len(multi.MultiValueQueryStringParameters["x"]) != 2 {
		t.Errorf("ALBMultiEvent: %+v", multi)
	}
}

// Bytes that are no text travel in base64, and a caller that signed is told.
func TestEventsOfBinaryBodyAndIAM(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("PUT", "/", handlertest.Body("image/png", []byte{0, 0xff}),
		handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: "AIDA", ARN: "arn:x", Account: "1", Identity: "eu:1"}))
	for _, ev := range handlertest.Events(req) {
		var in struct {
			Body            string
			IsBase64Encoded bool
			SnakeBase64     bool `json:"is_base64_encoded"`
		}
		decode(t, ev.Payload, &in)
		isBase64 := in.IsBase64Encoded
		if ev.Door == "lattice-v1" {
			isBase64 = in.SnakeBase64
		}
		if in.Body != "AP8=" || !isBase64 {
			t.Errorf("%s: body %q, base64 %v", ev.Door, in.Body, isBase64)
		}
	}
	var url events.LambdaFunctionURLRequest
	decode(t, handlertest.URLEvent(req), &url)
	if url.RequestContext.Authorizer.IAM.UserARN != "arn:x" {
		t.Errorf("URLEvent: authorizer %+v", url.RequestContext.Authorizer)
	}
	var rest events.APIGatewayProxyRequest
	decode(t, handlertest.RESTEvent(req), &rest)
	if id := rest.RequestContext.Identity; id.User != "AIDA" || id.UserArn != "arn:x" || id.CognitoIdentityID != "eu:1" {
		t.Errorf("RESTEvent: identity %+v", id)
	}
}

func decode(tb testing.TB, payload []byte, v any) {
	tb.Helper()
	if err := json.Unmarshal(payload, v); err != nil {
		tb.Fatal(err)
	}
}

func TestReadAnswerRefuses(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{``, `[]`, `{"statusCode":200,"foo":1}`, `{"body":"%","isBase64Encoded":true}`,
		`{"headers":{"a":["1"]}}`, `{"statusCode":200,"statusDescription":"OK"}`} {
		if a, err := handlertest.ReadAnswer([]byte(payload)); err == nil {
			t.Errorf("ReadAnswer(%s) = %+v, want an error", payload, a)
		}
	}
}
