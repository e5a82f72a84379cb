package tier

import (
	"net/url"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// JWTSettings say whose tokens a [JWTAuthorizer] accepts.
type JWTSettings struct {
	// Issuer is what tokens have as "iss", an https URL. Its keys are found by
	// OpenID Connect discovery.
	Issuer string
	// Audience of which a token must name one, by "aud", or by "client_id" if it
	// has no "aud". One to 50.
	Audience []string
	// Source of the token, bare or after "Bearer ": "header.NAME" or
	// "query.NAME". Default "header.Authorization".
	Source string
}

// JWTAuthorizer lets in who has a token of an OpenID Connect issuer. See [JWT].
type JWTAuthorizer struct {
	name     string
	at       datastore.Position
	settings JWTSettings
}

var _ checked = (*JWTAuthorizer)(nil)

// JWT declares an authorizer of an HTTP API by JSON Web Tokens that are signed
// with RSA. A route with [Scopes] wants one of them among the "scope" or "scp" of
// the token. A REST API has [Cognito] for user pools, and for other issuers a
// Lambda authorizer whose check is that of a jwt.Verifier (handler/jwt).
//
//	users := tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"orders"}})
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html.
func JWT(name string, s JWTSettings) *JWTAuthorizer {
	s.Audience = slices.Clone(s.Audience)
	if s.Source == "" {
		s.Source = "header.Authorization"
	}
	return &JWTAuthorizer{name: name, at: datastore.Caller(), settings: s}
}

// Name of the authorizer.
func (j *JWTAuthorizer) Name() string { return j.name }

// At is where it was declared.
func (j *JWTAuthorizer) At() datastore.Position { return j.at }

// Settings as they were declared, with defaults. Audience is not to be changed.
func (j *JWTAuthorizer) Settings() JWTSettings { return j.settings }

func (j *JWTAuthorizer) applyRoute(r *Route)  { r.protect(j) }
func (j *JWTAuthorizer) scoped() bool         { return true }
func (j *JWTAuthorizer) misuse(*Route) string { return "" }

func (j *JWTAuthorizer) fits(kind Kind) string {
	if kind == HTTP {
		return ""
	}
	return "has no JWT authorizers; write tier.Cognito for user pools, or app.Authorizer with the Check of a jwt.Verifier, or make it an HTTP API with tier.HTTP"
}

// maxAudiences of a JWT authorizer.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const maxAudiences = 50

func (j *JWTAuthorizer) mistakes() []error {
	s, w := &j.settings, &wrongs{at: j.at, name: j.name}
	w.checkedName()
	u, err := url.Parse(s.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		w.add("issuer %q; write an https URL without query, like https://id.example.com", s.Issuer)
	}
	if n := len(s.Audience); n == 0 || n > maxAudiences {
		w.add("%d audiences; write 1 to %d", n, maxAudiences)
	}
	for i, a := range s.Audience {
		switch {
		case a == "":
			w.add("an audience is empty; write what the tokens have as \"aud\" or \"client_id\"")
		case slices.Contains(s.Audience[:i], a):
			w.add("audience %q twice; write it once", a)
		}
	}
	if src, ok := ParseSource(s.Source); !ok || src.In == "context" {
		w.add(`source %q; write "header.NAME" or "query.NAME"`, s.Source)
	}
	return w.all
}
