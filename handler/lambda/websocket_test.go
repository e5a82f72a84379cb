package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// socketOptions serve WebSocket events by h, quietly.
func socketOptions(h handler.Handler) *lambda.Options {
	return &lambda.Options{Socket: h, Logger: slog.New(slog.DiscardHandler)}
}

// socketRequest is the request that the handler of WebSocket events gets.
func socketRequest(t testing.TB, payload []byte) *handler.Request {
	t.Helper()
	var got *handler.Request
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		got = req
		return &handler.Response{}, nil
	})
	if _, err := lambda.New(nil, socketOptions(h)).Invoke(t.Context(), payload); err != nil {
		t.Fatalf("Invoke: %v", err)
	}
	return got
}

// WSK-01 to WSK-04, T195: AWS's own samples.
func TestSocketSamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, rule string
		want       seen
		connection handler.Connection
	}{
		{"websocket-connect", "WSK-01", seen{Method: "CONNECT", Path: "/$connect", Query: "name=me", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: handler.Facts{FrontDoor: "websocket", ID: "deef4878-7910-11e6-8f14-25afc3e9ae33", Scheme: "https", Stage: "testStage",
				Host: "*.execute-api.eu-central-1.amazonaws.com", Remote: "192.168.196.186:0", Resource: "$connect", Time: time.UnixMilli(0).UTC()},
			Caller: handler.Caller{Kind: handler.CallerLambda, ID: "admin", Claims: map[string]string{"clientId": "1", "clientName": "Exata"}}},
			handler.Connection{ID: "TWegAcC4EowCHnA=", Route: "$connect", Domain: "*.execute-api.eu-central-1.amazonaws.com",
				Stage: "testStage", API: "gy415nuibc", ConnectedAt: time.UnixMilli(1547230720092).UTC()}},
		{"websocket-message", "WSK-02", seen{Method: "MESSAGE", Path: "/$default", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: handler.Facts{FrontDoor: "websocket", ID: "R1knPH17NjMFftw=", Scheme: "https", Stage: "prod",
				Host: "dl7ptocha9.execute-api.ap-northeast-1.amazonaws.com", Remote: "49.105.91.154:0", Resource: "$default",
				Time: time.UnixMilli(1705751700453).UTC()}},
			handler.Connection{ID: "R1kmxc2VNjMCFIA=", Route: "$default", Domain: "dl7ptocha9.execute-api.ap-northeast-1.amazonaws.com",
				Stage: "prod", API: "gy415nuibc", ConnectedAt: time.UnixMilli(1705751697419).UTC(), MessageID: "R1knPc2ntjMCFIA="}},
		{"websocket-disconnect", "WSK-03, T195", seen{Method: "DISCONNECT", Path: "/$disconnect",
			Facts: handler.Facts{FrontDoor: "websocket", ID: "R1koeHsUtjMFbRw=", Scheme: "https", Stage: "prod",
				Host: "dl7ptocha9.execute-api.ap-northeast-1.amazonaws.com", Remote: "49.105.91.154:0", Resource: "$disconnect",
				Time: time.UnixMilli(1705751708326).UTC()}},
			handler.Connection{ID: "R1kmxc2VNjMCFIA=", Route: "$disconnect", Domain: "dl7ptocha9.execute-api.ap-northeast-1.amazonaws.com",
				Stage: "prod", API: "dl7ptocha9", ConnectedAt: time.UnixMilli(1705751697419).UTC(), DisconnectCode: 1001}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := socketRequest(t, fixture(t, tt.name))
			got := look(req)
			got.Header = nil
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("%s: got\n%+v, want\n%+v", tt.rule, got, tt.want)
			}
			if c := req.Connection(); c != tt.connection {
				t.Errorf("%s: connection\n%+v, want\n%+v", tt.rule, c, tt.connection)
			}
		})
	}
}

// The handshake has headers, a message has none (WSK-01, WSK-02), and what
// handlertest makes arrives as it was.
func TestSocketRequests(t *testing.T) {
	t.Parallel()
	iam := handler.Caller{Kind: handler.CallerIAM, ID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012"}
	connect := handlertest.Connect(handlertest.Query("room=a%20b"), handlertest.As(iam),
		handlertest.Header("Sec-Websocket-Protocol", "chat.v1"), handlertest.Header("Cookie", "sid=1"))
	for _, want := range []*handler.Request{
		connect,
		handlertest.Message("send.x-1", "not json \u1234", handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: map[string]string{"tenant": "t1"}})),
		handlertest.Disconnect(1006, "gone"),
	} {
		got := socketRequest(t, handlertest.WebSocketEvent(want))
		a, b := look(got), look(want)
		a.Header, b.Header, b.Facts.Invocation = nil, nil, ""
		a.Query = strings.ReplaceAll(a.Query, "+", "%20") // the map is decoded, so it is encoded again
		if !reflect.DeepEqual(a, b) || got.Connection() != want.Connection() {
			t.Errorf("%s: got\n%+v %+v, want\n%+v %+v", want.Method(), a, got.Connection(), b, want.Connection())
		}
		if want.Method() == "MESSAGE" && len(got.Headers()) > 0 {
			t.Errorf("WSK-02: a message has headers %v", got.Headers())
		}
	}
	got := socketRequest(t, handlertest.WebSocketEvent(connect))
	if got.Header("Sec-WebSocket-Protocol") != "chat.v1" || got.Query("room") != "a b" {
		t.Errorf("WSK-06: the handshake has headers %v and query %q", got.Headers(), got.RawQuery())
	}
	if sid, ok := got.Cookie("sid"); !ok || sid != "1" {
		t.Errorf("cookie sid = %q", sid)
	}
}

// The answers are what the gateway reads: status and headers of a handshake,
// status and body of a message, problem documents of errors.
func TestSocketAnswers(t *testing.T) {
	t.Parallel()
	answer := func(resp *handler.Response, err error) handler.Handler {
		return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return resp, err })
	}
	const problem = `"body":"{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"detail\":\"not you\",\"requestId\":\"test-request\"}","isBase64Encoded":false}`
	for _, tt := range []struct {
		name string
		h    handler.Handler
		req  *handler.Request
		want string
	}{
		{"a handshake", answer(&handler.Response{Header: http.Header{"Sec-Websocket-Protocol": {"chat.v1"}}}, nil), handlertest.Connect(),
			`{"statusCode":200,"headers":{"Sec-Websocket-Protocol":"chat.v1"},"body":"","isBase64Encoded":false}`},
		{"a refused handshake", answer(nil, handler.Errorf(403, "not you")), handlertest.Connect(),
			`{"statusCode":403,"headers":{"Cache-Control":"no-store","Content-Type":"application/problem+json"},` + problem},
		{"a message", handler.New(func(context.Context, struct{}) (map[string]int, error) { return map[string]int{"n": 1}, nil }), handlertest.Message("x", "{}"),
			`{"statusCode":200,"body":"{\"n\":1}","isBase64Encoded":false}`},
		{"a refused message", answer(nil, handler.Errorf(403, "not you")), handlertest.Message("x", "{}"), `{"statusCode":403,` + problem},
		{"an end", answer(&handler.Response{Status: 204}, nil), handlertest.Disconnect(1000, ""), `{"statusCode":204,"body":"","isBase64Encoded":false}`},
		{"bytes", answer(&handler.Response{Body: []byte{0xff}}, nil), handlertest.Message("x", "{}"), `{"statusCode":200,"body":"/w==","isBase64Encoded":true}`},
	} {
		out, err := lambda.New(nil, socketOptions(tt.h)).Invoke(t.Context(), handlertest.WebSocketEvent(tt.req))
		if err != nil || string(out) != tt.want {
			t.Errorf("%s: Invoke = %s, %v, want %s", tt.name, out, err, tt.want)
		}
	}
}

// A function serves what it has a handler for, and says so of everything else.
func TestSocketServed(t *testing.T) {
	t.Parallel()
	message, rest := handlertest.WebSocketEvent(handlertest.Message("x", "")), []byte(restEvent(``))
	for _, tt := range []struct {
		name    string
		h, s    handler.Handler
		payload []byte
		want    string
	}{
		{"both, a message", echo, echo, message, ""},
		{"both, a request", echo, echo, rest, ""},
		{"both, else", echo, echo, []byte(`{"a":1}`), "this function serves REST API, HTTP API, function URL, ALB, VPC Lattice and WebSocket API events"},
		{"no socket", echo, nil, message, "this function serves REST API, HTTP API, function URL, ALB and VPC Lattice events"},
		{"socket only", nil, echo, rest, "REST API event: top-level keys [resource path httpMethod headers multiValueHeaders queryStringParameters multiValueQueryStringParameters requestContext body isBase64Encoded]; this function serves WebSocket API events"},
		{"a wrong type", nil, echo, []byte(`{"requestContext":{"connectionId":"x","routeKey":5}}`), "WebSocket API event: requestContext.routeKey is a number; it must be a string"},
		{"a wrong body", nil, echo, []byte(`{"requestContext":{"connectionId":"x","routeKey":"y"},"body":{}}`), "WebSocket API event: body is an object; it must be a string"},
	} {
		_, err := lambda.New(tt.h, socketOptions(tt.s)).Invoke(t.Context(), tt.payload)
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s: Invoke: %v, want %q", tt.name, err, tt.want)
		}
		var e *lambda.EventError
		if tt.name == "no socket" && (!errors.As(err, &e) || e.Kind != "WebSocket API event") {
			t.Errorf("%s: %v is no EventError", tt.name, err)
		}
	}
	if req := socketRequest(t, []byte(`{"requestContext":{"connectionId":"x","connectedAt":"x","disconnectStatusCode":99999999}}`)); req.Connection() != (handler.Connection{ID: "x"}) {
		t.Errorf("connection of odd members: %+v", req.Connection())
	}
}

// The events of a WebSocket API have a handler of their own; that of requests is
// nil here, because the function has no other front door.
func ExampleNew_webSocket() {
	mux := handler.NewMux()
	err := mux.Route("MESSAGE /say", handler.New(func(_ context.Context, in struct {
		From handler.Connection
		Text string `json:"text" validate:"required"`
	}) (string, error) {
		return in.From.ID + " says " + in.Text, nil
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	d := lambda.New(nil, &lambda.Options{Socket: mux})
	out, err := d.Invoke(context.Background(), []byte(`{
		"requestContext": {"eventType": "MESSAGE", "routeKey": "say", "connectionId": "L0SM9cOFvHcCIhw="},
		"body": "{\"action\":\"say\",\"text\":\"hi\"}"
	}`))
	fmt.Println(string(out), err)
	// Output: {"statusCode":200,"body":"\"L0SM9cOFvHcCIhw= says hi\"","isBase64Encoded":false} <nil>
}
