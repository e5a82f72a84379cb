package handlertest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// TestWebSocketEventMembers is WSK-01 to WSK-04: each event has the members that
// a WebSocket API sends, and no others.
func TestWebSocketEventMembers(t *testing.T) {
	t.Parallel()
	always := []string{"apiId", "connectedAt", "connectionId", "domainName", "eventType", "extendedRequestId", "identity",
		"messageDirection", "requestId", "requestTime", "requestTimeEpoch", "routeKey", "stage"}
	for _, tt := range []struct {
		req             *handler.Request
		members, beside []string // of the event, and of requestContext
	}{
		{handlertest.Connect(), []string{"headers", "isBase64Encoded", "multiValueHeaders", "requestContext"}, nil},
		{handlertest.Connect(handlertest.Query("a=1")), []string{"headers", "isBase64Encoded", "multiValueHeaders",
			"multiValueQueryStringParameters", "queryStringParameters", "requestContext"}, nil},
		{handlertest.Message("say", "x"), []string{"body", "isBase64Encoded", "requestContext"}, []string{"messageId"}},
		{handlertest.Message("say", "x", handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: "ada"})),
			[]string{"body", "isBase64Encoded", "requestContext"}, []string{"authorizer", "messageId"}},
		{handlertest.Disconnect(1000, ""), []string{"headers", "isBase64Encoded", "multiValueHeaders", "requestContext"},
			[]string{"disconnectReason", "disconnectStatusCode"}},
	} {
		var event, context map[string]json.RawMessage
		if err := json.Unmarshal(handlertest.WebSocketEvent(tt.req), &event); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(event["requestContext"], &context); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.members, slices.Sorted(maps.Keys(event))); d != "" {
			t.Errorf("%s: members (-want +got):\n%s", tt.req.Method(), d)
		}
		want := slices.Sorted(slices.Values(slices.Concat(always, tt.beside)))
		if d := cmp.Diff(want, slices.Sorted(maps.Keys(context))); d != "" {
			t.Errorf("%s: requestContext (-want +got):\n%s", tt.req.Method(), d)
		}
	}
}

// A message on its way through the doorway of a function.
func ExampleWebSocketEvent() {
	who := handler.New(func(_ context.Context, in struct{ Me handler.Connection }) (string, error) { return in.Me.Route, nil })
	d := lambda.New(nil, &lambda.Options{Socket: who})
	out, err := d.Invoke(context.Background(), handlertest.WebSocketEvent(handlertest.Message("who", "{}")))
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := handlertest.ReadAnswer(out)
	fmt.Println(answer.Status, string(answer.Body), err)
	// Output: 200 "who" <nil>
}
