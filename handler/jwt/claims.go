package jwt

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Claims are what a verified token says. The zero value says nothing.
// Lists are not to be changed.
type Claims struct {
	Issuer   string    // "iss"
	Subject  string    // "sub", "" if there is none
	Audience []string  // "aud", nil if there is none, as in an access token of Cognito
	Expires  time.Time // "exp"
	IssuedAt time.Time // "iat", zero if there is none
	ClientID string    // "client_id", "" if there is none, as in an ID token of Cognito
	TokenUse string    // "token_use" of Cognito: "id" or "access"; "" if there is none
	// Scopes are the words of "scope", or without it of "scp"; nil for none.
	Scopes []string
	// Groups are "cognito:groups", nil for none. An authorizer's text form of
	// the list, "[a b]", is read too.
	Groups []string

	object object
}

// HasAnyScope reports whether the token has one of the scopes, as a whole word:
// "write" is not "writeX". It is what API Gateway asks of a route with scopes;
// of no scopes, no token has one.
func (c Claims) HasAnyScope(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.Scopes, s) })
}

// JSON is a claim as it was written in the token, numbers with every digit; nil
// if there is none. It is a copy.
func (c Claims) JSON(name string) json.RawMessage {
	if v := c.object.value(name); v != "" {
		return json.RawMessage(v)
	}
	return nil
}

// Decode reads all claims into v as json.Unmarshal does. That takes names in any
// case, so two claims could go into one field; it returns an error if two names
// differ in nothing else.
func (c Claims) Decode(v any) error {
	if c.object.text == "" {
		return json.Unmarshal([]byte("{}"), v)
	}
	seen := make(map[string]string, len(c.object.members))
	for _, m := range c.object.members {
		name, key := m.name, strings.Map(fold, m.name)
		if other, ok := seen[key]; ok {
			return fmt.Errorf("decode claims: %s and %s differ in case only", quote(min(name, other)), quote(max(name, other)))
		}
		seen[key] = name
	}
	return json.Unmarshal([]byte(c.object.text), v)
}

// fold is one character for all that differ in case only.
func fold(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// Caller is who the token says is calling, as a handler would see it behind a
// JWT authorizer of an HTTP API, but for groups in a text without brackets: here
// it is one group, there its words are, because the gateway has made a text of
// every list.
func (c Claims) Caller() handler.Caller {
	return handler.Caller{Kind: handler.CallerJWT, ID: c.Subject, Claims: c.Strings(), Scopes: c.Scopes, Groups: c.Groups}
}

// registered reads the claims that verification is about. A claim of another
// type than RFC 7519 gives it makes the token malformed; null is as absent, but
// not for a time.
func registered(payload string) (Claims, error) {
	o, err := parseObject(payload)
	if err != nil {
		return Claims{}, errorf(CodeMalformed, "the payload %w", err)
	}
	c := Claims{object: o, Scopes: scopes(o), Groups: groups(o)}
	var texts [4]string
	for i, name := range [...]string{"iss", "sub", "client_id", "token_use"} {
		var ok bool
		if texts[i], ok = o.textOf(name); !ok {
			return Claims{}, errorf(CodeMalformed, "claim %q is not text", name)
		}
	}
	c.Issuer, c.Subject, c.ClientID, c.TokenUse = texts[0], texts[1], texts[2], texts[3]
	var ok bool
	if c.Audience, ok = o.words("aud"); !ok {
		return Claims{}, errorf(CodeMalformed, `claim "aud" is neither text nor a list of texts`)
	}
	return c, nil
}

// scopes are those of "scope", a text of words (RFC 8693 section 4.2) or a
// list; else those of "scp". Anything else is no scope.
func scopes(o object) []string {
	for _, name := range []string{"scope", "scp"} {
		if list := words(o, name); len(list) > 0 {
			return list
		}
	}
	return nil
}

func words(o object, name string) []string {
	if s, ok := o.textOf(name); ok {
		return nonEmpty(strings.Fields(s))
	}
	list, _ := o.list(name)
	return nonEmpty(list)
}

// groups are those of Cognito: a list, or a text that is one group or what an
// HTTP API makes of a list.
func groups(o object) []string {
	const name = "cognito:groups"
	s, ok := o.textOf(name)
	if !ok {
		list, _ := o.list(name)
		return nonEmpty(list)
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return nonEmpty(strings.Fields(s[1 : len(s)-1]))
	}
	return nonEmpty([]string{s})
}

// nonEmpty is nil for a list without words in it.
func nonEmpty(list []string) []string {
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	if len(list) == 0 {
		return nil
	}
	return list
}
