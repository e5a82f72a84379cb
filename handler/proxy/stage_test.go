package proxy_test

import (
	"context"
	"iter"
	"maps"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/proxy"
)

// stagedEvent is an event of a stage with variables.
type stagedEvent struct {
	event
	vars map[string]string
}

func (e stagedEvent) StageVariables() iter.Seq2[string, string] { return maps.All(e.vars) }

// TestStageVariables: adapters find the variables in their events; without any
// the map is nil, as the gateway's null.
func TestStageVariables(t *testing.T) {
	t.Parallel()
	var got map[string]string
	for name, h := range map[string]handler.Handler{
		"V1": proxy.V1(func(_ context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			got = e.StageVariables
			return events.APIGatewayProxyResponse{StatusCode: 200}, nil
		}),
		"V2": proxy.V2(func(_ context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
			got = e.StageVariables
			return events.APIGatewayV2HTTPResponse{StatusCode: 200}, nil
		}),
	} {
		for _, want := range []map[string]string{{"level": "2"}, nil} {
			if _, err := h.Handle(context.Background(), handler.NewRequest(stagedEvent{event{method: "GET", path: "/x"}, want})); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}
