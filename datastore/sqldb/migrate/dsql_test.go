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
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// dsql keeps what Aurora DSQL would of users and migrations.
type dsql struct {
	mu      sync.Mutex
	users   []string
	tied    map[string][]string // roles of IAM, by user
	applied bool                // the table of migrations is there
	stale   map[string]bool     // statements that are refused once, by a part of them
	sent    []string
}

func (d *dsql) Kind() string { return "sqldb" }
func (d *dsql) Name() string { return "dsql" }

func (d *dsql) OpenDatabase(context.Context, *datastore.Data, sqldb.Spec) (sqldb.Connector, error) {
	return d, nil
}

func (d *dsql) Connect(context.Context, sqldb.Access) (sqldb.Session, error) {
	return sqldb.Session{Conn: dsqlConn{d}}, nil
}

func (d *dsql) Fault(err error) sqldb.Fault {
	return sqldb.Fault{Kind: datastore.ErrConflict, Code: "40001", Retry: errors.Is(err, errStale)}
}

var errStale = errors.New("schema has been updated by another transaction (OC001)")

type dsqlConn struct{ *dsql }

func (c dsqlConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (c dsqlConn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions of DDL") }
func (c dsqlConn) Close() error                        { return nil }

func (c dsqlConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	words := strings.Fields(strings.NewReplacer(`"`, "", `'`, "").Replace(query))
	for part := range c.stale {
		if strings.Contains(query, part) {
			delete(c.stale, part)
			return nil, errStale
		}
	}
	switch {
	case strings.Contains(query, "wrong"):
		return nil, errors.New("no such table")
	case strings.HasPrefix(query, "CREATE ROLE"):
		c.users = append(c.users, words[2])
	case strings.HasPrefix(query, "AWS IAM GRANT"):
		c.tied[words[3]] = append(c.tied[words[3]], words[5])
	case strings.HasPrefix(query, "AWS IAM REVOKE"):
		c.tied[words[3]] = slices.DeleteFunc(c.tied[words[3]], func(role string) bool { return role == words[5] })
	case strings.Contains(query, "CREATE TABLE IF NOT EXISTS tierkit_migrations"):
		c.applied = true
	}
	if !strings.Contains(query, "tierkit_migrations") {
		c.sent = append(c.sent, query)
	}
	return driver.RowsAffected(1), nil
}

func (c dsqlConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := ""
	if parts := strings.Split(query, "'"); len(parts) > 1 {
		name = parts[1]
	}
	var all []driver.Value
	switch {
	case strings.Contains(query, "FROM pg_roles"):
		if slices.Contains(c.users, name) {
			all = append(all, name)
		}
	case strings.Contains(query, "iam_pg_role_mappings"):
		for _, role := range c.tied[name] {
			all = append(all, role)
		}
	case strings.Contains(query, "current_schema())"):
		all = append(all, "public")
	case strings.Contains(query, "information_schema"):
		all = append(all, int64(0))
	}
	return &values{all: all}, nil
}

// values are the rows of one column.
type values struct{ all []driver.Value }

func (*values) Columns() []string { return []string{"value"} }
func (*values) Close() error      { return nil }

func (v *values) Next(row []driver.Value) error {
	if len(v.all) == 0 {
		return io.EOF
	}
	row[0], v.all = v.all[0], v.all[1:]
	return nil
}

// TestDSQLUsers: what lost against others is sent again, the users are made before the migrations and have their rights after
// them; roles are tied once, and one that only reads now cannot write any more.
func TestDSQLUsers(t *testing.T) {
	t.Parallel()
	const a, b = "arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/path/b"
	d := &dsql{
		tied:  map[string][]string{"shop_writer": {"arn:aws:iam::123456789012:role/by-hand"}},
		stale: map[string]bool{"CREATE ROLE": true, "CREATE TABLE a": true, "INSERT INTO tierkit": true, "UPDATE tierkit": true, "GRANT USAGE": true},
	}
	data, spec := declared(t, d, sqldb.DSQL, sqldb.Migrations(folder(map[string]string{"1_a.sql": "CREATE TABLE a (x INTEGER)"})))
	done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{Writers: []string{a, b}, Readers: []string{a}})
	if diff := cmp.Diff(migrate.Deployment{Done: []string{"1_a.sql"}, Users: []string{"shop_writer", "shop_reader"}}, done); diff != "" || err != nil {
		t.Errorf("Deploy: %v (-want +got):\n%s", err, diff)
	}
	want := []string{
		`CREATE ROLE "shop_writer" WITH LOGIN`,
		`AWS IAM GRANT "shop_writer" TO '` + a + `'`,
		`AWS IAM GRANT "shop_writer" TO '` + b + `'`,
		`CREATE ROLE "shop_reader" WITH LOGIN`,
		`AWS IAM GRANT "shop_reader" TO '` + a + `'`,
		`CREATE TABLE a (x INTEGER)`,
		`GRANT USAGE ON SCHEMA public TO "shop_writer"`,
		`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "shop_writer"`,
		`GRANT USAGE ON SCHEMA public TO "shop_reader"`,
		`GRANT SELECT ON ALL TABLES IN SCHEMA public TO "shop_reader"`,
	}
	if len(d.stale) > 0 {
		t.Errorf("no statement was refused that has %v", d.stale)
	}
	if diff := cmp.Diff(want, d.sent); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	d.sent = nil
	if _, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{Writers: []string{a}, Readers: []string{a, b}}); err != nil {
		t.Fatal(err)
	}
	if len(d.sent) < 2 || d.sent[0] != `AWS IAM REVOKE "shop_writer" FROM '`+b+`'` || d.sent[1] != `AWS IAM GRANT "shop_reader" TO '`+b+`'` {
		t.Errorf("b reads now: %q", d.sent)
	}
	if diff := cmp.Diff([]string{"arn:aws:iam::123456789012:role/by-hand", a}, d.tied["shop_writer"]); diff != "" {
		t.Errorf("who writes (-want +got):\n%s", diff)
	}
}

// TestDSQLFails: a migration that fails leaves the users with what they may do, and
// nothing that is no role gets into a statement.
func TestDSQLFails(t *testing.T) {
	t.Parallel()
	d := &dsql{tied: map[string][]string{}}
	data, spec := declared(t, d, sqldb.DSQL, sqldb.Migrations(folder(map[string]string{"1_a.sql": "SELECT 1", "2_b.sql": "SELECT wrong"})))
	done, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{})
	if err == nil || !strings.Contains(err.Error(), "2_b.sql: statement 1") || len(done.Users) != 2 || len(done.Done) != 1 {
		t.Errorf("Deploy = %+v, %v", done, err)
	}
	for _, role := range []string{"", "arn:aws:iam::123456789012:user/a", "arn:aws:iam::123456789012:role/a'; DROP TABLE a; --"} {
		d := &dsql{tied: map[string][]string{}}
		data, spec := declared(t, d, sqldb.DSQL)
		if _, err := migrate.Deploy(t.Context(), data, spec, migrate.DeployOptions{Readers: []string{role}}); err == nil || strings.Contains(strings.Join(d.sent, ""), "AWS IAM") {
			t.Errorf("role %q: %v, sent %q", role, err, d.sent)
		}
	}
}
