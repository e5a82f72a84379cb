package local

import (
	"errors"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// iamGate lets in who signs requests and is allowed them.
type iamGate struct {
	authority *authority
	door      iamDoor
	policy    *evaluate.Policy // of the API in the stage, nil for none
	cached    bool             // answers of the route are, so callers may ask for fresh ones
}

var _ gate = (*iamGate)(nil)

// iamDoor is what front doors with IAM differ in.
type iamDoor interface {
	// resource is the ARN that is asked for.
	resource(x *exchange) string
	// refuse is what the client gets for an error of [authority.admit].
	refuse(err error) *refusal
	// tell puts the caller into the event.
	tell(x *exchange, caller *Identity)
}

func (g *iamGate) pass(x *exchange) *answer {
	arn := g.door.resource(x)
	caller, err := g.authority.admit(x, arn, g.policy)
	if err != nil {
		x.err = err
		return g.door.refuse(err).answer(x.id)
	}
	x.signed = true
	x.refreshes = g.cached && wantsFresh(x.Header) && g.authority.mayRefresh(x, caller, arn, g.policy)
	g.door.tell(x, caller)
	return nil
}

// newIAMGate is the gate of a route with IAM. The authority is that of the whole
// door.
func newIAMGate(route *tier.Route, o *gating) *iamGate {
	if o.iam == nil {
		o.iam = newAuthority("execute-api", []string{invokeAction}, o.Identities, o.Now)
	}
	head := apiARN(o.api, o.iam.region, o.stage)
	o.iam.guarded = append(o.iam.guarded, guarded{route.String(), head + routeARN(route), o.policy})
	if _, ok := o.Door.(HTTP); ok {
		return &iamGate{authority: o.iam, door: &httpIAM{head, o.api.PayloadFormat()}}
	}
	return &iamGate{o.iam, &restIAM{head}, o.policy, route.CacheTTL() > 0}
}

const invokeAction = "execute-api:Invoke"

// apiARN is how the ARNs of requests to a stage of an API start.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
func apiARN(api *tier.API, region, stage string) string {
	return stageARN(apiID(api.Name()), region, stage)
}

// socketARN is the same of the one stage of a WebSocket API.
func socketARN(api *tier.WebSocket, region string) string {
	return stageARN(socketID(api.Name()), region, tier.DefaultStage)
}

func stageARN(id, region, stage string) string {
	return "arn:aws:execute-api:" + region + ":" + accountID + ":" + id + "/" + stage + "/"
}

// routeARN is how the ARNs of a route's requests end, with "*" for parameters.
func routeARN(route *tier.Route) string {
	method := route.Pattern().Method
	if method == "" {
		method = "*"
	}
	var segments []string
	for _, s := range route.Pattern().Segments {
		if s.Kind == handler.Literal {
			segments = append(segments, s.Text)
		} else {
			segments = append(segments, "*")
		}
	}
	return method + "/" + strings.Join(segments, "/")
}

// restIAM is a REST API. Its ARNs have the path as functions get it, with its
// escapes; AWS does not say so.
type restIAM struct{ head string }

func (d *restIAM) resource(x *exchange) string { return d.head + resourceOf(x) }

func (d *restIAM) tell(x *exchange, caller *Identity) {
	key, id := x.client.apiKey, x.client.apiKeyID
	x.client = caller.identity()
	x.client.apiKey, x.client.apiKeyID = key, id
}

// refuse tells what is wrong with a signature, as AWS does, and whom it refuses
// what.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
func (d *restIAM) refuse(err error) *refusal {
	var wrong *sigv4.Refusal
	var denied *denial
	switch {
	case errors.As(err, &wrong):
		message := wrong.Message
		if wrong.CanonicalRequest != "" {
			message += "\n\nThe Canonical String for this request should have been\n'" + wrong.CanonicalRequest +
				"'\n\nThe String-to-Sign should have been\n'" + wrong.StringToSign + "'\n"
		}
		return &refusal{http.StatusForbidden, jsonType, messageBody("message", message), string(wrong.Code)}
	case errors.As(err, &denied):
		return &refusal{http.StatusForbidden, jsonType, messageBody("Message", denied.public()), "AccessDeniedException"}
	case errors.Is(err, errLongARN):
		return &restURLTooLong
	}
	return &restNotInvoked
}

// public is what the client is told: all but the start of the account.
func (d *denial) public() string {
	text := "User: " + d.who + " is not authorized to perform: " + d.action + " on resource: " +
		strings.Replace(d.arn, ":"+accountID+":", ":********"+accountID[8:]+":", 1)
	if d.explicit {
		text += " with an explicit deny"
	}
	return text
}

func messageBody(name, text string) string {
	return `{"` + name + `":` + string(appendString(nil, text)) + "}"
}

// httpIAM is an HTTP API, which tells nothing. Its ARNs have the path decoded, as
// functions get it, without the stage; AWS does not say so.
type httpIAM struct {
	head   string
	format tier.PayloadFormat
}

func (d *httpIAM) resource(x *exchange) string { return d.head + resourceOf(x) }

// tell: payload format 1.0 has the identity of a REST API.
func (d *httpIAM) tell(x *exchange, caller *Identity) {
	if d.format == tier.PayloadV1 {
		x.client = caller.identity()
		return
	}
	x.kind, x.authorizer = "iam", caller.appendAuthorizer(nil)
}

var (
	httpForbidden  = httpRefusal(http.StatusForbidden, "Forbidden")
	httpURITooLong = httpRefusal(http.StatusRequestURITooLong, "Request-URI Too Long")
)

func (d *httpIAM) refuse(err error) *refusal {
	if errors.Is(err, errLongARN) {
		return &httpURITooLong
	}
	return &httpForbidden
}
