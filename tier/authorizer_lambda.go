package tier

import (
	"regexp"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// AuthorizerSettings say what a Lambda authorizer is given and how long its
// verdicts are kept. The zero value gives it the whole request, every time.
type AuthorizerSettings struct {
	// Token is the header whose value, and nothing else of the request, the
	// authorizer is given. A request without it is answered 401 and the
	// authorizer is not invoked. REST APIs only. Default none: it is given the
	// whole request but for the body.
	Token string
	// Expression that the whole Token must match (RE2 syntax), else 401 without
	// an invocation. Default none.
	Expression string
	// Sources say who is calling: "header.Authorization", "query.key",
	// "context.identity.sourceIp". With a TTL, and in an HTTP API and a WebSocket
	// API always, a request that lacks one is answered 401 and the authorizer is
	// not invoked.
	// Not with Token.
	Sources []string
	// TTL is how long a verdict is kept for equal sources: whole seconds, at
	// most an hour. Default 0: every request is a new invocation, as every
	// handshake of a WebSocket API is with any TTL.
	TTL time.Duration
	// Format of an HTTP API's events: "1.0" or "2.0". Default "2.0".
	Format string
	// Simple answers an HTTP API yes or no instead of by a policy. A verdict
	// that is kept then holds for every route of the authorizer, unless
	// "context.routeKey" is among the Sources. Not with Format "1.0".
	Simple bool
	// Issuer whose subjects ("sub") the principal ids are, where the check verifies
	// tokens: "https://id.example.com". To a store of callers' own rows they are then
	// the same people as those of another authorizer of this issuer. Default: the ids
	// are this authorizer's own.
	Issuer string
}

// LambdaAuthorizer is an authorizer that is a function of the App, with its own
// role: datastore.Use grants it stores.
type LambdaAuthorizer struct {
	function *Function
	settings AuthorizerSettings
	check    handler.AuthorizerFunc
}

var (
	_ checked            = (*LambdaAuthorizer)(nil)
	_ datastore.Function = (*LambdaAuthorizer)(nil)
)

// Authorizer declares a Lambda authorizer, a function of that name. What it
// decides is given to [LambdaAuthorizer.Check].
//
//	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
//	gate.Check(sessions.check)
//	api.Authorize(gate)
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html.
func (a *App) Authorizer(name string, s AuthorizerSettings, opts ...FunctionOption) *LambdaAuthorizer {
	at := datastore.Caller()
	a.checkName(at, "authorizer", name)
	s.Sources = slices.Clone(s.Sources)
	auth := &LambdaAuthorizer{function: a.newFunction(nil, name, at), settings: s}
	auth.function.authorizer = auth
	auth.function.apply(opts)
	return auth
}

// Check gives the authorizer what it decides by. It runs as the authorizer's
// function, in Lambda and on localhost.
func (l *LambdaAuthorizer) Check(decide handler.AuthorizerFunc) {
	app, at := l.function.app, datastore.Caller()
	switch {
	case decide == nil:
		app.fail(at, "authorizer %s: the check is nil; give it a function", l.Name())
	case l.check != nil:
		app.fail(at, "authorizer %s: it has a check already; write one", l.Name())
	default:
		l.check = decide
	}
}

// Name of the authorizer and of its function.
func (l *LambdaAuthorizer) Name() string { return l.function.name }

// At is where it was declared.
func (l *LambdaAuthorizer) At() datastore.Position { return l.function.at }

// Settings as they were declared. Sources are not to be changed.
func (l *LambdaAuthorizer) Settings() AuthorizerSettings { return l.settings }

// Sources of the identity, parsed: the token header, or those of the settings.
func (l *LambdaAuthorizer) Sources() []Source {
	if l.settings.Token != "" {
		return []Source{{"header", l.settings.Token}}
	}
	var all []Source
	for _, text := range l.settings.Sources {
		if s, ok := ParseSource(text); ok {
			all = append(all, s)
		}
	}
	return all
}

// Function that the authorizer is.
func (l *LambdaAuthorizer) Function() *Function { return l.function }

// FunctionName is the name under which the authorizer is dispatched.
func (l *LambdaAuthorizer) FunctionName() string { return l.function.name }

// AddGrant records a grant; datastore.Use calls it.
func (l *LambdaAuthorizer) AddGrant(g *datastore.Grant) { l.function.AddGrant(g) }

func (l *LambdaAuthorizer) applyRoute(r *Route) { r.protect(l) }
func (l *LambdaAuthorizer) scoped() bool        { return false }
func (l *LambdaAuthorizer) misuse(*Route) string {
	return ""
}

// Authorizer is what decides if the function is a Lambda authorizer, nil if it is
// none.
func (f *Function) Authorizer() *handler.Authorizer {
	if f.authorizer == nil || f.authorizer.check == nil {
		return nil
	}
	s := f.authorizer.settings
	return &handler.Authorizer{Check: f.authorizer.check, Cached: s.TTL > 0, Simple: s.Simple}
}

// AuthorizerFunctions are the functions that API Gateway asks before it invokes
// those of the API, each once, in order of the first route.
func (api *API) AuthorizerFunctions() []*Function {
	var all []*Function
	for _, a := range api.Authorizers() {
		if l, ok := a.(*LambdaAuthorizer); ok {
			all = append(all, l.function)
		}
	}
	return all
}

// The limits of Lambda authorizers. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const (
	maxAuthorizerTTL  = time.Hour
	maxAuthorizerWait = 10 * time.Second // of an HTTP API
)

// fits is what keeps it from guarding an API of the kind.
func (l *LambdaAuthorizer) fits(kind Kind) string {
	for _, s := range l.Sources() {
		if s.somewhere() && !s.known(kind) {
			return "has no " + s.String() + "; write one of: " + contextNames(kind)
		}
	}
	switch {
	case kind == HTTP && l.settings.Token != "":
		return `gives an authorizer the whole request, not a token; write Sources: []string{"header.` + l.settings.Token + `"} instead of Token`
	case kind == HTTP && l.function.timeout > maxAuthorizerWait:
		return "waits 10s for an authorizer, whose timeout is " + l.function.timeout.String() + "; write tier.Timeout(10*time.Second) or less"
	}
	return ""
}

// protectsConnect is what keeps it from protecting a handshake.
func (l *LambdaAuthorizer) protectsConnect() string {
	if l.settings.Token != "" {
		return `gives an authorizer the whole request, not a token; write Sources: []string{"header.` + l.settings.Token + `"} instead of Token`
	}
	for _, s := range l.Sources() {
		if s.somewhere() && !s.ofHandshake() {
			return "has no " + s.String() + "; write one of: " + handshakeNames()
		}
	}
	return ""
}

// guardsOnlySockets reports whether it protects handshakes, and nothing else.
func (l *LambdaAuthorizer) guardsOnlySockets() bool {
	app := l.function.app
	return slices.ContainsFunc(app.sockets, func(w *WebSocket) bool { return w.authorizer == Authorizer(l) }) &&
		!slices.ContainsFunc(app.apis, func(api *API) bool { return slices.Contains(api.guards(), Authorizer(l)) })
}

func (l *LambdaAuthorizer) mistakes() []error {
	s, w := &l.settings, &wrongs{at: l.At(), name: l.Name()}
	if l.check == nil {
		w.add("it decides nothing; give it a function with Check")
	}
	if s.Token != "" && len(s.Sources) > 0 {
		w.add("both Token and Sources; write Token for a header alone, or Sources to get the whole request")
	}
	if s.Token != "" && !headerName(s.Token) {
		w.add("Token %q is no name of a header; write one like Authorization", s.Token)
	}
	for i, text := range s.Sources {
		switch src, ok := ParseSource(text); {
		case !ok:
			w.add(`source %q; write "header.NAME", "query.NAME" or "context.NAME"`, text)
		case !src.somewhere():
			w.add("source %q; of the request context there are %s", text, contextNames(REST)+", context.routeKey")
		case slices.Contains(s.Sources[:i], text):
			w.add("source %q twice; write it once", text)
		}
	}
	w.checkTTL(s.TTL)
	switch {
	case s.TTL > 0 && l.guardsOnlySockets():
		w.add("a TTL of %v, and it guards WebSocket APIs alone, for which API Gateway keeps no verdict; leave TTL out", s.TTL)
	case s.TTL > 0 && s.Token == "" && len(s.Sources) == 0:
		w.add("a TTL of %v and no source by which verdicts could be kept; write Token or Sources, or leave TTL out", s.TTL)
	}
	if s.Expression != "" && s.Token == "" {
		w.add("an Expression, which only a Token is held against; write Token, or leave Expression out")
	}
	w.checkExpression(s.Expression)
	l.checkFormat(w)
	return w.all
}

// checkFormat: formats and simple answers are of HTTP APIs.
func (l *LambdaAuthorizer) checkFormat(w *wrongs) {
	s := &l.settings
	guardsHTTP := slices.ContainsFunc(l.function.app.apis, func(api *API) bool {
		return api.kind == HTTP && slices.Contains(api.guards(), Authorizer(l))
	})
	switch {
	case s.Format != "" && s.Format != "1.0" && s.Format != "2.0":
		w.add(`format %q; write "1.0" or "2.0"`, s.Format)
	case s.Simple && s.Format == "1.0":
		w.add(`Simple with Format "1.0", which takes policies only; leave one of the two out`)
	case (s.Format != "" || s.Simple) && !guardsHTTP:
		w.add("Format and Simple are of HTTP APIs, and it guards none; leave them out")
	}
}

func (w *wrongs) checkTTL(ttl time.Duration) {
	if ttl < 0 || ttl > maxAuthorizerTTL || ttl%time.Second != 0 {
		w.add("a TTL of %v; write whole seconds from 0s to 1h", ttl)
	}
}

func (w *wrongs) checkExpression(expression string) {
	if _, err := regexp.Compile(expression); err != nil {
		w.add("the Expression does not compile: %v; write a regular expression in RE2 syntax, which API Gateway's knows too", err)
	}
}
