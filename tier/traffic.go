package tier

import (
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// traffic is what an API declares of requests that do not reach a function: how
// many may, who is counted, and what is answered in a function's place.
type traffic struct {
	throttling         *Throttling // of routes without one of their own; nil for none
	plans              []*declaredPlan
	keysFromAuthorizer bool
	keysAt             datastore.Position
	cache              *Cache
	cacheAt            datastore.Position
	gatewayResponses   []declaredResponse
}

// routeTraffic is what a route declares of the same.
type routeTraffic struct {
	throttling  *Throttling // nil for that of the API
	keyRequired bool
	cached      *cached // nil if answers are not cached
}

func (t routeTraffic) equal(u routeTraffic) bool { return reflect.DeepEqual(t, u) }
