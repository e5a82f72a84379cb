package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// asked are the members of an authorizer event that no other event has, or that
// only it is read for.
type asked struct {
	token, sources span
}

// asked goes over an authorizer event once more.
func (e *event) asked() (a asked) {
	s := scanner{text: e.payload}
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "authorizationToken":
			a.token = s.value()
		case "identitySource":
			a.sources = s.value()
		default:
			s.value()
		}
	}
	return a
}

// authorizerDoor is the door by which the request of an authorizer event is read;
// nil if the event is of no known form.
func (e *event) authorizerDoor() door {
	switch version := e.text(e.version); {
	case e.text(e.typ) == "TOKEN":
		return tokenDoor{}
	case e.text(e.typ) != "REQUEST":
		return nil
	case version == "2.0" && e.has(e.routeArn):
		return http2{}
	case version == "1.0":
		return http1{}
	case version == "" && e.has(e.ctx.connectionID):
		return socket{}
	case version == "":
		return rest{}
	}
	return nil
}

// tokenDoor reads what a token authorizer is told of a request: its ARN.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
type tokenDoor struct{ rest }

func (tokenDoor) line(e *event) (method, path, rawQuery string) {
	_, _, method, path = cutARN(e.text(e.methodArn))
	return method, escapePath("/"+path, false), ""
}

func (tokenDoor) facts(e *event, f *handler.Facts) {
	_, f.Stage, _, _ = cutARN(e.text(e.methodArn))
}

// cutARN takes the ARN of a route apart: "arn:...:a1b2c3", "live", "GET",
// "orders/7". Parts that are not there are "".
func cutARN(arn string) (api, stage, method, path string) {
	api, rest, _ := strings.Cut(arn, "/")
	stage, rest, _ = strings.Cut(rest, "/")
	method, path, _ = strings.Cut(rest, "/")
	return api, stage, method, path
}

// authorize answers an authorizer event. Its error is a function error, by which
// API Gateway lets nobody in.
func (d *Doorway) authorize(ctx context.Context, e *event) ([]byte, error) {
	a := e.asked()
	// A body is not for an authorizer, and nobody has verified a caller yet.
	e.rawBody, e.ctx.authorizer = span{}, span{}
	check := handler.Check{
		Token: e.text(a.token), Sources: e.list(a.sources), ARN: e.text(e.methodArn),
		Request: handler.NewRequest(e),
	}
	if check.ARN == "" {
		check.ARN = e.text(e.routeArn)
	}
	if check.Token == "" {
		check.Token = check.Request.Header("Authorization")
	}
	verdict, err := d.decide(ctx, check)
	if err == nil {
		var out []byte
		if out, err = answerTo(check.ARN, &verdict, answerForm{
			cached: d.authorizer.Cached, simple: d.authorizer.Simple && e.door == http2{},
			named: e.door == http1{} || e.door == http2{},
		}); err == nil {
			return out, nil
		}
	}
	return nil, d.refuse(ctx, check.Request, err)
}

// decide calls the check.
func (d *Doorway) decide(ctx context.Context, check handler.Check) (v handler.Verdict, err error) {
	defer recovered(&err)
	return d.authorizer.Check(ctx, check)
}

// errUnauthorized has the one message that API Gateway answers with 401.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-lambda-function-create.html
var errUnauthorized = errors.New("Unauthorized")

// errNoVerdict is the function error of every other failure, of which the log
// tells the rest.
var errNoVerdict = errors.New("lambda: the authorizer came to no verdict")

// refuse logs why there is no verdict and says what API Gateway is told.
func (d *Doorway) refuse(ctx context.Context, req *handler.Request, err error) error {
	status, answer := statusOf(err), errNoVerdict
	if status == http.StatusUnauthorized {
		answer = errUnauthorized
	} else {
		status = http.StatusInternalServerError
	}
	d.log(ctx, req, status, err)
	return answer
}

// statusOf is the status that an error deserves; one that does not bear to be
// looked at deserves 500.
func statusOf(err error) (status int) {
	defer func() {
		if recover() != nil {
			status = http.StatusInternalServerError
		}
	}()
	return handler.AsError(err).StatusCode()
}

// policyAnswer is what a Lambda authorizer answers with a policy.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
type policyAnswer struct {
	PrincipalID    string                     `json:"principalId"`
	PolicyDocument json.RawMessage            `json:"policyDocument"`
	Context        map[string]json.RawMessage `json:"context,omitempty"`
	UsageKey       string                     `json:"usageIdentifierKey,omitempty"`
}

// simpleAnswer is what one of an HTTP API can answer instead.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
type simpleAnswer struct {
	IsAuthorized bool                       `json:"isAuthorized"`
	Context      map[string]json.RawMessage `json:"context,omitempty"`
}

// unnamed is the principal of a verdict that names none; API Gateway wants one.
const unnamed = "unnamed"

// principalID is the member of the context by which an HTTP API, which has no
// place of its own for it in its events, hands the principal on.
const principalID = "principalId"

// answerForm is what an answer depends on besides the verdict.
type answerForm struct {
	cached bool // it is about the whole stage
	simple bool // it says yes or no
	named  bool // its context names the principal
}

// answerTo is the answer of an authorizer that was asked about arn.
func answerTo(arn string, v *handler.Verdict, form answerForm) ([]byte, error) {
	values, err := contextOf(v.Context)
	if err != nil {
		return nil, err
	}
	principal := v.Principal
	if principal == "" {
		principal = unnamed
	}
	if form.named {
		if values[principalID], err = json.Marshal(principal); err != nil {
			return nil, err
		}
	}
	if form.simple {
		if v.Policy != nil || len(v.Routes) > 0 {
			return nil, errors.New("verdict: a simple answer has no place for Routes or a Policy; declare the authorizer without Simple")
		}
		return json.Marshal(simpleAnswer{v.Allow, values})
	}
	policy := v.Policy
	switch {
	case policy == nil:
		if policy, err = policyOf(arn, v, form.cached); err != nil {
			return nil, err
		}
	case v.Allow || len(v.Routes) > 0:
		return nil, errors.New("verdict: both a Policy and Allow or Routes, which it replaces; leave one out")
	}
	out, err := json.Marshal(policyAnswer{principal, policy, values, v.UsageKey})
	if err != nil {
		return nil, fmt.Errorf("verdict: the Policy is not JSON: %w", err)
	}
	return out, nil
}

// contextOf is the context of a verdict with each value as JSON.
func contextOf(values map[string]any) (map[string]json.RawMessage, error) {
	m := make(map[string]json.RawMessage, len(values)+1)
	for name, value := range values {
		switch value.(type) {
		case string, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, json.Number:
		default:
			return nil, fmt.Errorf("verdict: context %q is a %T; a context has texts, booleans and numbers", name, value)
		}
		if name == "" || name == principalID || name == "integrationLatency" {
			return nil, fmt.Errorf("verdict: context has a member %q, which is not the authorizer's to set; use another name", name)
		}
		raw, err := json.Marshal(value)
		if err != nil { // a number that is none
			return nil, fmt.Errorf("verdict: context %q: %w", name, err)
		}
		m[name] = raw
	}
	return m, nil
}
