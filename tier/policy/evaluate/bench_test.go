package evaluate_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

func BenchmarkEvaluate(b *testing.B) {
	p := identity(b, policy(
		`{"Effect":"Deny","Action":"execute-api:*","Resource":"`+api+`*/admin/*"}`,
		`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"`+api+`GET/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"},"StringLike":{"aws:username":"a*"}}}`,
	))
	req := evaluate.Request{
		Principal: evaluate.Principal{ARN: alice}, Action: "execute-api:Invoke", Resource: api + "GET/orders/7",
		Context: map[string][]string{"aws:SourceIp": {"192.0.2.1"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if !evaluate.Evaluate(req, p).Allowed() {
			b.Fatal("denied")
		}
	}
}
