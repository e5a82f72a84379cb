package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// holds evaluates one condition. The key is "k:x" with these values; nil is
// absent. "k:v" is "Value" for variables.
func holds(t *testing.T, operator, wants string, has []string) bool {
	t.Helper()
	p := identity(t, policy(fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%q:{"k:x":%s}}}`, operator, wants)))
	context := map[string][]string{"K:V": {"Value"}}
	if has != nil {
		context["K:X"] = has
	}
	return evaluate.Evaluate(evaluate.Request{Action: "s3:GetObject", Resource: "*", Context: context}, p).Allowed()
}

func list(values ...string) []string { return values }

// TestOperators compares one value. For each row the negated operator, if there
// is one, gives the opposite.
func TestOperators(t *testing.T) {
	t.Parallel()
	tests := []struct {
		operator, negated string
		wants, has        string
		want              bool
	}{
		{"StringEquals", "StringNotEquals", `"a"`, "a", true},
		{"StringEquals", "StringNotEquals", `"a"`, "A", false},
		{"StringEquals", "StringNotEquals", `"a*"`, "ab", false},
		{"StringEquals", "StringNotEquals", `"a*"`, "a*", true},
		{"StringEquals", "StringNotEquals", `["b","a"]`, "a", true},
		{"StringEquals", "StringNotEquals", `["b","c"]`, "a", false},
		{"StringEquals", "StringNotEquals", `""`, "", true},
		{"StringEquals", "StringNotEquals", `"${k:v}"`, "Value", true},
		{"StringEquals", "StringNotEquals", `"${k:absent}"`, "", false},
		{"StringEquals", "StringNotEquals", `["${k:absent}","a"]`, "a", true},
		{"StringEquals", "StringNotEquals", `"${k:absent, 'a'}"`, "a", true},
		{"StringEquals", "StringNotEquals", `"${*}"`, "*", true},
		{"StringEquals", "StringNotEquals", `5`, "5", true},
		{"StringEquals", "StringNotEquals", `true`, "true", true},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"straSSe"`, "STRASSE", true},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"${k:v}"`, "VALUE", true},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"${k:absent}"`, "x", false},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", `"a"`, "b", false},
		{"StringLike", "StringNotLike", `"a*c?"`, "a/b:cd", true},
		{"StringLike", "StringNotLike", `"a*c?"`, "abc", false},
		{"StringLike", "StringNotLike", `"*"`, "", true},
		{"StringLike", "StringNotLike", `"${*}"`, "x", false},
		{"StringLike", "StringNotLike", `"home/${k:v}/*"`, "home/Value/x", true},
		{"StringLike", "StringNotLike", `"A"`, "a", false},
		{"StringLike", "StringNotLike", `"\ufffd"`, "\xff", false}, // no UTF-8 is not the sign for it
		{"StringLike", "StringNotLike", `"\ufffd"`, "\ufffd", true},
		{"NumericEquals", "NumericNotEquals", `10`, "10", true},
		{"NumericEquals", "NumericNotEquals", `"10"`, "10.0", true},
		{"NumericEquals", "NumericNotEquals", `"9007199254740993"`, "9007199254740992", false},
		{"NumericEquals", "NumericNotEquals", `"-0.5"`, "-.5", false}, // no number
		{"NumericEquals", "NumericNotEquals", `"-0.5"`, "-0.50", true},
		{"NumericEquals", "NumericNotEquals", `"1"`, "one", false},
		{"NumericLessThan", "", `"10"`, "9", true},
		{"NumericLessThan", "", `"10"`, "10", false},
		{"NumericLessThan", "", `"10"`, "1e0", false},
		{"NumericLessThanEquals", "", `"10"`, "10", true},
		{"NumericLessThanEquals", "", `"10"`, "10.01", false},
		{"NumericGreaterThan", "", `["10","3"]`, "5", true},
		{"NumericGreaterThan", "", `10`, "10", false},
		{"NumericGreaterThanEquals", "", `10`, "10", true},
		{"DateEquals", "DateNotEquals", `"2026-01-30T11:00:00Z"`, "2026-01-30T12:00:00+01:00", true},
		{"DateEquals", "DateNotEquals", `"2026-01-30T11:00:00Z"`, "1769770800", true},
		{"DateEquals", "DateNotEquals", `"2026-01-30"`, "2026-01-30T00:00:00Z", true},
		{"DateEquals", "DateNotEquals", `"2026"`, "2026-01-01", true},
		{"DateEquals", "DateNotEquals", `"2026-01-30T11:00Z"`, "20260130T110000Z", true},
		{"DateEquals", "DateNotEquals", `"2026-01-30"`, "yesterday", false},
		{"DateLessThan", "", `"2026-01-30T11:00:00Z"`, "2026-01-30T10:59:59.999Z", true},
		{"DateLessThan", "", `"2026-01-30T11:00:00Z"`, "2026-01-30T11:00:00Z", false},
		{"DateLessThanEquals", "", `"2026-01-30T11:00:00Z"`, "2026-01-30T11:00:00Z", true},
		{"DateGreaterThan", "", `1769770800`, "2026-01-30T11:00:01Z", true},
		{"DateGreaterThan", "", `1769770800`, "2026-01-30T11:00:00Z", false},
		{"DateGreaterThanEquals", "", `1769770800`, "2026-01-30T11:00:00Z", true},
		{"Bool", "", `"true"`, "true", true},
		{"Bool", "", `true`, "True", true},
		{"Bool", "", `false`, "true", false},
		{"Bool", "", `"true"`, "yes", false},
		{"Bool", "", `"${k:v}"`, "value", true},
		{"BinaryEquals", "", `"AQI="`, "AQI=", true},
		{"BinaryEquals", "", `"AQI="`, "AQM=", false},
		{"BinaryEquals", "", `"AQI="`, "no base64", false},
		{"IpAddress", "NotIpAddress", `"203.0.113.0/24"`, "203.0.113.77", true},
		{"IpAddress", "NotIpAddress", `"203.0.113.5/24"`, "203.0.113.77", true},
		{"IpAddress", "NotIpAddress", `"203.0.113.0/24"`, "203.0.114.1", false},
		{"IpAddress", "NotIpAddress", `"203.0.113.7"`, "203.0.113.7", true},
		{"IpAddress", "NotIpAddress", `"203.0.113.7"`, "::ffff:203.0.113.7", true},
		{"IpAddress", "NotIpAddress", `"203.0.113.7"`, "203.0.113.8", false},
		{"IpAddress", "NotIpAddress", `["10.0.0.0/8","2001:db8::/32"]`, "2001:db8:1::1", true},
		{"IpAddress", "NotIpAddress", `"0.0.0.0/0"`, "2001:db8::1", false},
		{"IpAddress", "NotIpAddress", `"::1"`, "::1", true},
		{"IpAddress", "NotIpAddress", `"10.0.0.0/8"`, "not an address", false},
		{"ArnLike", "ArnNotLike", `"arn:aws:sns:*:111122223333:orders-*"`, "arn:aws:sns:eu-central-1:111122223333:orders-new", true},
		{"ArnEquals", "ArnNotEquals", `"arn:aws:sns:*:111122223333:orders-*"`, "arn:aws:sns:eu-central-1:111122223333:orders-new", true},
		{"ArnLike", "ArnNotLike", `"arn:aws:x:*:111122223333:finance/*"`, "arn:aws:x:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", false},
		{"StringLike", "StringNotLike", `"arn:aws:x:*:111122223333:finance/*"`, "arn:aws:x:us-east-2:999999999999:store/abc:111122223333:finance/document.txt", true},
		{"ArnLike", "ArnNotLike", `"arn:aws:sns:*:*:a"`, "arn:aws:sns:eu-central-1:111122223333:A", false},
		{"ArnLike", "ArnNotLike", `"*"`, "arn:aws:sns:eu-central-1:111122223333:a", true},
		{"ArnLike", "ArnNotLike", `"*"`, "no arn", false},
		{"ArnLike", "ArnNotLike", `"arn:aws:sns:*"`, "arn:aws:sns:eu-central-1:111122223333:a", false},
		{"ArnLike", "ArnNotLike", `"arn:aws:sns:*:*:${k:v}"`, "arn:aws:sns:eu-central-1:111122223333:Value", true},
		{"ArnLike", "ArnNotLike", `"arn:aws:lambda:*:*:function:*"`, "arn:aws:lambda:eu-central-1:111122223333:function:f:1", true},
	}
	for _, tt := range tests {
		if got := holds(t, tt.operator, tt.wants, list(tt.has)); got != tt.want {
			t.Errorf("%s %s with %q = %t, want %t", tt.operator, tt.wants, tt.has, got, tt.want)
		}
		if tt.negated != "" && holds(t, tt.negated, tt.wants, list(tt.has)) == tt.want {
			t.Errorf("%s %s with %q = %t", tt.negated, tt.wants, tt.has, tt.want)
		}
	}
}

// TestSeveralValues and absent ones, with each qualifier.
func TestSeveralValues(t *testing.T) {
	t.Parallel()
	ab := `["a","b"]`
	tests := []struct {
		operator string
		wants    string
		has      []string
		want     bool
	}{
		// absent
		{"StringEquals", ab, nil, false},
		{"StringNotEquals", ab, nil, true},
		{"StringEqualsIfExists", ab, nil, true},
		{"StringNotEqualsIfExists", ab, nil, true},
		{"NumericLessThan", "1", nil, false},
		{"NumericLessThanIfExists", "1", nil, true},
		{"IpAddress", `"10.0.0.0/8"`, nil, false},
		{"NotIpAddress", `"10.0.0.0/8"`, nil, true},
		{"ArnNotLike", `"*"`, nil, true},
		{"BoolIfExists", "true", nil, true},
		{"ForAllValues:StringEquals", ab, nil, true},
		{"ForAnyValue:StringEquals", ab, nil, false},
		{"ForAllValues:StringNotEquals", ab, nil, true},
		{"ForAnyValue:StringNotEquals", ab, nil, false},
		{"ForAnyValue:StringEqualsIfExists", ab, nil, true},
		{"StringEquals", ab, list(), false}, // no values is absent
		{"Null", "true", list(), true},
		// an empty string is a value, but an empty set
		{"StringLike", `"*"`, list(""), true},
		{"ForAllValues:StringEquals", ab, list(""), true},
		{"ForAnyValue:StringLike", `"*"`, list(""), false},
		// one
		{"StringEqualsIfExists", ab, list("c"), false},
		{"StringNotEqualsIfExists", ab, list("a"), false},
		{"ForAllValues:StringEquals", ab, list("a"), true},
		{"ForAnyValue:StringEquals", ab, list("c"), false},
		// several
		{"ForAllValues:StringEquals", ab, list("a", "b", "a"), true},
		{"ForAllValues:StringEquals", ab, list("a", "c"), false},
		{"ForAnyValue:StringEquals", ab, list("a", "c"), true},
		{"ForAnyValue:StringEquals", ab, list("d", "c"), false},
		{"ForAllValues:StringNotEquals", ab, list("c", "d"), true},
		{"ForAllValues:StringNotEquals", ab, list("c", "a"), false},
		{"ForAnyValue:StringNotEquals", ab, list("c", "a"), true},
		{"ForAnyValue:StringNotEquals", ab, list("a", "b"), false},
		{"ForAllValues:StringLike", `"a*"`, list("a1", "a2"), true},
		{"ForAnyValue:ArnLike", `"arn:aws:s3:::a*"`, list("arn:aws:s3:::b", "arn:aws:s3:::ab"), true},
		{"ForAllValues:NumericLessThan", "5", list("1", "4"), true},
		{"ForAllValues:NumericLessThan", "5", list("1", "6"), false},
		{"StringEquals", ab, list("c", "a"), true},
		{"StringNotEquals", ab, list("c", "a"), false},
		// Null
		{"Null", "true", nil, true},
		{"Null", "false", nil, false},
		{"Null", `"true"`, list("x"), false},
		{"Null", `"false"`, list("x"), true},
		{"Null", `["true","false"]`, nil, true},
	}
	for _, tt := range tests {
		if got := holds(t, tt.operator, tt.wants, tt.has); got != tt.want {
			t.Errorf("%s %s with %q = %t, want %t", tt.operator, tt.wants, tt.has, got, tt.want)
		}
	}
}

// TestConditionsTogether: all keys of all operators must hold.
func TestConditionsTogether(t *testing.T) {
	t.Parallel()
	p := identity(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
		"StringEquals":{"k:a":"1","K:B":"2"},"Bool":{"aws:SecureTransport":true},"StringNotEquals":{"k:a":"9"}}}`))
	tests := []struct {
		a, b, secure string
		want         bool
	}{
		{"1", "2", "true", true},
		{"9", "2", "true", false},
		{"1", "9", "true", false},
		{"1", "2", "false", false},
	}
	for _, tt := range tests {
		req := evaluate.Request{Action: "s3:GetObject", Resource: "*", Context: map[string][]string{
			"k:A": {tt.a}, "k:b": {tt.b}, "AWS:securetransport": {tt.secure}}}
		if got := evaluate.Evaluate(req, p).Allowed(); got != tt.want {
			t.Errorf("%+v = %t", tt, got)
		}
	}
	empty := identity(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}`))
	if !evaluate.Evaluate(evaluate.Request{Action: "s3:GetObject", Resource: "*"}, empty).Allowed() {
		t.Error("no condition, and it does not hold")
	}
}
