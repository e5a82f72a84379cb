package evaluate_test

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// FuzzParse reads any document, as both kinds: nothing panics, every mistake has
// a place, and what is accepted is JSON that can be evaluated and explained.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		policy(statement("Allow", `"s3:*"`, `["arn:aws:s3:::b/${aws:userid, 'x'}","*"]`)),
		policy(`{"Sid":"a","Effect":"Deny","Principal":{"AWS":["111122223333","*"]},"NotAction":"s3:*","NotResource":"execute-api:/*"}`),
		policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:ArnLikeIfExists":{"k:x":["arn:aws:s3:::*",1,true]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"DateLessThan":{"k:y":1},"NumericEquals":{"k:z":-1.5},"Null":{"k:x":false},"BinaryEquals":{"k:b":"AQI="}}}`),
		`{"Statement":{"Effect":"Allow","NotPrincipal":"*","Action":"a:b"}}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny"}]}`,
		`{"Statement":[[[[[[[[[[]]]]]]]]]]}`, `[`, `{"a":1}{}`, `"${"`, "\xff", `{"Statement":"\ud800"}`,
	} {
		f.Add([]byte(s), "arn:aws:s3:::b/x", "a")
	}
	f.Fuzz(func(t *testing.T, document []byte, resource, value string) {
		for _, parse := range []func(string, []byte) (*evaluate.Policy, error){evaluate.ParseIdentity, evaluate.ParseResource} {
			p, err := parse("fuzz", document)
			if (p == nil) == (err == nil) {
				t.Fatalf("parse = %v, %v", p, err)
			}
			if err != nil {
				var first *evaluate.ParseError
				if !errors.As(err, &first) || first.Line < 1 || first.Column < 1 || first.Problem == "" {
					t.Fatalf("parse = %#v", err)
				}
				continue
			}
			if !json.Valid(document) || !utf8.Valid(document) {
				t.Fatalf("accepted %q", document)
			}
			req := evaluate.Request{
				Principal: evaluate.Principal{ARN: resource}, Action: "s3:GetObject", Resource: resource,
				Context: map[string][]string{"k:x": {value}, "aws:SourceIp": {value}, "k:y": {value, value}, "k:z": {value}, "k:b": {value}},
			}
			explained(t, req, evaluate.Evaluate(req, p), evaluate.Explain(req, p))
		}
	})
}

// FuzzWildcards compares with regular expressions.
func FuzzWildcards(f *testing.F) {
	f.Add("a*?b", "axxb")
	f.Add("**", "")
	f.Add("?", "ሴ")
	f.Add("*a*a*a*b", "aaaaaaaa")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(value) || len(pattern) > 200 {
			return
		}
		text, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		// Before 2012 a pattern has no variables.
		p, err := evaluate.ParseIdentity("fuzz", []byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"k:x":`+string(text)+`}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := evaluate.Evaluate(evaluate.Request{Action: "a:b", Resource: "*", Context: map[string][]string{"k:x": {value}}}, p).Allowed()
		if want := likeRegexp(pattern).MatchString(value); got != want {
			t.Fatalf("StringLike %q with %q = %t, want %t", pattern, value, got, want)
		}
	})
}
