package local

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// policyGate asks the resource policy of an API about those who need not say who
// they are. Where there is an authorizer, that one asks it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html.
type policyGate struct {
	policy *evaluate.Policy
	region string
	door   *restIAM
}

var _ gate = (*policyGate)(nil)

func newPolicyGate(o *gating) gate {
	region := o.Identities.region()
	return &policyGate{o.policy, region, &restIAM{apiARN(o.api, region, o.stage)}}
}

func (g *policyGate) pass(x *exchange) *answer {
	req := evaluate.Request{Action: invokeAction, Resource: g.door.resource(x), Context: anonymous(x.at, g.region)}
	x.addConditions(req.Context)
	decision := x.decide(req, func(req evaluate.Request) evaluate.Decision {
		return evaluate.Combine(evaluate.ResourceAlone, evaluate.Decision{}, evaluate.Evaluate(req, g.policy))
	})
	x.explain("resource policy", req, decision, g.policy)
	if decision.Allowed() {
		return nil
	}
	denied := newDenial("anonymous", req, decision, "the resource policy does not allow it")
	x.err = denied
	return g.door.refuse(denied).answer(x.id)
}

// anonymous are the condition keys of somebody who is not known.
func anonymous(at time.Time, region string) map[string][]string {
	context := commonConditions(at, region)
	context["aws:PrincipalType"] = []string{"Anonymous"}
	context["aws:userid"] = []string{"anonymous"}
	return context
}

// resourcePolicy is that of an API in a stage, nil for none. The error has the Go
// line of the declaration.
func resourcePolicy(api *tier.API, stage string) (*evaluate.Policy, error) {
	declared := api.DeclaredResourcePolicy()
	if declared == nil {
		return nil, nil
	}
	var statements []map[string]any
	for _, s := range declared.Statements {
		statement := map[string]any{"Effect": s.Effect, "Action": invokeAction, "Principal": "*", "Resource": s.Resources(stage)}
		if !s.Everybody() {
			statement["Principal"] = map[string]any{"AWS": s.Principals}
		}
		if len(s.Conditions) > 0 {
			conditions := map[string]map[string][]string{}
			for _, c := range s.Conditions {
				if conditions[c.Operator] == nil {
					conditions[c.Operator] = map[string][]string{}
				}
				conditions[c.Operator][c.Key] = c.Values
			}
			statement["Condition"] = conditions
		}
		statements = append(statements, statement)
	}
	document, err := json.Marshal(map[string]any{"Version": policyVersion, "Statement": statements})
	if err != nil {
		return nil, fmt.Errorf("resource policy: %w", err)
	}
	policy, err := evaluate.ParseResource("of API "+api.Name(), document)
	if err != nil {
		return nil, &datastore.DeclarationError{At: declared.At, Message: "API " + api.Name() + ": its resource policy: " + err.Error()}
	}
	return policy, nil
}
