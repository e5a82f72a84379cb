// Package jwt verifies JSON Web Tokens that an identity provider signed: access
// and ID tokens of Amazon Cognito user pools, and those of any OpenID Connect
// issuer with public keys.
//
//	pool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}
//	verifier, err := jwt.New(pool.AccessTokens("client-id"))
//	...
//	claims, err := verifier.Verify(ctx, jwt.FromHeader(req.Header("Authorization")))
//	if err != nil {
//		return nil, err // answers 401, or 503 without keys
//	}
//	caller := claims.Caller()
//
// Behind an authorizer of API Gateway the token is verified already, and
// handler.Request.Caller says who is calling. This package is for what has no
// such authorizer before it: function URLs, load balancers, direct invocations,
// and the local gateway, which stands for API Gateway. Package middleware puts it
// before handlers (JWT), and makes Lambda authorizers of it (Authorizer).
//
// # What is checked, in this order
//
//   - form: at most 16 KB, three parts of base64url without padding, header and
//     payload JSON objects without a name twice, no "crit"
//   - algorithm: one that the configuration names; there are no "none" and no
//     HMAC to be confused into
//   - key: "kid" names a key of the issuer whose "kty", "crv", "alg", "use" and
//     "key_ops" fit; RSA has 2,048 to 8,192 bits. Keys and addresses of keys in
//     the token are not looked at
//   - signature
//   - issuer: "iss" is exactly the configured one
//   - audience: see [Settings]
//   - use: "token_use", if one is configured
//   - time: "exp" is there and not over; "nbf" and "iat" are not in the future
//
// A token that was verified and comes again is held against issuer, audience, use and time
// only, while the issuer has the key that signed it; see [Settings].Remember.
//
// # Keys
//
// Keys are fetched when a token first needs them, and again after an hour or
// when a token names an unknown key, at most once in a cool-down; see
// [KeySettings]. There is no goroutine, so nothing runs while a function is
// frozen. With embedded keys even a cold start fetches nothing.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html,
// https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
// and RFC 8725, JSON Web Token Best Current Practices.
package jwt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings say which tokens a [Verifier] accepts.
type Settings struct {
	// Issuer is what "iss" must be, to the letter. Required.
	Issuer string
	// Audiences of which "aud" must name one.
	Audiences []string
	// ClientIDs of which "client_id" must be one if the token has no "aud", as
	// access tokens of Cognito have none. A token that has an "aud" is judged
	// by that alone, as API Gateway does. What API Gateway calls the audience
	// of a JWT authorizer is both lists at once.
	ClientIDs []string
	// AnyAudience accepts tokens that were made for other services too. Without
	// it, Audiences or ClientIDs must name something.
	AnyAudience bool
	// TokenUse is what "token_use" must be: "id" or "access" for tokens of
	// Cognito. "" asks for none.
	TokenUse string
	// Leeway is how far the clocks of issuer and verifier may differ, for all
	// times. 0 is none, as of API Gateway; at most a minute.
	Leeway time.Duration
	// Remember is how many verified tokens are remembered, the latest: one that comes again
	// is not decoded again, nor its signature computed, as long as the issuer has the key
	// of it. Its times are looked at every time. 0 is 100; negative remembers none.
	Remember int
	// JWKSURL is where the issuer's keys are. "" finds it by OpenID Connect
	// discovery at the Issuer, which API Gateway needs too. Not with Keys.
	JWKSURL string
	// Keys of the issuer, for other algorithms than RS256, embedded keys, a
	// client or a clock of one's own, or to share them with another Verifier.
	Keys *KeySet

	err error // what is wrong with what these settings were made of
}

// maxLeeway allows for clocks, not for expired tokens.
const maxLeeway = time.Minute

// Verifier verifies tokens of one issuer. Make one with [New]; the zero value
// accepts none. It is safe for concurrent use.
type Verifier struct {
	settings Settings
	keys     *KeySet
	known    *remembered // nil for none
}

// New checks the settings. It fetches nothing. It returns an error if there is
// no issuer, if no audience is named nor AnyAudience set, if Leeway is out of
// bounds, or for what [NewKeySet] refuses.
func New(s Settings) (*Verifier, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("jwt.New: %w", err)
	}
	v := &Verifier{settings: s, keys: s.Keys, known: newRemembered(s.Remember)}
	v.settings.Audiences = slices.Clone(s.Audiences)
	v.settings.ClientIDs = slices.Clone(s.ClientIDs)
	if v.keys != nil {
		return v, nil
	}
	from := KeySettings{URL: s.JWKSURL}
	if s.JWKSURL == "" {
		from.Issuer = s.Issuer
	}
	keys, err := NewKeySet(from)
	if err != nil {
		return nil, fmt.Errorf("jwt.New: %w", err)
	}
	v.keys = keys
	return v, nil
}

func (s Settings) check() error {
	switch {
	case s.err != nil:
		return s.err
	case s.Issuer == "":
		return errors.New("the Issuer is empty: set what the tokens have as \"iss\"")
	case len(s.Audiences)+len(s.ClientIDs) == 0 && !s.AnyAudience:
		return errors.New("no audience is named: set Audiences or ClientIDs, or AnyAudience to take tokens made for others")
	case len(s.Audiences)+len(s.ClientIDs) > 0 && s.AnyAudience:
		return errors.New("AnyAudience is set, and so are Audiences or ClientIDs, which it would switch off")
	case slices.Contains(s.Audiences, "") || slices.Contains(s.ClientIDs, ""):
		return errors.New("an element of Audiences or ClientIDs is empty")
	case s.Leeway < 0 || s.Leeway > maxLeeway:
		return fmt.Errorf("the Leeway is %s, not 0 to %s", s.Leeway, maxLeeway)
	case s.Keys != nil && s.Keys.turn == nil:
		return errors.New("the Keys were not made by NewKeySet")
	case s.Keys != nil && s.JWKSURL != "":
		return errors.New("both Keys and JWKSURL are set: the URL belongs into the KeySettings")
	}
	return nil
}

// Verify gives the claims of a token that keeps every rule in the settings.
// The token is the bare one; see [FromHeader]. Any other is an [*Error].
//
// Ctx bounds the wait for keys that another Verify fetches. A fetch of its own
// is finished even if ctx ends, for the others; it takes 1,500 ms at most, or
// twice that with discovery.
func (v *Verifier) Verify(ctx context.Context, token string) (Claims, error) {
	if v == nil || v.keys == nil {
		return Claims{}, errorf(CodeKeysUnavailable, "the Verifier was not made by New")
	}
	d := newDesk()
	defer d.leave()
	var c registered
	if v.known == nil || len(token) > maxToken {
		if _, _, err := v.verify(ctx, d, token, &c); err != nil {
			return Claims{}, err
		}
		return c.Claims, nil
	}
	d.bytes = append(d.bytes[:0], token...)
	sum := sha256.Sum256(d.bytes)
	if was, ok := v.known.get(sum); ok {
		named, err := v.keys.find(ctx, was.kid)
		if err != nil {
			return Claims{}, err
		}
		if slices.Contains(named, was.key) {
			c = was.claims.own()
			if err := v.settings.accept(&c, v.keys.clock()); err != nil {
				return Claims{}, err
			}
			return c.Claims, nil
		}
	}
	by, kid, err := v.verify(ctx, d, token, &c)
	if err != nil {
		return Claims{}, err
	}
	v.known.put(sum, verified{by, kid, c.own()})
	return c.Claims, nil
}

// verify reads the claims of a token that it accepts into c, and is by which key, and its
// id. Of any other c is not to be used.
func (v *Verifier) verify(ctx context.Context, d *desk, token string, c *registered) (by *key, kid string, err error) {
	t, err := d.parse(token, v.keys.algorithms, &v.keys.header)
	if err != nil {
		return nil, "", err
	}
	named, err := v.keys.find(ctx, t.kid)
	if err != nil {
		return nil, "", err
	}
	if by, err = t.signedBy(named); err != nil {
		return nil, "", err
	}
	if err := c.read(t.payload, d); err != nil {
		return nil, "", err
	}
	return by, t.kid, v.settings.accept(c, v.keys.clock())
}

// FromHeader is the token in the value of an Authorization header: what follows
// "Bearer ", or the whole value, which API Gateway's authorizers take as well.
func FromHeader(value string) string {
	const scheme = "Bearer "
	if len(value) >= len(scheme) && strings.EqualFold(value[:len(scheme)], scheme) {
		return value[len(scheme):]
	}
	return value
}
