package evaluate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	req := evaluate.Request{
		Principal: evaluate.Principal{ARN: alice}, Action: "execute-api:Invoke", Resource: api + "POST/orders",
		Context: map[string][]string{"aws:SourceIp": {"192.0.2.1"}},
	}
	caller := identity(t, policy(
		`{"Sid":"Read","Effect":"Allow","Action":"execute-api:Invoke","Resource":"`+api+`GET/*"}`,
		`{"Effect":"Allow","NotAction":["execute-api:*","s3:*"],"Resource":"arn:aws:s3:::${k:absent}"}`,
		`{"Sid":"Office","Effect":"Allow","Action":"execute-api:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]},"StringLike":{"k:absent":"*"},"StringNotEquals":{"k:absent":"x"}}}`,
		`{"Sid":"All","Effect":"Deny","Action":"*","Resource":"*"}`,
	))
	own := resource(t, policy(`{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"*"}`,
		`{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":["a:1","a:2","a:3","a:4","a:5","a:6","a:7"]}`))
	want := []string{
		`policy caller, statement 0 (Read): Allow does not apply: Resource "` + api + `GET/*" does not cover ` + api + `POST/orders`,
		`policy caller, statement 1: Allow does not apply: NotAction "execute-api:*", "s3:*" excepts execute-api:Invoke; Resource "arn:aws:s3:::${k:absent}" does not cover ` + api + `POST/orders (k:absent has no single value)`,
		`policy caller, statement 2 (Office): Allow does not apply: Condition IpAddress aws:SourceIp wants "10.0.0.0/8", "203.0.113.0/24", and it is "192.0.2.1"; Condition StringLike k:absent wants "*", and it is absent`,
		`policy caller, statement 3 (All): Deny applies`,
		`policy api, statement 0: Allow does not apply: NotPrincipal excepts ` + alice,
		`policy api, statement 1: Allow does not apply: Principal does not name ` + alice + `; Action "a:1", "a:2", "a:3", "a:4", "a:5", and 2 more does not cover execute-api:Invoke`,
	}
	var got []string
	for _, f := range evaluate.Explain(req, caller, nil, own) {
		got = append(got, f.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
