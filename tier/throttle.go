package tier

import (
	"fmt"
	"math"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Throttling is a token bucket: it holds Burst tokens, a request takes one, and
// Rate tokens a second come back. A request that finds none is answered 429.
// 0 and 0 refuse every request.
//
// It is a target and not a ceiling: AWS counts on many machines and lets some
// more through.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html.
type Throttling struct {
	Rate  float64 // requests a second, may be a fraction
	Burst int     // requests at once
}

// String is "10 a second, burst 20".
func (t Throttling) String() string { return fmt.Sprintf("%v a second, burst %d", t.Rate, t.Burst) }

// wrong is what is wrong with t, "" if nothing is.
func (t Throttling) wrong() string {
	switch {
	case math.IsNaN(t.Rate) || math.IsInf(t.Rate, 0) || t.Rate < 0 || t.Burst < 0 || t.Burst > math.MaxInt32:
		return fmt.Sprintf("throttling of %v; write a rate of requests a second and a burst of requests, neither negative", t)
	case (t.Rate == 0) != (t.Burst == 0):
		return fmt.Sprintf("throttling of %v lets no more requests through after the first moment; write both above 0, or 0 and 0 to refuse all", t)
	}
	return ""
}

// Throttle limits each route of the API that has no limit of its own: a bucket
// for each, not one for all. Without it only the account's limits hold.
func (api *API) Throttle(rate float64, burst int) {
	at, t := datastore.Caller(), &Throttling{rate, burst}
	switch why := t.wrong(); {
	case why != "":
		api.app.fail(at, "API %s: %s", api.name, why)
	case api.throttling != nil:
		api.app.fail(at, "API %s: throttling is declared already; declare it once, and give other limits to the routes that need them", api.name)
	default:
		api.throttling = t
	}
}

// Throttling of the routes that have none of their own, nil if none was declared.
func (api *API) Throttling() *Throttling { return api.throttling }

// Throttle limits the route, in place of what [API.Throttle] says. Each method of
// a route without a method has a bucket of its own.
func Throttle(rate float64, burst int) RouteOption {
	return routeOption(func(r *Route) {
		t := &Throttling{rate, burst}
		switch why := t.wrong(); {
		case why != "":
			r.function.app.fail(r.at, "route %s: %s", r.text, why)
		case r.throttling != nil:
			r.function.app.fail(r.at, "route %s: throttling is declared twice; write it once", r.text)
		default:
			r.throttling = t
		}
	})
}

// Throttling of the route alone, nil if that of the API holds.
func (r *Route) Throttling() *Throttling { return r.throttling }
