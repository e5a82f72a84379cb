package middleware

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Authorizer is a Lambda authorizer made of the same middleware that would stand before a
// handler, the first outermost: for REST APIs, which have no JWT authorizers, and for the
// handshake of WebSocket APIs.
//
//	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
//	gate.Check(middleware.Authorizer(middleware.JWT(settings, nil), middleware.Require(middleware.Scopes("orders/read"))))
//
// Who comes through is let in everywhere, with the caller's id as principal and the claims
// as context. Scopes and groups are in the context as "scope", words with spaces between
// them, and "groups", a list in JSON; [AuthorizerContext] makes them those of the caller
// again. A claim of one of these names that did not make them the caller's is left out.
// Of the others, status 401 answers 401, every other status below 500 answers 403, and the
// rest 500.
//
// A token authorizer is told the token alone, which the middleware finds in the header
// Authorization, and method and path. No authorizer is told a body, so [Signed] has no
// place here, and nothing that the middleware adds to an answer reaches the client.
//
// A verdict that API Gateway keeps (see [handler.Authorizer].Cached) outlives the token by
// the authorizer's TTL at most, and holds for all routes: with a TTL, do not decide by path
// or method.
//
// Panics with a [*datastore.DeclarationError] if there is no middleware, which would let
// nobody in.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
func Authorizer(mw ...handler.Middleware) handler.AuthorizerFunc {
	if len(mw) == 0 || slices.ContainsFunc(mw, func(m handler.Middleware) bool { return m == nil }) {
		misdeclared("Authorizer: there is no middleware, or a nil one; give it JWT, APIKeys or ClientCertificate")
	}
	chain := handler.Chain(handler.HandlerFunc(through), mw...)
	return func(ctx context.Context, check handler.Check) (handler.Verdict, error) {
		req := check.Request
		if check.Token != "" && len(req.Headers()) == 0 { // of a token authorizer
			req = req.WithHeader("Authorization", check.Token)
		}
		var verdict handler.Verdict
		resp, err := chain.Handle(context.WithValue(ctx, verdictKey{}, &verdict), req)
		if err == nil && resp.StatusCode() >= http.StatusBadRequest {
			err = &handler.Error{Status: resp.StatusCode(), Err: resp.Err}
		}
		if err == nil {
			return verdict, nil
		}
		if status := handler.AsError(err).StatusCode(); status != http.StatusUnauthorized && status < http.StatusInternalServerError {
			return handler.Verdict{}, nil
		}
		return handler.Verdict{}, err
	}
}

type verdictKey struct{}

// through is what stands behind the middleware: who comes here is let in, if it is
// somebody.
func through(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	caller := req.Caller()
	if caller.Anonymous() {
		return nil, handler.ErrUnauthorized
	}
	verdict, _ := ctx.Value(verdictKey{}).(*handler.Verdict)
	*verdict = handler.Verdict{Allow: true, Principal: caller.ID, Context: contextOf(&caller)}
	return &handler.Response{Status: http.StatusNoContent}, nil
}

// contextOf are the claims of a caller, with its scopes and groups.
func contextOf(caller *handler.Caller) map[string]any {
	values := make(map[string]any, len(caller.Claims)+2)
	for name, text := range caller.Claims {
		switch name {
		case "", "principalId", "integrationLatency": // the gateway's own
		case "scope", "groups": // what the caller has of them follows, and nothing else by their names
		default:
			values[name] = text
		}
	}
	// A word with a space in it, which no scope has, would be two on the other side.
	words := slices.DeleteFunc(slices.Clone(caller.Scopes), func(s string) bool { return strings.ContainsAny(s, " \t\r\n") })
	if len(words) > 0 {
		values["scope"] = strings.Join(words, " ")
	}
	if len(caller.Groups) > 0 {
		list, _ := json.Marshal(caller.Groups) // texts have JSON
		values["groups"] = string(list)
	}
	return values
}

// AuthorizerContextOptions changes what [AuthorizerContext] does. The zero value of each
// field is its default.
type AuthorizerContextOptions struct {
	// Scopes and Groups are the members of the context that have them. Default "scope"
	// and "groups", as [Authorizer] names them.
	Scopes, Groups string
}

// AuthorizerContext makes the scopes and the groups that a Lambda authorizer has passed on
// in its context those of the caller, for [Require]: a context has texts, and front doors
// do not know what they stand for. It changes only callers whom a Lambda authorizer has let
// in. Where that is another one than [Authorizer], such as [jwt.Verifier.Check], name
// members that no token can have otherwise: "cognito:groups". opts may be nil.
//
// [jwt.Verifier.Check]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/handler/jwt#Verifier.Check
func AuthorizerContext(opts *AuthorizerContextOptions) handler.Middleware {
	o := AuthorizerContextOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Scopes == "" {
		o.Scopes = "scope"
	}
	if o.Groups == "" {
		o.Groups = "groups"
	}
	return identify(func(_ context.Context, req *handler.Request) (handler.Caller, bool, error) {
		caller := req.Caller()
		if caller.Kind != handler.CallerLambda {
			return caller, false, nil
		}
		caller.Scopes, caller.Groups = wordsOf(caller.Claim(o.Scopes)), wordsOf(caller.Claim(o.Groups))
		return caller, true, nil
	}, nil)
}
