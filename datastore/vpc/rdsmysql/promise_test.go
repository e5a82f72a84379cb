package rdsmysql_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

var counters = fstest.MapFS{"0001_counters.sql": {Data: []byte(`
CREATE TABLE counters (id VARCHAR(20) PRIMARY KEY, n INTEGER NOT NULL);
INSERT INTO counters VALUES ('a', 0), ('b', 0);`)}}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
}

// use is a handle on the server's database, behind host.
func (s *server) use(t testing.TB, host string, now func() time.Time) all {
	t.Helper()
	data := s.data(host, now)
	db := sqldb.New(data, "main", sqldb.MySQL, s.options()...)
	t.Cleanup(func() { db.Close() })
	for _, err := range data.Errs() {
		t.Fatal(err)
	}
	return datastore.Use[all](function{}, db)
}

func add(ctx context.Context, db all, id string) error {
	_, err := db.Write().ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = ?", id)
	return err
}

func count(ctx context.Context, db all, id string) (n int, err error) {
	err = db.Read().QueryRowContext(ctx, "SELECT n FROM counters WHERE id = ?", id).Scan(&n)
	return n, err
}

func wantCount(t testing.TB, db all, id string, want int) {
	t.Helper()
	if got, err := count(t.Context(), db, id); got != want || err != nil {
		t.Errorf("count of %s = %d, %v, want %d", id, got, err, want)
	}
}

// TestLeavesNothingBehind: nothing is prepared on the server.
func TestLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	db := newServer(t, counters).use(t, "", nil)
	stmt, err := db.Write().PrepareContext(t.Context(), "UPDATE counters SET n = n + ? WHERE id = ?")
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	for range 3 {
		if _, err := stmt.ExecContext(t.Context(), 1, "a"); err != nil {
			t.Fatal(err)
		}
	}
	wantCount(t, db, "a", 3)
	for _, pool := range []*sqldb.DB{db.Read(), db.Write()} {
		var name string
		var n int
		if err := pool.QueryRowContext(t.Context(), "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'").Scan(&name, &n); err != nil || n != 0 {
			t.Errorf("%s = %d, %v, want 0", name, n, err)
		}
	}
}

// TestTypes: what is written is read, also what would have to be escaped.
func TestTypes(t *testing.T) {
	t.Parallel()
	db := newServer(t, fstest.MapFS{"1_types.sql": {Data: []byte(
		"CREATE TABLE types (s VARCHAR(50), at DATETIME(6), i BIGINT, f DOUBLE, m DECIMAL(10,2), b BLOB, j JSON, ok BOOLEAN)")}}).use(t, "", nil)
	at := time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC)
	args := []any{`o'x\"` + "\x00\n\x1a;--ü😀", at, int64(1) << 60, 0.1, "12.50", []byte{0, 255, '\\', '\''}, `{"x": 1}`, true}
	if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO types VALUES (?, ?, ?, ?, ?, ?, ?, ?)", args...); err != nil {
		t.Fatal(err)
	}
	var s, m, j string
	var gotAt time.Time
	var i int64
	var f float64
	var b []byte
	var ok bool
	err := db.Read().QueryRowContext(t.Context(), "SELECT * FROM types WHERE s = ? AND at = ?", args[0], at).Scan(&s, &gotAt, &i, &f, &m, &b, &j, &ok)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(args, []any{s, gotAt, i, f, m, b, j, ok}); diff != "" {
		t.Errorf("read (-written +read):\n%s", diff)
	}
	for name, query := range map[string]string{
		"no time":   "INSERT INTO types (at) VALUES (?)",
		"no number": "INSERT INTO types (i) VALUES (?)",
		"a syntax":  "INSERT INTO types (i) VALUES ((?)",
	} {
		_, err := db.Write().ExecContext(t.Context(), query, "secret")
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want one without the value", name, err)
		}
	}
}

// TestDeadlock: the transaction that the database ends is run again, and what the
// caller sends in it in spite of the error is not carried out outside of it.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	db := newServer(t, counters).use(t, "", nil)
	var both, wg sync.WaitGroup
	both.Add(2)
	var mu sync.Mutex
	attempts := 0
	for i, ids := range [][2]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			met := false
			err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
				mu.Lock()
				attempts++
				mu.Unlock()
				if _, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = ?", ids[0]); err != nil {
					return err
				}
				if !met {
					met = true
					both.Done()
					both.Wait()
				}
				_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = ?", ids[1])
				if err != nil { // passed over
					_, again := tx.ExecContext(ctx, "UPDATE counters SET n = 100")
					if again == nil {
						t.Error("a statement after the deadlock was carried out")
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	if attempts != 3 {
		t.Errorf("%d attempts, want 3", attempts)
	}
	wantCount(t, db, "a", 2)
	wantCount(t, db, "b", 2)
}

// TestLostAnswers: what may have been carried out is not repeated if it changes
// something, and is if it does not.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t, counters)
	p := faults.NewProxy(t, s.url.Host)
	db := s.use(t, p.Addr(), nil)
	if _, err := count(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	for i, query := range []string{"UPDATE counters SET n = n + 1 WHERE id = 'a'", "UPDATE counters SET n = n + 1 WHERE id = ?"} {
		if err := db.Write().PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.LoseAnswer()
		_, err := db.Write().ExecContext(t.Context(), query, []any{"a"}[:i]...)
		if !errors.Is(err, datastore.ErrUnknown) {
			t.Errorf("%s: error = %v, want ErrUnknown", query, err)
		}
		wantCount(t, db, "a", i+1)
	}
	p.LoseAnswer()
	wantCount(t, db, "a", 2) // after another attempt
	calls := 0
	err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'b'")
		if calls++; calls == 2 {
			p.LoseAnswer() // of the commit
		} else if err == nil {
			p.LoseAnswer()
			_, err = tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'b'")
		}
		return err
	})
	if !errors.Is(err, datastore.ErrUnknown) || calls != 2 {
		t.Errorf("Tx = %v after %d calls, want ErrUnknown after 2", err, calls)
	}
	wantCount(t, db, "b", 1)
}

// TestNoBudgetAtTheEnd: neither a commit nor a rollback outlives the deadline,
// although the client gives them no context.
func TestNoBudgetAtTheEnd(t *testing.T) {
	s := newServer(t, counters)
	faults.NoGoroutines(t)
	p := faults.NewProxy(t, s.url.Host)
	db := s.use(t, p.Addr(), nil)
	refused := errors.New("refused")
	for _, tt := range []struct {
		name string
		err  error // of the function
		want error
	}{{"commit", nil, datastore.ErrUnknown}, {"rollback", refused, refused}} {
		p.Pass()
		if err := add(t.Context(), db, "b"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		begun := time.Now()
		done := make(chan error, 1)
		go func() {
			done <- db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE counters SET n = n + 1 WHERE id = 'a'")
				p.BlackHoleAll()
				return errors.Join(err, tt.err)
			})
		}()
		select {
		case err := <-done:
			if took := time.Since(begun); took > 900*time.Millisecond || !errors.Is(err, tt.want) {
				t.Errorf("%s: error = %v after %v, want %v soon after 300ms", tt.name, err, took, tt.want)
			}
		case <-time.After(3 * time.Second):
			t.Errorf("%s: goes on after 3s, want an end at 300ms", tt.name)
			p.FIN()
			<-done
		}
		cancel()
	}
	p.Pass()
	if err := errors.Join(db.Read().Close(), db.Write().Close()); err != nil {
		t.Error(err)
	}
}

// TestPromises: what is promised of a network that fails. A statement takes what time
// there is.
func TestPromises(t *testing.T) {
	faults.Promises[all]{
		Serve: func(t *testing.T) (upstream, told string) {
			s := newServer(t, counters)
			return s.url.Host, s.database
		},
		Open: func(t *testing.T, host, database string, now func() time.Time) all {
			u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_MARIADB"))
			if err != nil {
				t.Fatal(err)
			}
			s := &server{url: u, database: database, writer: newLogin(database+"_w", password), reader: newLogin(database+"_r", password)}
			return s.use(t, host, now)
		},
		Operations: []faults.Operation[all]{
			{Name: "read", Whole: true, Do: func(ctx context.Context, db all) error { _, err := count(ctx, db, "a"); return err }},
			{Name: "write", Write: true, Whole: true, Do: func(ctx context.Context, db all) error { return add(ctx, db, "a") },
				Effects: func(ctx context.Context, db all) (int, error) { return count(ctx, db, "a") }},
		},
	}.Run(t)
}

// TestRotation: a password that is replaced costs no statement.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := newServer(t, counters)
	p := faults.NewProxy(t, s.url.Host)
	db := s.use(t, p.Addr(), nil)
	if err := add(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	next := "another"
	run(t, open(t, ""), "ALTER USER '"+s.writer.user+"'@'%' IDENTIFIED BY '"+next+"'")
	s.writer.next.Store(&next)
	if err := add(t.Context(), db, "a"); err != nil || s.writer.fresh.Load() != 0 {
		t.Errorf("on a live connection: error = %v, asked anew %d times; want none", err, s.writer.fresh.Load())
	}
	p.FIN()
	if err := add(t.Context(), db, "a"); err != nil || s.writer.fresh.Load() != 1 {
		t.Errorf("on a new connection: error = %v, asked anew %d times; want no error and 1", err, s.writer.fresh.Load())
	}
	wrong := "wrong"
	s.writer.next.Store(&wrong)
	s.writer.password.Store(&wrong)
	p.FIN()
	err := add(t.Context(), db, "a")
	if own, ok := errors.AsType[*mysql.MySQLError](err); !errors.Is(err, datastore.ErrDenied) || !ok || own.Number != 1045 {
		t.Errorf("refused for good: error = %v, want ErrDenied and 1045", err)
	}
	wantCount(t, db, "a", 3)
}
