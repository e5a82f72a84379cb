package evaluate

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
)

// operator compares by one rule. A negated one is the opposite of the rule for
// all its values together.
type operator struct {
	name    string
	negated bool
	compile func(value string, variables bool) (test, error)
}

// operators of IAM. See
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
var operators = [...]operator{
	{"StringEquals", false, stringEquals},
	{"StringNotEquals", true, stringEquals},
	{"StringEqualsIgnoreCase", false, stringEqualsFold},
	{"StringNotEqualsIgnoreCase", true, stringEqualsFold},
	{"StringLike", false, stringLike},
	{"StringNotLike", true, stringLike},
	{"NumericEquals", false, numeric(func(c int) bool { return c == 0 })},
	{"NumericNotEquals", true, numeric(func(c int) bool { return c == 0 })},
	{"NumericLessThan", false, numeric(func(c int) bool { return c < 0 })},
	{"NumericLessThanEquals", false, numeric(func(c int) bool { return c <= 0 })},
	{"NumericGreaterThan", false, numeric(func(c int) bool { return c > 0 })},
	{"NumericGreaterThanEquals", false, numeric(func(c int) bool { return c >= 0 })},
	{"DateEquals", false, date(func(c int) bool { return c == 0 })},
	{"DateNotEquals", true, date(func(c int) bool { return c == 0 })},
	{"DateLessThan", false, date(func(c int) bool { return c < 0 })},
	{"DateLessThanEquals", false, date(func(c int) bool { return c <= 0 })},
	{"DateGreaterThan", false, date(func(c int) bool { return c > 0 })},
	{"DateGreaterThanEquals", false, date(func(c int) bool { return c >= 0 })},
	{"Bool", false, boolEquals},
	{"BinaryEquals", false, binaryEquals},
	{"IpAddress", false, ipAddress},
	{"NotIpAddress", true, ipAddress},
	{"ArnEquals", false, arnLike},
	{"ArnNotEquals", true, arnLike},
	{"ArnLike", false, arnLike},
	{"ArnNotLike", true, arnLike},
	{nullOperator, false, isNull},
}

func findOperator(name string) (operator, bool) {
	for _, op := range operators {
		if op.name == name {
			return op, true
		}
	}
	return operator{}, false
}

func stringEquals(value string, variables bool) (test, error) {
	return like(value, syntax{variables: variables})
}

func stringLike(value string, variables bool) (test, error) {
	return like(value, syntax{wildcards: true, variables: variables})
}

func like(value string, allowed syntax) (test, error) {
	p, err := compile(value, allowed)
	if err != nil {
		return nil, err
	}
	return func(v string, f *facts) bool {
		matched, _ := p.match(v, f) // what has no value is not like anything
		return matched
	}, nil
}

func stringEqualsFold(value string, variables bool) (test, error) {
	p, err := compile(value, syntax{variables: variables})
	if err != nil {
		return nil, err
	}
	return func(v string, f *facts) bool {
		runes, ok := p.resolve(f)
		return ok && strings.EqualFold(string(runes), v)
	}, nil
}

// arnLike compares the six parts of an ARN one by one; "*" alone is any ARN.
func arnLike(value string, variables bool) (test, error) {
	p, err := compile(value, syntax{wildcards: true, variables: variables})
	if err != nil {
		return nil, err
	}
	parts := p.split(arnParts)
	everything := len(p.runes) == 1 && p.runes[0] == anyRunes
	return func(v string, f *facts) bool {
		texts := strings.SplitN(v, ":", arnParts)
		if len(texts) != arnParts || texts[0] != "arn" {
			return false
		}
		if len(parts) != arnParts {
			return everything
		}
		for i := range parts {
			if matched, _ := parts[i].match(texts[i], f); !matched {
				return false
			}
		}
		return true
	}, nil
}

func boolEquals(value string, variables bool) (test, error) {
	if variables && strings.Contains(value, "${") {
		return stringEqualsFold(value, variables)
	}
	if !isBool(value) {
		return nil, fmt.Errorf(`%q is no boolean; write "true" or "false"`, clip(value))
	}
	return func(v string, _ *facts) bool { return strings.EqualFold(v, value) }, nil
}

func isNull(value string, _ bool) (test, error) {
	if !isBool(value) {
		return nil, fmt.Errorf(`%q: write "true" for a key that must be absent, "false" for one that must be there`, clip(value))
	}
	return func(absent string, _ *facts) bool { return strings.EqualFold(absent, value) }, nil
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func binaryEquals(value string, _ bool) (test, error) {
	want, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not base64", clip(value))
	}
	return func(v string, _ *facts) bool {
		got, err := base64.StdEncoding.DecodeString(v)
		return err == nil && bytes.Equal(got, want)
	}, nil
}

// ipAddress wants an address or a range in CIDR notation, of IPv4 or IPv6.
func ipAddress(value string, _ bool) (test, error) {
	prefix, err := netip.ParsePrefix(value)
	if err != nil {
		addr, err := netip.ParseAddr(value)
		if err != nil || addr.Zone() != "" {
			return nil, fmt.Errorf(`%q is no address; write for example "203.0.113.0/24" or "2001:db8::/32"`, clip(value))
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	return func(v string, _ *facts) bool {
		addr, err := netip.ParseAddr(v)
		return err == nil && (prefix.Contains(addr) || prefix.Contains(addr.Unmap()))
	}, nil
}

// numeric compares decimals exactly.
func numeric(holds func(order int) bool) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		want, ok := decimal(value)
		if !ok {
			return nil, fmt.Errorf(`%q is no number; write for example "10" or "-2.5", without an exponent`, clip(value))
		}
		return func(v string, _ *facts) bool {
			got, ok := decimal(v)
			return ok && holds(got.Cmp(want))
		}, nil
	}
}

// maxDigits bounds what a comparison costs.
const maxDigits = 64

func decimal(s string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if len(s) > maxDigits || !allDigits(whole) || point && !allDigits(fraction) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func date(holds func(order int) bool) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		want, ok := instant(value)
		if !ok {
			return nil, fmt.Errorf(`%q is no date; write for example "2026-01-30T11:00:00Z", or seconds since the epoch`, clip(value))
		}
		return func(v string, _ *facts) bool {
			got, ok := instant(v)
			return ok && holds(got.Compare(want))
		}, nil
	}
}

// dateLayouts are the forms of the W3C's profile of ISO 8601; Parse takes a
// fraction after the seconds of any. See https://www.w3.org/TR/NOTE-datetime.
var dateLayouts = [...]string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006",
	"20060102T150405Z", // as AWS writes aws:TokenIssueTime in places
}

func instant(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, ok := decimal(s)
	if !ok {
		return time.Time{}, false
	}
	whole := new(big.Int).Quo(seconds.Num(), seconds.Denom())
	if !whole.IsInt64() || whole.CmpAbs(big.NewInt(1<<40)) > 0 {
		return time.Time{}, false
	}
	return time.Unix(whole.Int64(), 0).UTC(), true
}
