package jwt

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// maxToken is the longest token that is looked at, in bytes. API Gateway takes
// no more than 10,240 bytes of headers.
const maxToken = 16 << 10

// token is a signed token (RFC 7515, compact form) taken apart, with its header
// checked and nothing verified. Its bytes are those of a [desk].
type token struct {
	alg       *algorithm
	kid       string
	signed    []byte // what the signature is of: the first two parts as they came
	payload   string
	signature []byte
}

// desk is where a token is taken apart, and which is used again for the next one.
type desk struct {
	bytes   []byte
	scanner scanner
}

var desks = sync.Pool{New: func() any { return &desk{} }}

func newDesk() *desk {
	d, _ := desks.Get().(*desk)
	return d
}

// leave has the desk be somebody else's. Nothing is kept of what was read, nor the memory
// that a token of very many members needed.
func (d *desk) leave() {
	const most = 64
	s := &d.scanner
	clear(s.members)
	clear(s.names[:])
	if s.text = ""; cap(s.members) > most {
		s.members = nil
	}
	desks.Put(d)
}

// read reads an object, which is there until the next one is read.
func (d *desk) read(text string) (object, error) {
	s := &d.scanner
	clear(s.members)
	s.pos, s.depth, s.known, s.members = 0, 0, 0, s.members[:0]
	if err := s.read(text); err != nil {
		return object{}, err
	}
	return s.found(), nil
}

// header is the first part of a token as it came, and what was read from it.
type header struct {
	part string
	alg  *algorithm
	kid  string
}

// parse takes a token apart. Tokens of one issuer mostly have one header, which is read
// once: last keeps it, nil for what keeps none.
func (d *desk) parse(s string, allowed []string, last *atomic.Pointer[header]) (t token, err error) {
	if s == "" {
		return t, errorf(CodeMalformed, "the token is empty")
	}
	if len(s) > maxToken {
		return t, errorf(CodeMalformed, "the token has %d bytes, more than %d", len(s), maxToken)
	}
	if dots := strings.Count(s, "."); dots != 2 {
		return t, errorf(CodeMalformed, "a signed token has three parts and two dots, this one has %d dots", dots)
	}
	first, end := strings.IndexByte(s, '.'), strings.LastIndexByte(s, '.')
	// The parts are decoded behind the token, so that it is not moved.
	d.bytes = append(slices.Grow(d.bytes[:0], len(s)+strict.DecodedLen(len(s))), s...)
	all := d.bytes
	t.signed = all[:end]
	decoded := all
	if !t.hasHeader(s[:first], last) {
		head, err := appendDecoded(all, all[:first])
		if err != nil {
			return t, errorf(CodeMalformed, "the header %w", err)
		}
		if err := t.readHeader(d, string(head[len(s):]), allowed); err != nil {
			return t, err
		}
		if last != nil {
			last.Store(&header{strings.Clone(s[:first]), t.alg, t.kid})
		}
	}
	if decoded, err = appendDecoded(decoded, all[first+1:end]); err != nil {
		return t, errorf(CodeMalformed, "the payload %w", err)
	}
	t.payload = string(decoded[len(s):])
	signature := len(decoded)
	if decoded, err = appendDecoded(decoded, all[end+1:len(s)]); err != nil {
		return t, errorf(CodeMalformed, "the signature %w", err)
	}
	t.signature = decoded[signature:]
	return t, nil
}

// hasHeader takes what the last token's header said, if this one has the same.
func (t *token) hasHeader(part string, last *atomic.Pointer[header]) bool {
	if last == nil {
		return false
	}
	known := last.Load()
	if known == nil || known.part != part {
		return false
	}
	t.alg, t.kid = known.alg, known.kid
	return true
}

// readHeader takes from the header which of the allowed algorithms and which of
// the issuer's keys to use, and nothing else: keys that a token brings along or
// points to ("jwk", "jku", "x5c", "x5u") are those of whoever made it.
func (t *token) readHeader(d *desk, text string, allowed []string) error {
	o, err := d.read(text)
	if err != nil {
		return errorf(CodeMalformed, "the header %w", err)
	}
	alg, ok := o.textOf("alg")
	kid, ok2 := o.textOf("kid")
	typ, ok3 := o.textOf("typ")
	switch {
	case !ok:
		return notText("alg")
	case !ok2:
		return notText("kid")
	case !ok3:
		return notText("typ")
	case o.value("crit") != "":
		return errorf(CodeMalformed, `the header has "crit", which names extensions that must be understood; none is`)
	case !slices.Contains(allowed, alg):
		return errorf(CodeAlgorithm, "the token is signed with %s, allowed is %s", quote(alg), strings.Join(allowed, ", "))
	}
	if t.alg = algorithmOf(alg); t.alg == nil {
		return errorf(CodeAlgorithm, "the token is signed with %s, which is unknown", quote(alg))
	}
	if t.kid = kid; kid == "" {
		return errorf(CodeKey, `the header has no "kid", the id of the key`)
	}
	return checkType(typ)
}

func notText(name string) error { return errorf(CodeMalformed, "the header's %q is not text", name) }

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

// signedBy is the key that has signed it, one of those of the id that the token names: it
// must be of the token's algorithm. Two keys may share an id if they are of different
// kinds (RFC 7517 section 4.5).
func (t *token) signedBy(named []*key) (*key, error) {
	var unusable error
	tried := false
	for _, k := range named {
		switch {
		case k.err != nil:
			unusable = k.err
		case !t.alg.fits(k):
			unusable = errOtherAlgorithm
		case t.alg.check(t.alg, k.public, t.signed, t.signature):
			return k, nil
		default:
			tried = true
		}
	}
	switch {
	case tried:
		return nil, errorf(CodeSignature, "the signature is not that of the issuer's key %s", quote(t.kid))
	case unusable == errOtherAlgorithm:
		return nil, errorf(CodeKey, "key %s of the issuer cannot be used: it is not for %s", quote(t.kid), t.alg.name)
	}
	return nil, errorf(CodeKey, "key %s of the issuer cannot be used: %w", quote(t.kid), unusable)
}

var errOtherAlgorithm = errors.New("it is for another algorithm")

var strict = base64.RawURLEncoding.Strict()

// appendDecoded takes one text for one value: no padding, no line breaks, which
// encoding/base64 would skip, and no bits left over.
func appendDecoded(dst, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return dst, errors.New("is empty")
	}
	for _, c := range [...]byte{'\n', '\r'} { // only these are not looked at by encoding/base64
		if i := bytes.IndexByte(src, c); i >= 0 {
			return dst, notBase64(i)
		}
	}
	out, err := strict.AppendDecode(dst, src)
	if err != nil {
		return dst, corrupt(src, err)
	}
	return out, nil
}

func corrupt(src []byte, err error) error {
	var at base64.CorruptInputError
	if errors.As(err, &at) && int(at) < len(src) && !ofBase64(src[at]) {
		return notBase64(int(at))
	}
	return errors.New("is not base64url")
}

func notBase64(at int) error {
	return fmt.Errorf("has a character at %d that is not of base64url", at)
}

func ofBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
