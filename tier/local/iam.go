package local

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	what   string           // "GET /orders/{id}"
	arn    string           // with "*" for parameters
	policy *evaluate.Policy // of the API in the stage, nil for none
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

// errUnsignedMethod refuses a method that is not the one that was signed. AWS does
// not say what it does; a presigned GET must not become a DELETE.
var errUnsignedMethod = &sigv4.Refusal{Code: sigv4.InvalidSignature, Message: "'x-http-method-override' must be a 'SignedHeader' in the AWS Authorization."}

// admit is who asks for what has the ARN, under the policy of the API, nil for
// none. The error is a [*sigv4.Refusal], a denial or errLongARN.
func (a *authority) admit(x *exchange, arn string, policy *evaluate.Policy) (*Identity, error) {
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
	if x.method != x.Method && !slices.Contains(signature.SignedHeaders, "x-http-method-override") {
		x.note(iamNote, "signed for %s, and the header that makes it %s is not", plain(x.Method), plain(x.method))
		return nil, errUnsignedMethod
	}
	caller := a.callers[signature.AccessKey]
	where := "header"
	if signature.Presigned {
		where = "URL"
	}
	x.note(iamNote, "signed in the %s at %s by %s", where, signature.At.Format(time.RFC3339), caller)
	return caller, a.authorize(x, caller, arn, policy)
}

const iamNote = "authorizer iam"

// authorize asks the policies of the caller for each action.
func (a *authority) authorize(x *exchange, caller *Identity, arn string, policy *evaluate.Policy) error {
	context := x.conditions(caller, a.region)
	maps.Copy(context, a.facts)
	for _, action := range a.actions {
		req := evaluate.Request{Principal: caller.principal(), Action: action, Resource: arn, Context: context}
		decision := x.decide(req, func(req evaluate.Request) evaluate.Decision { return decide(caller, req, policy) })
		x.explain(iamNote, req, decision, policy, caller.Policies...)
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

// mayRefresh reports whether the caller may have what is cached of the ARN made
// anew.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html#invalidate-method-caching.
func (a *authority) mayRefresh(x *exchange, caller *Identity, arn string, policy *evaluate.Policy) bool {
	req := evaluate.Request{Principal: caller.principal(), Action: "execute-api:InvalidateCache", Resource: arn, Context: x.conditions(caller, a.region)}
	decision := x.decide(req, func(req evaluate.Request) evaluate.Decision { return decide(caller, req, policy) })
	x.explain(iamNote, req, decision, policy, caller.Policies...)
	return decision.Allowed()
}

// decide asks policies about a request. The router of a REST API passes over a
// slash at the end of the path, so what they deny without it is denied with it.
// AWS does not say which ARN it has then.
func (x *exchange) decide(req evaluate.Request, ask func(evaluate.Request) evaluate.Decision) evaluate.Decision {
	decision := ask(req)
	if x.match.search != allLoosely || len(x.below) < 2 || !strings.HasSuffix(x.below, "/") || !decision.Allowed() {
		return decision
	}
	req.Resource = strings.TrimSuffix(req.Resource, "/")
	if without := ask(req); without.Outcome == evaluate.ExplicitDeny {
		return without
	}
	return decision
}

// decide joins the caller's policies with the API's.
func decide(caller *Identity, req evaluate.Request, policy *evaluate.Policy) evaluate.Decision {
	relation := evaluate.SameAccount
	if caller.account() != accountID {
		relation = evaluate.CrossAccount
	}
	var resource evaluate.Decision
	if policy != nil {
		resource = evaluate.Evaluate(req, policy)
	}
	return evaluate.Combine(relation, evaluate.Evaluate(req, caller.Policies...), resource)
}
