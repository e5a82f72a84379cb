package rdspostgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

var counters = fstest.MapFS{"0001_counters.sql": {Data: []byte(`
CREATE TABLE counters (id TEXT PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counters VALUES ('a', 0), ('b', 0);`)}}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
}

func counting(t testing.TB) *server {
	t.Helper()
	return newServer(t, migrate.Options{Dialect: sqldb.DialectPostgres, Files: counters})
}

// use is a handle on the server's database, behind host.
func (s *server) use(t testing.TB, host string, opts datastore.Options) all {
	t.Helper()
	data := s.data(host, opts)
	db := sqldb.New(data, "main", sqldb.Postgres, s.options()...)
	t.Cleanup(func() { db.Close() })
	for _, err := range data.Errs() {
		t.Fatal(err)
	}
	return datastore.Use[all](function{}, db)
}

func add(ctx context.Context, db all, id string) error {
	_, err := db.Write().ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = $1", id)
	return err
}

func count(ctx context.Context, db all, id string) (n int, err error) {
	err = db.Read().QueryRowContext(ctx, "SELECT n FROM counters WHERE id = $1", id).Scan(&n)
	return n, err
}

func wantCount(t testing.TB, db all, id string, want int) {
	t.Helper()
	if got, err := count(t.Context(), db, id); got != want || err != nil {
		t.Errorf("count of %s = %d, %v, want %d", id, got, err, want)
	}
}

// TestLeavesNothingBehind: a session of the server has nothing of the statements
// that were sent, so that RDS Proxy need not pin it.
func TestLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	db := counting(t).use(t, "", datastore.Options{})
	ctx := t.Context()
	stmt, err := db.Write().PrepareContext(ctx, "UPDATE counters SET n = n + $1 WHERE id = $2")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for range 10 {
		if _, err := stmt.ExecContext(ctx, 1, "a"); err != nil {
			t.Fatal(err)
		}
		if err := add(ctx, db, "b"); err != nil {
			t.Fatal(err)
		}
	}
	err = db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
		var n, statements, settings int
		if err := tx.QueryRowContext(ctx, "SELECT n FROM counters WHERE id = $1", "a").Scan(&n); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_settings WHERE source = 'session')").
			Scan(&statements, &settings)
		if n != 10 || statements != 0 || settings != 0 {
			t.Errorf("count = %d, want 10; %d statements are prepared and %d settings made, want none", n, statements, settings)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTypes: PostgreSQL itself says what type a parameter is of.
func TestTypes(t *testing.T) {
	t.Parallel()
	s := newServer(t, migrate.Options{Dialect: sqldb.DialectPostgres, Files: fstest.MapFS{"1_types.sql": {Data: []byte(
		`CREATE TABLE types (u UUID, j JSONB, at TIMESTAMPTZ, d DATE, a TEXT[], i BIGINT, f DOUBLE PRECISION, m NUMERIC(10,2), b BYTEA, ok BOOLEAN)`)}}})
	db := s.use(t, "", datastore.Options{})
	at := time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC)
	args := []any{"6f1b7c38-53c1-4f8a-9d27-0d7a4f1f5c11", `{"x": 1}`, at, "2030-01-02", []string{"x", `y"z`}, int64(1) << 60, 0.1, "12.50", []byte{0, 255, '\\'}, true}
	if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO types VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", args...); err != nil {
		t.Fatal(err)
	}
	var u, j, m, a string
	var gotAt, d time.Time
	var i int64
	var f float64
	var b []byte
	var ok bool
	err := db.Read().QueryRowContext(t.Context(), "SELECT u, j, at, d, a[2], i, f, m, b, ok FROM types WHERE u = $1 AND i = $2 AND at = $3 AND 'x' = ANY(a)", args[0], args[5], at).
		Scan(&u, &j, &gotAt, &d, &a, &i, &f, &m, &b, &ok)
	if err != nil {
		t.Fatal(err)
	}
	got := []any{u, j, gotAt.UTC(), d.Format(time.DateOnly), []string{"x", a}, i, f, m, b, ok}
	if diff := cmp.Diff(args, got); diff != "" {
		t.Errorf("read (-written +read):\n%s", diff)
	}
	for name, query := range map[string]string{"no UUID": "SELECT 1 FROM types WHERE u = $1", "no number": "SELECT 1 FROM types WHERE i = $1"} {
		err := db.Read().QueryRowContext(t.Context(), query, "secret").Scan(new(int))
		if !errors.Is(err, datastore.ErrInvalid) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want ErrInvalid without the value", name, err)
		}
	}
}

// TestConflicts: transactions that the database ends are run again.
func TestConflicts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts *sql.TxOptions
		// first and then are what each of the two transactions does
		first, then [2]string
	}{
		{
			"serialization", &sql.TxOptions{Isolation: sql.LevelSerializable},
			[2]string{"SELECT n FROM counters", "SELECT n FROM counters"},
			[2]string{"UPDATE counters SET n = n + 1 WHERE id = 'a'", "UPDATE counters SET n = n + 1 WHERE id = 'b'"},
		},
		{
			"deadlock", nil,
			[2]string{"UPDATE counters SET n = n + 1 WHERE id = 'a'", "UPDATE counters SET n = n WHERE id = 'b'"},
			[2]string{"UPDATE counters SET n = n WHERE id = 'b'", "UPDATE counters SET n = n WHERE id = 'a'"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := counting(t).use(t, "", datastore.Options{})
			var both, wg sync.WaitGroup
			both.Add(2)
			var mu sync.Mutex
			attempts := 0
			for i := range 2 {
				wg.Go(func() {
					met := false
					err := db.Tx(t.Context(), tt.opts, func(ctx context.Context, tx *sql.Tx) error {
						mu.Lock()
						attempts++
						mu.Unlock()
						if _, err := tx.ExecContext(ctx, tt.first[i]); err != nil {
							return err
						}
						if !met {
							met = true
							both.Done()
							both.Wait()
						}
						_, err := tx.ExecContext(ctx, tt.then[i])
						return err
					})
					if err != nil {
						t.Errorf("transaction %d: %v", i, err)
					}
				})
			}
			wg.Wait()
			if attempts < 3 {
				t.Errorf("%d attempts: there was no conflict", attempts)
			}
			wantCount(t, db, "a", 1)
		})
	}
}

// TestPassedOver: a transaction whose failed statement the caller passed over is
// not answered as done.
func TestPassedOver(t *testing.T) {
	t.Parallel()
	db := counting(t).use(t, "", datastore.Options{})
	err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
		_, _ = tx.ExecContext(ctx, "INSERT INTO counters VALUES ('a', 0)") // is there
		return nil
	})
	if !errors.Is(err, datastore.ErrConflict) {
		t.Errorf("Tx = %v, want ErrConflict", err)
	}
}

// TestCancelled: a statement whose context ends is cancelled on the server.
func TestCancelled(t *testing.T) {
	t.Parallel()
	s := counting(t)
	db := s.use(t, "", datastore.Options{})
	// The statement alone has the time, not the log-in before it.
	if _, err := db.Write().ExecContext(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := db.Write().ExecContext(ctx, "SELECT pg_sleep(60)")
	if !errors.Is(err, datastore.ErrUnknown) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ExecContext = %v, want ErrUnknown and the context's error", err)
	}
	if err := db.Read().QueryRowContext(ctx, "SELECT 1").Scan(new(int)); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Scan = %v, want ErrNoBudget", err)
	}
	admin := open(t)
	for deadline := time.Now().Add(10 * time.Second); ; {
		var n int
		err := admin.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'SELECT pg_sleep%' AND state = 'active'", s.database).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the statement goes on")
		}
	}
}

// TestLostAnswers: what may have been carried out is not repeated if it changes
// something, and is if it does not.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := counting(t)
	open := func(t *testing.T) (all, *faults.Proxy) {
		p := faults.NewProxy(t, s.url.Host)
		db := s.use(t, p.Addr(), datastore.Options{})
		if _, err := count(t.Context(), db, "a"); err != nil {
			t.Fatal(err)
		}
		if err := db.Write().PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		return db, p
	}
	t.Run("write", func(t *testing.T) {
		db, p := open(t)
		p.LoseAnswer()
		if err := add(t.Context(), db, "a"); !errors.Is(err, datastore.ErrUnknown) {
			t.Errorf("ExecContext = %v, want ErrUnknown", err)
		}
		wantCount(t, db, "a", 1)
		if err := add(t.Context(), db, "a"); err != nil {
			t.Errorf("the next ExecContext = %v", err)
		}
	})
	t.Run("write without parameters", func(t *testing.T) {
		for name, send := range map[string]func(all) error{
			"exec": func(db all) error {
				_, err := db.Write().ExecContext(t.Context(), "UPDATE counters SET n = n + 1 WHERE id = 'a'")
				return err
			},
			"query": func(db all) error {
				return db.Write().QueryRowContext(t.Context(), "UPDATE counters SET n = n + 1 WHERE id = 'a' RETURNING n").Scan(new(int))
			},
		} {
			db, p := open(t)
			before, err := count(t.Context(), db, "a")
			if err != nil {
				t.Fatal(err)
			}
			p.LoseAnswer()
			if err := send(db); !errors.Is(err, datastore.ErrUnknown) {
				t.Errorf("%s: error = %v, want ErrUnknown", name, err)
			}
			wantCount(t, db, "a", before+1)
		}
	})
	t.Run("read", func(t *testing.T) {
		db, p := open(t)
		p.LoseAnswer()
		wantCount(t, db, "a", 4)
		if p.Lost() != 1 {
			t.Errorf("%d answers were lost, want 1", p.Lost())
		}
	})
	t.Run("in a transaction", func(t *testing.T) {
		db, p := open(t)
		calls := 0
		err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
			if calls++; calls == 1 {
				p.LoseAnswer()
			}
			_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'b'")
			return err
		})
		if err != nil || calls != 2 {
			t.Errorf("Tx = %v after %d calls, want success after 2", err, calls)
		}
		wantCount(t, db, "b", 1)
	})
	t.Run("commit", func(t *testing.T) {
		db, p := open(t)
		calls := 0
		err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
			calls++
			_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'b'")
			p.LoseAnswer()
			return err
		})
		if !errors.Is(err, datastore.ErrUnknown) || calls != 1 {
			t.Errorf("Tx = %v after %d calls, want ErrUnknown after 1", err, calls)
		}
		wantCount(t, db, "b", 2)
	})
	t.Run("rows", func(t *testing.T) {
		db, p := open(t)
		p.CutNext(200_000)
		rows, err := db.Read().QueryContext(t.Context(), "SELECT repeat('x', 1000) FROM generate_series(1, 1000)")
		n := 0
		if err == nil {
			defer rows.Close()
			for rows.Next() {
				n++
			}
			err = rows.Err()
		}
		if !errors.Is(err, datastore.ErrUnavailable) || n == 1000 {
			t.Errorf("%d rows, error = %v, want ErrUnavailable", n, err)
		}
	})
}

// TestNoBudget: nothing outlives the deadline, and nothing is left.
func TestNoBudget(t *testing.T) {
	s := counting(t)
	faults.NoGoroutines(t)
	p := faults.NewProxy(t, s.url.Host)
	p.BlackHoleAll()
	db := s.use(t, p.Addr(), datastore.Options{})
	for name, call := range map[string]func(context.Context) error{
		"write": func(ctx context.Context) error { return add(ctx, db, "a") },
		"read": func(ctx context.Context) error {
			_, err := count(ctx, db, "a")
			return err
		},
		"tx": func(ctx context.Context) error {
			return db.Tx(ctx, nil, func(context.Context, *sql.Tx) error { return nil })
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		begun := time.Now()
		err := call(ctx)
		cancel()
		if took := time.Since(begun); took > 600*time.Millisecond || !errors.Is(err, datastore.ErrUnavailable) && !errors.Is(err, datastore.ErrNoBudget) {
			t.Errorf("%s: error = %v after %v, want ErrUnavailable or ErrNoBudget within 300ms", name, err, took)
		}
	}
	if err := errors.Join(db.Read().Close(), db.Write().Close()); err != nil {
		t.Error(err)
	}
}

// TestPromises: what is promised of a network that fails. A statement takes what time
// there is.
func TestPromises(t *testing.T) {
	faults.Promises[all]{
		Serve: func(t *testing.T) (upstream, told string) {
			s := counting(t)
			return s.url.Host, s.database
		},
		Open: func(t *testing.T, host, database string, now func() time.Time) all {
			return serverNamed(t, database).use(t, host, datastore.Options{Now: now})
		},
		Operations: []faults.Operation[all]{
			{Name: "read", Whole: true, Do: func(ctx context.Context, db all) error { _, err := count(ctx, db, "a"); return err }},
			{Name: "write", Write: true, Whole: true, Do: func(ctx context.Context, db all) error { return add(ctx, db, "a") },
				Effects: func(ctx context.Context, db all) (int, error) { return count(ctx, db, "a") }},
		},
	}.Run(t)
}
