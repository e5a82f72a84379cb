package evaluate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// problems are the mistakes that an error joins, as "line:column element: text".
func problems(err error) []string {
	var all []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			var p *evaluate.ParseError
			if errors.As(e, &p) {
				all = append(all, fmt.Sprintf("%d:%d %s: %s", p.Line, p.Column, p.Element, p.Problem))
			}
		}
	}
	return all
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	one := func(members string) string {
		return policy(`{"Effect":"Allow","Action":"*","Resource":"*",` + members + `}`)
	}
	condition := func(c string) string { return one(`"Condition":` + c) }
	tests := []struct {
		name, document string
		want           string
	}{
		{"empty", ``, "no JSON: it ends too early"},
		{"no JSON", `{"Version":}`, "1:12 : no JSON: "}, // the words are encoding/json's
		{"cut off", `{"Version":"2012-10-17","Statement":[`, "1:38 : no JSON: "},
		{"not UTF-8", "{\"Version\":\"\xff\"}", "1:13 : the document is not valid UTF-8"},
		{"two documents", policy(statement("Allow", `"*"`, `"*"`)) + `{}`, "something follows"},
		{"a list", `[]`, "is a list; want an object"},
		{"null", `null`, "is null; want an object"},
		{"too deep", strings.Repeat(`{"Statement":`, 20) + `1` + strings.Repeat(`}`, 20), "nested deeper than 8"},
		{"too long", policy(`{"Sid":"` + strings.Repeat("x", evaluate.MaxBytes) + `"}`), "at most 65536"},
		{"another version", `{"Version":"2012-10-18","Statement":[]}`, `Version: is "2012-10-18"; write "2012-10-17"`},
		{"version as a number", `{"Version":2012,"Statement":[]}`, `Version: is "2012"`},
		{"Id as a number", `{"Id":1,"Statement":[]}`, "Id: is a number"},
		{"no statement", `{"Version":"2012-10-17"}`, "Statement: is missing"},
		{"empty statements", `{"Statement":[]}`, "Statement: is an empty list"},
		{"statement as a string", `{"Statement":"x"}`, "Statement: is a string"},
		{"statement in a list as a string", `{"Statement":["x"]}`, "Statement[0]: is a string; want an object"},
		{"unknown member", `{"version":"2012-10-17","Statement":[]}`, `"version" is not known here; write Version`},
		{"unknown element", one(`"Ressource":"x"`), `"Ressource" is not known here; known are Sid, Effect`},
		{"element twice", one(`"Effect":"Deny"`), `"Effect" is written twice`},
		{"Sid twice", policy(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}`, `{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}`), `Statement[1].Sid: "a" is the Sid of another`},
		{"Sid as a number", one(`"Sid":1`), "Statement[0].Sid: is a number"},
		{"no effect", policy(`{"Action":"*","Resource":"*"}`), `Statement[0].Effect: is missing`},
		{"another effect", policy(`{"Effect":"allow","Action":"*","Resource":"*"}`), `is "allow"; write "Allow" or "Deny"`},
		{"no action", policy(`{"Effect":"Allow","Resource":"*"}`), "Statement[0].Action: is missing"},
		{"both actions", one(`"NotAction":"s3:*"`), "Action and NotAction stand together"},
		{"both resources", one(`"NotResource":"*"`), "Resource and NotResource stand together"},
		{"no resource", policy(`{"Effect":"Allow","Action":"*"}`), "Statement[0].Resource: is missing"},
		{"empty actions", policy(statement("Allow", `[]`, `"*"`)), "Statement[0].Action: is an empty list"},
		{"action without service", policy(statement("Allow", `"GetItem"`, `"*"`)), `"GetItem" is no action; write service:Name`},
		{"action with spaces", policy(statement("Allow", `"s3: GetObject"`, `"*"`)), `is no action`},
		{"action with two colons", policy(statement("Allow", `"s3:a:b"`, `"*"`)), `is no action`},
		{"action without a name", policy(statement("Allow", `"s3:"`, `"*"`)), `is no action`},
		{"action as an object", policy(statement("Allow", `{}`, `"*"`)), "Statement[0].Action: is an object"},
		{"empty action", policy(statement("Allow", `""`, `"*"`)), "Statement[0].Action: is empty"},
		{"resource no ARN", policy(statement("Allow", `"*"`, `"orders"`)), `"orders" is no ARN`},
		{"own path in an identity policy", policy(statement("Allow", `"*"`, `"execute-api:/*"`)), `is no ARN`},
		{"resource as a number", policy(statement("Allow", `"*"`, `["*",1]`)), "Statement[0].Resource: is a number"},
		{"long resource", policy(statement("Allow", `"*"`, `"arn:`+strings.Repeat("x", 2048)+`"`)), "has 2052 bytes; at most 2048"},
		{"variable in the account", policy(statement("Allow", `"*"`, `"arn:aws:s3::${aws:userid}:x"`)), "variable before the fifth colon"},
		{"open variable", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${aws:userid"`)), "has no end"},
		{"empty variable", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${ }"`)), "has no key"},
		{"variable in a variable", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${a:${b:c}}"`)), "has no key"},
		{"default without quotes", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${a:b, c}"`)), "the default of a variable is written"},
		{"default not closed", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${a:b, 'c}"`)), "the default of a variable is written"},
		{"default of a sign", policy(statement("Allow", `"*"`, `"arn:aws:s3:::${*, 'c'}"`)), "takes no default"},
		{"principal", one(`"Principal":"*"`), "an identity-based policy names no Principal"},
		{"condition as a list", condition(`[]`), "Statement[0].Condition: is a list"},
		{"unknown operator", condition(`{"StringMatches":{"k:x":"a"}}`), `"StringMatches" is no operator; known are StringEquals`},
		{"operator in another case", condition(`{"stringEquals":{"k:x":"a"}}`), `write StringEquals`},
		{"unknown set", condition(`{"ForEachValue:StringEquals":{"k:x":"a"}}`), `is no operator`},
		{"Null with IfExists", condition(`{"NullIfExists":{"k:x":"true"}}`), "takes neither IfExists nor a set"},
		{"Null with a set", condition(`{"ForAnyValue:Null":{"k:x":"true"}}`), "takes neither IfExists nor a set"},
		{"Null of something", condition(`{"Null":{"k:x":"x"}}`), `Statement[0].Condition.Null.k:x: "x": write "true"`},
		{"no key", condition(`{"StringEquals":{}}`), "at least one condition key"},
		{"a value for an operator", condition(`{"StringEquals":"a"}`), "at least one condition key"},
		{"key without a service", condition(`{"StringEquals":{"x":"a"}}`), `"x" is no condition key`},
		{"no value", condition(`{"StringEquals":{"k:x":[]}}`), "Condition.StringEquals.k:x: is an empty list"},
		{"null value", condition(`{"StringEquals":{"k:x":null}}`), "is null; want a string, number or boolean"},
		{"no number", condition(`{"NumericEquals":{"k:x":"ten"}}`), `"ten" is no number`},
		{"number with an exponent", condition(`{"NumericEquals":{"k:x":1e9}}`), `"1e9" is no number`},
		{"no date", condition(`{"DateLessThan":{"k:x":"tomorrow"}}`), `"tomorrow" is no date`},
		{"no boolean", condition(`{"Bool":{"k:x":"yes"}}`), `"yes" is no boolean`},
		{"no base64", condition(`{"BinaryEquals":{"k:x":"!"}}`), `"!" is not base64`},
		{"no address", condition(`{"IpAddress":{"k:x":"10.0.0.0/33"}}`), `"10.0.0.0/33" is no address`},
		{"address with a zone", condition(`{"IpAddress":{"k:x":"fe80::1%eth0"}}`), `is no address`},
		{"open variable in a condition", condition(`{"StringLike":{"k:x":"${a:b"}}`), "has no end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := evaluate.ParseIdentity("mine", []byte(tt.document))
			if err == nil || p != nil {
				t.Fatalf("ParseIdentity = %v, %v; want %q", p, err, tt.want)
			}
			if all := strings.Join(problems(err), "\n"); !strings.Contains(all, tt.want) {
				t.Errorf("ParseIdentity = %v\nwant %q", all, tt.want)
			}
		})
	}
}

func TestParseResourceErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ principal, want string }{
		{``, "Statement[0].Principal: is missing"},
		{`"Principal":"alice",`, `is a string; write "*"`},
		{`"Principal":{},`, `is an object; write "*"`},
		{`"Principal":["*"],`, `is a list; write "*"`},
		{`"Principal":{"aws":"*"},`, `"aws" is not known here; write AWS`},
		{`"Principal":{"AWS":"alice"},`, `"alice" is no principal`},
		{`"Principal":{"AWS":"1111"},`, `"1111" is no principal`},
		{`"Principal":{"AWS":"arn:aws:iam::111122223333:user/*"},`, "has a wildcard"},
		{`"Principal":{"AWS":"arn:aws:s3:::bucket"},`, "is no principal"},
		{`"Principal":{"AWS":[]},`, "is an empty list"},
		{`"Principal":"*","NotPrincipal":"*",`, "Principal and NotPrincipal stand together"},
	}
	for _, tt := range tests {
		document := policy(`{` + tt.principal + `"Effect":"Allow","Action":"*","Resource":"*"}`)
		_, err := evaluate.ParseResource("mine", []byte(document))
		if all := strings.Join(problems(err), "\n"); !strings.Contains(all, tt.want) {
			t.Errorf("%s: %q, want %q", tt.principal, all, tt.want)
		}
	}
}

// TestParseErrorsTogether: all mistakes at once, each with its place.
func TestParseErrorsTogether(t *testing.T) {
	t.Parallel()
	_, err := evaluate.ParseIdentity("OrdersRead", []byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "allow", "Action": ["s3:*", "Get"], "Resource": "orders"},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*",
     "Condition": {"Equals": {"a:b": "c"}}}
  ]
}`))
	want := []string{
		`4:16 Statement[0].Effect: is "allow"; write "Allow" or "Deny"`,
		`4:44 Statement[0].Action: "Get" is no action; write service:Name, for example "s3:GetObject" or "s3:Get*"`,
		`4:64 Statement[0].Resource: "orders" is no ARN; write "arn:…" or "*"`,
	}
	got := problems(err)
	if len(got) != 4 || !strings.HasPrefix(got[3], `6:30 Statement[1].Condition: "Equals" is no operator`) {
		t.Fatalf("%q", got)
	}
	if d := cmp.Diff(want, got[:3]); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(err.Error(), `policy OrdersRead:4:16: Statement[0].Effect: is "allow"`) {
		t.Error(err)
	}
}
