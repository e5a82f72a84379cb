package local

import (
	"fmt"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// socketGuard decides who may connect to a WebSocket API and who may call its
// @connections. Only one of signed and lambda is there: an API has one
// authorizer, of the handshake.
type socketGuard struct {
	signed   *authority  // of handshakes with IAM, nil for others
	lambda   *lambdaGate // asks a Lambda authorizer, nil for none
	managers *authority  // of @connections, nil if everybody may call it
	arn      string      // of the stage
}

func newSocketGuard(g *SocketGateway) (socketGuard, error) {
	if err := g.Identities.check(); err != nil {
		return socketGuard{}, err
	}
	guard := socketGuard{arn: socketARN(g.api, g.Identities.region())}
	switch a := g.api.Authorizer().(type) {
	case nil:
	case *tier.LambdaAuthorizer:
		guard.lambda = &lambdaGate{
			who: "authorizer " + a.Name(), function: g.functions[a.Name()], settings: a.Settings(), sources: a.Sources(),
			arn: guard.arn, region: g.Identities.region(), now: g.Now, random: g.Random, kept: &verdicts{now: g.Now}, // without a TTL: API Gateway keeps none here
		}
	default:
		if !tier.IsIAM(a) {
			return socketGuard{}, fmt.Errorf("local gateway: WebSocket API %s: the local gateway has no authorizer %s", g.api.Name(), a.Name())
		}
		guard.signed = newAuthority("execute-api", []string{invokeAction}, g.Identities, g.Now)
		guard.signed.guarded = []guarded{{what: connectKey, arn: guard.arn + connectKey}}
	}
	if g.Identities != nil {
		guard.managers = newAuthority("execute-api", []string{manageAction}, g.Identities, g.Now)
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			guard.managers.guarded = append(guard.managers.guarded, guarded{what: method + " @connections", arn: guard.arn + method + managedARN})
		}
	}
	return guard, nil
}

// manageAction is what a call of @connections needs. The connection is not a part
// of the ARN that is asked for: it ends with this very text, as the messages of
// AWS tell, so a policy about a single connection allows nothing.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
const (
	manageAction = "execute-api:ManageConnections"
	managedARN   = "/@connections/{connectionId}"
)

// authorize asks the authorizer of the API about a handshake and keeps in c whom
// it let in. The answer is how it refused.
func (g *SocketGateway) authorize(c *client, r *http.Request, o *occasion) *socketAnswer {
	x := &exchange{Request: r, ids: o.ids, id: o.ids.extended, at: o.at, method: r.Method}
	var a *answer
	switch {
	case g.guard.signed != nil:
		a = (&iamGate{authority: g.guard.signed, door: &socketIAM{arn: g.guard.arn + connectKey}}).pass(x)
	case g.guard.lambda != nil:
		gate := *g.guard.lambda
		gate.asks = &socketAsker{g.events, c, o}
		a = gate.pass(x)
	}
	if a == nil {
		c.identity, c.authorizer = x.client, x.authorizer
		return nil
	}
	log := g.Log.Info
	if a.status >= http.StatusInternalServerError {
		log = g.Log.Error
	}
	log("socket", "event", "CONNECT", "connection", c.id, "status", a.status, "refused", plain(x.err.Error()))
	return refused(a, x.err)
}

// manages asks about a call of @connections. The answer is how it was refused.
func (g *socketGuard) manages(r *http.Request, body []byte, now time.Time) *socketAnswer {
	if g.managers == nil {
		return nil
	}
	x := &exchange{Request: r, at: now, method: r.Method, body: body}
	if a := (&iamGate{authority: g.managers, door: &socketIAM{arn: g.arn + r.Method + managedARN}}).pass(x); a != nil {
		return refused(a, x.err)
	}
	return nil
}

// socketIAM is what is asked for at a WebSocket API: a route, or @connections. A
// refusal is that of a REST API; what AWS tells of a handshake is not documented.
type socketIAM struct {
	restIAM
	arn string
}

func (d *socketIAM) resource(*exchange) string { return d.arn }

// socketAsker asks the Lambda authorizer about one handshake.
type socketAsker struct {
	events socketEvents
	client *client
	about  *occasion
}

var _ asker = (*socketAsker)(nil)

func (a *socketAsker) resource(*exchange) string { return connectKey }
func (a *socketAsker) wait() time.Duration       { return socketWait }
func (a *socketAsker) longestARN() int           { return 0 }
func (a *socketAsker) flat() bool                { return true }
func (a *socketAsker) unauthorized() *refusal    { return &httpUnauthorized }
func (a *socketAsker) denied(bool) *refusal      { return &httpForbidden }
func (a *socketAsker) broken() *refusal          { return &socketBroken }

// socketBroken is the answer where the authorizer failed.
var socketBroken = httpRefusal(http.StatusInternalServerError, socketInternal)

// needs: a handshake without a source is refused, whatever is kept.
// See https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
func (a *socketAsker) needs(*tier.AuthorizerSettings) bool { return true }

func (a *socketAsker) let(x *exchange, v *verdict, took time.Duration) { letTexts(x, v, took) }

func (a *socketAsker) event(x *exchange, q *question) []byte {
	return a.events.question(a.about, a.client, x.Request, q.arn)
}

func (a *socketAsker) source(x *exchange, s tier.Source) string {
	switch s.In {
	case "header":
		return lastOf(x.headerValues(s.Name))
	case "query":
		return lastOf(queryValues(x.URL.RawQuery, "&;", s.Name))
	}
	if s.Name == "routeKey" {
		return connectKey
	}
	return x.contextValue(s.Name, tier.DefaultStage)
}

// Signing is the service and the Region that handshakes and calls of @connections
// must be signed for; "" if none is signed.
func (g *SocketGateway) Signing() (service, region string) {
	all := g.guard.authorities()
	if len(all) == 0 {
		return "", ""
	}
	return all[0].service, all[0].region
}

// Callers are who may sign handshakes ("$connect") and calls of @connections, in
// the order of the [Identities]; none if nothing is signed.
func (g *SocketGateway) Callers() []Caller { return callersOf(g.Now(), g.guard.authorities()...) }

// authorities are those that there are.
func (g *socketGuard) authorities() []*authority {
	var all []*authority
	for _, a := range []*authority{g.signed, g.managers} {
		if a != nil {
			all = append(all, a)
		}
	}
	return all
}
