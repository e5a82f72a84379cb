package middleware

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// JWTOptions changes what [JWT] does. The zero value of each field is its default.
type JWTOptions struct {
	// Also are settings of further tokens that are accepted: of other issuers, which
	// takes a Caller, or of another kind of the same one. Default none.
	Also []jwt.Settings
	// Token is where the token of a request is, "" if it has none. Default
	// [BearerToken]. [CookieToken] is for browsers. A token in a query ends up in logs
	// and histories, and is never looked for.
	Token func(req *handler.Request) string
	// Optional lets requests without a token pass, with the caller that the front door
	// verified, if it did. A token that is not accepted is refused all the same.
	Optional bool
	// Caller is who a verified token stands for. Default [jwt.Claims.Caller], with the
	// client for an id where the token has no subject. It must give two people two ids,
	// so that with several issuers it is required: they can give one id to two people.
	Caller func(claims jwt.Claims) handler.Caller
}

// JWT lets in who has a token that settings accept: an access or ID token of a Cognito
// user pool ([jwt.CognitoPool]), or of any OpenID Connect issuer. It is for front doors
// that do not verify tokens (function URLs, load balancers, REST APIs with another
// issuer than Cognito), and a second wall behind one that does: of the two callers, the
// handler sees the one of the token.
//
//	no token                            401, code "unauthenticated"
//	a token that is not accepted        401, code "invalid_token"
//	a token of nobody, without an id    401, code "invalid_token"
//	the issuer's keys cannot be had     503, code "cannot_verify"
//
// A 401 has the challenge of RFC 6750, which says of an expired token that it is. The
// log says of each why it was refused. What the token allows is for [Require] and
// [Allow] to ask.
//
// Keys are fetched by the first request that needs them and kept; with
// [jwt.KeySettings].Embedded a cold start fetches nothing. It belongs inside of
// [handler.CORS], because preflights have no token. It is for requests: records have
// nobody who calls, and the messages of a WebSocket have no headers, so that there it
// belongs to the route $connect alone, or into an [Authorizer], whose verdict every
// message has with it. opts may be nil.
//
// Panics with a [*datastore.DeclarationError] if the settings are ones that [jwt.New]
// refuses, or name several issuers without a Caller.
//
// See https://www.rfc-editor.org/rfc/rfc6750
func JWT(settings jwt.Settings, opts *JWTOptions) handler.Middleware {
	j := &jwtAuth{}
	if opts != nil {
		j.JWTOptions = *opts
	}
	if j.Token == nil {
		j.Token = BearerToken
	}
	var verifiers []*jwt.Verifier
	for _, s := range append([]jwt.Settings{settings}, j.Also...) {
		if s.Issuer != settings.Issuer && j.Caller == nil {
			misdeclared("JWT: two issuers can give one id to two people; set JWTOptions.Caller, which tells them apart")
		}
		v, err := jwt.New(s)
		if err != nil {
			misdeclared("JWT: %v", err)
		}
		verifiers = append(verifiers, v)
	}
	choice, err := jwt.AnyOf(verifiers...)
	if err != nil {
		misdeclared("JWT: %v", err)
	}
	j.choice = choice
	none := unauthenticated("unauthenticated", "this takes a token; send it as Authorization: Bearer", "Bearer")
	if j.Optional {
		none = nil
	}
	return recognize(j.recognize, none)
}

// tokenCaller is the caller of a token, whose claims are made texts when somebody asks.
type tokenCaller struct {
	claims jwt.Claims
	once   sync.Once
	caller *handler.Caller
}

// id is the caller's. A machine's token may have no subject, and nobody's id is to be that
// of what nobody owns.
func (t *tokenCaller) id() string { return cmp.Or(t.claims.Subject, t.claims.ClientID) }

func (t *tokenCaller) Caller() handler.Caller {
	t.once.Do(func() {
		caller := t.claims.Caller()
		caller.ID = t.id()
		t.caller = &caller
	})
	return *t.caller
}

type jwtAuth struct {
	JWTOptions
	choice *jwt.Choice
}

func (j *jwtAuth) recognize(ctx context.Context, req *handler.Request) (id string, as *handler.Request, err error) {
	token := j.Token(req)
	if token == "" {
		return "", nil, nil
	}
	claims, err := j.choice.Verify(ctx, token)
	if err != nil {
		return "", nil, invalidToken(err)
	}
	if j.Caller == nil {
		caller := &tokenCaller{claims: claims}
		if id = caller.id(); id != "" {
			return id, req.WithCalling(caller), nil
		}
	} else if caller := j.Caller(claims); caller.ID != "" {
		if caller.Anonymous() {
			caller.Kind = handler.CallerJWT
		}
		return caller.ID, req.WithCaller(caller), nil
	}
	return "", nil, invalidToken(errNobodysToken)
}

var errNobodysToken = errors.New("jwt: the token names neither a subject nor a client, so it is nobody's")

// invalidToken is the answer to a token that was refused. Of the reason it tells what
// a client can do something about: that a new token is needed.
func invalidToken(err error) error {
	var refused *jwt.Error
	if errors.As(err, &refused) && refused.StatusCode() != http.StatusUnauthorized {
		return unverifiable(err)
	}
	challenge, message := `Bearer error="invalid_token"`, "the token is not accepted"
	if refused != nil && refused.Code == jwt.CodeExpired {
		challenge, message = challenge+`, error_description="the token has expired"`, "the token has expired"
	}
	return unauthenticated("invalid_token", message, challenge).Wrap(err)
}

// BearerToken is the token in the Authorization header: what follows "Bearer ", or,
// as API Gateway's authorizers take it too, the whole value if that has no scheme. Of
// several such headers it is none that can be accepted.
func BearerToken(req *handler.Request) string {
	values := req.HeaderValues("Authorization")
	switch len(values) {
	case 0:
		return ""
	case 1:
		token := jwt.FromHeader(values[0])
		if len(token) == len(values[0]) && strings.IndexByte(token, ' ') >= 0 {
			return "" // of another scheme
		}
		return token
	}
	return strings.Join(values, ",")
}

// CookieToken is the token in a cookie, for [JWTOptions].Token. A browser sends a
// cookie along with what another site makes it ask for, too: use it with SameSite
// cookies, and let nothing change by GET.
func CookieToken(name string) func(req *handler.Request) string {
	return func(req *handler.Request) string {
		token, _ := req.Cookie(name)
		return token
	}
}
