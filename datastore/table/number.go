package table

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The limits of numbers: 38 significant digits, magnitude 1E-130 to
// 9.99...E+125, or zero.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxDigits   = 38
	minExponent = -130
	maxExponent = 125
)

// Number is a value of type N from decimal text such as "12", "-0.5" or
// "1.5E3". It is kept in one canonical form, so that equal numbers are equal
// texts.
func Number(text string) (Value, error) {
	if canonicalInteger(text) || canonicalFraction(text) {
		return Value{typ: N, text: text}, nil
	}
	d, err := parseDecimal(text)
	if err != nil {
		return Value{}, fmt.Errorf("number: %w", err)
	}
	return Value{typ: N, text: d.String()}, nil
}

// Int is a value of type N.
func Int(n int64) Value { return Value{typ: N, text: strconv.FormatInt(n, 10)} }

// canonicalInteger is the quick answer for most numbers there are.
func canonicalInteger(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > maxDigits || digits[0] == '0' {
		return text == "0"
	}
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
	}
	return true
}

// canonicalFraction is that for most others: digits around a point, neither
// beginning with a 0 that is not the only one nor ending with one.
func canonicalFraction(text string) bool {
	whole, fraction, ok := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if !ok || fraction == "" || fraction[len(fraction)-1] == '0' || len(whole)+len(fraction) > maxDigits || len(fraction) > 8 {
		return false
	}
	for i := range len(fraction) {
		if fraction[i] < '0' || fraction[i] > '9' {
			return false
		}
	}
	return canonicalInteger(whole) && whole[0] != '-'
}

// decimal is the number 0.digits * 10^exp. The digits neither start nor end
// with 0; zero has none.
type decimal struct {
	neg    bool
	digits string
	exp    int
}

var errNoNumber = errors.New("not a decimal number")

func parseDecimal(text string) (decimal, error) {
	var d decimal
	rest := text
	if strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") {
		d.neg, rest = rest[0] == '-', rest[1:]
	}
	mantissa, exp := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		n, err := strconv.Atoi(rest[i+1:])
		if err != nil || n > 1_000_000 || n < -1_000_000 {
			return d, errNoNumber
		}
		mantissa, exp = rest[:i], n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return d, errNoNumber
	}
	exp += len(whole)
	significant := strings.TrimLeft(digits, "0")
	exp -= len(digits) - len(significant)
	d.digits = strings.TrimRight(significant, "0")
	if d.digits == "" {
		return decimal{}, nil
	}
	d.exp = exp
	if len(d.digits) > maxDigits {
		return d, fmt.Errorf("has %d significant digits; at most %d are kept", len(d.digits), maxDigits)
	}
	if e := d.exp - 1; e < minExponent || e > maxExponent {
		return d, fmt.Errorf("out of range; its magnitude must be between 1E%d and 1E%d", minExponent, maxExponent+1)
	}
	return d, nil
}

// String is the canonical text: plain where that needs at most 38 digits and
// few leading zeros, else scientific.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.neg {
		sign = "-"
	}
	n := len(d.digits)
	switch {
	case d.exp >= n && d.exp <= maxDigits:
		return sign + d.digits + strings.Repeat("0", d.exp-n)
	case d.exp > 0 && d.exp < n:
		return sign + d.digits[:d.exp] + "." + d.digits[d.exp:]
	case d.exp <= 0 && d.exp > -10:
		return sign + "0." + strings.Repeat("0", -d.exp) + d.digits
	}
	text := sign + d.digits[:1]
	if n > 1 {
		text += "." + d.digits[1:]
	}
	return text + "E" + strconv.Itoa(d.exp-1)
}

// compareNumbers compares two canonical texts.
func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	x, _ := parseDecimal(a) // canonical: cannot fail
	y, _ := parseDecimal(b)
	if x.sign() != y.sign() {
		return cmp.Compare(x.sign(), y.sign())
	}
	size := cmp.Compare(x.exp, y.exp)
	if size == 0 {
		size = strings.Compare(x.digits, y.digits)
	}
	return size * x.sign()
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// integerText is the plain text of a whole number in whatever notation.
func integerText(text string) (string, bool) {
	if canonicalInteger(text) {
		return text, true
	}
	d, err := parseDecimal(text)
	if err != nil || d.exp < len(d.digits) || d.exp > maxDigits {
		return "", err == nil && d.digits == ""
	}
	return d.String(), true
}
