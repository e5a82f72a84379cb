package proxy

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// V2 is an adapter of HTTP API and function URL events (payload 2.0): the
// ProxyWithContext of httpadapter.NewV2, ginadapter.NewV2, echoadapter.NewV2; chi
// and fiber name it ProxyWithContextV2. The adapters split header values at
// commas: prefer [V1] where the framework has both.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
func V2(adapter func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)) handler.Handler {
	return proxied(func(ctx context.Context, req *handler.Request, p parts) (answer, error) {
		resp, err := adapter(ctx, eventV2(req, p))
		return answerV2(resp), err
	})
}

func eventV2(req *handler.Request, p parts) events.APIGatewayV2HTTPRequest {
	headers := make(map[string]string, len(p.header))
	for name, vs := range p.header {
		if name != "Cookie" {
			headers[strings.ToLower(name)] = strings.Join(vs, ",")
		}
	}
	return events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       "$default",
		RawPath:        p.path,
		RawQueryString: strings.ReplaceAll(req.RawQuery(), "#", "%23"), // the adapters parse it
		Cookies:        p.header["Cookie"],                             // all in one: the adapters make a line of each
		Headers:        headers,
		StageVariables: stageVariables(req),
		RequestContext: contextV2(req, p),
		Body:           p.body, IsBase64Encoded: p.base64,
	}
}

func contextV2(req *handler.Request, p parts) events.APIGatewayV2HTTPRequestContext {
	c := events.APIGatewayV2HTTPRequestContext{
		RouteKey: "$default", Stage: p.facts.Stage, RequestID: p.facts.ID, DomainName: p.facts.Host,
		Authorizer: authorizerV2(req.Caller()),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: req.Method(), Path: p.path, Protocol: p.facts.Protocol,
			SourceIP: p.ip, UserAgent: req.Header("User-Agent"),
		},
	}
	if t := p.facts.Time; !t.IsZero() {
		c.Time, c.TimeEpoch = requestTime(t), t.UnixMilli()
	}
	return c
}

func authorizerV2(caller handler.Caller) *events.APIGatewayV2HTTPRequestContextAuthorizerDescription {
	switch caller.Kind {
	case handler.CallerIAM:
		return &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
				AccountID: caller.Account, CallerID: caller.ID, UserID: caller.ID, UserARN: caller.ARN,
				CognitoIdentity: events.APIGatewayV2HTTPRequestContextAuthorizerCognitoIdentity{IdentityID: caller.Identity},
			},
		}
	case handler.CallerJWT:
		return &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
				Claims: maps.Clone(caller.Claims), Scopes: caller.Scopes,
			},
		}
	case handler.CallerLambda:
		return &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: claims(caller)}
	}
	return nil
}

// answerV2 passes over multi-value headers, as API Gateway does.
func answerV2(r events.APIGatewayV2HTTPResponse) answer {
	return answer{status: r.StatusCode, headers: r.Headers, cookies: r.Cookies, body: r.Body, base64: r.IsBase64Encoded}
}
