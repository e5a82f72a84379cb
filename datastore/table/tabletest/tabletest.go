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
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Open prepares an empty table of spec for one case, and returns the Data on
// which the case declares it. It is called from several tests at once.
type Open func(t testing.TB, spec table.Spec) *datastore.Data

// Difference is a known way in which a server does not do what DynamoDB does.
// The suite asserts it: a server that has lost one fails.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// UnequalLists: no list equals another (dynalite 4.0.0).
	UnequalLists Difference = "no list equals another"
	// MixedOrderFails: to order values of different types fails in the server
	// (moto 5.2.5).
	MixedOrderFails Difference = "ordering values of different types fails in the server"
	// NoBytePrefix: no bytes begin with others (moto 5.2.5).
	NoBytePrefix Difference = "no bytes begin with others"
	// SmallerItems: items of 400 KB are refused, only 405,000 bytes are taken
	// (moto 5.2.5).
	SmallerItems Difference = "an item has at most 405,000 bytes"
	// NarrowSums: to add to a number with an exponent fails in the server (moto
	// 5.2.5).
	NarrowSums Difference = "adding to a number with an exponent fails in the server"
	// NoTransactions: the server does not know TransactWriteItems (dynalite 4.0.0).
	NoTransactions Difference = "there are no transactions"
	// NoOldItem: a failed condition does not show what is stored (dynalite 4.0.0), so
	// that an update of an item that fails it looks like one of no item.
	NoOldItem Difference = "a failed condition does not show the item"
)

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

func (t target) has(d Difference) bool { return slices.Contains(t.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open target)
}

// Run runs the suite on the tables that open prepares. What differs from
// DynamoDB is named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
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
		{"limit", limitRules},
		{"update", updateRules},
		{"change", changeRules},
		{"writemany", writeManyRules},
		{"index", indexRules},
		{"scan", scanRules},
		{"transact", transactRules},
		{"ttl", ttlRules},
		{"owner", ownerRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, target{open, differs})
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
	table.Updater[T]
	table.Checker
	table.Transactor
	table.Scanner[T]
}

// many is what cannot be done to items with a version.
type many[T any] interface {
	all[T]
	table.ManyWriter[T]
}

// indexed is everything that may be done to an index.
type indexed[T any] interface {
	table.Querier[T]
	table.Scanner[T]
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// specOf is the Spec of a table of items T.
func specOf[T any](t testing.TB) table.Spec {
	t.Helper()
	spec, ok := table.New[T](datastore.New(nil, nil), "items").Spec().(table.Spec)
	if !ok {
		t.Fatal("the Spec of a table is no table.Spec")
	}
	return spec
}

// start is a handle on an empty table of items T.
func start[T any](t testing.TB, open target) all[T] {
	t.Helper()
	store, data := declare[T](t, open)
	return use[all[T]](t, data, store)
}

// declare prepares an empty table of items T.
func declare[T any](t testing.TB, open target) (*table.Table[T], *datastore.Data) {
	t.Helper()
	data := open.open(t, specOf[T](t))
	return table.New[T](data, "items"), data
}

// use is a handle on a store that data declares.
func use[C any](t testing.TB, data *datastore.Data, store datastore.Store) C {
	t.Helper()
	handle := datastore.Use[C](function{}, store)
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// startMany is a handle that also writes many.
func startMany[T any](t testing.TB, open target) many[T] {
	t.Helper()
	store, data := declare[T](t, open)
	return use[many[T]](t, data, store)
}

// startTwo are handles of two item types, with the same key, on one empty table.
func startTwo[T, U any](t testing.TB, open target) (all[T], all[U]) {
	t.Helper()
	spec := specOf[T](t)
	data := open.open(t, spec)
	driver, err := datastore.DriverOf[table.Driver](data, spec)
	if err != nil {
		t.Fatal(err)
	}
	variable := datastore.Variable(spec)
	physical, _ := data.Physical(spec)
	again := datastore.New([]datastore.Driver{driver}, &datastore.Options{
		Namespace: data.Namespace(),
		Lookup:    func(name string) (string, bool) { return physical, name == variable },
	})
	first := datastore.Use[all[T]](function{}, table.New[T](data, "items"))
	second := datastore.Use[all[U]](function{}, table.New[U](again, "items"))
	for _, err := range append(data.Errs(), again.Errs()...) {
		t.Fatalf("declaration: %v", err)
	}
	return first, second
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
