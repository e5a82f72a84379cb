package rdspostgres_test

import (
	"sync"
	"testing"
	"testing/fstest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// TestMigrateAtOnce: of several deployments at once one works and the others wait,
// through the handle of a function that may do so.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, migrate.Options{})
	files := fstest.MapFS{
		"1_a.sql": {Data: []byte("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1); CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;")},
		"2_b.sql": {Data: []byte("-- migrate: stepwise\nCREATE INDEX CONCURRENTLY a_x ON a (x);")},
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	applied := 0
	for range 4 {
		data := s.data("", datastore.Options{})
		declared := sqldb.New(data, "main", sqldb.Postgres, append(s.options(), sqldb.Migrations(files))...)
		t.Cleanup(func() { declared.Close() })
		h := datastore.Use[sqldb.Owner](function{}, declared)
		wg.Go(func() {
			done, err := migrate.Up(t.Context(), h.Own(), migrate.Of(declared.Spec().(sqldb.Spec)))
			if err != nil {
				t.Errorf("Up: %v", err)
			}
			mu.Lock()
			applied += len(done)
			mu.Unlock()
		})
	}
	wg.Wait()
	if applied != 2 {
		t.Errorf("%d migrations were applied, want 2", applied)
	}
	data := s.data("", datastore.Options{})
	declared := sqldb.New(data, "main", sqldb.Postgres, s.options()...)
	t.Cleanup(func() { declared.Close() })
	var n int
	err := datastore.Use[sqldb.Reader](function{}, declared).Read().QueryRowContext(t.Context(), "SELECT count(*) FROM a").Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("%d rows, %v, want 1", n, err)
	}
}
