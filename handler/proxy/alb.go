package proxy

import (
	"context"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// ALB is an adapter of load balancer events: the ProxyWithContext of
// httpadapter.NewALB, ginadapter.NewALB, echoadapter.NewALB and gorillamux.NewALB.
// The event is in multi-value mode; its query is decoded, because the adapters
// encode it once more. Its target group has no ARN.
//
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html.
func ALB(adapter func(context.Context, events.ALBTargetGroupRequest) (events.ALBTargetGroupResponse, error)) handler.Handler {
	return proxied(func(ctx context.Context, req *handler.Request, p parts) (answer, error) {
		resp, err := adapter(ctx, eventALB(req, p))
		return answerALB(resp), err
	})
}

func eventALB(req *handler.Request, p parts) events.ALBTargetGroupRequest {
	return events.ALBTargetGroupRequest{
		HTTPMethod:                      req.Method(),
		Path:                            p.path,
		MultiValueQueryStringParameters: values(req.RawQuery()),
		// The adapters take the host from here and all else from the multi-value map.
		Headers:           map[string]string{"host": p.facts.Host},
		MultiValueHeaders: p.header,
		Body:              p.body,
		IsBase64Encoded:   p.base64,
	}
}

// answerALB has one of the two maps: a load balancer uses that of its mode.
func answerALB(r events.ALBTargetGroupResponse) answer {
	a := answer{status: r.StatusCode, multi: r.MultiValueHeaders, body: r.Body, base64: r.IsBase64Encoded}
	if r.MultiValueHeaders == nil {
		a.headers = r.Headers
	}
	return a
}
