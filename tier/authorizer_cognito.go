package tier

import (
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// CognitoSettings say whose tokens a [CognitoAuthorizer] accepts.
type CognitoSettings struct {
	// Pools are the ARNs of the user pools, at least one:
	// "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12".
	Pools []string
	// Header with the token, bare or after "Bearer ". Default "Authorization".
	Header string
	// Expression that the whole audience of an ID token, its app client, must
	// match (RE2 syntax). Access tokens have none, so not with [Scopes].
	// Default none: the tokens of any app client.
	Expression string
	// TTL is how long API Gateway may keep what it found out about a token:
	// whole seconds, at most an hour. Default 0: it looks at every token anew.
	TTL time.Duration
}

// CognitoAuthorizer lets in who has a token of an Amazon Cognito user pool. See
// [Cognito].
type CognitoAuthorizer struct {
	name     string
	at       datastore.Position
	settings CognitoSettings
}

var _ checked = (*CognitoAuthorizer)(nil)

// Cognito declares an authorizer of a REST API by user pools. A route without
// [Scopes] wants an ID token, one with scopes an access token that has one of
// them. An HTTP API does the same by [JWT].
//
//	users := tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}})
//	api.Authorize(users)
//	api.Handle("POST /refunds", refund, tier.Scopes("orders/refund"))
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html.
func Cognito(name string, s CognitoSettings) *CognitoAuthorizer {
	s.Pools = slices.Clone(s.Pools)
	if s.Header == "" {
		s.Header = "Authorization"
	}
	return &CognitoAuthorizer{name: name, at: datastore.Caller(), settings: s}
}

// Name of the authorizer.
func (c *CognitoAuthorizer) Name() string { return c.name }

// At is where it was declared.
func (c *CognitoAuthorizer) At() datastore.Position { return c.at }

// Settings as they were declared, with defaults. Pools are not to be changed.
func (c *CognitoAuthorizer) Settings() CognitoSettings { return c.settings }

// UserPool is a user pool as its ARN names it.
type UserPool struct {
	Region string // "eu-west-1"
	ID     string // "eu-west-1_Example12"
}

// userPoolARN: the partitions are those whose issuers have the domain
// amazonaws.com.
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html.
var userPoolARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws(?:-us-gov)?:cognito-idp:([a-z]{2}(?:-[a-z]+)+-[0-9]+):[0-9]{12}:userpool/([A-Za-z0-9-]+_[0-9A-Za-z]+)$`)
})

// UserPools are the pools of the settings, parsed.
func (c *CognitoAuthorizer) UserPools() []UserPool {
	var pools []UserPool
	for _, arn := range c.settings.Pools {
		if m := userPoolARN().FindStringSubmatch(arn); m != nil {
			pools = append(pools, UserPool{Region: m[1], ID: m[2]})
		}
	}
	return pools
}

func (c *CognitoAuthorizer) applyRoute(r *Route) { r.protect(c) }
func (c *CognitoAuthorizer) scoped() bool        { return true }

func (c *CognitoAuthorizer) fits(kind Kind) string {
	if kind != HTTP {
		return ""
	}
	return `has no Cognito authorizers; write tier.JWT with the issuer "https://cognito-idp.REGION.amazonaws.com/POOL" and the app clients as audience`
}

func (c *CognitoAuthorizer) misuse(r *Route) string {
	if c.settings.Expression != "" && len(r.scopes) > 0 {
		return "its Expression is held against the audience of ID tokens, and scopes ask for access tokens, which have none; use another authorizer here, or leave one of the two out"
	}
	return ""
}

func (c *CognitoAuthorizer) mistakes() []error {
	s, w := &c.settings, &wrongs{at: c.at, name: c.name}
	w.checkedName()
	if len(s.Pools) == 0 {
		w.add("no user pool; write Pools: []string{ARN}")
	}
	for i, arn := range s.Pools {
		switch {
		case !userPoolARN().MatchString(arn):
			w.add("user pool %q; write its ARN, like arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12", arn)
		case slices.Contains(s.Pools[:i], arn):
			w.add("user pool %q twice; write it once", arn)
		}
	}
	if !headerName(s.Header) {
		w.add("Header %q is no name of a header; write one like Authorization", s.Header)
	}
	w.checkTTL(s.TTL)
	w.checkExpression(s.Expression)
	return w.all
}
