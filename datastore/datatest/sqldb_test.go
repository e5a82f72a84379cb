package datatest_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

type sqlStore interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
}

// TestSQL: a database is seeded, fails as told, and is looked at.
func TestSQL(t *testing.T) {
	t.Parallel()
	driver := sqlitedb.Memory()
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	data := datatest.New(t, datatest.SQL(driver))
	files := fstest.MapFS{"1_notes.sql": {Data: []byte("CREATE TABLE notes (id INTEGER PRIMARY KEY)")}}
	declared := sqldb.New(data, "main", sqldb.Postgres, sqldb.Portable(), sqldb.Migrations(files))
	t.Cleanup(func() { declared.Close() })
	db := datastore.Use[sqlStore](function{}, declared)
	ctx := t.Context()
	if _, err := datatest.Database(t, data, "main").ExecContext(ctx, "INSERT INTO notes VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	insert := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO notes VALUES (4)")
		return err
	}
	for _, tt := range []struct {
		fault datatest.Fault
		do    func() error
		want  error
	}{
		{datatest.Fault{Op: "Read", Err: datastore.ErrThrottled}, func() error {
			return db.Read().QueryRowContext(ctx, "SELECT 1").Scan(new(int))
		}, datastore.ErrThrottled},
		{datatest.Fault{Op: "Write", Err: datastore.ErrUnknown, Applied: true}, func() error {
			_, err := db.Write().ExecContext(ctx, "INSERT INTO notes VALUES (2)")
			return err
		}, datastore.ErrUnknown},
		{datatest.Fault{Err: datastore.ErrUnavailable}, func() error {
			_, err := db.Write().DB.ExecContext(ctx, "INSERT INTO notes VALUES (3)")
			return err
		}, datastore.ErrUnavailable},
		{datatest.Fault{Op: "Tx", Err: datastore.ErrConflict}, func() error { return db.Tx(ctx, nil, insert) }, datastore.ErrConflict},
	} {
		tt.fault.Store = "sqldb main"
		datatest.Fail(t, data, tt.fault)
		err := tt.do()
		if own, ok := errors.AsType[*datastore.Error](err); !errors.Is(err, tt.want) || !ok || own.Store != "sqldb main" {
			t.Errorf("%s: error = %v, want %v of sqldb main", tt.fault.Op, err, tt.want)
		}
	}
	var n int
	if err := datatest.Database(t, data, "main").QueryRowContext(ctx, "SELECT sum(id) FROM notes").Scan(&n); err != nil || n != 3 {
		t.Errorf("sum of ids = %d, %v, want 3", n, err)
	}
}
