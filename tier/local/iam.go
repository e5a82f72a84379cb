package local

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// authority is the IAM authorizer of one front door: it answers whether a request
// is signed, by whom, and whether that one may do what is asked. It is safe for
// concurrent use once the door is open.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html.
type authority struct {
	service  string
	region   string
	actions  []string            // all of which must be allowed
	facts    map[string][]string // condition keys of the service itself
	callers  map[string]*Identity
	order    []*Identity
	verifier *sigv4.Verifier
	policy   *evaluate.Policy // of the API, nil for none
	guarded  []guarded
}

// guarded is what the authority stands before, for people.
type guarded struct {
	what string // "GET /orders/{id}"
	arn  string // with "*" for parameters
}

// newAuthority is that of a service, by whose name requests are signed. Nil
// identities are nobody.
func newAuthority(service string, actions []string, ids *Identities, now func() time.Time) *authority {
	a := &authority{service: service, region: ids.region(), actions: actions, callers: map[string]*Identity{}}
	var keys []sigv4.Credentials
	if ids != nil {
		for i := range ids.Callers {
			caller := &ids.Callers[i]
			a.order = append(a.order, caller)
			a.callers[caller.Credentials.AccessKey] = caller
			keys = append(keys, caller.Credentials)
		}
	}
	a.verifier = sigv4.NewVerifier(service, a.region, sigv4.Static(keys...), &sigv4.Options{Now: now})
	return a
}

// denial is why somebody may not do what he asks for.
type denial struct {
	who         string // an ARN, or "anonymous"
	action, arn string
	explicit    bool
	why         string
}

func (d *denial) Error() string {
	return fmt.Sprintf("%s is not authorized to perform %s on %s: %s", d.who, d.action, d.arn, d.why)
}

func newDenial(who string, req evaluate.Request, decision evaluate.Decision, otherwise string) *denial {
	d := &denial{who: who, action: req.Action, arn: req.Resource, why: otherwise}
	if decision.Outcome == evaluate.ExplicitDeny {
		d.explicit, d.why = true, fmt.Sprintf("policy %s, statement %d denies it", decision.By.Policy, decision.By.Index)
	}
	return d
}

// maxARN is how long the ARN of a request with authorization may be, in bytes.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const maxARN = 1600

var errLongARN = fmt.Errorf("the ARN of the request is longer than %d bytes", maxARN)

// admit is who asks for what has the ARN. The error is a [*sigv4.Refusal], a
// denial or errLongARN.
func (a *authority) admit(x *exchange, arn string) (*Identity, error) {
	if len(arn) > maxARN {
		return nil, errLongARN
	}
	signature, err := a.verifier.Verify(x.Context(), sigv4.FromHTTP(x.Request, x.body))
	if err != nil {
		x.note(iamNote, "%v", err)
		var refusal *sigv4.Refusal
		if errors.As(err, &refusal) && refusal.CanonicalRequest != "" {
			x.note(iamNote, "the canonical request is:\n%s\nthe string to sign is:\n%s", refusal.CanonicalRequest, refusal.StringToSign)
		}
		return nil, err
	}
	caller := a.callers[signature.AccessKey]
	where := "header"
	if signature.Presigned {
		where = "URL"
	}
	x.note(iamNote, "signed in the %s at %s by %s", where, signature.At.Format(time.RFC3339), caller)
	return caller, a.authorize(x, caller, arn)
}

const iamNote = "authorizer iam"

// authorize asks the policies of the caller for each action.
func (a *authority) authorize(x *exchange, caller *Identity, arn string) error {
	context := x.conditions(caller, a.region)
	maps.Copy(context, a.facts)
	for _, action := range a.actions {
		req := evaluate.Request{Principal: caller.principal(), Action: action, Resource: arn, Context: context}
		decision := a.decide(caller, req)
		x.explain(iamNote, req, decision, a.policy, caller.Policies...)
		if decision.Allowed() {
			continue
		}
		why := "no policy of " + caller.Name + " allows it"
		if caller.account() != accountID {
			why = "account " + caller.account() + " is not that of the API, " + accountID + ", so both sides must let it in"
		}
		return newDenial(caller.ARN, req, decision, why)
	}
	return nil
}

// explain notes what each statement has to say.
func (x *exchange) explain(who string, req evaluate.Request, decision evaluate.Decision, resource *evaluate.Policy, identity ...*evaluate.Policy) {
	if !x.explained {
		return
	}
	for _, finding := range append(evaluate.Explain(req, resource), evaluate.Explain(req, identity...)...) {
		x.note(who, "%s", finding)
	}
	x.note(who, "%s on %s: %s", req.Action, req.Resource, decision.Outcome)
}

// decide joins the caller's policies with the API's.
func (a *authority) decide(caller *Identity, req evaluate.Request) evaluate.Decision {
	relation := evaluate.SameAccount
	if caller.account() != accountID {
		relation = evaluate.CrossAccount
	}
	var resource evaluate.Decision
	if a.policy != nil {
		resource = evaluate.Evaluate(req, a.policy)
	}
	return evaluate.Combine(relation, evaluate.Evaluate(req, caller.Policies...), resource)
}
