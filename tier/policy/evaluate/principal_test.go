package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

func TestPrincipal(t *testing.T) {
	t.Parallel()
	var (
		user      = evaluate.Principal{ARN: alice}
		root      = evaluate.Principal{ARN: "arn:aws:iam::111122223333:root"}
		ofRole    = evaluate.Principal{ARN: session}
		withPath  = evaluate.Principal{ARN: session, Role: "arn:aws:iam::111122223333:role/team/admin"}
		service   = evaluate.Principal{Service: "apigateway.amazonaws.com"}
		federated = evaluate.Principal{ARN: session, Federated: "cognito-identity.amazonaws.com"}
		canonical = evaluate.Principal{CanonicalUser: "79a59df900b949e5"}
		anonymous = evaluate.Principal{}
	)
	const no, yes, account = "no", "yes", "account"
	tests := []struct {
		names string
		who   evaluate.Principal
		want  string
	}{
		{`"*"`, user, yes},
		{`"*"`, anonymous, yes},
		{`"*"`, service, yes},
		{`{"AWS":"*"}`, user, yes},
		{`{"AWS":"*"}`, anonymous, yes},
		{`{"AWS":"*"}`, service, no},
		{`{"AWS":"` + alice + `"}`, user, yes},
		{`{"AWS":"arn:aws:iam::111122223333:user/team/Alice"}`, user, no}, // names have a case
		{`{"AWS":"arn:aws:iam::111122223333:user/alice"}`, user, no},      // and a path
		{`{"AWS":["arn:aws:iam::111122223333:user/bob","` + alice + `"]}`, user, yes},
		{`{"AWS":"` + alice + `"}`, anonymous, no},
		{`{"AWS":"111122223333"}`, user, account},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, user, account},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, ofRole, account},
		{`{"AWS":"111122223333"}`, root, yes},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, root, yes},
		{`{"AWS":"444455556666"}`, user, no},
		{`{"AWS":"arn:aws:iam::444455556666:root"}`, user, no},
		{`{"AWS":["111122223333","` + alice + `"]}`, user, yes},
		{`{"AWS":"` + role + `"}`, ofRole, yes},
		{`{"AWS":"` + session + `"}`, ofRole, yes},
		{`{"AWS":"arn:aws:sts::111122223333:assumed-role/admin/bob"}`, ofRole, no},
		{`{"AWS":"arn:aws:iam::111122223333:role/adm"}`, ofRole, no},
		{`{"AWS":"arn:aws:iam::111122223333:role/team/admin"}`, withPath, yes},
		{`{"AWS":"` + role + `"}`, withPath, no},
		{`{"Service":"apigateway.amazonaws.com"}`, service, yes},
		{`{"Service":["s3.amazonaws.com","lambda.amazonaws.com"]}`, service, no},
		{`{"Service":"apigateway.amazonaws.com"}`, user, no},
		{`{"Federated":"cognito-identity.amazonaws.com"}`, federated, yes},
		{`{"Federated":"accounts.google.com"}`, federated, no},
		{`{"AWS":"` + role + `"}`, federated, yes},
		{`{"CanonicalUser":"79a59df900b949e5"}`, canonical, yes},
		{`{"CanonicalUser":"79a59df900b949e5"}`, anonymous, no},
		{`{"AWS":"444455556666","Service":"apigateway.amazonaws.com"}`, service, yes},
	}
	for _, tt := range tests {
		req := evaluate.Request{Principal: tt.who, Action: "execute-api:Invoke", Resource: api + "GET/a"}
		document := func(effect, element string) *evaluate.Policy {
			return resource(t, policy(fmt.Sprintf(`{"Effect":%q,%q:%s,"Action":"*","Resource":"*"}`, effect, element, tt.names)))
		}
		got := evaluate.Evaluate(req, document("Allow", "Principal"))
		answer := no
		if got.Outcome == evaluate.Allow {
			answer = yes
			if got.Delegated {
				answer = account
			}
		}
		if answer != tt.want || got.Allowed() != (tt.want == yes) {
			t.Errorf("Principal %s names %+v: %s, want %s", tt.names, tt.who, answer, tt.want)
		}
		// A Deny is for everybody of the account.
		if got := evaluate.Evaluate(req, document("Deny", "Principal")).Outcome == evaluate.ExplicitDeny; got != (tt.want != no) {
			t.Errorf("Deny for Principal %s of %+v = %t", tt.names, tt.who, got)
		}
		if got := evaluate.Evaluate(req, document("Deny", "NotPrincipal")).Outcome == evaluate.ExplicitDeny; got != (tt.want == no) {
			t.Errorf("Deny for NotPrincipal %s of %+v = %t", tt.names, tt.who, got)
		}
	}
}

// TestOwnResource: what the policy of an API may leave out.
func TestOwnResource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		element, resource string
		want              bool
	}{
		{``, api + "GET/a", true},
		{`,"Resource":"execute-api:/*"`, api + "GET/a", true},
		{`,"Resource":"execute-api:/live/GET/*"`, api + "GET/a", true},
		{`,"Resource":"execute-api:/live/GET/*"`, api + "POST/a", false},
		{`,"Resource":"execute-api:/live/GET/a"`, api + "GET/ab", false},
		{`,"Resource":"execute-api:/*"`, "arn:aws:s3:::bucket/a", false},
		{`,"Resource":"execute-api:/*"`, "*", false},
		{`,"NotResource":"execute-api:/live/GET/*"`, api + "POST/a", true},
	}
	for _, tt := range tests {
		p := resource(t, policy(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke"`+tt.element+`}`))
		req := evaluate.Request{Action: "execute-api:Invoke", Resource: tt.resource}
		if got := evaluate.Evaluate(req, p).Allowed(); got != tt.want {
			t.Errorf("%s on %s = %t, want %t", tt.element, tt.resource, got, tt.want)
		}
	}
}

// TestCombine: tables A and B of the API Gateway guide.
func TestCombine(t *testing.T) {
	t.Parallel()
	const allow, deny, neither = evaluate.Allow, evaluate.ExplicitDeny, evaluate.ImplicitDeny
	tests := []struct{ identity, resource, same, cross, alone evaluate.Outcome }{
		{allow, allow, allow, allow, allow},
		{allow, neither, allow, neither, neither},
		{allow, deny, deny, deny, deny},
		{neither, allow, allow, neither, allow},
		{neither, neither, neither, neither, neither},
		{neither, deny, deny, deny, deny},
		{deny, allow, deny, deny, allow},
		{deny, neither, deny, deny, neither},
		{deny, deny, deny, deny, deny},
	}
	side := func(o evaluate.Outcome, policy string) evaluate.Decision {
		d := evaluate.Decision{Outcome: o}
		if o != neither {
			d.By = &evaluate.Statement{Policy: policy}
		}
		return d
	}
	for _, tt := range tests {
		for relation, want := range map[evaluate.Relation]evaluate.Outcome{
			evaluate.SameAccount: tt.same, evaluate.CrossAccount: tt.cross, evaluate.ResourceAlone: tt.alone,
		} {
			got := evaluate.Combine(relation, side(tt.identity, "caller"), side(tt.resource, "api"))
			if got.Outcome != want || (got.By == nil) != (want == neither) {
				t.Errorf("Combine(%v, %v, %v) = %+v, want %v", relation, tt.identity, tt.resource, got, want)
			}
		}
	}
}

// TestNamedBesideTheAccount: who is named by one statement needs no delegation
// of another, in whatever order.
func TestNamedBesideTheAccount(t *testing.T) {
	t.Parallel()
	account := `{"Sid":"Account","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*"}`
	user := `{"Sid":"User","Effect":"Allow","Principal":{"AWS":"` + alice + `"},"Action":"*"}`
	req := evaluate.Request{Principal: evaluate.Principal{ARN: alice}, Action: "execute-api:Invoke", Resource: api + "GET/a"}
	for _, statements := range [][]string{{account, user}, {user, account}} {
		got := evaluate.Evaluate(req, resource(t, policy(statements...)))
		if !got.Allowed() || got.By == nil || got.By.Sid != "User" {
			t.Errorf("%v: %+v", statements, got)
		}
	}
}

// TestDelegation: to name an account leaves the decision to its policies.
func TestDelegation(t *testing.T) {
	t.Parallel()
	delegated := evaluate.Decision{Outcome: evaluate.Allow, Delegated: true, By: &evaluate.Statement{Policy: "api"}}
	allow := evaluate.Decision{Outcome: evaluate.Allow, By: &evaluate.Statement{Policy: "caller"}}
	tests := []struct {
		relation evaluate.Relation
		identity evaluate.Decision
		want     bool
	}{
		{evaluate.SameAccount, evaluate.Decision{}, false},
		{evaluate.SameAccount, allow, true},
		{evaluate.CrossAccount, evaluate.Decision{}, false},
		{evaluate.CrossAccount, allow, true},
		{evaluate.ResourceAlone, allow, false},
	}
	for _, tt := range tests {
		if got := evaluate.Combine(tt.relation, tt.identity, delegated); got.Allowed() != tt.want || (got.Outcome == evaluate.Allow) != tt.want {
			t.Errorf("Combine(%v, %v, delegated) = %+v", tt.relation, tt.identity.Outcome, got)
		}
	}
}
