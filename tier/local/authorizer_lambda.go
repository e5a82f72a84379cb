package local

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// lambdaGate asks a Lambda authorizer, or remembers what it said, and holds the
// policy against each request.
type lambdaGate struct {
	who        string
	function   *Function
	settings   tier.AuthorizerSettings
	sources    []tier.Source
	expression *regexp.Regexp // that a token must match; nil for any
	asks       asker
	arn        string // of the stage
	region     string
	kept       *verdicts
	now        func() time.Time
	random     io.Reader
}

var _ gate = (*lambdaGate)(nil)

// question is what a Lambda authorizer is asked.
type question struct {
	arn    string
	token  string // the header of a token authorizer, "" for another
	format string // of an HTTP API's event
	values []string
}

// lambdaGate is the gate of the authorizer, one for all its routes.
func (o *gating) lambdaGate(a *tier.LambdaAuthorizer) (gate, error) {
	if g := o.lambdas[a]; g != nil {
		return g, nil
	}
	f := o.functions[a.Name()]
	if f == nil {
		return nil, fmt.Errorf("the authorizer %s has no function", a.Name())
	}
	asks, err := o.askerOf()
	if err != nil {
		return nil, err
	}
	g := &lambdaGate{
		who: "authorizer " + a.Name(), function: f, settings: a.Settings(), sources: a.Sources(), asks: asks,
		arn: apiARN(o.api, o.Identities.region(), o.stage), region: o.Identities.region(), now: o.Now, random: o.Random,
		kept: &verdicts{ttl: a.Settings().TTL, now: o.Now},
	}
	if g.expression, err = wholly(g.settings.Expression); err != nil {
		return nil, err
	}
	o.lambdas[a] = g
	return g, nil
}

// wholly is an expression that matches a whole text only; nil for none. Whether
// API Gateway searches or matches is not documented, so anchors are worth
// writing.
func wholly(expression string) (*regexp.Regexp, error) {
	if expression == "" {
		return nil, nil
	}
	return regexp.Compile(`\A(?:` + expression + `)\z`)
}

func (g *lambdaGate) pass(x *exchange) *answer {
	q := &question{arn: g.arn + g.asks.resource(x), token: g.settings.Token, format: g.settings.Format}
	if most := g.asks.longestARN(); most > 0 && len(q.arn) > most {
		return x.refuse(&restURLTooLong, g.who, "the ARN of the route has %d bytes, more than %d", len(q.arn), most)
	}
	for _, s := range g.sources {
		v := g.asks.source(x, s)
		if v == "" && g.asks.needs(&g.settings) {
			return x.refuse(g.asks.unauthorized(), g.who, "the request has no %s; the function was not asked", s)
		}
		q.values = append(q.values, v)
	}
	if g.expression != nil && !g.expression.MatchString(q.values[0]) {
		return x.refuse(g.asks.unauthorized(), g.who, "the token does not match %s; the function was not asked", g.expression)
	}
	key := keyOf(q.values)
	v, began := g.kept.get(key), g.now()
	if v == nil {
		var a *answer
		if v, a = g.ask(x, q); a != nil {
			return a
		}
		g.kept.put(key, v)
	} else {
		x.note(g.who, "a verdict is kept for these sources; the function was not asked")
	}
	return g.judge(x, v, q.arn, g.now().Sub(began))
}

// ask invokes the function.
func (g *lambdaGate) ask(x *exchange, q *question) (*verdict, *answer) {
	ids, err := g.invocation(&x.ids)
	if err != nil {
		return nil, x.refuse(g.asks.broken(), g.who, "%v", err)
	}
	output, err := g.function.invoke(g.asks.event(x, q), ids, g.asks.wait())
	switch {
	case err != nil && saysUnauthorized(err):
		return nil, x.refuse(g.asks.unauthorized(), g.who, "the function answered Unauthorized")
	case err != nil:
		return nil, x.refuse(g.asks.broken(), g.who, "%v", err)
	}
	v, err := parseVerdict(output, verdictForm{simple: g.settings.Simple && g.settings.Format != "1.0" && !g.asks.flat(), flat: g.asks.flat()})
	if err != nil {
		return nil, x.refuse(g.asks.broken(), g.who, "malformed answer: %v", err)
	}
	return v, nil
}

// invocation are the ids of the request with an id of its own for this
// invocation.
func (g *lambdaGate) invocation(of *identifiers) (*identifiers, error) {
	ids := *of
	var b [16]byte
	if _, err := io.ReadFull(g.random, b[:]); err != nil {
		return nil, fmt.Errorf("draw invocation id: %w", err)
	}
	ids.invocation = uuid(b)
	return &ids, nil
}

// saysUnauthorized reports whether the function's error is the one word that
// means 401.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-lambda-function-create.html.
func saysUnauthorized(err error) bool {
	said := errors.Unwrap(err)
	return said != nil && said.Error() == "Unauthorized"
}

// judge holds a verdict against the request. What it says of who is calling is
// there for the gateway response of a denial, too.
func (g *lambdaGate) judge(x *exchange, v *verdict, arn string, took time.Duration) *answer {
	g.asks.let(x, v, took)
	switch {
	case v.policy == nil && !v.authorized:
		return x.refuse(g.asks.denied(true), g.who, "isAuthorized is false")
	case v.policy == nil:
		x.note(g.who, "isAuthorized is true")
	default:
		d := x.decide(g.policyRequest(x, arn), func(req evaluate.Request) evaluate.Decision { return evaluate.Evaluate(req, v.policy) })
		if !d.Allowed() {
			return x.refuse(g.asks.denied(d.Outcome == evaluate.ExplicitDeny), g.who, "the policy says %s of %s%s", d.Outcome, arn, statementOf(d))
		}
		x.note(g.who, "the policy allows %s%s", arn, statementOf(d))
	}
	x.usageKey = v.usageKey
	return nil
}

// statementOf names the statement that decided.
func statementOf(d evaluate.Decision) string {
	if d.By == nil {
		return ""
	}
	return " by statement " + strconv.Itoa(d.By.Index)
}

// policyRequest is the request as policies see it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-using-iam-policies-to-invoke-api.html.
func (g *lambdaGate) policyRequest(x *exchange, arn string) evaluate.Request {
	context := commonConditions(x.at, g.region)
	x.addConditions(context)
	return evaluate.Request{Action: invokeAction, Resource: arn, Context: context}
}
