package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

type all interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
	sqldb.Owner
}

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

var files = fstest.MapFS{"1_notes.sql": {Data: []byte("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)")}}

// login is a secret.
type login struct{ name string }

type secretSpec struct{ Logical string }

func (s secretSpec) Kind() string { return "secret" }
func (s secretSpec) Name() string { return s.Logical }
func (s secretSpec) Needs([]string) []datastore.Need {
	if s.Logical == "elsewhere" {
		return []datastore.Need{{Service: "ssm"}}
	}
	return []datastore.Need{{Service: "secretsmanager"}}
}

func (l *login) Spec() datastore.Spec { return secretSpec{l.name} }
func (l *login) Credentials(context.Context, bool) (string, string, error) {
	return l.name, "password", nil
}

// notes is a database of notes in memory.
func notes(t testing.TB, opts *datastore.Options) (*sqldb.Database, *datastore.Data) {
	t.Helper()
	driver := sqlitedb.Memory()
	data := datastore.New([]datastore.Driver{driver}, opts)
	db := sqldb.New(data, "notes", sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(files))
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), driver.Close()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db, data
}

// TestGranted: a handle does what its interface names, and for its function.
func TestGranted(t *testing.T) {
	t.Parallel()
	db, _ := notes(t, nil)
	reader := datastore.Use[sqldb.Reader](function("reads"), db)
	if err := reader.Read().QueryRowContext(datastore.WithFunction(t.Context(), "reads"), "SELECT 1").Scan(new(int)); err != nil {
		t.Errorf("what was granted: %v", err)
	}
	wide, ok := reader.(all)
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	ctx := datastore.WithFunction(t.Context(), "writes")
	tx := func(context.Context, *sql.Tx) error { return nil }
	for name, err := range map[string]error{
		"Write":                wide.Write().PingContext(t.Context()),
		"Write, ExecContext":   second(wide.Write().ExecContext(t.Context(), "DELETE FROM notes")),
		"Write, *sql.DB":       second(wide.Write().DB.ExecContext(t.Context(), "DELETE FROM notes")),
		"Write, QueryRow":      wide.Write().QueryRowContext(t.Context(), "SELECT 1").Scan(new(int)),
		"Write, BeginTx":       second(wide.Write().BeginTx(t.Context(), nil)),
		"Tx":                   wide.Tx(t.Context(), nil, tx),
		"Own":                  second(wide.Own().ExecContext(t.Context(), "DROP TABLE notes")),
		"of another function":  reader.Read().QueryRowContext(ctx, "SELECT 1").Scan(new(int)),
		"of another, *sql.DB":  reader.Read().DB.QueryRowContext(ctx, "SELECT 1").Scan(new(int)),
		"of another, prepared": prepared(ctx, reader.Read()),
	} {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s: error = %v, want ErrDenied", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func prepared(ctx context.Context, db *sqldb.DB) error {
	stmt, err := db.PrepareContext(ctx, "SELECT 1")
	if err != nil {
		return err
	}
	defer stmt.Close()
	return stmt.QueryRowContext(ctx).Scan(new(int))
}

// TestObserved: each operation is told once, whichever way it goes.
func TestObserved(t *testing.T) {
	t.Parallel()
	var told []string
	db, _ := notes(t, &datastore.Options{Observe: func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
		return ctx, func(err error) { told = append(told, fmt.Sprintf("%s %s %v", op.Spec.Name(), op.Op, err != nil)) }
	}})
	h := datastore.Use[all](function("f"), db)
	ctx := t.Context()
	_ = second(h.Write().ExecContext(ctx, "INSERT INTO notes VALUES (1, 'x')"))
	_ = second(h.Write().ExecContext(ctx, "INSERT INTO notes VALUES (1, 'x')"))
	_ = h.Read().QueryRowContext(ctx, "SELECT 1").Scan(new(int))
	_ = h.Read().DB.QueryRowContext(ctx, "SELECT 1").Scan(new(int))
	_ = h.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
		return second(tx.ExecContext(ctx, "INSERT INTO notes VALUES (2, 'x')"))
	})
	want := []string{"notes Write false", "notes Write true", "notes Read false", "notes Read false", "notes Tx false"}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("told (-want +got):\n%s", d)
	}
}

// TestShared: a function has one pool for each user, whatever it was granted by.
func TestShared(t *testing.T) {
	t.Parallel()
	db, _ := notes(t, nil)
	one := datastore.Use[all](function("f"), db)
	two := datastore.Use[sqldb.Writer](function("f"), db)
	other := datastore.Use[sqldb.Writer](function("g"), db)
	if one.Write().DB != two.Write().DB {
		t.Error("two grants of a function have two pools")
	}
	if one.Write().DB == other.Write().DB || one.Write().DB == one.Read().DB {
		t.Error("two functions, or two users, have one pool")
	}
}

// TestMistakes: each mistake in a declaration is told, and every operation of it
// answers it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	secret := &login{"s"}
	long := strings.Repeat("n", 30)
	for _, tt := range []struct {
		name   string
		engine sqldb.Engine
		opts   []sqldb.Option
		want   string
	}{
		{"main", "oracle", nil, "there is no engine"},
		{"main", sqldb.Postgres, []sqldb.Option{nil}, "an option is nil"},
		{"main", sqldb.Postgres, []sqldb.Option{sqldb.Migrations(nil)}, "there are no files"},
		{"main", sqldb.Postgres, []sqldb.Option{sqldb.IAMLogin("a", "a")}, "name two users"},
		{"main", sqldb.Postgres, []sqldb.Option{sqldb.Secret(secret, nil)}, "a login is missing"},
		{"main", sqldb.Postgres, []sqldb.Option{sqldb.OwnerSecret(nil)}, "a login is missing"},
		{long, sqldb.MySQL, nil, "more than the 32 letters"},
		{long, sqldb.MySQL, []sqldb.Option{sqldb.IAMLogin("w", "r")}, "its owner a secret with sqldb.OwnerSecret"},
		{strings.Repeat("n", 64), sqldb.Postgres, []sqldb.Option{sqldb.Secret(secret, secret), sqldb.OwnerSecret(secret)}, "more than the 63 letters"},
		{"main", sqldb.Postgres, []sqldb.Option{sqldb.DataAPI(), sqldb.Secret(secret, secret)}, "the Data API is one of Aurora"},
		{"main", sqldb.AuroraPostgres, []sqldb.Option{sqldb.DataAPI()}, "add sqldb.Secret"},
		{"main", sqldb.DSQL, []sqldb.Option{sqldb.Secret(secret, secret)}, "by the function's role alone"},
		{"order", sqldb.Postgres, nil, `RDS makes no database called "order", which is a reserved word of postgres`},
		{"current-user", sqldb.AuroraPostgres, nil, "reserved word"},
		{"catalog", sqldb.Postgres, nil, "reserved word"}, // of the standard, not of PostgreSQL
		{"db", sqldb.AuroraPostgres, nil, `such as "db_db"`},
		{"Rank", sqldb.MySQL, nil, "reserved word of mysql"},
		{"sys", sqldb.AuroraMySQL, nil, "reserved word"},
		{"main", sqldb.DSQL, []sqldb.Option{sqldb.Proxy()}, "Aurora DSQL has no proxy"},
		{"main", sqldb.AuroraMySQL, []sqldb.Option{sqldb.Proxy(), sqldb.DataAPI(), sqldb.Secret(secret, secret)}, "leave out sqldb.Proxy or sqldb.DataAPI"},
		{"main", sqldb.MySQL, []sqldb.Option{sqldb.Proxy(), sqldb.Secret(secret, &login{"elsewhere"})}, "where secret elsewhere is not"},
	} {
		data := datastore.New(nil, nil)
		db := sqldb.New(data, tt.name, tt.engine, tt.opts...)
		errs := data.Errs()
		if len(errs) == 0 || !strings.Contains(errors.Join(errs...).Error(), tt.want) || !strings.Contains(errs[0].Error(), "sqldb_test.go") {
			t.Errorf("%s %s: errors = %v, want %q with a line of this file", tt.name, tt.engine, errs, tt.want)
		}
		h := datastore.Use[sqldb.Reader](function("f"), db)
		if err := h.Read().QueryRowContext(t.Context(), "SELECT 1").Scan(new(int)); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("%s %s: Scan = %v, want ErrDeclaration", tt.name, tt.engine, err)
		}
	}
}

// TestNames: what is reserved in one engine may be the name of a database in another.
func TestNames(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	for name, engine := range map[string]sqldb.Engine{
		"orders": sqldb.Postgres, "rank": sqldb.AuroraPostgres, "user": sqldb.MySQL, "or": sqldb.DSQL, "postgres": sqldb.AuroraPostgres, "analy": sqldb.AuroraMySQL,
	} {
		sqldb.New(data, name, engine)
	}
	for _, err := range data.Errs() {
		t.Error(err)
	}
}

// TestOneMistake: a Secret that is wrong is not also missing.
func TestOneMistake(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	sqldb.New(data, "main", sqldb.AuroraPostgres, sqldb.DataAPI(), sqldb.Secret(&login{"a"}, nil))
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "sqldb.Secret: a login is missing") {
		t.Errorf("Errs = %v, want the mistake in sqldb.Secret alone", errs)
	}
}

// TestNeeds: what a function must be granted follows from what it does.
func TestNeeds(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	writer, reader, owner := &login{"w"}, &login{"r"}, &login{"o"}
	spec := func(name string, e sqldb.Engine, opts ...sqldb.Option) datastore.Spec {
		return sqldb.New(data, name, e, opts...).Spec()
	}
	connect := func(user string) datastore.Need {
		return datastore.Need{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:{resource}/" + user}
	}
	throughProxy := func(user string) datastore.Need {
		return datastore.Need{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:{proxy}/" + user}
	}
	depend := func(logins ...*login) []datastore.Dependence {
		var all []datastore.Dependence
		for _, l := range logins {
			all = append(all, datastore.Dependence{Spec: l.Spec(), Ops: []string{"Get"}})
		}
		return all
	}
	for _, tt := range []struct {
		name string
		spec datastore.Spec
		ops  []string
		want []datastore.Need
	}{
		{"reader", spec("a", sqldb.Postgres), []string{"Read"}, []datastore.Need{{Port: 5432}, connect("a_reader")}},
		{"writer", spec("b", sqldb.AuroraMySQL), []string{"Tx", "Write"}, []datastore.Need{{Port: 3306}, connect("b_writer")}},
		{"all", spec("c", sqldb.MySQL, sqldb.IAMLogin("w", "r")), []string{"Read", "Write", "Own"}, []datastore.Need{{Port: 3306}, connect("w"), connect("r"), connect("c_owner")}},
		{"secrets", spec("d", sqldb.Postgres, sqldb.Secret(writer, reader), sqldb.OwnerSecret(owner)), []string{"Read", "Own"}, []datastore.Need{{Port: 5432, Depends: depend(reader, owner)}}},
		{"one secret", spec("e", sqldb.Postgres, sqldb.Secret(writer, writer)), []string{"Read", "Write"}, []datastore.Need{{Port: 5432, Depends: depend(writer)}}},
		{"DSQL", spec("f", sqldb.DSQL), []string{"Read"}, []datastore.Need{{Service: "dsql", Actions: []string{"DbConnect"}, Resource: "cluster/{name}"}}},
		{"DSQL, owner", spec("g", sqldb.DSQL), []string{"Own"}, []datastore.Need{{Service: "dsql", Actions: []string{"DbConnectAdmin"}, Resource: "cluster/{name}"}}},
		{"Data API", spec("h", sqldb.AuroraPostgres, sqldb.DataAPI(), sqldb.Secret(writer, reader)), []string{"Read"}, []datastore.Need{{
			Service: "rds-data", Actions: []string{"BeginTransaction", "CommitTransaction", "ExecuteStatement", "RollbackTransaction"},
			Resource: "cluster:{name}", Depends: depend(reader),
		}}},
		{"nothing", spec("i", sqldb.Postgres), []string{"Else"}, nil},
		{"proxy", spec("j", sqldb.AuroraPostgres, sqldb.Proxy()), []string{"Read", "Write"}, []datastore.Need{{Port: 5432}, throughProxy("j_writer"), throughProxy("j_reader")}},
		{"proxy, owner", spec("k", sqldb.Postgres, sqldb.Proxy()), []string{"Tx", "Own"}, []datastore.Need{{Port: 5432}, throughProxy("k_writer"), connect("k_owner")}},
		{"proxy, secrets", spec("l", sqldb.MySQL, sqldb.Proxy(), sqldb.Secret(writer, reader)), []string{"Read"}, []datastore.Need{{Port: 3306, Depends: depend(reader)}}},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("%s: Needs(%q) (-want +got):\n%s", tt.name, tt.ops, d)
		}
	}
	for _, err := range data.Errs() {
		t.Error(err)
	}
}

// TestProxyNeeds: a proxy logs in as the users who come by it, and as nobody else.
func TestProxyNeeds(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	writer, reader := &login{"w"}, &login{"r"}
	all := []string{"Read", "Write", "Own"}
	for name, tt := range map[string]struct {
		opts            []sqldb.Option
		ops             []string
		want            []datastore.Need
		proxied, direct bool
	}{
		"everyone": {[]sqldb.Option{sqldb.Proxy()}, all, []datastore.Need{
			{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:{resource}/everyone_writer"},
			{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:{resource}/everyone_reader"},
		}, true, true},
		"reader":   {[]sqldb.Option{sqldb.Proxy(), sqldb.IAMLogin("a", "b")}, []string{"Read"}, []datastore.Need{{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:{resource}/b"}}, true, false},
		"secrets":  {[]sqldb.Option{sqldb.Proxy(), sqldb.Secret(writer, reader)}, all, []datastore.Need{{Depends: []datastore.Dependence{{Spec: writer.Spec(), Ops: []string{"Get"}}, {Spec: reader.Spec(), Ops: []string{"Get"}}}}}, true, true},
		"an owner": {[]sqldb.Option{sqldb.Proxy()}, []string{"Own"}, nil, false, true},
		"no proxy": {nil, all, nil, false, true},
	} {
		spec := sqldb.New(data, strings.ReplaceAll(name, " ", "_"), sqldb.Postgres, tt.opts...).Spec().(sqldb.Spec)
		if d := cmp.Diff(tt.want, spec.ProxyNeeds(tt.ops)); d != "" {
			t.Errorf("%s: ProxyNeeds (-want +got):\n%s", name, d)
		}
		if proxied, direct := spec.Proxied(tt.ops), spec.Direct(tt.ops); proxied != tt.proxied || direct != tt.direct {
			t.Errorf("%s: proxied %v and direct %v, want %v and %v", name, proxied, direct, tt.proxied, tt.direct)
		}
	}
	for _, err := range data.Errs() {
		t.Error(err)
	}
}

// scripted is a driver whose statements fail as told.
type scripted struct {
	fault  func(error) sqldb.Fault
	errs   []error // of the statements, in order; nil for success
	sent   int
	dialed int
	refuse error // of Connect
}

func (*scripted) Kind() string { return "sqldb" }
func (*scripted) Name() string { return "scripted" }
func (s *scripted) OpenDatabase(context.Context, *datastore.Data, sqldb.Spec) (sqldb.Connector, error) {
	return s, nil
}

func (s *scripted) Connect(context.Context, sqldb.Access) (sqldb.Session, error) {
	s.dialed++
	if s.refuse != nil {
		return sqldb.Session{}, s.refuse
	}
	return sqldb.Session{Conn: &scriptedConn{s}}, nil
}
func (s *scripted) Fault(err error) sqldb.Fault { return s.fault(err) }

type scriptedConn struct{ *scripted }

func (*scriptedConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements") }
func (*scriptedConn) Close() error                        { return nil }
func (*scriptedConn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }
func (c *scriptedConn) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	c.sent++
	if len(c.errs) == 0 {
		return driver.RowsAffected(1), nil
	}
	err := c.errs[0]
	c.errs = c.errs[1:]
	return driver.RowsAffected(1), err
}

// TestRepeated: a statement is sent again only if it certainly was not carried
// out.
func TestRepeated(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, tt := range []struct {
		name  string
		fault sqldb.Fault
		err   error
		sent  int
		want  error
	}{
		{"a conflict", sqldb.Fault{Kind: datastore.ErrConflict, Retry: true}, boom, 2, nil},
		{"lost", sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}, boom, 1, datastore.ErrUnknown},
		{"not sent", sqldb.Fault{Kind: datastore.ErrUnavailable, Broken: true}, driver.ErrBadConn, 2, nil},
		{"lost, and the client says that it was not sent", sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}, fmt.Errorf("x: %w", boom), 1, datastore.ErrUnknown},
		{"refused", sqldb.Fault{Kind: datastore.ErrInvalid}, boom, 1, datastore.ErrInvalid},
	} {
		s := &scripted{errs: []error{tt.err}, fault: func(error) sqldb.Fault { return tt.fault }}
		data := datastore.New([]datastore.Driver{s}, nil)
		h := datastore.Use[sqldb.Writer](function("f"), sqldb.New(data, "main", sqldb.Postgres))
		_, err := h.Write().ExecContext(t.Context(), "UPDATE x")
		if !errors.Is(err, tt.want) || s.sent != tt.sent {
			t.Errorf("%s: error = %v after %d statements, want %v after %d", tt.name, err, s.sent, tt.want, tt.sent)
		}
		if tt.want != nil && !errors.Is(err, tt.err) {
			t.Errorf("%s: error = %v, want the driver's in it", tt.name, err)
		}
	}
}

// TestNotConnected: what cannot connect answers so, and sends nothing.
func TestNotConnected(t *testing.T) {
	t.Parallel()
	s := &scripted{refuse: errors.New("refused"), fault: func(error) sqldb.Fault { return sqldb.Fault{Kind: datastore.ErrDenied} }}
	data := datastore.New([]datastore.Driver{s}, nil)
	h := datastore.Use[all](function("f"), sqldb.New(data, "main", sqldb.Postgres))
	_, err := h.Write().ExecContext(t.Context(), "UPDATE x")
	if !errors.Is(err, datastore.ErrDenied) || s.sent != 0 || s.dialed != 1 {
		t.Errorf("error = %v after %d connections, want ErrDenied after 1", err, s.dialed)
	}
	if h := datastore.Use[sqldb.Reader](function("f"), sqldb.New(datastore.New(nil, nil), "main", sqldb.Postgres)); !errors.Is(h.Read().PingContext(t.Context()), datastore.ErrUnavailable) {
		t.Error("without a driver: want ErrUnavailable")
	}
}

func ExampleNew() {
	driver := sqlitedb.Memory()
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, nil)
	type store interface { // what this function may do, and no more
		sqldb.Reader
		sqldb.Transactor
	}
	db := datastore.Use[store](function("notes"), sqldb.New(data, "notes", sqldb.AuroraPostgres, sqldb.Portable(), sqldb.Migrations(files)))
	ctx := context.Background()
	err := db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO notes (id, text) VALUES ($1, $2)", 1, "hello")
		return err
	})
	fmt.Println(err)
	var text string
	fmt.Println(db.Read().QueryRowContext(ctx, "SELECT text FROM notes WHERE id = $1", 1).Scan(&text), text)
	err = db.Read().QueryRowContext(ctx, "SELECT text FROM notes WHERE id = $1", 2).Scan(&text)
	fmt.Println(errors.Is(err, datastore.ErrNotFound), err)
	// Output:
	// <nil>
	// <nil> hello
	// true sqldb notes: read: not found: sql: no rows in result set
}

// TestCapabilities: they are in a fixed order.
func TestCapabilities(t *testing.T) {
	t.Parallel()
	db, _ := notes(t, nil)
	var ops []string
	for _, c := range db.Capabilities() {
		ops = append(ops, c.Op)
	}
	if want := []string{"Read", "Write", "Tx", "Own"}; !slices.Equal(ops, want) {
		t.Errorf("Capabilities = %v, want %v", ops, want)
	}
}
