package local

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// jwtGate is the JWT authorizer of one route of an HTTP API.
type jwtGate struct {
	who      string
	source   tier.Source
	verifier *jwt.Verifier
	scopes   []string
	asks     asker
}

var _ gate = (*jwtGate)(nil)

// rsaOnly are the algorithms that JWT authorizers take.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
func rsaOnly() []string { return []string{"RS256", "RS384", "RS512"} }

func (o *gating) jwtGate(a *tier.JWTAuthorizer, route *tier.Route) (gate, error) {
	s := a.Settings()
	source, ok := tier.ParseSource(s.Source)
	if !ok {
		return nil, errors.New("authorizer " + a.Name() + ": no source")
	}
	asks, err := o.askerOf()
	if err != nil {
		return nil, err
	}
	keys, err := o.keys.of(o.issuer(a, jwtSource{issuer: s.Issuer}), rsaOnly(), o.Now)
	if err != nil {
		return nil, err
	}
	verifier, err := jwt.New(jwt.Settings{Issuer: s.Issuer, Audiences: s.Audience, ClientIDs: s.Audience, Keys: keys})
	if err != nil {
		return nil, err
	}
	return &jwtGate{"authorizer " + a.Name(), source, verifier, route.Scopes(), asks}, nil
}

func (g *jwtGate) pass(x *exchange) *answer {
	value := g.asks.source(x, g.source)
	if value == "" {
		a := x.refuse(&httpUnauthorized, g.who, "the request has no %s", g.source)
		challenge(a, "Bearer")
		return a
	}
	claims, err := g.verifier.Verify(x.Context(), jwt.FromHeader(value))
	if err != nil {
		a := x.refuse(&httpUnauthorized, g.who, "%v%s", err, elsewhere(g.who, err))
		challenge(a, `Bearer scope="" error="invalid_token" error_description="`+description(err)+`"`)
		return a
	}
	if len(g.scopes) > 0 && !claims.HasAnyScope(g.scopes...) {
		a := x.refuse(&httpForbidden, g.who, "the token has none of the scopes %s", strings.Join(g.scopes, ", "))
		challenge(a, `Bearer scope="`+quotable(strings.Join(g.scopes, " "))+`" error="insufficient_scope"`)
		return a
	}
	x.note(g.who, "the token of %q is accepted", claims.Subject)
	x.kind, x.authorizer = "jwt", g.let(&claims)
	return nil
}

// elsewhere says, where the keys of an issuer cannot be had, how others are named.
func elsewhere(who string, err error) string {
	var e *jwt.Error
	if !errors.As(err, &e) || e.Code != jwt.CodeKeysUnavailable {
		return ""
	}
	return "; if there is a key set elsewhere, name it in the file of identities as issuers." + strings.TrimPrefix(who, "authorizer ") + ".jwks"
}

// let is requestContext.authorizer: the claims as texts, and all scopes of the
// token on a route that asks for some.
func (g *jwtGate) let(claims *jwt.Claims) []byte {
	b := appendClaims([]byte(`{"claims":`), claims.Strings())
	b = append(b, `,"scopes":`...)
	if len(g.scopes) > 0 {
		b = appendAll(b, claims.Scopes)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}

// appendClaims appends the claims in order of their names.
func appendClaims(b []byte, claims map[string]string) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(claims)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		b = appendString(b, claims[name])
	}
	return append(b, '}')
}

// challenge sets what tells the client how to identify itself.
func challenge(a *answer, text string) { a.header["www-authenticate"] = []string{text} }

// quotable is a text as it can stand between quotes in a header.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s)
}

// description says in the words of the answer why a token was refused. Nothing of
// the token is in them. API Gateway has others.
func description(err error) string {
	var e *jwt.Error
	if !errors.As(err, &e) {
		return "the token is invalid"
	}
	switch e.Code {
	case jwt.CodeAlgorithm:
		return "the signing method is not allowed"
	case jwt.CodeKeysUnavailable:
		return "the keys of the issuer are not available"
	case jwt.CodeKey:
		return "the key of the token is unknown"
	case jwt.CodeSignature:
		return "the signature is invalid"
	case jwt.CodeIssuer:
		return "the issuer is not the expected one"
	case jwt.CodeAudience:
		return "the audience is not the expected one"
	case jwt.CodeExpired:
		return "the token has expired"
	case jwt.CodeNotYetValid:
		return "the token is not valid yet"
	}
	return "the token is malformed"
}
