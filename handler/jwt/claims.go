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

// room is where the parts of most payloads find place, in one piece of memory.
type room struct {
	members [16]member
	words   [8]string
}

// registered reads the claims that verification is about. A claim of another
// type than RFC 7519 gives it makes the token malformed; null is as absent, but
// not for a time.
func registered(payload string) (c Claims, err error) {
	var s scanner
	if err := s.read(payload); err != nil {
		return Claims{}, errorf(CodeMalformed, "the payload %w", err)
	}
	r := &room{}
	c.object = object{payload, append(r.members[:0], s.found().members...)}
	var scope, scp, groups, audience string
	for i := range c.object.members {
		m, ok := &c.object.members[i], true
		switch m.name {
		case "iss":
			c.Issuer, ok = textOf(m.value)
		case "sub":
			c.Subject, ok = textOf(m.value)
		case "client_id":
			c.ClientID, ok = textOf(m.value)
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
		}
		if !ok {
			return Claims{}, errorf(CodeMalformed, "claim %q is not text", m.name)
		}
	}
	words := appendWords(r.words[:0], scope)
	if len(words) == 0 {
		words = appendWords(words, scp)
	}
	c.Scopes = wordsFrom(words, 0)
	n := len(words)
	words = appendGroups(words, groups)
	c.Groups = wordsFrom(words, n)
	n = len(words)
	words, ok := appendAudience(words, audience)
	if !ok {
		return Claims{}, errorf(CodeMalformed, `claim "aud" is neither text nor a list of texts`)
	}
	c.Audience = wordsFrom(words, n)
	return c, nil
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
