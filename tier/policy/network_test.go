package policy_test

import (
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// TestServicesOfCallers: a function in the private network reaches AWS STS for the
// credentials of its callers, and otherwise not.
func TestServicesOfCallers(t *testing.T) {
	t.Parallel()
	for _, own := range []bool{true, false} {
		data := datastore.New(nil, nil)
		f := tier.New("shop").Function("orders")
		datastore.Use[cache.Getter[order]](f, cache.New[order](data, "profiles"))
		orders := table.New[order](data, "orders")
		if own {
			datastore.Use[table.Getter[order]](f, orders.PerCaller())
		} else {
			datastore.Use[table.Getter[order]](f, orders)
		}
		got := policy.Services(f)
		if slices.Contains(got, "sts") != own || !slices.Contains(got, "dynamodb") {
			t.Errorf("Services with callers' rows %v = %v", own, got)
		}
	}
}
