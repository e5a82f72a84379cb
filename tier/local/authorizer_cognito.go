package local

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// cognitoGate is the Cognito authorizer of one route of a REST API. It verifies
// every token; what API Gateway may keep does not show.
type cognitoGate struct {
	who       string
	header    string
	verifiers map[string]*jwt.Verifier // by issuer
	audience  *regexp.Regexp           // that an ID token must have; nil for any
	scopes    []string
}

var _ gate = (*cognitoGate)(nil)

func (o *gating) cognitoGate(a *tier.CognitoAuthorizer, route *tier.Route) (gate, error) {
	s := a.Settings()
	g := &cognitoGate{
		who: "authorizer " + a.Name(), header: s.Header, scopes: route.Scopes(),
		verifiers: map[string]*jwt.Verifier{},
	}
	var err error
	if g.audience, err = wholly(s.Expression); err != nil {
		return nil, err
	}
	// A route without scopes wants to know who it is, one with scopes what he may.
	use := "id"
	if len(g.scopes) > 0 {
		use = "access"
	}
	for _, p := range a.UserPools() {
		pool := jwt.CognitoPool{Region: p.Region, ID: p.ID}
		keys, err := o.keys.of(o.issuer(a, jwtSource{url: pool.JWKSURL()}), []string{"RS256"}, o.Now)
		if err != nil {
			return nil, err
		}
		verifier, err := jwt.New(jwt.Settings{Issuer: pool.Issuer(), AnyAudience: true, TokenUse: use, Keys: keys})
		if err != nil {
			return nil, err
		}
		g.verifiers[pool.Issuer()] = verifier
	}
	return g, nil
}

func (g *cognitoGate) pass(x *exchange) *answer {
	value := lastOf(x.headerValues(g.header))
	if value == "" {
		return x.refuse(&restUnauthorized, g.who, "the request has no header.%s", g.header)
	}
	token := jwt.FromHeader(value)
	verifier := g.verifiers[claimedIssuer(token)]
	if verifier == nil {
		return x.refuse(&restUnauthorized, g.who, "the token is of none of the user pools")
	}
	claims, err := verifier.Verify(x.Context(), token)
	switch {
	case hasExpired(err):
		return x.refuse(&restTokenExpired, g.who, "%v", err)
	case err != nil:
		return x.refuse(&restUnauthorized, g.who, "%v%s", err, elsewhere(g.who, err))
	case g.audience != nil && !g.audience.MatchString(strings.Join(claims.Audience, " ")):
		return x.refuse(&restUnauthorized, g.who, "the audience of the token does not match %s", g.audience)
	case len(g.scopes) > 0 && !claims.HasAnyScope(g.scopes...):
		return x.refuse(&cognitoScope, g.who, "the token has none of the scopes %s", strings.Join(g.scopes, ", "))
	}
	x.note(g.who, "the token of %q is accepted", claims.Subject)
	x.authorizer = append(appendClaims([]byte(`{"claims":`), restClaims(&claims)), '}')
	return nil
}

// cognitoScope is the answer to an access token without the scopes of the route.
// It is not certain that API Gateway says 401 and not 403.
var cognitoScope = restUnauthorized

func hasExpired(err error) bool {
	var e *jwt.Error
	return errors.As(err, &e) && e.Code == jwt.CodeExpired
}

// claimedIssuer is whom a token, of which nothing is verified, says it is from: it
// decides whose keys it is held against, and the verifier holds it against the
// issuer again.
func claimedIssuer(token string) string {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(data, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// restClaims are the claims as a REST API hands them on: texts, lists with commas,
// and the times of issue and end as a date in words. It is so by experience and
// not documented.
func restClaims(c *jwt.Claims) map[string]string {
	const date = "Mon Jan 02 15:04:05 UTC 2006"
	claims := c.Strings()
	for name := range claims {
		var list []string
		if raw := c.JSON(name); len(raw) > 0 && raw[0] == '[' && json.Unmarshal(raw, &list) == nil {
			claims[name] = strings.Join(list, ",")
		}
	}
	for name, t := range map[string]time.Time{"exp": c.Expires, "iat": c.IssuedAt} {
		if !t.IsZero() {
			claims[name] = t.UTC().Format(date)
		}
	}
	return claims
}
