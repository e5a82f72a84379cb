package proxy

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// V1 is an adapter of REST API events (payload 1.0): the ProxyWithContext of
// httpadapter.New, chiadapter.New, ginadapter.New, echoadapter.New, fiber and
// others. The application reads the gateway's request context with
// core.GetAPIGatewayContextFromContext: stage, request id, source IP and the
// authorizer's claims are in it; account, API and resource ids are not.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
func V1(adapter func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error)) handler.Handler {
	return proxied(func(ctx context.Context, req *handler.Request, p parts) (answer, error) {
		resp, err := adapter(ctx, eventV1(req, p))
		return answerV1(resp), err
	})
}

// Switchable is an adapter of either API Gateway payload, as gorillamux.New and
// negroni's have: it gets payload 1.0.
func Switchable(adapter func(context.Context, core.SwitchableAPIGatewayRequest) (*core.SwitchableAPIGatewayResponse, error)) handler.Handler {
	return proxied(func(ctx context.Context, req *handler.Request, p parts) (answer, error) {
		event := eventV1(req, p)
		resp, err := adapter(ctx, *core.NewSwitchableAPIGatewayRequestV1(&event))
		switch {
		case err != nil:
			return answer{}, err
		case resp != nil && resp.Version1() != nil:
			return answerV1(*resp.Version1()), nil
		case resp != nil && resp.Version2() != nil:
			return answerV2(*resp.Version2()), nil
		}
		return answer{}, errNoVersion
	})
}

func eventV1(req *handler.Request, p parts) events.APIGatewayProxyRequest {
	query := values(req.RawQuery())
	resource := p.facts.Resource
	if resource == "" {
		resource = "/{proxy+}"
	}
	return events.APIGatewayProxyRequest{
		Resource:                        resource,
		Path:                            p.path,
		HTTPMethod:                      req.Method(),
		Headers:                         last(p.header),
		MultiValueHeaders:               p.header,
		QueryStringParameters:           last(query),
		MultiValueQueryStringParameters: query,
		StageVariables:                  stageVariables(req),
		RequestContext:                  contextV1(req, p, resource),
		Body:                            p.body,
		IsBase64Encoded:                 p.base64,
	}
}

func contextV1(req *handler.Request, p parts, resource string) events.APIGatewayProxyRequestContext {
	caller := req.Caller()
	c := events.APIGatewayProxyRequestContext{
		Stage: p.facts.Stage, DomainName: p.facts.Host, RequestID: p.facts.ID, Protocol: p.facts.Protocol,
		ResourcePath: resource, Path: p.path, HTTPMethod: req.Method(),
		Identity: events.APIGatewayRequestIdentity{
			SourceIP: p.ip, UserAgent: req.Header("User-Agent"),
			UserArn: caller.ARN, AccountID: caller.Account, CognitoIdentityID: caller.Identity,
		},
	}
	if t := p.facts.Time; !t.IsZero() {
		c.RequestTime, c.RequestTimeEpoch = requestTime(t), t.UnixMilli()
	}
	switch caller.Kind {
	case handler.CallerIAM:
		c.Identity.User, c.Identity.Caller = caller.ID, caller.ID
	case handler.CallerJWT:
		c.Authorizer = map[string]any{"claims": claims(caller)}
	case handler.CallerLambda:
		c.Authorizer = claims(caller)
		c.Authorizer["principalId"] = caller.ID
	}
	return c
}

// claims are a copy, of the type that the events have.
func claims(caller handler.Caller) map[string]any {
	m := make(map[string]any, len(caller.Claims)+1)
	for name, value := range caller.Claims {
		m[name] = value
	}
	return m
}

// requestTime is as API Gateway writes it.
func requestTime(t time.Time) string { return t.UTC().Format("02/Jan/2006:15:04:05 -0700") }

func answerV1(r events.APIGatewayProxyResponse) answer {
	return answer{status: r.StatusCode, headers: r.Headers, multi: r.MultiValueHeaders, body: r.Body, base64: r.IsBase64Encoded}
}

// stageVariables are those of the stage, nil for none.
func stageVariables(req *handler.Request) map[string]string {
	var all map[string]string
	for name, value := range req.StageVariables() {
		if all == nil {
			all = map[string]string{}
		}
		all[name] = value
	}
	return all
}
