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

	payload string // that was read before; "" if they say nothing
}

// object are all claims, which are read again each time, so that a request needs no memory
// for all of them. They lie on the desk.
func (c Claims) object(d *desk) object {
	if c.payload == "" {
		return object{}
	}
	o, err := d.read(c.payload)
	if err != nil {
		return object{} // cannot be: it was read before
	}
	return o
}

// HasAnyScope reports whether the token has one of the scopes, as a whole word:
// "write" is not "writeX". It is what API Gateway asks of a route with scopes;
// of no scopes, no token has one.
func (c Claims) HasAnyScope(scopes ...string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.Scopes, s) })
}

// JSON is a claim as it was written in the token, numbers with every digit; nil
// if there is none. It is a copy. Each call reads the token's payload: many claims are
// better read by one Decode.
func (c Claims) JSON(name string) json.RawMessage {
	d := newDesk()
	defer d.leave()
	if v := c.object(d).value(name); v != "" {
		return json.RawMessage(v)
	}
	return nil
}

// Decode reads all claims into v as json.Unmarshal does. That takes names in any
// case, so two claims could go into one field; it returns an error if two names
// differ in nothing else.
func (c Claims) Decode(v any) error {
	if c.payload == "" {
		return json.Unmarshal([]byte("{}"), v)
	}
	d := newDesk()
	defer d.leave()
	all := c.object(d)
	seen := make(map[string]string, len(all.members))
	for _, m := range all.members {
		name, key := m.name, strings.Map(fold, m.name)
		if other, ok := seen[key]; ok {
			return fmt.Errorf("decode claims: %s and %s differ in case only", quote(min(name, other)), quote(max(name, other)))
		}
		seen[key] = name
	}
	return json.Unmarshal([]byte(c.payload), v)
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

// registered are the claims that verification is about, as they were read.
type registered struct {
	Claims
	notBefore             time.Time
	timeless              error // a claim that is to be a time and is none, told after all others
	forSomebody, byClient bool  // there is an "aud", and a "client_id"
}

// read reads a payload. A claim of another type than RFC 7519 gives it makes the token
// malformed; null is as absent, but not for a time.
func (c *registered) read(payload string, d *desk) error {
	all, err := d.read(payload)
	if err != nil {
		return errorf(CodeMalformed, "the payload %w", err)
	}
	c.payload = payload
	var scope, scp, groups, audience string
	for i := range all.members {
		m := &all.members[i]
		ok := true
		switch m.name {
		case "iss":
			c.Issuer, ok = textOf(m.value)
		case "sub":
			c.Subject, ok = textOf(m.value)
		case "client_id":
			c.ClientID, ok = textOf(m.value)
			c.byClient = !absent(m.value)
		case "token_use":
			c.TokenUse, ok = textOf(m.value)
		case "scope":
			scope = m.value
		case "scp":
			scp = m.value
		case "cognito:groups":
			groups = m.value
		case "aud":
			audience = m.value
		case "exp":
			c.time(&c.Expires, m)
		case "nbf":
			c.time(&c.notBefore, m)
		case "iat":
			c.time(&c.IssuedAt, m)
		}
		if !ok {
			return errorf(CodeMalformed, "claim %q is not text", m.name)
		}
	}
	c.forSomebody = !absent(audience)
	var few [8]string
	words := appendWords(few[:0], scope)
	if len(words) == 0 {
		words = appendWords(words, scp)
	}
	n := len(words)
	words = appendGroups(words, groups)
	m := len(words)
	words, ok := appendAudience(words, audience)
	if !ok {
		return errorf(CodeMalformed, `claim "aud" is neither text nor a list of texts`)
	}
	c.lists(slices.Clone(words), n, m)
	return nil
}

// time reads a time.
func (c *registered) time(at *time.Time, m *member) {
	var err error
	if *at, err = parseTime(m.value); err != nil && c.timeless == nil {
		c.timeless = errorf(CodeMalformed, "claim %q %w", m.name, err)
	}
}

// lists has the scopes be the first n of some words, the groups those up to m, and the
// audience the rest.
func (c *Claims) lists(words []string, n, m int) {
	c.Scopes, c.Groups, c.Audience = wordsFrom(words[:n], 0), wordsFrom(words[:m], n), wordsFrom(words, m)
}

// wordsFrom are the words from the n-th on, nil for none. Who appends to them does not
// change those behind.
func wordsFrom(words []string, n int) []string {
	if len(words) == n {
		return nil
	}
	return words[n:len(words):len(words)]
}

// appendAudience appends "aud": a text, or a list of texts.
func appendAudience(words []string, value string) ([]string, bool) {
	text, ok := textOf(value)
	switch {
	case ok && !absent(value):
		return append(words, text), true
	case ok:
		return words, true
	}
	return appendList(words, value)
}

// appendWords appends the scopes of "scope" or "scp": a text of words (RFC 8693 section
// 4.2) or a list. Anything else is no scope.
func appendWords(words []string, value string) []string {
	text, ok := textOf(value)
	if !ok {
		return appendNonEmpty(words, value)
	}
	for word := range strings.FieldsSeq(text) {
		words = append(words, word)
	}
	return words
}

// appendNonEmpty appends the texts of a list but for empty ones.
func appendNonEmpty(words []string, value string) []string {
	n := len(words)
	words, _ = appendList(words, value)
	kept := words[:n]
	for _, word := range words[n:] {
		if word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

// appendGroups appends those of Cognito: a list, or a text that is one group or what
// an HTTP API makes of a list.
func appendGroups(words []string, value string) []string {
	text, ok := textOf(value)
	switch {
	case !ok:
		return appendNonEmpty(words, value)
	case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		for word := range strings.FieldsSeq(text[1 : len(text)-1]) {
			words = append(words, word)
		}
	case text != "":
		words = append(words, text)
	}
	return words
}
