package redshiftwire_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/redshiftwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/redshiftwire"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/warehousetest"
)

// TestConformance: on PostgreSQL, for which Redshift is not to be had here.
func TestConformance(t *testing.T) {
	t.Parallel()
	newServer(t) // says what is not there, once
	warehousetest.Run(t, func(t testing.TB) warehousetest.Target {
		s := newServer(t)
		return warehousetest.Target{
			Data: s.data("", nil), Product: warehouse.Provisioned, Options: s.options(), Slow: "SELECT pg_sleep(60)",
		}
	})
}

// TestNeeds: by the wire a function needs the port and its own secrets, and nothing of
// redshift-data; and each driver opens its own.
func TestNeeds(t *testing.T) {
	t.Parallel()
	w, r := newLogin("w", ""), newLogin("r", "")
	data := datastore.New(nil, nil)
	spec := warehouse.New(data, "sales", warehouse.Serverless, warehouse.Wire(), warehouse.Secret(w, r)).Spec()
	for _, tt := range []struct {
		ops  []string
		want []datastore.Need
	}{
		{[]string{"Query", "Rows"}, []datastore.Need{{Port: 5439, Depends: []datastore.Dependence{{Spec: r.Spec(), Ops: []string{"Get"}}}}}},
		{[]string{"Run"}, []datastore.Need{{Port: 5439, Depends: []datastore.Dependence{{Spec: w.Spec(), Ops: []string{"Get"}}}}}},
		{[]string{"State"}, nil},
	} {
		if d := cmp.Diff(tt.want, spec.Needs(tt.ops)); d != "" {
			t.Errorf("Needs(%v) (-want +got):\n%s", tt.ops, d)
		}
	}
	api := warehouse.New(data, "old", warehouse.Serverless).Spec()
	for _, d := range []datastore.Driver{redshiftwire.Driver, redshiftwarehouse.Driver} {
		c, ok := d.(datastore.Chooser)
		if !ok || c.Opens(spec) == c.Opens(api) || c.Opens(spec) != (d == redshiftwire.Driver) {
			t.Errorf("%s opens the wrong ones", d.Name())
		}
	}
	warehouse.New(data, "mine", warehouse.Serverless, warehouse.Wire())
	if err := errors.Join(data.Errs()...); err == nil || !strings.Contains(err.Error(), "add warehouse.Secret") {
		t.Errorf("without secrets: %v", err)
	}
}

// TestConnecting: what keeps a connection from being made is the error of the operation.
func TestConnecting(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := s.use(t, strings.TrimPrefix(closed.URL, "http://"), nil).Query(ctx, warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
	p := faults.NewProxy(t, s.url.Host)
	p.BlackHoleAll()
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	begun := time.Now()
	if _, err := s.use(t, p.Addr(), nil).Run(ctx, warehouse.Statement{SQL: "SELECT 1"}); err == nil || time.Since(begun) > 2*time.Second {
		t.Errorf("nothing comes: %v after %v", err, time.Since(begun))
	}
	wrong := *s
	wrong.reader = newLogin(s.reader.user, "another")
	_, err := wrong.use(t, "", nil).Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
	if !errors.Is(err, datastore.ErrDenied) || strings.Contains(err.Error(), "another") {
		t.Errorf("a wrong password: %v", err)
	}
	rotated := password
	wrong.reader.next.Store(&rotated)
	if _, err := wrong.use(t, "", nil).Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"}); err != nil {
		t.Errorf("a password that was rotated: %v", err)
	}
	none := datastore.New([]datastore.Driver{redshiftwire.Driver}, nil)
	h := datastore.Use[warehouse.Querier](function{}, warehouse.New(none, "sales", warehouse.Serverless, s.options()...))
	if _, err := h.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_WAREHOUSE_SALES") {
		t.Errorf("no address: %v", err)
	}
}

// TestLost: a statement whose connection ends has left nothing, and says so; one whose
// commit has no answer says that it is open.
func TestLost(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*faults.Proxy){"FIN": (*faults.Proxy).FIN, "reset": (*faults.Proxy).Reset} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			p := faults.NewProxy(t, s.url.Host)
			w := s.use(t, p.Addr(), nil)
			for _, sql := range []string{
				"CREATE TABLE orders (id INTEGER)",
				"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$",
				"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id > 1) EXECUTE FUNCTION slow()",
			} {
				if _, err := w.Run(t.Context(), warehouse.Statement{SQL: sql}); err != nil {
					t.Fatal(err)
				}
			}
			lose := func(insert, active string) warehouse.State {
				id, err := w.Start(t.Context(), warehouse.Statement{SQL: insert})
				if err != nil {
					t.Fatal(err)
				}
				for s.number(t, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND datname = current_database() AND query ILIKE '"+active+"' AND query NOT LIKE '%pg_stat_activity%'") == 0 {
				}
				end(p)
				for {
					state, err := w.State(t.Context(), id)
					if err != nil {
						state.Err = err
						return state
					}
					if state.Status.Ended() {
						return state
					}
				}
			}
			state := lose("INSERT INTO orders SELECT 1 FROM pg_sleep(60)", "INSERT%")
			if !errors.Is(state.Err, datastore.ErrUnavailable) {
				t.Errorf("in the statement: %+v, want %v", state, datastore.ErrUnavailable)
			}
			state = lose("INSERT INTO orders VALUES (2)", "commit")
			if !errors.Is(state.Err, datastore.ErrUnknown) {
				t.Errorf("in the commit: %+v, want %v", state, datastore.ErrUnknown)
			}
			if n := s.number(t, "SELECT count(*) FROM orders WHERE id = 1"); n != 0 {
				t.Errorf("%d rows of a statement that was lost", n)
			}
			if _, err := w.Run(t.Context(), warehouse.Statement{SQL: "INSERT INTO orders VALUES (1)"}); err != nil {
				t.Errorf("the next statement: %v", err)
			}
		})
	}
}

// TestNoIdleConnections: between statements there is none that a freeze could end.
func TestNoIdleConnections(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.use(t, "", nil)
	for range 3 {
		if _, err := w.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"}); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.number(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = '"+s.reader.user+"'") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("a connection stays")
		}
	}
}

// TestForgets: a statement is known for 15 minutes.
func TestForgets(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var now atomic.Pointer[time.Time]
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	now.Store(&at)
	w := s.use(t, "", func() time.Time { return *now.Load() })
	result, err := w.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	later := at.Add(15*time.Minute + 1)
	now.Store(&later)
	if _, err := w.State(t.Context(), result.ID); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("State after 15 minutes: %v", err)
	}
}
