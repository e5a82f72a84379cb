package table

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// ttlCodec stores when an item expires: a number of whole Unix seconds, as
// DynamoDB's time to live takes it. Zero is no such time, and is not stored.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html
func ttlCodec(t reflect.Type) *codec {
	if t == timeType {
		return &codec{encodeExpiry, decodeExpiry}
	}
	return &codec{
		encode: func(e *encoder, v reflect.Value, level int) (Value, error) {
			if v.IsZero() {
				return Value{}, nil
			}
			return encodeNumber(e, v, level)
		},
		decode: decodeNumber,
	}
}

func encodeExpiry(e *encoder, v reflect.Value, _ int) (Value, error) {
	t, _ := reflect.TypeAssert[time.Time](v)
	if t.IsZero() {
		return Value{}, nil
	}
	return e.number(Int(t.Unix()), nil)
}

func decodeExpiry(in Value, v reflect.Value) error {
	if in.typ != N {
		return zeroOr(in, v, N)
	}
	text, ok := integerText(in.text)
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || seconds < minSeconds || seconds > maxSeconds {
		return fmt.Errorf("is not a time: want Unix seconds of the years 1 to 9999")
	}
	*v.Addr().Interface().(*time.Time) = time.Unix(seconds, 0).UTC()
	return nil
}

// The seconds that a time.Time with a year of four digits can have.
var (
	minSeconds = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	maxSeconds = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// Expired reports whether item has expired at now: DynamoDB deletes such items
// some time later, and handles leave them out until then.
func (s Spec) Expired(item Attributes, now time.Time) bool {
	if s.TTL == "" {
		return false
	}
	v, _ := item.Find(s.TTL)
	return v.typ == N && v.Compare(Int(now.Unix())) < 0
}

// expired is the condition that an item has expired at now.
func (s Spec) expired(now time.Time) Cond {
	return Cond{op: OpLt, attr: s.TTL, values: []Value{Int(now.Unix())}}
}

// unexpired is the condition that it has not, or never does.
func (s Spec) unexpired(now time.Time) Cond { return Not(s.expired(now)) }

// asExpiry turns a time, as operands have it, into what a ttl is stored as.
func asExpiry(v Value) Value {
	if v.typ != S {
		return v
	}
	t, err := time.Parse(timeLayout, v.text)
	if err != nil {
		return v
	}
	return Int(t.Unix())
}

// adapt gives conditions on the time of expiry what it is stored as, where they
// compare with a time.Time.
func (s *shape) adapt(c Cond) Cond {
	if s.ttl == nil || c.err != nil {
		return c
	}
	if c.attr == s.ttl.name {
		c.values = slices.Clone(c.values)
		for i, v := range c.values {
			c.values[i] = asExpiry(v)
		}
	}
	if len(c.conds) > 0 {
		c.conds = slices.Clone(c.conds)
		for i, sub := range c.conds {
			c.conds[i] = s.adapt(sub)
		}
	}
	return c
}
