package warehousetest

import (
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type order struct {
	ID     int
	Name   *string
	Price  string
	Weight float64
	At     time.Time `warehouse:"placed"`
	Open   bool
	Note   string `warehouse:"-"`
}

const allColumns = "SELECT id, name, price, weight, placed, open FROM orders ORDER BY id"

var queryRules = []rule{
	{"types", "values go in and come out by the types of Go", func(t *testing.T, w suite) {
		at := time.Date(2030, time.January, 2, 3, 4, 5, 678900000, time.UTC)
		w.must(t, warehouse.Statement{
			SQL: "INSERT INTO orders VALUES (:id, :name, :price, :weight, :at, :open)",
			Params: []warehouse.Param{
				warehouse.Bind("id", 7), warehouse.Bind("name", "it's :not \"a\" parameter"), warehouse.Bind("price", "12.50"),
				warehouse.Bind("weight", 0.25), warehouse.BindTime("at", at), warehouse.Bind("open", true),
			},
		})
		name := "it's :not \"a\" parameter"
		var got []order
		for o, err := range warehouse.Scan[order](w.Rows(t.Context(), w.query(t, "SELECT id, name, CAST(price AS VARCHAR(20)) AS price, weight, placed, open = :open AS open FROM orders", warehouse.Bind("open", true)))) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o)
		}
		if len(got) == 1 && got[0].Price == "12.5" { // SQLite has no decimals
			got[0].Price = "12.50"
		}
		if d := cmp.Diff([]order{{ID: 7, Name: &name, Price: "12.50", Weight: 0.25, At: at, Open: true}}, got); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
	}},
	{"null", "NULL is a nil pointer, and an error where nothing can be it", func(t *testing.T, w suite) {
		w.must(t, warehouse.Statement{SQL: "INSERT INTO orders (id) VALUES (1)"})
		id := w.query(t, "SELECT name, weight FROM orders")
		for row, err := range w.Rows(t.Context(), id) {
			if err != nil {
				t.Fatal(err)
			}
			var name *string
			var weight sql.Null[float64]
			if err := row.Scan(&name, &weight); err != nil || name != nil || weight.Valid {
				t.Errorf("Scan = %v, %v, %v, want NULL twice", name, weight, err)
			}
			var text string
			wantError(t, "Scan of NULL into a string", row.Scan(&text, &weight), datastore.ErrCorrupt)
			wantError(t, "Scan into too few", row.Scan(&name), datastore.ErrDeclaration)
			if d := cmp.Diff([]any{nil, nil}, row.Values()); d != "" {
				t.Errorf("Values (-want +got):\n%s", d)
			}
			if c := row.Columns(); len(c) != 2 || c[0].Name != "name" || c[1].Name != "weight" {
				t.Errorf("Columns = %v, want name and weight", c)
			}
		}
	}},
	{"none", "a query that finds nothing has rows, of which there are none", func(t *testing.T, w suite) {
		result, err := w.Query(t.Context(), warehouse.Statement{SQL: allColumns})
		if err != nil || !result.HasRows || result.Rows != 0 {
			t.Errorf("Query = %+v, %v, want no rows", result, err)
		}
		for row, err := range w.Rows(t.Context(), result.ID) {
			t.Errorf("Rows: %v, %v, want none", row, err)
		}
	}},
	{"pages", "all rows come, in order, and again", func(t *testing.T, w suite) {
		const n = 2500
		result, err := w.Query(t.Context(), warehouse.Statement{SQL: fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT i FROM n ORDER BY i", n)})
		if err != nil || result.Rows != n || result.Bytes <= 0 {
			t.Fatalf("Query = %+v, %v, want %d rows", result, err, n)
		}
		for range 2 {
			next := 1
			for got, err := range warehouse.Scan[int](w.Rows(t.Context(), result.ID)) {
				if err != nil || got != next {
					t.Fatalf("row %d = %d, %v", next, got, err)
				}
				next++
			}
			if next != n+1 {
				t.Errorf("%d rows, want %d", next-1, n)
			}
		}
		for range w.Rows(t.Context(), result.ID) {
			break // and nothing goes on
		}
	}},
	{"parameters", "a parameter may be there twice, and text like one is none", func(t *testing.T, w suite) {
		w.order(t, 5)
		id := w.query(t, "SELECT name /* :c */ FROM orders -- :d\n WHERE id = :id AND (id = :id OR ':x' = name)", warehouse.Bind("id", 5))
		var got []string
		for name, err := range warehouse.Scan[string](w.Rows(t.Context(), id)) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, name)
		}
		if !slices.Equal(got, []string{"order 5"}) {
			t.Errorf("rows = %q", got)
		}
	}},
	{"fields", "a field without a column, and a column that does not fit, are told", func(t *testing.T, w suite) {
		w.order(t, 5)
		id := w.query(t, "SELECT id, name FROM orders")
		for _, err := range warehouse.Scan[struct{ Missing string }](w.Rows(t.Context(), id)) {
			wantError(t, "Scan of a missing column", err, datastore.ErrDeclaration)
		}
		for _, err := range warehouse.Scan[struct{ Name int }](w.Rows(t.Context(), id)) {
			wantError(t, "Scan of text into an int", err, datastore.ErrCorrupt)
		}
		for _, err := range warehouse.Scan[string](w.Rows(t.Context(), id)) {
			wantError(t, "Scan of two columns into a string", err, datastore.ErrDeclaration)
		}
		for o, err := range warehouse.Scan[struct{ Name string }](w.Rows(t.Context(), id)) {
			if err != nil || o.Name != "order 5" {
				t.Errorf("Scan of one column = %+v, %v", o, err)
			}
		}
	}},
	{"reader", "a query changes nothing, whatever it says", func(t *testing.T, w suite) {
		_, err := w.Query(t.Context(), warehouse.Statement{SQL: "INSERT INTO orders (id) VALUES (1)"})
		wantError(t, "Query that inserts", err, datastore.ErrDenied)
		w.wantOrders(t, 0)
	}},
	{"start", "a query that was started ends, and has rows then", func(t *testing.T, w suite) {
		w.order(t, 5)
		id, err := w.StartQuery(t.Context(), warehouse.Statement{SQL: "SELECT name FROM orders"})
		if err != nil {
			t.Fatal(err)
		}
		state := w.ended(t, id)
		if state.Status != warehouse.Finished || state.ID != id || !state.HasRows || state.Err != nil || state.Created.IsZero() {
			t.Errorf("State = %+v", state)
		}
		for name, err := range warehouse.Scan[string](w.Rows(t.Context(), id)) {
			if err != nil || name != "order 5" {
				t.Errorf("row = %q, %v", name, err)
			}
		}
	}},
}

// ended asks until a statement has ended.
func (w suite) ended(t testing.TB, id warehouse.ID) warehouse.State {
	t.Helper()
	for {
		state, err := w.State(t.Context(), id)
		if err != nil {
			t.Fatalf("State: %v", err)
		}
		if state.Status.Ended() {
			return state
		}
	}
}
