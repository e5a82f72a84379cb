// Package warehousetest is the conformance suite of package warehouse: what every
// driver must do, one case a rule. The embedded driver,
// datastore/embedded/sqlwarehouse, is the reference.
//
//	func TestConformance(t *testing.T) {
//		warehousetest.Run(t, func(t testing.TB) warehousetest.Target {
//			return warehousetest.Target{Data: ..., Product: warehouse.Serverless, Slow: "SELECT pg_sleep(60)"}
//		})
//	}
package warehousetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// Open prepares an empty database for one case. It is called from several tests at
// once.
type Open func(t testing.TB) Target

// Target is a warehouse for one case.
type Target struct {
	// Data is where the case declares the warehouse, as "suite".
	Data    *datastore.Data
	Product warehouse.Product
	Options []warehouse.Option
	// Slow is a query that runs for at least 20 seconds, unless it is cancelled.
	Slow string
}

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, w suite)
}

// Run runs the suite on the warehouses that open prepares.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"query", queryRules},
		{"run", runRules},
		{"time", timeRules},
		{"refused", refusedRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, start(t, open))
			})
		}
	}
}

// all is everything that may be done to a warehouse.
type all interface {
	warehouse.Querier
	warehouse.QueryStarter
	warehouse.Runner
	warehouse.Starter
	warehouse.BatchRunner
	warehouse.Stater
	warehouse.Reader
	warehouse.Canceller
}

type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// suite is a warehouse with a table that a case has to itself.
type suite struct {
	all
	slow string
}

func start(t *testing.T, open Open) suite {
	t.Helper()
	target := open(t)
	declared := warehouse.New(target.Data, "suite", target.Product, target.Options...)
	for _, err := range target.Data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	w := suite{datastore.Use[all](function{}, declared), target.Slow}
	w.must(t, warehouse.Statement{SQL: "CREATE TABLE orders (id INTEGER NOT NULL, name VARCHAR(40), price DECIMAL(10,2), weight DOUBLE PRECISION, placed TIMESTAMP, open BOOLEAN)"})
	return w
}

// must runs a statement that succeeds.
func (w suite) must(t testing.TB, s warehouse.Statement) warehouse.Result {
	t.Helper()
	result, err := w.Run(t.Context(), s)
	if err != nil {
		t.Fatalf("Run(%q): %v%s", s.SQL, err, detail(err))
	}
	return result
}

// query is the ID of a query that succeeds.
func (w suite) query(t testing.TB, sql string, params ...warehouse.Param) warehouse.ID {
	t.Helper()
	result, err := w.Query(t.Context(), warehouse.Statement{SQL: sql, Params: params})
	if err != nil {
		t.Fatalf("Query(%q): %v%s", sql, err, detail(err))
	}
	return result.ID
}

func detail(err error) string {
	if failed, ok := errors.AsType[*warehouse.FailedError](err); ok {
		return ": " + failed.Detail()
	}
	return ""
}

// order adds a row.
func (w suite) order(t testing.TB, id int) {
	t.Helper()
	w.must(t, warehouse.Statement{SQL: "INSERT INTO orders (id, name) VALUES (:id, :name)", Params: []warehouse.Param{
		warehouse.Bind("id", id), warehouse.Bind("name", fmt.Sprint("order ", id)),
	}})
}

// wantOrders checks how many rows there are.
func (w suite) wantOrders(t testing.TB, want int) {
	t.Helper()
	for n, err := range warehouse.Scan[int](w.Rows(t.Context(), w.query(t, "SELECT count(*) FROM orders"))) {
		if err != nil || n != want {
			t.Fatalf("there are %d orders, %v, want %d", n, err, want)
		}
		return
	}
	t.Fatal("count(*) answers no row")
}

// wantError checks an error's kind, and that it shows nothing of the statement.
func wantError(t testing.TB, call string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: error = %v%s, want %v", call, err, detail(err), kind)
		return
	}
	var own *datastore.Error
	if !errors.As(err, &own) || own.Store != "warehouse suite" || own.Op == "" {
		t.Errorf("%s: error = %#v, want a datastore.Error of warehouse suite", call, err)
	}
	if text := err.Error(); strings.Contains(text, "secret") || strings.Contains(text, "SELECT") {
		t.Errorf("%s: the error shows the statement or a value: %s", call, text)
	}
}
