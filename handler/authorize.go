package handler

import (
	"context"
	"encoding/json"
	"net/http"
)

// Authorizer is a Lambda authorizer: it decides about requests before API
// Gateway invokes the function behind a route. tier.App.Authorizer declares one,
// handler/lambda serves it.
type Authorizer struct {
	// Check decides. It must be safe for concurrent use. See
	// [AuthorizerFunc] for what its results mean.
	Check AuthorizerFunc
	// Cached says that API Gateway keeps a verdict and asks it again about
	// other routes; see [Verdict].
	Cached bool
	// Simple answers an HTTP API of payload format 2.0 by isAuthorized instead
	// of a policy. Other front doors get a policy anyway.
	Simple bool
}

// AuthorizerFunc decides about a request. A verdict that does not allow answers
// 403. An error of status 401 ([ErrUnauthorized], an error of handler/jwt) answers
// 401; every other error, and a panic, answers 500. Nothing of an error is sent.
type AuthorizerFunc func(ctx context.Context, check Check) (Verdict, error)

// ErrUnauthorized is what an [AuthorizerFunc] returns when it does not know who is
// calling. The client gets 401.
var ErrUnauthorized error = &Error{Status: http.StatusUnauthorized}

// Check is what a Lambda authorizer is asked.
type Check struct {
	// Token is what the client identifies itself with, whole, "Bearer eyJ...":
	// the header of a token authorizer, else the Authorization header; "" for
	// none.
	Token string
	// Sources are the values of the identity sources in order of declaration,
	// as an HTTP API hands them over in payload format 2.0. In format 1.0 they
	// are joined with commas and are the Token. A REST API does not tell them
	// apart from the rest of the request.
	Sources []string
	// ARN of the route with the path of the request:
	// "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/orders/7",
	// or "…/live/$connect" for the handshake of a WebSocket API.
	ARN string
	// Request without its body. A token authorizer is told method and path only,
	// by the ARN, and no header. A handshake is "CONNECT /$connect" and has a
	// [Request.Connection].
	Request *Request
}

// Verdict is what a Lambda authorizer decided. The zero value denies.
//
// Without a cache it is about the one request. API Gateway that caches keeps the
// verdict for a token and asks it again about every other route of the API that
// this authorizer guards, so a verdict then is about the whole stage of the API
// unless Routes narrows it: one that names the first route only would refuse the
// second. A simple answer (see [Authorizer]) says yes or no to whatever is asked,
// so Routes and Policy have no place in one.
type Verdict struct {
	// Allow lets the request go on.
	Allow bool
	// Routes are what is allowed, and nothing else: "GET /orders/*",
	// "* /public/*", with "*" for any text, slashes included, and "?" for one
	// character. Paths are those of requests, not patterns with parameters. The
	// handshake of a WebSocket API is "$connect". Only with Allow; empty for all,
	// as said above.
	Routes []string
	// Principal tells callers apart: it becomes [Caller.ID]. Default "unnamed".
	Principal string
	// Context goes on to the function, where it is in [Caller.Claims], as text:
	// values are texts, booleans, integers or floating point numbers. The names
	// "principalId" and "integrationLatency" are the gateway's.
	Context map[string]any
	// UsageKey is the API key to count the request against, for a REST API whose
	// keys come from its authorizer; "" for none.
	UsageKey string
	// Policy is an IAM policy document to answer with instead of what Allow and
	// Routes say, which must then be left out. Its action is execute-api:Invoke.
	// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html.
	Policy json.RawMessage
}
