// Package tabletest is the conformance suite of package table: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/filetable, is
// the reference.
//
//	func TestConformance(t *testing.T) {
//		tabletest.Run(t, func(t testing.TB, spec table.Spec) *datastore.Data {
//			return datastore.New([]datastore.Driver{mydriver.New()}, nil)
//		})
//	}
package tabletest

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Open prepares an empty table of spec for one case, and returns the Data on
// which the case declares it. It is called from several tests at once.
type Open func(t testing.TB, spec table.Spec) *datastore.Data

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open Open)
}

// Run runs the suite on the tables that open prepares.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"get", getRules},
		{"getmany", getManyRules},
		{"create", createRules},
		{"put", putRules},
		{"delete", deleteRules},
		{"query", queryRules},
		{"page", pageRules},
		{"condition", conditionRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, open)
			})
		}
	}
}

// all is everything that may be done to a table.
type all[T any] interface {
	table.Getter[T]
	table.ManyGetter[T]
	table.Creator[T]
	table.Putter[T]
	table.Deleter[T]
	table.Querier[T]
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on an empty table of items T.
func start[T any](t testing.TB, open Open) all[T] {
	t.Helper()
	spec, ok := table.New[T](datastore.New(nil, nil), "items").Spec().(table.Spec)
	if !ok {
		t.Fatal("the Spec of a table is no table.Spec")
	}
	data := open(t, spec)
	handle := datastore.Use[all[T]](function{}, table.New[T](data, "items"))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// put stores items without further ado.
func put[T any](t testing.TB, items all[T], list ...T) {
	t.Helper()
	for _, item := range list {
		if _, err := items.Put(t.Context(), item); err != nil {
			t.Fatalf("Put(%+v): %v", item, err)
		}
	}
}
