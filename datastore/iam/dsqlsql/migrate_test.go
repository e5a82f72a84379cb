package dsqlsql_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// owned is a cluster as its admin has it, with these migrations to be applied.
func owned(t *testing.T, g *gate, files fstest.MapFS) (*sqldb.DB, migrate.Options) {
	t.Helper()
	declared := sqldb.New(newData(g.address()), "main", sqldb.DSQL, sqldb.Migrations(files))
	t.Cleanup(func() { declared.Close() })
	return datastore.Use[sqldb.Owner](function{}, declared).Own(), migrate.Of(declared.Spec().(sqldb.Spec))
}

// TestMigrateAtOnce: sessions have no locks there, and yet of several runs one works
// while the others wait: each statement is carried out once.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	g := newDatabase(t, nil)
	files := fstest.MapFS{
		"1_a.sql": {Data: []byte("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1); INSERT INTO a SELECT 2 FROM pg_sleep(0.3);")},
		"2_b.sql": {Data: []byte("INSERT INTO a VALUES (3);")},
	}
	var applied atomic.Int64
	var runs sync.WaitGroup
	for range 4 {
		db, options := owned(t, g, files)
		runs.Go(func() {
			done, err := migrate.Up(t.Context(), db, options)
			if err != nil {
				t.Errorf("Up: %v", err)
			}
			applied.Add(int64(len(done)))
		})
	}
	runs.Wait()
	db, _ := owned(t, g, files)
	var rows, sum int
	err := db.QueryRowContext(t.Context(), "SELECT count(*), sum(x) FROM a").Scan(&rows, &sum)
	if applied.Load() != 2 || err != nil || rows != 3 || sum != 6 {
		t.Errorf("%d migrations were applied, %d rows of the sum %d (%v), want 2 with 3 of 6", applied.Load(), rows, sum, err)
	}
}

// TestMigrateLease: a run that ended without giving the lock back keeps others waiting
// until its time is over, and one whose lock was taken does nothing more.
func TestMigrateLease(t *testing.T) {
	t.Parallel()
	g := newDatabase(t, nil)
	first := fstest.MapFS{"1_a.sql": {Data: []byte("CREATE TABLE a (x INTEGER);")}}
	db, options := owned(t, g, first)
	if _, err := migrate.Up(t.Context(), db, options); err != nil {
		t.Fatal(err)
	}
	set := func(until string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), "UPDATE tierkit_migrations_lock SET holder = 'gone', until = now() + interval '"+until+"'"); err != nil {
			t.Fatal(err)
		}
	}
	set("1 minute")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := migrate.Up(ctx, db, options); err == nil || !strings.Contains(err.Error(), "another run has it") {
		t.Errorf("while another run has it: %v", err)
	}
	set("-1 second")
	if _, err := migrate.Up(t.Context(), db, options); err != nil {
		t.Errorf("after its time: %v", err)
	}
	first["2_b.sql"] = &fstest.MapFile{Data: []byte("UPDATE tierkit_migrations_lock SET holder = 'faster'; INSERT INTO a VALUES (1);")}
	if _, err := migrate.Up(t.Context(), db, options); err == nil || !strings.Contains(err.Error(), "another run has taken the lock") {
		t.Errorf("taken: %v", err)
	}
	var rows int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM a").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows of a statement after the lock was taken (%v)", rows, err)
	}
}
