package warehouse_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver is a warehouse that answers what it is told to.
type driver struct {
	state  warehouse.Description // what statements begin as
	later  []warehouse.Description
	page   warehouse.Page
	second warehouse.Page // after the token of page
	err    error
	sent   []warehouse.Execution
	access []warehouse.Access
}

func (*driver) Kind() string { return "warehouse" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenWarehouse(context.Context, *datastore.Data, warehouse.Spec) (warehouse.Conn, error) {
	return d, nil
}

func (d *driver) Execute(_ context.Context, access warehouse.Access, e warehouse.Execution) (warehouse.Description, error) {
	d.sent, d.access = append(d.sent, e), append(d.access, access)
	return d.state, d.err
}

func (d *driver) Describe(context.Context, warehouse.ID) (warehouse.Description, error) {
	if len(d.later) == 0 {
		return d.state, d.err
	}
	next := d.later[0]
	d.later = d.later[1:]
	return next, d.err
}

func (d *driver) Page(_ context.Context, _ warehouse.ID, token string) (warehouse.Page, error) {
	if token != "" {
		return d.second, d.err
	}
	return d.page, d.err
}
func (d *driver) Cancel(context.Context, warehouse.ID) error { return d.err }

func as(status warehouse.Status, message string) (d warehouse.Description) {
	d.ID, d.Status, d.Message = "s-1", status, message
	return d
}

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

func open(d *driver) all {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[all](function("f"), warehouse.New(data, "sales", warehouse.Serverless))
}

// TestAccess: queries run as the reader, and everything else as the writer.
func TestAccess(t *testing.T) {
	t.Parallel()
	d := &driver{state: as(warehouse.Finished, "")}
	w, ctx, s := open(d), t.Context(), warehouse.Statement{SQL: "SELECT 1"}
	for i, tt := range []struct {
		name string
		do   func() error
		want warehouse.Access
	}{
		{"Query", func() error { _, err := w.Query(ctx, s); return err }, warehouse.ReadOnly},
		{"StartQuery", func() error { _, err := w.StartQuery(ctx, s); return err }, warehouse.ReadOnly},
		{"Run", func() error { _, err := w.Run(ctx, s); return err }, warehouse.ReadWrite},
		{"Start", func() error { _, err := w.Start(ctx, s); return err }, warehouse.ReadWrite},
		{"RunBatch", func() error { _, err := w.RunBatch(ctx, warehouse.Batch{SQL: []string{"SELECT 1"}}); return err }, warehouse.ReadWrite},
	} {
		if err := tt.do(); err != nil || d.access[i] != tt.want || d.sent[i].Key == "" || d.sent[i].Batch != (tt.name == "RunBatch") {
			t.Errorf("%s = %v as %s: %+v, want the %s", tt.name, err, d.access[i], d.sent[i], tt.want)
		}
	}
	for i := range d.sent {
		for j := range i {
			if d.sent[i].Key == d.sent[j].Key {
				t.Error("two statements have one key")
			}
		}
	}
}

// TestGranted: only what the interface names can be done, by its function.
func TestGranted(t *testing.T) {
	t.Parallel()
	d := &driver{state: as(warehouse.Finished, "")}
	data := datastore.New([]datastore.Driver{d}, nil)
	w := datastore.Use[warehouse.Querier](function("f"), warehouse.New(data, "sales", warehouse.Serverless))
	if _, err := w.(warehouse.Runner).Run(t.Context(), warehouse.Statement{SQL: "DELETE"}); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Run without its grant: %v, want %v", err, datastore.ErrDenied)
	}
	for _, err := range w.(warehouse.Reader).Rows(t.Context(), "s-1") {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("Rows without its grant: %v, want %v", err, datastore.ErrDenied)
		}
	}
	if _, err := w.Query(datastore.WithFunction(t.Context(), "g"), warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Query by another function: %v, want %v", err, datastore.ErrDenied)
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %v", d.sent)
	}
}

// TestPauses: a statement is asked for with pauses until it has ended.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &driver{state: as(warehouse.Submitted, "")}
		for range 20 {
			d.later = append(d.later, as(warehouse.Started, ""))
		}
		done := as(warehouse.Finished, "")
		done.Rows = 7
		d.later = append(d.later, done)
		begun := time.Now()
		result, err := open(d).Run(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
		if err != nil || result.Rows != 7 || time.Since(begun) < 15*time.Second || time.Since(begun) > 45*time.Second {
			t.Errorf("Run = %+v, %v after %v", result, err, time.Since(begun))
		}
	})
}

// TestBind: values of Go as text.
func TestBind(t *testing.T) {
	t.Parallel()
	type color string
	zone := time.FixedZone("", 3600)
	for _, tt := range []struct {
		got  warehouse.Param
		want string
	}{
		{warehouse.Bind("p", "x"), "x"}, {warehouse.Bind("p", color("red")), "red"}, {warehouse.Bind("p", -5), "-5"},
		{warehouse.Bind("p", uint64(math.MaxUint64)), "18446744073709551615"}, {warehouse.Bind("p", true), "true"},
		{warehouse.Bind("p", 0.1), "0.1"}, {warehouse.Bind("p", float32(0.1)), "0.1"}, {warehouse.Bind("p", 1e300), "1e+300"},
		{warehouse.Bind("p", math.Inf(-1)), "-Infinity"}, {warehouse.Bind("p", math.NaN()), "NaN"},
		{warehouse.BindTime("p", time.Date(2030, 1, 2, 3, 4, 5, 678901000, zone)), "2030-01-02 02:04:05.678901+00"},
	} {
		if tt.got.Name != "p" || tt.got.Value != tt.want {
			t.Errorf("%+v, want %q", tt.got, tt.want)
		}
	}
}

// valuesOf are values as a driver has them.
func valuesOf(values ...any) []warehouse.Value {
	list := make([]warehouse.Value, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
		case bool:
			list[i] = warehouse.BoolValue(v)
		case int64:
			list[i] = warehouse.IntValue(v)
		case float64:
			list[i] = warehouse.FloatValue(v)
		case string:
			list[i] = warehouse.StringValue(v)
		case []byte:
			list[i] = warehouse.BytesValue(v)
		default:
			panic(fmt.Sprintf("a row has no %T", v))
		}
	}
	return list
}

// row is the only row of a statement, read into T.
func row[T any](t *testing.T, columns []warehouse.Column, values ...any) (T, error) {
	t.Helper()
	d := &driver{page: warehouse.Page{Columns: columns, Rows: warehouse.Table{valuesOf(values...)}}}
	for v, err := range warehouse.Scan[T](open(d).Rows(t.Context(), "s-1")) {
		return v, err
	}
	t.Fatal("no row")
	panic("unreachable")
}

type embedded struct{ Inner string }

type everything struct {
	embedded
	Text   string
	Int    int8
	Uint   uint16 `warehouse:"Unsigned"`
	Float  float32
	Bool   bool
	Bytes  []byte
	Time   time.Time
	Null   *int
	Some   *int
	Valid  sql.Null[time.Time]
	Number big.Float // by UnmarshalText
	Any    any
	Not    chan int `warehouse:"-"`
}

// TestScan: each type takes its values.
func TestScan(t *testing.T) {
	t.Parallel()
	var columns []warehouse.Column
	for name := range strings.FieldsSeq("inner text int unsigned float bool bytes time null some valid number any more") {
		columns = append(columns, warehouse.Column{Name: name})
	}
	at, some := time.Date(2030, 1, 2, 3, 4, 5, 600000000, time.UTC), 5
	got, err := row[everything](t, columns, "in", "x", int64(-7), "65535", "1.5", "t", []byte{1}, "2030-01-02 03:04:05.6", nil, int64(5), "2030-01-02 04:04:05.6+01", "12.5", "any", "more")
	want := everything{
		embedded: embedded{"in"}, Text: "x", Int: -7, Uint: 65535, Float: 1.5, Bool: true, Bytes: []byte{1}, Time: at, Some: &some,
		Valid: sql.Null[time.Time]{V: at, Valid: true}, Any: "any",
	}
	number, _ := got.Number.Float64()
	if d := cmp.Diff(want, got, cmp.AllowUnexported(everything{}), cmpopts.IgnoreFields(everything{}, "Number")); d != "" || err != nil || number != 12.5 {
		t.Errorf("Scan: %v, number %v (-want +got):\n%s", err, number, d)
	}
}

// TestTimes: a point in time is read as any that Redshift writes.
func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2030-01-02":                   at.Truncate(24 * time.Hour),
		"2030-01-02 03:04:05":          at,
		"2030-01-02 03:04:05.25":       at.Add(250 * time.Millisecond),
		"2030-01-02 03:04:05+00":       at,
		"2030-01-02 03:04:05.25+00":    at.Add(250 * time.Millisecond),
		"2030-01-02 01:04:05-02":       at,
		"2030-01-02 08:34:05+05:30":    at,
		"2030-01-02 03:04:05Z":         at,
		"2030-01-02T03:04:05Z":         at,
		"2030-01-02T08:34:05.25+05:30": at.Add(250 * time.Millisecond),
	} {
		if got, err := row[time.Time](t, []warehouse.Column{{Name: "at"}}, text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q = %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2030", "2030-01-02 ", "2030-01-02x", "2030-01-02+", "2030-01-02 03:04:05+", "2030-01-02 03:04:05+0", "infinity", "Z", "0044-03-15 BC"} {
		if got, err := row[time.Time](t, []warehouse.Column{{Name: "at"}}, text); !errors.Is(err, datastore.ErrCorrupt) {
			t.Errorf("%q = %v, %v, want ErrCorrupt", text, got, err)
		}
	}
}

// TestPages: the rows of all pages have the columns of the first.
func TestPages(t *testing.T) {
	t.Parallel()
	page := func(columns int, next string) warehouse.Page {
		return warehouse.Page{Columns: make([]warehouse.Column, columns), Rows: warehouse.Table{make([]warehouse.Value, columns)}, Next: next}
	}
	for name, c := range map[string]struct {
		second warehouse.Page
		rows   int
		want   error
	}{
		"as many":        {page(2, ""), 2, nil},
		"without names":  {warehouse.Page{Rows: warehouse.Table{make([]warehouse.Value, 2)}}, 2, nil},
		"without rows":   {warehouse.Page{}, 1, nil},
		"fewer, corrupt": {page(1, ""), 1, datastore.ErrCorrupt},
		"more, corrupt":  {page(3, ""), 1, datastore.ErrCorrupt},
	} {
		d, rows := &driver{page: page(2, "more"), second: c.second}, 0
		var failed error
		for row, err := range open(d).Rows(t.Context(), "s-1") {
			if failed = err; err == nil {
				rows++
				if got := row.Values(); len(got) != 2 {
					t.Errorf("%s: Values() = %v, want 2", name, got)
				}
			}
		}
		if rows != c.rows || !errors.Is(failed, c.want) || (failed == nil) != (c.want == nil) {
			t.Errorf("%s: %d rows, error = %v, want %d, %v", name, rows, failed, c.rows, c.want)
		}
	}
}

// TestScanRefused: what does not fit is told, without the value.
func TestScanRefused(t *testing.T) {
	t.Parallel()
	one := []warehouse.Column{{Name: "n", Type: "int4"}}
	try := func(name string, err error, want error) {
		t.Helper()
		if !errors.Is(err, want) || strings.Contains(err.Error(), "hunter2") || !strings.HasPrefix(err.Error(), "warehouse sales: rows: ") {
			t.Errorf("%s: error = %v, want %v", name, err, want)
		}
	}
	_, err := row[int](t, one, "hunter2")
	try("text as a number", err, datastore.ErrCorrupt)
	_, err = row[int8](t, one, int64(300))
	try("a large number", err, datastore.ErrCorrupt)
	_, err = row[uint8](t, one, int64(-1))
	try("a negative number", err, datastore.ErrCorrupt)
	_, err = row[bool](t, one, "hunter2")
	try("text as a boolean", err, datastore.ErrCorrupt)
	_, err = row[time.Time](t, one, "hunter2")
	try("text as a time", err, datastore.ErrCorrupt)
	_, err = row[big.Float](t, one, "hunter2")
	try("text that does not unmarshal", err, datastore.ErrCorrupt)
	_, err = row[sql.NullInt64](t, one, "hunter2")
	try("text that does not scan", err, datastore.ErrCorrupt)
	_, err = row[string](t, one, nil)
	try("NULL", err, datastore.ErrCorrupt)
	_, err = row[chan int](t, one, int64(1))
	try("a channel", err, datastore.ErrDeclaration)
	_, err = row[struct{ N chan int }](t, one, int64(1))
	try("a field that is a channel", err, datastore.ErrDeclaration)
	_, err = row[struct{ M int }](t, one, int64(1))
	try("a field of no column", err, datastore.ErrDeclaration)
}

// TestZeroRow: a row of nothing answers errors.
func TestZeroRow(t *testing.T) {
	t.Parallel()
	var r warehouse.Row
	if err := r.Scan(); !errors.Is(err, datastore.ErrInvalid) || r.Columns() != nil || len(r.Values()) != 0 {
		t.Errorf("Scan = %v, Columns = %v", err, r.Columns())
	}
}

type login struct{ name string }

type secret string

func (s secret) Kind() string                    { return "secret" }
func (s secret) Name() string                    { return string(s) }
func (s secret) Needs([]string) []datastore.Need { return nil }

func (l *login) Spec() datastore.Spec { return secret(l.name) }
func (l *login) Credentials(context.Context, bool) (string, string, error) {
	return "", "", nil
}

// TestNeeds: a function that only queries gets nothing of the writer.
func TestNeeds(t *testing.T) {
	t.Parallel()
	own := []datastore.Condition{{Operator: "StringEquals", Key: "redshift-data:statement-owner-iam-userid", Values: []string{"${aws:userid}"}}}
	writer, reader := &login{"w"}, &login{"r"}
	follow := func(actions ...string) datastore.Need {
		return datastore.Need{Service: "redshift-data", Actions: actions, Resource: "*", Conditions: own}
	}
	for _, tt := range []struct {
		name    string
		product warehouse.Product
		opts    []warehouse.Option
		ops     []string
		want    []datastore.Need
		roles   []string
	}{
		{"serverless", warehouse.Serverless, nil, []string{"Query", "Rows"}, []datastore.Need{
			{Service: "redshift-data", Actions: []string{"ExecuteStatement"}, Resource: "workgroup/{name}"},
			follow("DescribeStatement", "GetStatementResult"),
			{Service: "redshift-serverless", Actions: []string{"GetCredentials"}, Resource: "workgroup/{name}"},
		}, []string{"sales_eu_reader"}},
		{"provisioned", warehouse.Provisioned, []warehouse.Option{warehouse.Database("main")}, []string{"RunBatch", "StartQuery", "Cancel"}, []datastore.Need{
			{Service: "redshift-data", Actions: []string{"BatchExecuteStatement", "ExecuteStatement"}, Resource: "cluster:{name}"},
			follow("CancelStatement", "DescribeStatement"),
			{Service: "redshift", Actions: []string{"GetClusterCredentials"}, Resource: "dbname:{name}/main"},
			{Service: "redshift", Actions: []string{"GetClusterCredentials"}, Resource: "dbuser:{name}/sales_eu_writer"},
			{Service: "redshift", Actions: []string{"GetClusterCredentials"}, Resource: "dbuser:{name}/sales_eu_reader"},
		}, nil},
		{"secrets", warehouse.Serverless, []warehouse.Option{warehouse.Secret(writer, reader)}, []string{"Start"}, []datastore.Need{
			{Service: "redshift-data", Actions: []string{"ExecuteStatement"}, Resource: "workgroup/{name}", Depends: []datastore.Dependence{{Spec: secret("w"), Ops: []string{"Get"}}}},
		}, nil},
		{"state alone", warehouse.Serverless, nil, []string{"State"}, []datastore.Need{follow("DescribeStatement")}, nil},
		{"nothing", warehouse.Serverless, nil, []string{"Else"}, nil, nil},
	} {
		data := datastore.New(nil, nil)
		spec := warehouse.New(data, "Sales-EU", tt.product, tt.opts...).Spec().(warehouse.Spec)
		if d := cmp.Diff(tt.want, spec.Needs(tt.ops)); d != "" || len(data.Errs()) > 0 {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, data.Errs(), d)
		}
		if d := cmp.Diff(tt.roles, spec.Roles(tt.ops)); d != "" {
			t.Errorf("%s: roles (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestMistakes: what is declared wrongly is collected, with what to write.
func TestMistakes(t *testing.T) {
	t.Parallel()
	one := &login{"one"}
	for want, declare := range map[string]func(*datastore.Data) *warehouse.Warehouse{
		"write warehouse.Serverless": func(d *datastore.Data) *warehouse.Warehouse { return warehouse.New(d, "w", "else") },
		"an option is nil":           func(d *datastore.Data) *warehouse.Warehouse { return warehouse.New(d, "w", warehouse.Serverless, nil) },
		"up to 64 letters": func(d *datastore.Data) *warehouse.Warehouse {
			return warehouse.New(d, "w", warehouse.Serverless, warehouse.Database("a/b"))
		},
		"name two users": func(d *datastore.Data) *warehouse.Warehouse {
			return warehouse.New(d, "w", warehouse.Serverless, warehouse.IAMLogin("a", "a"))
		},
		"both are the same secret": func(d *datastore.Data) *warehouse.Warehouse {
			return warehouse.New(d, "w", warehouse.Serverless, warehouse.Wire(), warehouse.Secret(one, one))
		},
		"a login is missing": func(d *datastore.Data) *warehouse.Warehouse {
			return warehouse.New(d, "w", warehouse.Serverless, warehouse.Secret(one, nil), warehouse.Wire())
		},
	} {
		d := &driver{}
		data := datastore.New([]datastore.Driver{d}, nil)
		w := declare(data)
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) || !strings.Contains(errs[0].Error(), "warehouse_test.go") {
			t.Errorf("Errs = %v, want %q", errs, want)
		}
		_, err := datastore.Use[warehouse.Querier](function("f"), w).Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
		if !errors.Is(err, datastore.ErrDeclaration) || len(d.sent) > 0 {
			t.Errorf("Query of it: %v", err)
		}
	}
}

func ExampleNew() {
	type day struct {
		Day   string
		Total float64
	}
	d := &driver{ // in place of redshiftwarehouse.Driver or sqlwarehouse.Over
		state: warehouse.Description{State: warehouse.State{Result: warehouse.Result{ID: "d9b6c0c9-0747-4bf4-b142-e8883122f766"}, Status: warehouse.Finished}},
		page: warehouse.Page{Columns: []warehouse.Column{{Name: "day"}, {Name: "total"}}, Rows: warehouse.Table{
			{warehouse.StringValue("2030-01-02"), warehouse.FloatValue(12.5)}, {warehouse.StringValue("2030-01-03"), warehouse.FloatValue(7)},
		}},
	}
	data := datastore.New([]datastore.Driver{d}, nil)
	type store interface {
		warehouse.Querier
		warehouse.Reader
	}
	sales := datastore.Use[store](function("report"), warehouse.New(data, "sales", warehouse.Serverless))
	ctx := context.Background()
	result, err := sales.Query(ctx, warehouse.Statement{
		SQL:    "SELECT day, sum(total) AS total FROM orders WHERE country = :country GROUP BY day",
		Params: []warehouse.Param{warehouse.Bind("country", "DE")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for d, err := range warehouse.Scan[day](sales.Rows(ctx, result.ID)) {
		fmt.Println(d, err)
	}
	// Output:
	// {2030-01-02 12.5} <nil>
	// {2030-01-03 7} <nil>
}
