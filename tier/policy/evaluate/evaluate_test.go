package evaluate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

const (
	api   = "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/"
	alice = "arn:aws:iam::111122223333:user/team/alice"
	role  = "arn:aws:iam::111122223333:role/admin"
	// session of that role
	session = "arn:aws:sts::111122223333:assumed-role/admin/alice"
)

func identity(t testing.TB, document string) *evaluate.Policy {
	t.Helper()
	p, err := evaluate.ParseIdentity("caller", []byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

func resource(t testing.TB, document string) *evaluate.Policy {
	t.Helper()
	p, err := evaluate.ParseResource("api", []byte(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	return p
}

// policy is a document with these statements, in the current version.
func policy(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// statement with an action and resource as JSON.
func statement(effect, action, resource string) string {
	return fmt.Sprintf(`{"Effect":%q,"Action":%s,"Resource":%s}`, effect, action, resource)
}

// TestResource: AUT-01, AUT-02, T163. The request is on one ARN.
func TestResource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, resource string
		want              bool
	}{
		{"*", api + "GET/a", true},
		{api + "GET/a", api + "GET/a", true},
		{api + "GET/a", api + "GET/ab", false}, // T163
		{api + "GET/ab", api + "GET/a", false},
		{api + "GET/a", api + "GET/A", false},
		{api + "GET/", api + "GET/", true},
		{api + "GET/*", api + "GET/", true},
		{api + "GET/*", api + "GET/a/b/c", true},
		{api + "*", api + "DELETE/a/b", true},
		{api + "*/orders", api + "GET/orders", true},
		{api + "*/orders", api + "GET/x/orders", true}, // * matches /
		{api + "GET/a/*/c", api + "GET/a/b/b/c", true},
		{api + "GET/a/*/c", api + "GET/a/c", false},
		{api + "GET/a?c", api + "GET/a/c", true},
		{api + "GET/a?c", api + "GET/ac", false},
		{api + "GET/a?c", api + "GET/aሴc", true},
		{api + "GET/a:b/*", api + "GET/a:b/c:d", true},
		{api + "GET/*/c", api + "GET/a:b/c", true}, // in the last part * matches : too
		{api + "GET/a.c", api + "GET/abc", false},
		{api + "GET/a+(b)[c]{d}^$", api + "GET/a+(b)[c]{d}^$", true},
		{"arn:aws:execute-api:*:*:*/live/GET/*", api + "GET/a", true},
		{"arn:aws:execute-api:*:111122223333:*", api + "GET/a", true},
		{"arn:aws:execute-api:eu-*:111122223333:*", api + "GET/a", true},
		{"arn:*:execute-api:eu-central-?:*:*/GET/a", api + "GET/a", true},
		{"arn:aws:execute-api:us-*:111122223333:*", api + "GET/a", false},
		{"arn:aws:execute-api:*:444455556666:*", api + "GET/444455556666:x", false}, // a path is no account
		{"arn:aws:execute-api:*:444455556666:*", "arn:aws:execute-api:eu-central-1:111122223333:x:444455556666:y", false},
		{"arn:aws:*:*:*:*", api + "GET/a", true},
		{"*/live/GET/*", api + "GET/a", true},
		{"arn:aws:execute-api:*", api + "GET/a", true}, // shorter than an ARN: one text
		{"arn:aws:execute-api*", api + "GET/a", true},
		{"arn:aws:s3:*", api + "GET/a", false},
		{"arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a:b/c", true},
		{"arn:aws:s3:::bucket", "arn:aws:s3:::bucket/a", false},
		{"arn:aws:lambda:*:*:function:f", "arn:aws:lambda:eu-central-1:111122223333:function:f", true},
		{"arn:aws:lambda:*:*:function:f", "arn:aws:lambda:eu-central-1:111122223333:function:f:1", false},
		{"*", "*", true},
		{api + "*", "*", false},
		{api + "*", "", false},
		{"*", "", true},
	}
	for _, tt := range tests {
		req := evaluate.Request{Action: "execute-api:Invoke", Resource: tt.resource}
		p := identity(t, policy(statement("Allow", `"*"`, fmt.Sprintf("%q", tt.pattern))))
		if got := evaluate.Evaluate(req, p).Allowed(); got != tt.want {
			t.Errorf("Resource %q on %q = %t, want %t", tt.pattern, tt.resource, got, tt.want)
		}
		// NotResource is the opposite.
		p = identity(t, policy(fmt.Sprintf(`{"Effect":"Allow","Action":"*","NotResource":%q}`, tt.pattern)))
		if got := evaluate.Evaluate(req, p).Allowed(); got == tt.want {
			t.Errorf("NotResource %q on %q = %t", tt.pattern, tt.resource, got)
		}
	}
}

func TestAction(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, action string
		want            bool
	}{
		{`"*"`, "execute-api:Invoke", true},
		{`"execute-api:Invoke"`, "execute-api:Invoke", true},
		{`"Execute-API:INVOKE"`, "execute-api:invoke", true},
		{`"execute-api:*"`, "execute-api:Invoke", true},
		{`"execute-api:I?voke"`, "execute-api:Invoke", true},
		{`"execute-api:Inv"`, "execute-api:Invoke", false},
		{`"*:Invoke"`, "execute-api:Invoke", true},
		{`"s3:*"`, "execute-api:Invoke", false},
		{`["s3:*","execute-api:Inv*"]`, "execute-api:Invoke", true},
		{`["s3:Get*","s3:Put*"]`, "s3:DeleteObject", false},
		{`"s3:*Object"`, "s3:GetObject", true},
		{`"s3:*Object"`, "s3:GetObjectAcl", false},
	}
	for _, tt := range tests {
		req := evaluate.Request{Action: tt.action, Resource: "*"}
		if got := evaluate.Evaluate(req, identity(t, policy(statement("Allow", tt.pattern, `"*"`)))).Allowed(); got != tt.want {
			t.Errorf("Action %s on %s = %t, want %t", tt.pattern, tt.action, got, tt.want)
		}
		not := fmt.Sprintf(`{"Effect":"Allow","NotAction":%s,"Resource":"*"}`, tt.pattern)
		if got := evaluate.Evaluate(req, identity(t, policy(not))).Allowed(); got == tt.want {
			t.Errorf("NotAction %s on %s = %t", tt.pattern, tt.action, got)
		}
	}
}

// TestDecision: which statement decides. T164, GWR-08, GWR-09.
func TestDecision(t *testing.T) {
	t.Parallel()
	allow := `{"Sid":"Yes","Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}`
	deny := `{"Sid":"No","Effect":"Deny","Action":"execute-api:Invoke","Resource":"` + api + `GET/secret"}`
	other := `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`
	by := func(index int, sid string) *evaluate.Statement {
		return &evaluate.Statement{Policy: "caller", Index: index, Sid: sid}
	}
	tests := []struct {
		name       string
		statements []string
		path       string
		want       evaluate.Decision
	}{
		{"allow", []string{other, allow}, "GET/a", evaluate.Decision{Outcome: evaluate.Allow, By: by(1, "Yes")}},
		{"no statement matches", []string{other, deny}, "GET/a", evaluate.Decision{}},
		{"deny after allow", []string{allow, deny}, "GET/secret", evaluate.Decision{Outcome: evaluate.ExplicitDeny, By: by(1, "No")}},
		{"deny before allow", []string{deny, allow}, "GET/secret", evaluate.Decision{Outcome: evaluate.ExplicitDeny, By: by(0, "No")}},
		{"deny alone", []string{deny}, "GET/secret", evaluate.Decision{Outcome: evaluate.ExplicitDeny, By: by(0, "No")}},
		{"deny of something else", []string{deny, allow}, "GET/a", evaluate.Decision{Outcome: evaluate.Allow, By: by(1, "Yes")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := evaluate.Request{Action: "execute-api:Invoke", Resource: api + tt.path}
			if d := cmp.Diff(tt.want, evaluate.Evaluate(req, identity(t, policy(tt.statements...)))); d != "" {
				t.Error(d)
			}
			// The same statements in policies of their own decide the same.
			all := []*evaluate.Policy{nil}
			for _, s := range tt.statements {
				all = append(all, identity(t, `{"Version":"2012-10-17","Statement":`+s+`}`))
			}
			if got := evaluate.Evaluate(req, all...).Outcome; got != tt.want.Outcome {
				t.Errorf("in several policies: %v, want %v", got, tt.want.Outcome)
			}
		})
	}
	if got := evaluate.Evaluate(evaluate.Request{}); got.Outcome != evaluate.ImplicitDeny || got.Allowed() {
		t.Errorf("without policies: %+v", got)
	}
}

// TestVariables in resources and conditions.
func TestVariables(t *testing.T) {
	t.Parallel()
	const bucket = "arn:aws:s3:::b/"
	user := map[string][]string{"aws:username": {"alice"}, "aws:PrincipalTag/team": {"red"}, "many": {"a", "b"}, "star:x": {"*"}, "colon:x": {"a:b"}}
	tests := []struct {
		name, pattern, resource string
		context                 map[string][]string
		want                    bool
	}{
		{"value", bucket + "${aws:username}/*", bucket + "alice/x", user, true},
		{"another's", bucket + "${aws:username}/*", bucket + "bob/x", user, false},
		{"key in another case", bucket + "${AWS:UserName}", bucket + "alice", user, true},
		{"tag", bucket + "${aws:PrincipalTag/team}", bucket + "red", user, true},
		{"spaces around", bucket + "${ aws:username }", bucket + "alice", user, true},
		{"two", bucket + "${aws:PrincipalTag/team}/${aws:username}", bucket + "red/alice", user, true},
		{"absent", bucket + "${aws:username}", bucket, nil, false},
		{"absent, as text", bucket + "${aws:username}", bucket + "${aws:username}", nil, false},
		{"default", bucket + "${aws:username, 'nobody'}", bucket + "nobody", nil, true},
		{"default not needed", bucket + "${aws:username, 'nobody'}", bucket + "alice", user, true},
		{"default keeps its case and signs", bucket + "${aws:username, 'No}Body'}", bucket + "No}Body", nil, true},
		{"empty default", bucket + "${aws:username,''}x", bucket + "x", nil, true},
		{"several values", bucket + "${many}", bucket + "a", user, false},
		{"a value is no wildcard", bucket + "${star:x}", bucket + "anything", user, false},
		{"a value is literal", bucket + "${star:x}", bucket + "*", user, true},
		{"a value may have colons", bucket + "${colon:x}/c", bucket + "a:b/c", user, true},
		{"literal star", bucket + "${*}", bucket + "x", nil, false},
		{"literal star", bucket + "${*}", bucket + "*", nil, true},
		{"literal question mark", bucket + "a${?}", bucket + "a?", nil, true},
		{"literal question mark", bucket + "a${?}", bucket + "ab", nil, false},
		{"literal dollar", bucket + "${$}{x}", bucket + "${x}", nil, true},
		{"a dollar alone", bucket + "$x", bucket + "$x", nil, true},
	}
	for _, tt := range tests {
		req := evaluate.Request{Action: "s3:GetObject", Resource: tt.resource, Context: tt.context}
		if got := evaluate.Evaluate(req, identity(t, policy(statement("Allow", `"s3:*"`, fmt.Sprintf("%q", tt.pattern))))).Allowed(); got != tt.want {
			t.Errorf("%s: Resource %q on %q = %t, want %t", tt.name, tt.pattern, tt.resource, got, tt.want)
		}
	}
	t.Run("not before 2012", func(t *testing.T) {
		t.Parallel()
		for _, version := range []string{"", `"Version":"2008-10-17",`} {
			p := identity(t, `{`+version+`"Statement":`+statement("Allow", `"s3:*"`, `"`+bucket+`${aws:username}"`)+`}`)
			for resource, want := range map[string]bool{bucket + "alice": false, bucket + "${aws:username}": true} {
				req := evaluate.Request{Action: "s3:GetObject", Resource: resource, Context: user}
				if got := evaluate.Evaluate(req, p).Allowed(); got != want {
					t.Errorf("version %q on %q = %t", version, resource, got)
				}
			}
		}
	})
	t.Run("an exception without value", func(t *testing.T) {
		t.Parallel()
		req := evaluate.Request{Action: "s3:GetObject", Resource: bucket + "x"}
		for effect, want := range map[string]evaluate.Outcome{"Allow": evaluate.ImplicitDeny, "Deny": evaluate.ExplicitDeny} {
			p := identity(t, policy(fmt.Sprintf(`{"Effect":%q,"Action":"*","NotResource":"%s${aws:username}"}`, effect, bucket)))
			if got := evaluate.Evaluate(req, p).Outcome; got != want {
				t.Errorf("%s NotResource = %v, want %v", effect, got, want)
			}
		}
	})
}

// TestDerivedContext: what follows from the principal.
func TestDerivedContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		who       evaluate.Principal
		key, want string
	}{
		{evaluate.Principal{ARN: alice}, "aws:PrincipalArn", alice},
		{evaluate.Principal{ARN: alice}, "aws:PrincipalAccount", "111122223333"},
		{evaluate.Principal{ARN: alice}, "aws:username", "alice"},
		{evaluate.Principal{ARN: session}, "aws:PrincipalArn", role},
		{evaluate.Principal{ARN: session, Role: "arn:aws:iam::111122223333:role/path/admin"}, "aws:PrincipalArn", "arn:aws:iam::111122223333:role/path/admin"},
		{evaluate.Principal{ARN: session}, "aws:username", ""},
		{evaluate.Principal{}, "aws:PrincipalArn", ""},
	}
	for _, tt := range tests {
		condition := fmt.Sprintf(`{"StringEquals":{%q:%q}}`, tt.key, tt.want)
		if tt.want == "" {
			condition = fmt.Sprintf(`{"Null":{%q:true}}`, tt.key)
		}
		p := identity(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+condition+`}`))
		if !evaluate.Evaluate(evaluate.Request{Principal: tt.who, Action: "s3:GetObject", Resource: "*"}, p).Allowed() {
			t.Errorf("%+v: %s is not %q", tt.who, tt.key, tt.want)
		}
	}
	given := evaluate.Request{Principal: evaluate.Principal{ARN: alice}, Action: "s3:GetObject", Resource: "*", Context: map[string][]string{"AWS:UserName": {"bob"}}}
	p := identity(t, policy(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"bob"}}}`))
	if !evaluate.Evaluate(given, p).Allowed() {
		t.Error("what the context says does not count")
	}
}
