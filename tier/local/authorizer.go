package local

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// authorizerGate is the gate of a route's authorizer, nil for a route without one.
// An authorizer that it does not know is an error: nobody gets in by it.
func authorizerGate(route *tier.Route, o *gating) (gate, error) {
	a := route.Authorizer()
	switch {
	case a == nil && o.policy == nil:
		return nil, nil
	case a == nil:
		return newPolicyGate(o), nil
	case tier.IsIAM(a):
		return newIAMGate(route, o), nil
	case o.policy != nil:
		return nil, fmt.Errorf("the local gateway cannot join a resource policy with an authorizer such as %s", a.Name())
	}
	switch a := a.(type) {
	case *tier.LambdaAuthorizer:
		return o.lambdaGate(a)
	case *tier.CognitoAuthorizer:
		return o.cognitoGate(a, route)
	case *tier.JWTAuthorizer:
		return o.jwtGate(a, route)
	default:
		return nil, fmt.Errorf("the local gateway has no authorizer %s", a.Name())
	}
}

// asker is what a REST API and an HTTP API differ in when they ask who is calling.
type asker interface {
	// resource is how the ARN of the request ends, after the stage: "GET/orders/7".
	resource(x *exchange) string
	// source is the value of an identity source, "" for none.
	source(x *exchange, s tier.Source) string
	// event is what a Lambda authorizer is asked.
	event(x *exchange, q *question) []byte
	// let notes in x what a Lambda authorizer said of who is calling.
	let(x *exchange, v *verdict, took time.Duration)
	// needs reports whether requests without an identity source are refused.
	needs(s *tier.AuthorizerSettings) bool
	// flat reports whether the context of a verdict has plain values only.
	flat() bool
	// wait is how long the gateway waits for a Lambda authorizer.
	wait() time.Duration
	// longestARN of a request that an authorizer guards, 0 for any.
	longestARN() int
	// denied is the answer to whom a policy does not let in.
	denied(explicit bool) *refusal
	// unauthorized is the answer to whom nobody knows, broken to a request whose
	// authorizer failed.
	unauthorized() *refusal
	broken() *refusal
}

// askerOf is the asker of the gateway's door.
func (o *gating) askerOf() (asker, error) {
	switch o.Door.(type) {
	case REST:
		return newRestAsker(o.api.Name(), o.stage), nil
	case HTTP:
		return newHTTPAsker(o.api.Name(), o.stage), nil
	}
	return nil, fmt.Errorf("a %s has no authorizers", o.Door)
}

// refuse answers x and notes why, for the log.
func (x *exchange) refuse(r *refusal, who, format string, args ...any) *answer {
	x.note(who, format, args...)
	x.err = errors.New(who + ": " + fmt.Sprintf(format, args...))
	return r.answer(x.id)
}

// What a REST API answers whom an authorizer does not let in.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
var (
	restUnauthorized   = refusal{http.StatusUnauthorized, jsonType, `{"message":"Unauthorized"}`, "UnauthorizedException"}
	restTokenExpired   = refusal{http.StatusUnauthorized, jsonType, `{"message":"The incoming token has expired"}`, "UnauthorizedException"}
	restDenied         = refusal{http.StatusForbidden, jsonType, `{"Message":"User is not authorized to access this resource"}`, "AccessDeniedException"}
	restDeniedExplicit = refusal{http.StatusForbidden, jsonType, `{"Message":"User is not authorized to access this resource with an explicit deny"}`, "AccessDeniedException"}
	restAuthorizer     = refusal{http.StatusInternalServerError, jsonType, `{"message":null}`, "AuthorizerConfigurationException"}
)

// The same of an HTTP API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html.
var (
	httpUnauthorized = httpRefusal(http.StatusUnauthorized, "Unauthorized")
)

// contextValue is a member of the request context that both kinds of APIs have.
func (x *exchange) contextValue(name, stage string) string {
	switch name {
	case "domainName":
		return hostName(x.Host)
	case "httpMethod":
		return x.method
	case "identity.sourceIp":
		return hostName(x.RemoteAddr)
	case "identity.userAgent":
		return x.UserAgent()
	case "stage":
		return stage
	}
	return ""
}
