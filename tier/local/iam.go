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

// denial is why somebody who signed well may not go on.
type denial struct {
	caller        *Identity
	action, arn   string
	explicit      bool
	policy        *evaluate.Statement // that denied, if explicit
	otherAccounts bool                // the caller is of another account
}

func (d *denial) Error() string {
	why := "no policy of " + d.caller.Name + " allows it"
	switch {
	case d.explicit:
		why = fmt.Sprintf("policy %s, statement %d denies it", d.policy.Policy, d.policy.Index)
	case d.otherAccounts:
		why = "account " + d.caller.account() + " is not that of the API, " + accountID + ", and nothing lets it in"
	}
	return fmt.Sprintf("%s is not authorized to perform %s on %s: %s", d.caller.ARN, d.action, d.arn, why)
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
		decision := caller.decide(req)
		if x.explained {
			for _, finding := range evaluate.Explain(req, caller.Policies...) {
				x.note(iamNote, "%s", finding)
			}
			x.note(iamNote, "%s on %s: %s", action, arn, decision.Outcome)
		}
		if !decision.Allowed() {
			return &denial{
				caller: caller, action: action, arn: arn, otherAccounts: caller.account() != accountID,
				explicit: decision.Outcome == evaluate.ExplicitDeny, policy: decision.By,
			}
		}
	}
	return nil
}

// decide joins the caller's policies with the API's, which has none: whoever is
// of another account is not let in.
func (i *Identity) decide(req evaluate.Request) evaluate.Decision {
	relation := evaluate.SameAccount
	if i.account() != accountID {
		relation = evaluate.CrossAccount
	}
	return evaluate.Combine(relation, evaluate.Evaluate(req, i.Policies...), evaluate.Decision{})
}
