package lambda_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// handshakeEvent is what an authorizer of a WebSocket API is asked, as AWS
// documents it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
const handshakeEvent = `{"type":"REQUEST","methodArn":"arn:aws:execute-api:us-east-1:123456789012:abcdef123/default/$connect",
	"headers":{"Connection":"upgrade","content-length":"0","HeaderAuth1":"headerValue1","Host":"abcdef123.execute-api.us-east-1.amazonaws.com",
		"Sec-WebSocket-Version":"13","Upgrade":"websocket","X-Forwarded-For":"192.0.2.7","X-Forwarded-Proto":"https"},
	"multiValueHeaders":{"Connection":["upgrade"],"content-length":["0"],"HeaderAuth1":["headerValue1"],
		"Host":["abcdef123.execute-api.us-east-1.amazonaws.com"],"Sec-WebSocket-Version":["13"],"Upgrade":["websocket"],
		"X-Forwarded-For":["192.0.2.7"],"X-Forwarded-Proto":["https"]},
	"queryStringParameters":{"QueryString1":"queryValue1"},"multiValueQueryStringParameters":{"QueryString1":["queryValue1"]},"stageVariables":{},
	"requestContext":{"routeKey":"$connect","eventType":"CONNECT","extendedRequestId":"F0x=","requestTime":"19/Jan/2023:21:13:26 +0000",
		"messageDirection":"IN","stage":"default","connectedAt":1674162806344,"requestTimeEpoch":1674162806345,"identity":{"sourceIp":"192.0.2.7"},
		"requestId":"F0x=","domainName":"abcdef123.execute-api.us-east-1.amazonaws.com","connectionId":"F0xAbc=","apiId":"abcdef123"}}`

// TestCheckHandshake: an authorizer of a WebSocket API sees the handshake, and
// answers about the route $connect (WSK-05, WSK-13).
func TestCheckHandshake(t *testing.T) {
	t.Parallel()
	const stage = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/default/"
	for _, tt := range []struct {
		name     string
		auth     handler.Authorizer
		verdict  handler.Verdict
		effect   string
		resource string
	}{
		{"this one", handler.Authorizer{}, handler.Verdict{Allow: true}, "Allow", stage + "$connect"},
		{"denied", handler.Authorizer{}, handler.Verdict{}, "Deny", stage + "$connect"},
		{"one that is kept for a REST API", handler.Authorizer{Cached: true}, handler.Verdict{Allow: true}, "Allow", stage + "*"},
		{"by name", handler.Authorizer{Cached: true}, handler.Verdict{Allow: true, Routes: []string{"$connect"}}, "Allow", stage + "$connect"},
		{"simple answers are of HTTP APIs", handler.Authorizer{Simple: true}, handler.Verdict{Allow: true}, "Allow", stage + "$connect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			tt.auth.Check = func(_ context.Context, c handler.Check) (handler.Verdict, error) {
				r := c.Request
				got = []string{r.Method(), r.Path(), r.RawQuery(), r.Header("HeaderAuth1"), r.Facts().Remote, r.Connection().ID, r.Connection().Route, c.ARN}
				if !r.Caller().Anonymous() {
					t.Errorf("caller %+v before anybody was let in", r.Caller())
				}
				return tt.verdict, nil
			}
			doorway := lambda.New(nil, &lambda.Options{Authorizer: &tt.auth, BasePath: "$connect", Logger: slog.New(slog.DiscardHandler)})
			out, err := doorway.Invoke(t.Context(), []byte(handshakeEvent))
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"CONNECT", "/$connect", "QueryString1=queryValue1", "headerValue1", "192.0.2.7:0", "F0xAbc=", "$connect", stage + "$connect"}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("asked (-want +got)\n%s", d)
			}
			var answer struct {
				PolicyDocument struct {
					Statement []struct {
						Effect, Action string
						Resource       []string
					}
				}
			}
			if err := json.Unmarshal(out, &answer); err != nil || len(answer.PolicyDocument.Statement) != 1 {
				t.Fatalf("answer %s, %v", out, err)
			}
			s := answer.PolicyDocument.Statement[0]
			if s.Effect != tt.effect || s.Action != "execute-api:Invoke" || len(s.Resource) != 1 || s.Resource[0] != tt.resource {
				t.Errorf("answer %s, want %s of %s", out, tt.effect, tt.resource)
			}
		})
	}
}

// TestHandshakeIsNoAuthorizerEvent: the two events of a handshake are told apart,
// each by the function that serves it.
func TestHandshakeIsNoAuthorizerEvent(t *testing.T) {
	t.Parallel()
	gate := authorizing(handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, nil)})
	if out, err := gate.Invoke(t.Context(), fixture(t, "websocket-connect")); err == nil || !strings.Contains(err.Error(), "this function is an authorizer") {
		t.Errorf("a handshake at an authorizer: %s, %v", out, err)
	}
	chat := lambda.New(nil, &lambda.Options{Socket: echo, Logger: slog.New(slog.DiscardHandler)})
	if out, err := chat.Invoke(t.Context(), []byte(handshakeEvent)); err == nil || !strings.Contains(err.Error(), "authorizer event") {
		t.Errorf("a question to an authorizer at $connect: %s, %v", out, err)
	}
	const typeWrong = `"routeKey":7,"eventType"`
	if _, err := gate.Invoke(t.Context(), []byte(strings.Replace(handshakeEvent, `"routeKey":"$connect","eventType"`, typeWrong, 1))); err == nil ||
		!strings.Contains(err.Error(), "requestContext.routeKey is a number") {
		t.Errorf("a route key of another type: %v", err)
	}
}
