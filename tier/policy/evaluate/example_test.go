package evaluate_test

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

const ordersRead = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": "execute-api:Invoke",
      "Resource": "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/GET/orders/*"
    }
  ]
}`

// request of alice for an order.
func request(method string) evaluate.Request {
	return evaluate.Request{
		Principal: evaluate.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		Action:    "execute-api:Invoke",
		Resource:  "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/" + method + "/orders/7",
	}
}

func ExampleEvaluate() {
	policy, err := evaluate.ParseIdentity("OrdersRead", []byte(ordersRead))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, method := range []string{"GET", "DELETE"} {
		decision := evaluate.Evaluate(request(method), policy)
		fmt.Println(method, decision.Outcome, decision.Allowed())
	}
	// Output:
	// GET allow true
	// DELETE implicit deny false
}

func ExampleExplain() {
	policy, err := evaluate.ParseIdentity("OrdersRead", []byte(ordersRead))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, finding := range evaluate.Explain(request("DELETE"), policy) {
		fmt.Println(finding)
	}
	// Output:
	// policy OrdersRead, statement 0 (Read): Allow does not apply: Resource "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/GET/orders/*" does not cover arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/DELETE/orders/7
}

func ExampleParseIdentity() {
	_, err := evaluate.ParseIdentity("OrdersRead", []byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "Invoke", "Resource": "*"}
]}`))
	fmt.Println(err)
	// Output: policy OrdersRead:2:33: Statement[0].Action: "Invoke" is no action; write service:Name, for example "s3:GetObject" or "s3:Get*"
}

func ExampleParseResource() {
	office, err := evaluate.ParseResource("Office", []byte(`{"Version": "2012-10-17", "Statement": {
  "Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/live/*",
  "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	req := request("GET")
	req.Context = map[string][]string{"aws:SourceIp": {"192.0.2.1"}}
	fmt.Println(evaluate.Evaluate(req, office).Outcome)
	// Output: explicit deny
}

func ExampleCombine() {
	identity, err := evaluate.ParseIdentity("OrdersRead", []byte(ordersRead))
	if err != nil {
		fmt.Println(err)
		return
	}
	caller := evaluate.Evaluate(request("GET"), identity)
	var noResourcePolicy evaluate.Decision
	fmt.Println("same account:", evaluate.Combine(evaluate.SameAccount, caller, noResourcePolicy).Outcome)
	fmt.Println("another account:", evaluate.Combine(evaluate.CrossAccount, caller, noResourcePolicy).Outcome)
	// Output:
	// same account: allow
	// another account: implicit deny
}
