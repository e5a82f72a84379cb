package table

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// A page token is the base64 of: one byte of version; 12 bytes of a hash of the
// query or scan it belongs to, limit and consistency aside; the key attributes of
// the last item read, each but the last with its length. Of a query, the partition
// is not in it: it is always that of the query, so that no token leads into another
// partition.
const (
	tokenVersion = 1
	tokenHash    = 12
)

// listing is what a token belongs to.
type listing struct {
	spec  Spec
	index Index
	pk    Value // the partition of a query; the zero Value of a scan
	rng   Cond
	hash  []byte
}

func (a *access) listing(q PageQuery) listing {
	h := newHasher(a.shape.spec, q.Index)
	h.value(q.PK)
	h.cond(q.Range)
	h.cond(q.Filter)
	if q.Desc {
		h.number(1)
	}
	return listing{a.shape.spec, q.Index, q.PK, q.Range, h.Sum(nil)[:tokenHash]}
}

func (a *access) scanListing(q PageScan) listing {
	h := newHasher(a.shape.spec, q.Index)
	h.text("scan")
	h.cond(q.Filter)
	h.number(q.Segment)
	h.number(q.Segments)
	return listing{spec: a.shape.spec, index: q.Index, hash: h.Sum(nil)[:tokenHash]}
}

// inToken are the attributes that a token holds.
func (l listing) inToken() []Attribute {
	var list []Attribute
	for a := range l.spec.keyAttributes(l.index) {
		if l.pk.IsZero() || a != l.index.PK {
			list = append(list, a)
		}
	}
	return list
}

// seal is the token after the item at the place last.
func (l listing) seal(last Item) datastore.Token {
	raw := append([]byte{tokenVersion}, l.hash...)
	attrs := l.inToken()
	for i, a := range attrs {
		text := last[a.Name].text
		if i < len(attrs)-1 {
			raw = binary.AppendUvarint(raw, uint64(len(text)))
		}
		raw = append(raw, text...)
	}
	return datastore.Token(base64.RawURLEncoding.EncodeToString(raw))
}

// open is the place that the token stands for.
func (l listing) open(t datastore.Token) (Item, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(t))
	if err != nil || len(raw) < 1+tokenHash || raw[0] != tokenVersion {
		return nil, invalid("page token: is not one; send back the token of the page before, unchanged")
	}
	if string(raw[1:1+tokenHash]) != string(l.hash) {
		return nil, invalid("page token: belongs to another query; begin again without one")
	}
	place, ok := l.place(raw[1+tokenHash:])
	if !ok || l.spec.checkKey(place) != nil || l.index.check(place) != nil || !l.rng.Match(place) {
		return nil, invalid("page token: was changed")
	}
	return place, nil
}

// place reads the attributes of a token.
func (l listing) place(raw []byte) (Item, bool) {
	place := make(Item, 4)
	if !l.pk.IsZero() {
		place[l.index.PK.Name] = l.pk
	}
	attrs := l.inToken()
	for i, a := range attrs {
		text := raw
		if i < len(attrs)-1 {
			n, used := binary.Uvarint(raw)
			if used <= 0 || n > uint64(len(raw)-used) {
				return nil, false
			}
			text, raw = raw[used:used+int(n)], raw[used+int(n):]
		} else {
			raw = nil
		}
		v := Value{typ: a.Type, text: string(text)}
		if a.Type == N {
			number, err := Number(string(text))
			if err != nil {
				return nil, false
			}
			v = number
		}
		place[a.Name] = v
	}
	return place, len(raw) == 0
}

type hasher struct{ hash.Hash }

// newHasher tells listings apart: every part is written with its length.
func newHasher(spec Spec, x Index) hasher {
	h := hasher{sha256.New()}
	h.text(spec.Logical)
	h.text(spec.PK.Name)
	h.text(spec.SK.Name)
	h.text(x.Name)
	h.text(x.PK.Name)
	h.text(x.SK.Name)
	return h
}

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
