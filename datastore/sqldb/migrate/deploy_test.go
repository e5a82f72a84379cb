package migrate_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// recorder is a driver of databases that keep what is sent to them, and answer a
// query with the name of a database.
type recorder struct {
	refuses error // who logs in

	mu   sync.Mutex
	sent []string
	as   sqldb.Access
}

func (r *recorder) Kind() string { return "sqldb" }
func (r *recorder) Name() string { return "recorder" }

func (r *recorder) OpenDatabase(context.Context, *datastore.Data, sqldb.Spec) (sqldb.Connector, error) {
	return r, nil
}

func (r *recorder) Connect(_ context.Context, access sqldb.Access) (sqldb.Session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.as = access
	return sqldb.Session{Conn: recorderConn{r}}, r.refuses
}

func (r *recorder) Fault(error) sqldb.Fault {
	return sqldb.Fault{Kind: datastore.ErrDenied, Code: "28P01"}
}

type recorderConn struct{ *recorder }

func (c recorderConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, query)
	return driver.RowsAffected(0), nil
}

func (c recorderConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &oneRow{}, nil
}
func (c recorderConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (c recorderConn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }
func (c recorderConn) Close() error                        { return nil }

type oneRow struct{ read bool }

func (*oneRow) Columns() []string { return []string{"database"} }
func (*oneRow) Close() error      { return nil }

func (r *oneRow) Next(values []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, values[0] = true, "the_shop"
	return nil
}

// login is a [datastore.Login] without a secret.
type login struct{ user, password string }

func (l *login) Spec() datastore.Spec { return sqldb.Spec{Logical: "secret-" + l.user} }

func (l *login) Credentials(_ context.Context, fresh bool) (string, string, error) {
	if !fresh {
		return "", "", errors.New("an old password was asked for")
	}
	return l.user, l.password, nil
}

func declared(t *testing.T, d datastore.Driver, engine sqldb.Engine, opts ...sqldb.Option) (*datastore.Data, sqldb.Spec) {
	t.Helper()
	data := datastore.New([]datastore.Driver{d}, nil)
	spec := sqldb.New(data, "shop", engine, opts...).Spec().(sqldb.Spec)
	if err := errors.Join(data.Errs()...); err != nil {
		t.Fatal(err)
	}
	return data, spec
}

// TestDeployUsers: the users of the declaration get their logins and rights, and the
// owner keeps its own.
func TestDeployUsers(t *testing.T) {
	t.Parallel()
	owner, writer, reader := &login{"master", "pm"}, &login{"w", "pw"}, &login{"r", "pr"}
	for _, tt := range []struct {
		name     string
		engine   sqldb.Engine
		opts     []sqldb.Option
		users    []string
		has, not []string // parts of statements
	}{
		{"IAM", sqldb.Postgres, nil, []string{"shop_writer", "shop_reader"},
			[]string{`GRANT rds_iam TO "shop_writer"`, `GRANT rds_iam TO "shop_reader"`, `"shop_reader" SET default_transaction_read_only`}, []string{"PASSWORD"}},
		{"IAM of MySQL", sqldb.MySQL, nil, []string{"shop_writer", "shop_reader"},
			[]string{"'shop_writer'@'%' IDENTIFIED WITH AWSAuthenticationPlugin", "GRANT SELECT ON `the\\_shop`.* TO 'shop_reader'@'%'"}, []string{"IDENTIFIED BY"}},
		{"secrets", sqldb.Postgres, []sqldb.Option{sqldb.Secret(writer, reader)}, []string{"w", "r"},
			[]string{`ALTER ROLE "w" PASSWORD 'pw'`, `ALTER ROLE "r" PASSWORD 'pr'`}, []string{"rds_iam"}},
		{"secrets of MySQL", sqldb.MySQL, []sqldb.Option{sqldb.Secret(writer, reader)}, []string{"w", "r"},
			[]string{"ALTER USER 'w'@'%' IDENTIFIED BY 'pw'", "ALTER USER 'r'@'%' IDENTIFIED BY 'pr'"}, nil},
		{"one secret for both", sqldb.Postgres, []sqldb.Option{sqldb.Secret(writer, writer)}, []string{"w"},
			[]string{`ALTER ROLE "w" PASSWORD 'pw'`}, []string{"default_transaction_read_only"}},
		{"the owner writes", sqldb.Postgres, []sqldb.Option{sqldb.Secret(owner, reader)}, []string{"r"},
			[]string{`ALTER ROLE "r" PASSWORD 'pr'`, `"r" SET default_transaction_read_only`}, []string{"master", `""`}},
		{"the owner reads", sqldb.MySQL, []sqldb.Option{sqldb.Secret(writer, owner)}, []string{"w"},
			[]string{"ALTER USER 'w'@'%' IDENTIFIED BY 'pw'"}, []string{"master", "''@"}},
		{"the owner does all", sqldb.Postgres, []sqldb.Option{sqldb.Secret(owner, owner)}, nil, nil, []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			data, spec := declared(t, r, tt.engine, tt.opts...)
			done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{Owner: owner})
			if d := cmp.Diff(migrate.Deployment{Users: tt.users}, done); d != "" || err != nil {
				t.Errorf("Deploy: %v (-want +got):\n%s", err, d)
			}
			if r.as != sqldb.Ownership {
				t.Errorf("logged in as %q, want %q", r.as, sqldb.Ownership)
			}
			part := func(s string) bool {
				return slices.ContainsFunc(r.sent, func(sent string) bool { return strings.Contains(sent, s) })
			}
			for _, s := range tt.has {
				if !part(s) {
					t.Errorf("no statement has %q:\n%s", s, strings.Join(r.sent, "\n"))
				}
			}
			for _, s := range tt.not {
				if part(s) {
					t.Errorf("a statement has %q:\n%s", s, strings.Join(r.sent, "\n"))
				}
			}
		})
	}
}

// TestDeployRefused: who cannot log in has done nothing, and no password is told.
func TestDeployRefused(t *testing.T) {
	t.Parallel()
	refused := errors.New("no entry")
	r := &recorder{refuses: refused}
	data, spec := declared(t, r, sqldb.Postgres)
	if _, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{}); !errors.Is(err, migrate.ErrLogin) || !errors.Is(err, refused) || !errors.Is(err, datastore.ErrDenied) || len(r.sent) > 0 {
		t.Errorf("Deploy = %v and sent %q, want %v and nothing", err, r.sent, migrate.ErrLogin)
	}
	r = &recorder{}
	data, spec = declared(t, r, sqldb.Postgres, sqldb.Secret(&login{"w", "it's"}, &login{"r", "pr"}))
	done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{})
	if err == nil || strings.Contains(err.Error(), "it's") || len(done.Users) > 0 || len(r.sent) > 0 {
		t.Errorf("Deploy with a password that has a quote = %+v, %v, and sent %q", done, err, r.sent)
	}
	if done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{DryRun: true}); err != nil || len(done.Users) > 0 || len(r.sent) > 0 {
		t.Errorf("Deploy without changes = %+v, %v, and sent %q", done, err, r.sent)
	}
	for _, name := range []string{`w"`, "w$do$; DROP SCHEMA public", "w%s"} {
		r := &recorder{}
		data, spec := declared(t, r, sqldb.Postgres, sqldb.Secret(&login{name, "pw"}, &login{"r", "pr"}))
		if _, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{}); err == nil || len(r.sent) > 0 {
			t.Errorf("Deploy with a user %q of a secret: error = %v, and sent %q", name, err, r.sent)
		}
	}
	none := datastore.New(nil, nil)
	if _, err := migrate.Deploy(t.Context(), none, spec, migrate.DeployOptions{}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Deploy without a driver: error = %v, want %v", err, datastore.ErrUnavailable)
	}
}

// TestDeployEmbedded: SQLite, which migrates when it is opened, speaks its own
// dialect and has no users.
func TestDeployEmbedded(t *testing.T) {
	t.Parallel()
	d := sqlitedb.Memory()
	t.Cleanup(func() { d.Close() })
	data, spec := declared(t, d, sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(folder(map[string]string{
		"1_a.sql": "CREATE TABLE a (x INTEGER)", "2_b.sqlite.sql": "CREATE TABLE b (x INTEGER)", "2_b.postgres.sql": "nothing",
	})))
	done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{})
	if d := cmp.Diff(migrate.Deployment{Before: []string{"1_a.sql", "2_b.sqlite.sql"}}, done); d != "" || err != nil {
		t.Errorf("Deploy: %v (-want +got):\n%s", err, d)
	}
}
