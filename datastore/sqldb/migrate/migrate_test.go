package migrate_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	_ "modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// open is an empty database of SQLite, and a way to open it once more.
func open(t testing.TB) (db *sql.DB, again func() *sql.DB) {
	t.Helper()
	path := "file:" + filepath.Join(t.TempDir(), "db") + "?_pragma=busy_timeout(10000)&_txlock=immediate"
	again = func() *sql.DB {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	return again(), again
}

func folder(texts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func options(texts map[string]string) migrate.Options {
	return migrate.Options{Dialect: sqldb.DialectSQLite, Files: folder(texts)}
}

func names(all []migrate.Migration) (names []string) {
	for _, m := range all {
		names = append(names, m.File)
	}
	return names
}

// TestUp: each is applied once, in order, whatever folder it is in.
func TestUp(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	o := options(map[string]string{
		"m/0002_more.sql":         "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a VALUES (1, 'x;y');",
		"m/0001_a.sql":            "CREATE TABLE a (x INTEGER);",
		"m/0003_own.postgres.sql": "CREATE EXTENSION nothing",
		"m/0003_own.sqlite.sql":   "-- nothing but a comment; really",
		"m/README.md":             "not SQL",
	})
	pending, err := migrate.Pending(t.Context(), db, o)
	want := []string{"0001_a.sql", "0002_more.sql", "0003_own.sqlite.sql"}
	if d := cmp.Diff(want, names(pending)); d != "" || err != nil {
		t.Errorf("Pending: %v (-want +got):\n%s", err, d)
	}
	done, err := migrate.Up(t.Context(), db, o)
	if d := cmp.Diff(want, names(done)); d != "" || err != nil {
		t.Errorf("Up: %v (-want +got):\n%s", err, d)
	}
	if done, err := migrate.Up(t.Context(), db, o); len(done) > 0 || err != nil {
		t.Errorf("Up again = %v, %v, want none", names(done), err)
	}
	var y string
	if err := db.QueryRowContext(t.Context(), "SELECT y FROM a").Scan(&y); err != nil || y != "x;y" {
		t.Errorf("y = %q, %v", y, err)
	}
}

// TestFails: one that fails leaves nothing, and those before it stay.
func TestFails(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	texts := map[string]string{
		"1_a.sql": "CREATE TABLE a (x INTEGER)",
		"2_b.sql": "CREATE TABLE b (x INTEGER); INSERT INTO b VALUES (1); INSERT INTO nowhere VALUES (1)",
	}
	done, err := migrate.Up(t.Context(), db, options(texts))
	if err == nil || !strings.Contains(err.Error(), "migration 2_b.sql: statement 3") || len(done) != 1 {
		t.Errorf("Up = %v, %v, want 1 and an error of statement 3 of 2_b.sql", names(done), err)
	}
	if err := db.QueryRowContext(t.Context(), "SELECT 1 FROM b").Scan(new(int)); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("SELECT FROM b = %v, want that there is no such table", err)
	}
	texts["2_b.sql"] = "CREATE TABLE b (x INTEGER)"
	if done, err := migrate.Up(t.Context(), db, options(texts)); err != nil || len(done) != 1 {
		t.Errorf("Up, mended = %v, %v, want 1", names(done), err)
	}
}

// TestStepwise: one that fails halfway goes on there, and must not have changed.
func TestStepwise(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	texts := map[string]string{"1_a.sql": "-- migrate: stepwise\nCREATE TABLE a (x INTEGER);\nINSERT INTO b VALUES (1)"}
	if _, err := migrate.Up(t.Context(), db, options(texts)); err == nil || !strings.Contains(err.Error(), "statement 2, the next run goes on here") {
		t.Errorf("Up = %v, want an error of statement 2", err)
	}
	changed := map[string]string{"1_a.sql": texts["1_a.sql"] + ";"}
	if _, err := migrate.Up(t.Context(), db, options(changed)); err == nil || !strings.Contains(err.Error(), "was applied with another text") {
		t.Errorf("Up, changed = %v, want an error", err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE b (x INTEGER)"); err != nil {
		t.Fatal(err)
	}
	if done, err := migrate.Up(t.Context(), db, options(texts)); err != nil || len(done) != 1 {
		t.Errorf("Up, again = %v, %v, want 1", names(done), err)
	}
}

// TestRefused: what does not fit what was applied is an error, and nothing is
// done.
func TestRefused(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	if _, err := migrate.Up(t.Context(), db, options(map[string]string{"5_a.sql": "CREATE TABLE a (x INTEGER)"})); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		texts map[string]string
		want  string
	}{
		{"changed", map[string]string{"5_a.sql": "CREATE TABLE a (y INTEGER)"}, "was applied with another text"},
		{"gone", map[string]string{"6_b.sql": "CREATE TABLE b (y INTEGER)"}, "is not there any more"},
		{"older", map[string]string{"5_a.sql": "CREATE TABLE a (x INTEGER)", "4_b.sql": "CREATE TABLE b (y INTEGER)"}, "is older than 5"},
		{"two of a number", map[string]string{"5_a.sql": "CREATE TABLE a (x INTEGER)", "05_b.sql": ""}, "have the same number"},
		{"misnamed", map[string]string{"orders.sql": ""}, "name it NUMBER_NAME.sql"},
		{"no end", map[string]string{"6_b.sql": "SELECT 1;\nSELECT 'x"}, "line 2: a quote has no end"},
	} {
		_, err := migrate.Up(t.Context(), db, options(tt.texts))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Up = %v, want %q", tt.name, err, tt.want)
		}
		if err := db.QueryRowContext(t.Context(), "SELECT 1 FROM b").Scan(new(int)); err == nil || errors.Is(err, sql.ErrNoRows) {
			t.Errorf("%s: table b was made", tt.name)
		}
	}
}

// TestAtOnce: of several runs one works.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	db, again := open(t)
	o := options(map[string]string{"1_a.sql": "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)"})
	var wg sync.WaitGroup
	for range 4 {
		db := again()
		wg.Go(func() { _, _ = migrate.Up(context.WithoutCancel(t.Context()), db, o) }) // SQLite has no lock: some may fail
	}
	wg.Wait()
	if _, err := migrate.Up(t.Context(), db, o); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM a").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v, want 1", n, err)
	}
}

// TestSplit: only semicolons between statements part them.
func TestSplit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dialect sqldb.Dialect
		text    string
		want    []string
	}{
		{sqldb.DialectPostgres, " a ; b;; -- c;\n; /* d; /* e; */ f */ ", []string{"a", "b"}},
		{sqldb.DialectPostgres, `a 'x;''y' "p;q" ; b`, []string{`a 'x;''y' "p;q"`, "b"}},
		{sqldb.DialectPostgres, `a E'x\';' ; b 'y\' ; c`, []string{`a E'x\';'`, `b 'y\'`, "c"}},
		{sqldb.DialectPostgres, "do $$ x; $a$ y; $$ ; b $f$ $$;$$ ; $f$; c $1", []string{"do $$ x; $a$ y; $$", "b $f$ $$;$$ ; $f$", "c $1"}},
		{sqldb.DialectPostgres, "a b$c$d; e$c$", []string{"a b$c$d", "e$c$"}},
		{sqldb.DialectMySQL, "a 'x\\';' `p;q` # c;\n; b", []string{"a 'x\\';' `p;q` # c;", "b"}},
		{sqldb.DialectMySQL, "/*! a; */ ; b", []string{"/*! a; */", "b"}},
		{sqldb.DialectSQLite, "a `p;q`; b 'x\\'; c", []string{"a `p;q`", "b 'x\\'", "c"}},
	} {
		got, err := migrate.Split(tt.text, tt.dialect)
		if d := cmp.Diff(tt.want, got); d != "" || err != nil {
			t.Errorf("Split(%q, %s): %v (-want +got):\n%s", tt.text, tt.dialect, err, d)
		}
	}
	for _, text := range []string{"'a", `"a`, "/* a", "$$ a", "$x$ a $y$", `E'a\'`} {
		if got, err := migrate.Split(text, sqldb.DialectPostgres); err == nil {
			t.Errorf("Split(%q) = %q, want an error", text, got)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, text := range []string{"a;b", "'x;''y';", "$a$;$a$", "/*/**/;*/", "--;\n", "E'\\';'", "é;`;`", "#;\n;"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, dialect := range []sqldb.Dialect{sqldb.DialectPostgres, sqldb.DialectMySQL, sqldb.DialectSQLite} {
			statements, err := migrate.Split(text, dialect)
			if err != nil {
				continue
			}
			rest := text
			for _, s := range statements {
				i := strings.Index(rest, s)
				if i < 0 || s == "" {
					t.Fatalf("Split(%q, %s) = %q: %q is not in it", text, dialect, statements, s)
				}
				rest = rest[i+len(s):]
				if again, err := migrate.Split(s, dialect); err != nil || len(again) != 1 || again[0] != s {
					t.Fatalf("Split(%q, %s) = %q, which is taken apart to %q, %v", text, dialect, s, again, err)
				}
			}
		}
	})
}

func ExampleUp() {
	db, err := sql.Open("sqlite", "file:/example?vfs=memdb")
	if err != nil {
		fmt.Println(err)
	}
	defer db.Close()
	files := folder(map[string]string{"0001_orders.sql": "CREATE TABLE orders (id TEXT PRIMARY KEY);"})
	for range 2 {
		done, err := migrate.Up(context.Background(), db, migrate.Options{Dialect: sqldb.DialectSQLite, Files: files})
		fmt.Println(names(done), err)
	}
	// Output:
	// [0001_orders.sql] <nil>
	// [] <nil>
}
