package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// kept is an answer as it is kept, or the fact that answers are not.
type kept struct {
	pass        bool
	status      int
	made        time.Time     // when the handler had answered
	age         time.Duration // that it had then
	until       time.Time     // when it expires
	whileMaking time.Duration // how long it may be stale while another is made
	onError     time.Duration // how long it may be stale where the handler fails
	header      http.Header
	body        []byte
}

// The first byte of what is stored: the form, and what it is.
const (
	formPass   = 1
	formAnswer = 2
)

// bytes is what is stored: of an answer its numbers, each a varint, the headers, and the
// body up to the end.
func (k *kept) bytes() []byte {
	if k.pass {
		return []byte{formPass}
	}
	b := append(make([]byte, 0, len(k.body)+512), formAnswer)
	b = binary.AppendUvarint(b, uint64(k.status))
	b = binary.AppendVarint(b, k.made.UnixMilli())
	b = binary.AppendVarint(b, k.until.UnixMilli())
	for _, d := range []time.Duration{k.age, k.whileMaking, k.onError} {
		b = binary.AppendVarint(b, d.Milliseconds())
	}
	n := 0
	for name := range k.header {
		if isKept(name) {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for name, values := range k.header {
		if isKept(name) {
			b = appendParts(b, name)
			b = binary.AppendUvarint(b, uint64(len(values)))
			b = appendParts(b, values...)
		}
	}
	return append(b, k.body...)
}

// isKept leaves out what belongs to one delivery of an answer.
func isKept(name string) bool {
	return isStored(name) || hasPrefixFold(name, "Access-Control-")
}

var errNoKept = errors.New("cache: what is stored is no answer")

// readKept reads what bytes has written. The body is a part of b.
func readKept(b []byte) (k kept, err error) {
	if len(b) == 1 && b[0] == formPass {
		return kept{pass: true}, nil
	}
	if len(b) == 0 || b[0] != formAnswer {
		return kept{}, errNoKept
	}
	r := keptReader{rest: b[1:]}
	k.status = int(r.uint(999))
	k.made, k.until = time.UnixMilli(r.int()), time.UnixMilli(r.int())
	for _, d := range []*time.Duration{&k.age, &k.whileMaking, &k.onError} {
		*d = time.Duration(min(max(r.int(), 0), maxFresh.Milliseconds())) * time.Millisecond
	}
	n := r.uint(uint64(len(r.rest)))
	k.header = make(http.Header, min(n, 64))
	for ; n > 0 && !r.bad; n-- {
		name, values := r.text(), make([]string, 0, 1)
		for m := r.uint(uint64(len(r.rest))); m > 0 && !r.bad; m-- {
			values = append(values, r.text())
		}
		k.header[name] = values
	}
	k.body = r.rest
	if r.bad || k.status < 200 {
		return kept{}, errNoKept
	}
	return k, nil
}

// keptReader reads the parts of a kept answer, until one is bad.
type keptReader struct {
	rest []byte
	bad  bool
}

func (r *keptReader) took(n int) {
	if n <= 0 || r.bad {
		r.bad, n = true, 0
	}
	r.rest = r.rest[n:]
}

func (r *keptReader) uint(most uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	r.took(n)
	if v > most || r.bad {
		r.bad, v = true, 0
	}
	return v
}

func (r *keptReader) int() int64 {
	v, n := binary.Varint(r.rest)
	r.took(n)
	return v
}

func (r *keptReader) text() string {
	n := r.uint(uint64(len(r.rest)))
	if n > uint64(len(r.rest)) {
		r.bad = true
	}
	if r.bad {
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

// response is the kept answer as a new response.
func (k *kept) response(age time.Duration) *handler.Response {
	resp := &handler.Response{Status: k.status, Header: k.header, Body: k.body}
	resp.SetHeader("Age", strconv.FormatInt(int64(age/time.Second), 10))
	return resp
}

// key is what an answer is kept under: a hash of all it depends on.
func (c *responseCache) key(ctx context.Context, req *handler.Request, method string, header func(string) []string) (string, error) {
	function, _ := datastore.FunctionFrom(ctx)
	facts := req.Facts()
	var room [768]byte
	tenant, _ := datastore.Tenant(ctx)
	text := appendParts(room[:0], "answer", function, tenant, facts.Stage, facts.Scheme, strings.ToLower(facts.Host),
		req.Version(), method, req.Path(), req.RawQuery())
	if !c.Shared {
		caller := req.Caller()
		id, _ := datastore.CallerID(ctx)
		text = appendParts(text, "caller", string(caller.Kind), caller.Claim("iss"), caller.ID, caller.ARN,
			caller.Account, caller.Identity, id)
		for _, rights := range [...][]string{caller.Groups, caller.Scopes} {
			text = binary.AppendUvarint(text, uint64(len(rights)))
			text = appendParts(text, rights...)
		}
	}
	for _, name := range c.Headers {
		values := header(name)
		text = binary.AppendUvarint(appendParts(text, name), uint64(len(values)))
		text = appendParts(text, values...)
	}
	if c.Key != nil {
		own, err := c.Key(ctx, req)
		if err != nil {
			return "", err
		}
		text = appendParts(text, "key", own)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// isToken reports whether s is the name of a header.
//
// See https://www.rfc-editor.org/rfc/rfc9110#name-tokens
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if alnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'; !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
