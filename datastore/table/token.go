package table

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// A page token is the base64 of: one byte of version; 12 bytes of a hash of the
// query it belongs to, limit and consistency aside; the sort key of the last
// item read. The partition is not in it: it is always that of the query, so that
// no token leads into another partition.
const (
	tokenVersion = 1
	tokenHash    = 12
)

// sealToken is the token after the item with the key last; "" after nil.
func sealToken(last Item, spec Spec, q PageQuery) datastore.Token {
	if last == nil {
		return ""
	}
	raw := append([]byte{tokenVersion}, queryHash(spec, q)...)
	if spec.HasSK() {
		raw = append(raw, last[spec.SK.Name].text...)
	}
	return datastore.Token(base64.RawURLEncoding.EncodeToString(raw))
}

// openToken is the key that the token stands for in q, nil for "".
func openToken(t datastore.Token, spec Spec, q PageQuery) (Item, error) {
	if t == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(t))
	if err != nil || len(raw) < 1+tokenHash || raw[0] != tokenVersion {
		return nil, invalid("page token: is not one; send back the token of the page before, unchanged")
	}
	if string(raw[1:1+tokenHash]) != string(queryHash(spec, q)) {
		return nil, invalid("page token: belongs to another query; begin again without one")
	}
	key := Item{spec.PK.Name: q.PK}
	sort := string(raw[1+tokenHash:])
	if !spec.HasSK() {
		if sort != "" {
			return nil, invalid("page token: was changed")
		}
		return key, nil
	}
	v := Value{typ: spec.SK.Type, text: sort}
	if v.typ == N {
		if v, err = Number(sort); err != nil {
			return nil, invalid("page token: was changed")
		}
	}
	key[spec.SK.Name] = v
	if spec.checkKey(key) != nil || !q.Range.Match(key) {
		return nil, invalid("page token: was changed")
	}
	return key, nil
}

// queryHash tells queries apart: every part is written with its length.
func queryHash(spec Spec, q PageQuery) []byte {
	h := hasher{sha256.New()}
	h.text(spec.Logical)
	h.text(spec.PK.Name)
	h.text(spec.SK.Name)
	h.value(q.PK)
	h.cond(q.Range)
	h.cond(q.Filter)
	if q.Desc {
		h.number(1)
	}
	return h.Sum(nil)[:tokenHash]
}

type hasher struct{ hash.Hash }

func (h hasher) number(n int) {
	h.Write(binary.AppendUvarint(nil, uint64(n)))
}

func (h hasher) text(s string) {
	h.number(len(s))
	h.Write([]byte(s))
}

func (h hasher) cond(c Cond) {
	h.number(int(c.op))
	h.text(c.attr)
	h.number(len(c.values))
	for _, v := range c.values {
		h.value(v)
	}
	h.number(len(c.conds))
	for _, sub := range c.conds {
		h.cond(sub)
	}
}

// value writes a value by its JSON form, in which names are sorted.
func (h hasher) value(v Value) {
	if v.typ == S || v.typ == N || v.typ == B {
		h.number(int(v.typ))
		h.text(v.text)
		return
	}
	form, _ := v.MarshalJSON() // checked before: has a value everywhere
	h.text(string(form))
}
