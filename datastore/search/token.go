package search

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// A page token is the base64 of: one byte of version; 12 bytes of a hash of the
// query it belongs to; the Place of the last hit.
const (
	tokenVersion = 1
	tokenHash    = 12
	maxToken     = 1 << 20 // of text; a place has no more than 8 keywords and an id
)

func sealToken(place json.RawMessage, q PageQuery) datastore.Token {
	raw := append([]byte{tokenVersion}, q.ID...)
	return datastore.Token(base64.RawURLEncoding.EncodeToString(append(raw, place...)))
}

// openToken is the Place that the token stands for in q, nil for "". What it holds
// fits the sort of q: no token has a server refuse a query.
func openToken(t datastore.Token, q PageQuery) ([]json.RawMessage, error) {
	if t == "" {
		return nil, nil
	}
	if len(t) > maxToken {
		return nil, errToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(t))
	if err != nil || len(raw) < 1+tokenHash || raw[0] != tokenVersion {
		return nil, errToken
	}
	if string(raw[1:1+tokenHash]) != q.ID {
		return nil, invalid("page token: belongs to another query; begin again without one")
	}
	var place []json.RawMessage
	if err := json.Unmarshal(raw[1+tokenHash:], &place); err != nil || !utf8.Valid(raw[1+tokenHash:]) || !fits(place, q) {
		return nil, invalid("page token: was changed")
	}
	return place, nil
}

var errToken = invalid("page token: is not one; send back the token of the page before, unchanged")

// fits reports whether a place has a value for each field of the sort, and an id.
func fits(place []json.RawMessage, q PageQuery) bool {
	if len(q.Sort) == 0 {
		return len(place) == 2 && isFloat(place[0]) && isString(place[1])
	}
	if len(place) != len(q.Sort)+1 || !isString(place[len(q.Sort)]) {
		return false
	}
	for i, by := range q.Sort {
		ok := false
		switch by.Kind {
		case Text, Keyword:
			ok = isString(place[i]) || string(place[i]) == "null"
		case Double:
			ok = isFloat(place[i]) || string(place[i]) == `"Infinity"` || string(place[i]) == `"-Infinity"`
		case Boolean:
			_, err := strconv.ParseInt(string(place[i]), 10, 32)
			ok = err == nil
		default:
			_, err := strconv.ParseInt(string(place[i]), 10, 64)
			ok = err == nil
		}
		if !ok {
			return false
		}
	}
	return true
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

func isFloat(raw json.RawMessage) bool {
	f, err := strconv.ParseFloat(string(raw), 64)
	return err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) && !bytes.ContainsAny(raw, "xXpP_")
}

// queryID tells queries apart, whatever their pages: every part is written with its
// length.
func queryID(spec Spec, raw json.RawMessage, q PageQuery) string {
	h := hasher{sha256.New()}
	h.text(spec.Logical)
	h.text(string(raw))
	h.cond(q.Where)
	h.number(int64(len(q.Sort)))
	for _, by := range q.Sort {
		h.text(by.Name)
		h.text(strconv.FormatBool(by.Desc))
	}
	return string(h.Sum(nil)[:tokenHash])
}

type hasher struct{ hash.Hash }

func (h hasher) number(n int64) { h.Write(binary.AppendVarint(nil, n)) }

func (h hasher) text(s string) {
	h.number(int64(len(s)))
	h.Write([]byte(s))
}

func (h hasher) cond(c Cond) {
	h.number(int64(c.op))
	h.text(c.text)
	h.number(int64(len(c.fields)))
	for _, f := range c.fields {
		h.text(f.Name)
	}
	h.number(int64(len(c.values)))
	for _, v := range c.values {
		h.number(int64(v.kind))
		h.text(v.text)
		h.number(v.whole)
		h.number(int64(math.Float64bits(v.float)))
	}
	h.number(int64(len(c.conds)))
	for _, sub := range c.conds {
		h.cond(sub)
	}
}
