package openapi

import (
	"encoding/json"
	"math/big"
	"strings"
)

// compareNumbers compares by value: 1 is 1.0.
func compareNumbers(a, b json.Number) int {
	x, ok := new(big.Rat).SetString(string(a))
	y, also := new(big.Rat).SetString(string(b))
	if !ok || !also {
		return strings.Compare(string(a), string(b))
	}
	return x.Cmp(y)
}

// sharper reports whether a bound of a keyword refuses more than another.
func sharper(keyword string, a, b any) bool {
	x, ok := a.(json.Number)
	y, also := b.(json.Number)
	if !ok || !also {
		return false
	}
	switch {
	case strings.HasPrefix(keyword, "min"), keyword == "exclusiveMinimum":
		return compareNumbers(x, y) > 0
	case strings.HasPrefix(keyword, "max"), keyword == "exclusiveMaximum":
		return compareNumbers(x, y) < 0
	}
	return false
}
