package local

import (
	"net/http"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// AccountThrottling is what AWS grants an account in a region before it is asked
// for more. A [Gateway] keeps to it if [Options] say so.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
var AccountThrottling = tier.Throttling{Rate: 10_000, Burst: 5_000}

// throttle limits how fast a route is called: by the limit of the route, which
// each of its methods has for itself, then by that of the account.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html.
type throttle struct {
	methods map[string]*bucket // nil for none
	account *bucket            // nil for none
	answer  refusal
}

// newThrottle is the gate of a route, nil if nothing limits it.
func newThrottle(route *tier.Route, o *gating) gate {
	limit := route.Throttling()
	if limit == nil {
		limit = o.api.Throttling()
	}
	if limit == nil && o.account == nil {
		return nil
	}
	t := &throttle{account: o.account, answer: restTooMany}
	if _, http := o.Door.(HTTP); http {
		t.answer = httpTooMany
	}
	if limit != nil {
		t.methods = map[string]*bucket{}
		for _, name := range methodsOf(route) {
			t.methods[name] = newBucket(*limit)
		}
	}
	return t
}

// gatewayMethods are those that "ANY" stands for.
var gatewayMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// methodsOf are the methods that reach a route.
func methodsOf(route *tier.Route) []string {
	if name := route.Pattern().Method; name != "" {
		return []string{name}
	}
	return gatewayMethods
}

// What a client is told that calls too fast. What an HTTP API says is so by
// experience.
var (
	restTooMany = refusal{http.StatusTooManyRequests, jsonType, `{"message":"Too Many Requests"}`, "TooManyRequestsException"}
	httpTooMany = httpRefusal(http.StatusTooManyRequests, "Too Many Requests")
)

func (t *throttle) pass(x *exchange) *answer {
	if b := t.methods[x.method]; b != nil && !b.take(x.at) {
		return x.refuse(&t.answer, "throttling", "over the route's limit of %v", b.limit)
	}
	if t.account != nil && !t.account.take(x.at) {
		return x.refuse(&t.answer, "throttling", "over the account's limit of %v", t.account.limit)
	}
	x.note("throttling", "within the limits")
	return nil
}
