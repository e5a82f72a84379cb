package jwt

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxToken is the longest token that is looked at, in bytes. API Gateway takes
// no more than 10,240 bytes of headers.
const maxToken = 16 << 10

// token is a signed token (RFC 7515, compact form) taken apart, with its header
// checked and nothing verified.
type token struct {
	alg       *algorithm
	kid       string
	signed    []byte // what the signature is of: the first two parts as they came
	payload   []byte
	signature []byte
}

func parseToken(s string, allowed []string) (*token, error) {
	if s == "" {
		return nil, errorf(CodeMalformed, "the token is empty")
	}
	if len(s) > maxToken {
		return nil, errorf(CodeMalformed, "the token has %d bytes, more than %d", len(s), maxToken)
	}
	if dots := strings.Count(s, "."); dots != 2 {
		return nil, errorf(CodeMalformed, "a signed token has three parts and two dots, this one has %d dots", dots)
	}
	header, rest, _ := strings.Cut(s, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	head, err := decodeBase64(header)
	if err != nil {
		return nil, errorf(CodeMalformed, "the header %w", err)
	}
	t := &token{signed: []byte(s[:len(header)+1+len(payload)])}
	if err := t.readHeader(head, allowed); err != nil {
		return nil, err
	}
	if t.payload, err = decodeBase64(payload); err != nil {
		return nil, errorf(CodeMalformed, "the payload %w", err)
	}
	if t.signature, err = decodeBase64(signature); err != nil {
		return nil, errorf(CodeMalformed, "the signature %w", err)
	}
	return t, nil
}

// readHeader takes from the header which of the allowed algorithms and which of
// the issuer's keys to use, and nothing else: keys that a token brings along or
// points to ("jwk", "jku", "x5c", "x5u") are those of whoever made it.
func (t *token) readHeader(data []byte, allowed []string) error {
	o, err := parseObject(data)
	if err != nil {
		return errorf(CodeMalformed, "the header %w", err)
	}
	for _, name := range []string{"alg", "kid", "typ"} {
		if _, ok := o.text(name); !ok {
			return errorf(CodeMalformed, "the header's %q is not text", name)
		}
	}
	if _, ok := o["crit"]; ok {
		return errorf(CodeMalformed, `the header has "crit", which names extensions that must be understood; none is`)
	}
	alg, _ := o.text("alg")
	if !slices.Contains(allowed, alg) {
		return errorf(CodeAlgorithm, "the token is signed with %s, allowed is %s", quote(alg), strings.Join(allowed, ", "))
	}
	if t.alg = algorithmOf(alg); t.alg == nil {
		return errorf(CodeAlgorithm, "the token is signed with %s, which is unknown", quote(alg))
	}
	if t.kid, _ = o.text("kid"); t.kid == "" {
		return errorf(CodeKey, `the header has no "kid", the id of the key`)
	}
	typ, _ := o.text("typ")
	return checkType(typ)
}

// checkType refuses tokens that say that they are of another kind than access
// and ID tokens: "logout+jwt", "dpop+jwt" and others can carry the same issuer
// and audience (RFC 8725 section 3.11).
func checkType(typ string) error {
	kind := strings.TrimPrefix(strings.ToLower(typ), "application/")
	if !strings.HasSuffix(kind, "+jwt") || kind == "at+jwt" {
		return nil
	}
	return errorf(CodeTokenUse, `the header's "typ" is %s, which is no access or ID token`, quote(typ))
}

var strict = base64.RawURLEncoding.Strict()

// decodeBase64 takes one text for one value: no padding, no line breaks, which
// encoding/base64 would skip, and no bits left over.
func decodeBase64(s string) ([]byte, error) {
	if s == "" {
		return nil, errors.New("is empty")
	}
	if i := strings.IndexFunc(s, notBase64); i >= 0 {
		return nil, fmt.Errorf("has a character at %d that is not of base64url", i)
	}
	b, err := strict.DecodeString(s)
	if err != nil {
		return nil, errors.New("is not base64url")
	}
	return b, nil
}

func notBase64(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
}
