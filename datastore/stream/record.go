package stream

import (
	"math/big"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// PutOption is a part of one record.
type PutOption interface{ apply(*Envelope) }

type putOption func(*Envelope)

func (o putOption) apply(e *Envelope) { o(e) }

// HashKey chooses the shard by its range of hash keys, in place of the MD5 of the
// partition key: a decimal number from 0 to 2^128-1.
func HashKey(decimal string) PutOption {
	return putOption(func(e *Envelope) { e.HashKey, e.hashed = decimal, true })
}

// Envelope is a record as a [Conn] gets it.
type Envelope struct {
	Key     string
	HashKey string // "" for the MD5 of the key
	Body    []byte // not changed by anybody

	hashed bool
}

// Size is the record's size in bytes, as Kinesis counts it.
func (e *Envelope) Size() int { return len(e.Body) + len(e.Key) }

// fill makes e, which is empty, the record of a value, with its body among texts.
func (s *state) fill(e *Envelope, texts *message.Texts, key string, value any, opts []PutOption) (err error) {
	e.Key = key
	if err := handle.Apply(opts, func(o PutOption) { o.apply(e) }); err != nil {
		return err
	}
	if e.Body, err = texts.Encode(value); err != nil {
		return err
	}
	return s.check(e)
}

func (s *state) check(e *Envelope) error {
	switch {
	case e.Key == "" || utf8.RuneCountInString(e.Key) > MaxKey || !utf8.ValidString(e.Key):
		return message.Invalid("the partition key: write 1 to %d characters of UTF-8", MaxKey)
	case e.hashed && !validHash(e.HashKey):
		return message.Invalid("the hash key: write a decimal number from 0 to 2^128-1")
	}
	if n := e.Size(); n > s.spec.MaxRecord {
		return message.TooLarge("the record has %d bytes with its key, more than the %d that the stream takes; declare more with stream.MaxRecord", n, s.spec.MaxRecord)
	}
	return nil
}

// validHash reports whether the text is a number as Kinesis takes it: without
// leading zeros.
func validHash(text string) bool {
	if text == "" || len(text) > 39 || text[0] == '0' && text != "0" {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	n, ok := new(big.Int).SetString(text, 10)
	return ok && n.BitLen() <= 128
}
