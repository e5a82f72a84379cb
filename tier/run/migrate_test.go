package run_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// TestMigrateHere: the databases of this machine are migrated when they are opened,
// and the command says what they have.
func TestMigrateHere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		name, pkg, args string
		status          int
		want            string
	}{
		{"all", pantryPackage, "-dir " + dir, 0, "database jars: up to date, as always when it is opened here; applied are 0001_jars.sql, 0002_labels.sql\n"},
		{"one", pantryPackage, "-dir " + dir + " jars", 0, "database jars: up to date"},
		{"another", pantryPackage, "-dir " + dir + " lids", 1, `there is no database "lids"; declared are: jars`},
		{"dry run", pantryPackage, "-dry-run", 1, "use it with -data aws"},
		{"owner", pantryPackage, "-owner-secret arn:x jars", 1, "add -data aws and its name"},
		{"owner of all", pantryPackage, "-data aws -owner-secret arn:x", 1, "add -data aws and its name"},
		{"roles", pantryPackage, "-writers arn:x jars", 1, "add -data aws and its name"},
		{"roles of RDS", "./tier/run/testdata/ledger", "-data aws -readers arn:x audit", 1, "a database of postgres keeps no list of roles"},
		{"two", pantryPackage, "jars lids", 2, "usage: migrate"},
		{"no migrations", "./tier/run/testdata/bare", "ledger", 1, "declare it with sqldb.Migrations(files)"},
		{"no database with any", "./tier/run/testdata/bare", "", 0, "there is no database with migrations"},
		{"no driver here", "./tier/run/testdata/ledger", "-dir " + dir + " books", 1, embeddedPath + "sqlitedb"},
		{"no driver for AWS", pantryPackage, "-data aws", 1, "no driver for stores of kind sqldb; name one in run.Main"},
		{"no address", "./tier/run/testdata/ledger", "-data aws audit", 1, "database audit: sqldb audit: open: unavailable: TIERKIT_SQLDB_AUDIT is not set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := output(t, "", buildTool(t, tt.pkg), append([]string{"migrate"}, strings.Fields(tt.args)...)...)
			if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
				t.Errorf("migrate %s = %d %s%s, want %d %s", tt.args, status, stdout, stderr, tt.status, tt.want)
			}
		})
	}
}

// ledger is the program with databases of AWS, on servers that are none of ours.
type ledger struct {
	bin    string
	env    []string
	master string  // the ARN of the owner's secret
	admin  *sql.DB // of the database
}

const notSecret = "not-a-secret"

// newLedger makes a database and the secrets of its users, whom nobody has made.
// address is the value of its variable.
func newLedger(t *testing.T, variable string, admin func(database string) *sql.DB, owner *url.Userinfo, address func(database string) string, drop string) ledger {
	t.Helper()
	m := motoServer(t)
	name := strings.ReplaceAll(unique("t"), "-", "_")
	all := admin("")
	do(t, all, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		do(t, all, strings.Split(fmt.Sprintf(drop, name), ";")...)
	})
	login := func(user, password string) string {
		return m.secret(t, user, mustJSON(t, map[string]string{"username": user, "password": password}))
	}
	password, _ := owner.Password()
	l := ledger{bin: buildTool(t, "./tier/run/testdata/ledger"), master: login(owner.Username(), password), admin: admin(name)}
	l.env = append(m.env(), variable+"="+address(name), "TIERKIT_SECRET_MASTER="+l.master,
		"TIERKIT_SECRET_WRITER="+login(name+"_w", notSecret), "TIERKIT_SECRET_READER="+login(name+"_r", notSecret+"2"))
	t.Cleanup(func() { l.admin.Close() })
	return l
}

func do(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// postgresLedger uses the PostgreSQL of the tests.
func postgresLedger(t *testing.T, variable string) ledger {
	t.Helper()
	u, err := url.Parse(serverURL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	admin := func(database string) *sql.DB {
		own := *u
		if database != "" {
			own.Path = "/" + database
		}
		cfg, err := pgx.ParseConfig(own.String())
		if err != nil {
			t.Fatal(err)
		}
		return stdlib.OpenDB(*cfg)
	}
	return newLedger(t, variable, admin, u.User, func(database string) string {
		q := url.Values{"sslrootcert": {u.Query().Get("sslrootcert")}}
		return (&url.URL{Scheme: "postgres", Host: u.Host, Path: "/" + database, RawQuery: q.Encode()}).String()
	}, "DROP DATABASE %[1]s WITH (FORCE);DROP ROLE IF EXISTS %[1]s_w;DROP ROLE IF EXISTS %[1]s_r")
}

// mysqlLedger uses the MariaDB of the tests.
func mysqlLedger(t *testing.T, variable string) ledger {
	t.Helper()
	u, err := url.Parse(serverURL(t, "TIERKIT_TEST_MARIADB"))
	if err != nil {
		t.Fatal(err)
	}
	ca := serverURL(t, "TIERKIT_TEST_MARIADB_CA")
	pem, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	admin := func(database string) *sql.DB {
		cfg := mysql.NewConfig()
		cfg.User = u.User.Username()
		cfg.Passwd, _ = u.User.Password()
		cfg.Net, cfg.Addr, cfg.DBName = "tcp", u.Host, database
		cfg.TLS = &tls.Config{RootCAs: roots, ServerName: u.Hostname()}
		c, err := mysql.NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return sql.OpenDB(c)
	}
	return newLedger(t, variable, admin, u.User, func(database string) string {
		return (&url.URL{Scheme: "mysql", Host: u.Host, Path: "/" + database, RawQuery: url.Values{"sslrootcert": {ca}}.Encode()}).String()
	}, "DROP DATABASE %[1]s;DROP USER IF EXISTS '%[1]s_w'@'%%';DROP USER IF EXISTS '%[1]s_r'@'%%'")
}

// run runs a command of the program.
func (l ledger) run(t *testing.T, stdin string, args ...string) (string, int) {
	t.Helper()
	stdout, stderr, status := outputWith(t, l.env, stdin, l.bin, args...)
	return stdout + stderr, status
}

// statement runs SQL as a function of the program does.
func (l ledger) statement(t *testing.T, database string, write bool, statement string) string {
	t.Helper()
	in := mustJSON(t, map[string]any{"database": database, "write": write, "statement": statement})
	out, status := l.run(t, in, "invoke", "-data", "aws", "run")
	if status != 0 {
		t.Fatalf("invoke %s = %d %s", in, status, out)
	}
	return strings.TrimSpace(out)
}

// TestMigrateAWS: on real servers the owner's secret logs in, a dry run changes
// nothing, the migrations are applied once, also by two runs at once, and the users
// of the declaration can do what they may and no more.
func TestMigrateAWS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		database string
		open     func(*testing.T, string) ledger
		flags    func(ledger) []string // for the owner
	}{
		{"main", postgresLedger, func(l ledger) []string { return []string{"-owner-secret", l.master} }},
		{"books", mysqlLedger, func(ledger) []string { return nil }},
	} {
		t.Run(tt.database, func(t *testing.T) {
			t.Parallel()
			l := tt.open(t, "TIERKIT_SQLDB_"+strings.ToUpper(tt.database))
			command := func(more ...string) []string {
				return append(append(append([]string{"migrate", "-data", "aws"}, tt.flags(l)...), more...), tt.database)
			}
			for range 2 {
				out, status := l.run(t, "", command("-dry-run")...)
				if status != 0 || !strings.Contains(out, "database "+tt.database+": 0001_entries.sql to be applied\n") || strings.Contains(out, "may use it") {
					t.Fatalf("dry run = %d %s", status, out)
				}
			}
			var both sync.WaitGroup
			outs := make([]string, 2)
			for i := range outs {
				both.Go(func() {
					out, status := l.run(t, "", command()...)
					if outs[i] = out; status != 0 {
						t.Errorf("migrate = %d %s", status, out)
					}
				})
			}
			both.Wait()
			all := strings.Join(outs, "")
			if n := strings.Count(all, "0002_first.sql applied"); n != 1 || strings.Count(all, "_w and ") != 2 || strings.Contains(all, notSecret) {
				t.Errorf("two runs at once: applied %d times:\n%s", n, all)
			}
			if out, status := l.run(t, "", command()...); status != 0 || !strings.Contains(out, "up to date, 2 files were applied before") {
				t.Errorf("again = %d %s", status, out)
			}
			for _, step := range []struct {
				write           bool
				statement, want string
			}{
				{true, "INSERT INTO entries (id, cents) VALUES ('b', 41)", `{"cents":0}`},
				{false, "SELECT SUM(cents) FROM entries", `{"cents":42}`},
				{true, "CREATE TABLE more (id INTEGER)", "denied"},
			} {
				if got := l.statement(t, tt.database, step.write, step.statement); !strings.Contains(got, step.want) {
					t.Errorf("%s = %s, want %s", step.statement, got, step.want)
				}
			}
		})
	}
}

// TestMigrateIAM: users that log in by IAM are given the role for it; that there is
// no owner of that kind yet is said with what to do.
func TestMigrateIAM(t *testing.T) {
	t.Parallel()
	l := postgresLedger(t, "TIERKIT_SQLDB_AUDIT")
	do(t, l.admin, "DO $$ BEGIN CREATE ROLE rds_iam; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$")
	out, status := l.run(t, "", "migrate", "-data", "aws", "audit")
	if status != 1 || !strings.Contains(out, "log in as the owner") || !strings.Contains(out, "audit_owner") || !strings.Contains(out, "-owner-secret ARN") {
		t.Errorf("without an owner = %d %s", status, out)
	}
	out, status = l.run(t, "", "migrate", "-data", "aws", "-owner-secret", l.master, "audit")
	if status != 0 || !strings.Contains(out, "audit_writer and audit_reader may use it") || !strings.Contains(out, "0002_first.sql applied") {
		t.Errorf("with its secret = %d %s", status, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var members int
	const query = "SELECT COUNT(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid " +
		"WHERE g.rolname = 'rds_iam' AND r.rolname IN ('audit_writer', 'audit_reader')"
	if err := l.admin.QueryRowContext(ctx, query).Scan(&members); err != nil || members != 2 {
		t.Errorf("%d users have the role rds_iam, want 2: %v", members, err)
	}
	t.Cleanup(func() { // a role may be in use by another run
		for _, user := range []string{"audit_writer", "audit_reader"} {
			do(t, l.admin, "DROP OWNED BY "+user)
			_, _ = l.admin.ExecContext(context.WithoutCancel(ctx), "DROP ROLE "+user)
		}
	})
}
