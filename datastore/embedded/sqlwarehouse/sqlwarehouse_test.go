package sqlwarehouse_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	warehouse.Querier
	warehouse.Runner
	warehouse.Stater
	warehouse.Reader
}

// TestForgets: what is older than 24 hours is not known any more, nor is its key.
func TestForgets(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	now.Store(&at)
	driver := sqlwarehouse.Over(openSQLite(t))
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: func() time.Time { return *now.Load() }})
	w := datastore.Use[all](function{}, warehouse.New(data, "w", warehouse.Serverless))
	s := warehouse.Statement{SQL: "SELECT 1", Key: "k"}
	first, err := w.Query(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	day := at.Add(24 * time.Hour)
	now.Store(&day)
	if _, err := w.State(t.Context(), first.ID); err != nil {
		t.Errorf("State after a day = %v", err)
	}
	over := at.Add(24*time.Hour + 1)
	now.Store(&over)
	if _, err := w.State(t.Context(), first.ID); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("State after more than a day = %v, want %v", err, datastore.ErrNotFound)
	}
	if again, err := w.Query(t.Context(), s); err != nil || again.ID == first.ID {
		t.Errorf("Query after more than a day = %+v, %v, want it to run again", again, err)
	}
}

// TestOpening: a database that cannot be opened is asked for again, and a driver that
// is closed opens none.
func TestOpening(t *testing.T) {
	t.Parallel()
	open, calls := openSQLite(t), 0
	driver := sqlwarehouse.Over(func(ctx context.Context, spec warehouse.Spec, access warehouse.Access) (*sql.DB, error) {
		switch calls++; calls {
		case 1:
			return nil, errors.New("boom")
		case 2:
			return nil, nil
		}
		return open(ctx, spec, access)
	})
	data := datastore.New([]datastore.Driver{driver}, nil)
	w := datastore.Use[all](function{}, warehouse.New(data, "w", warehouse.Serverless))
	for i, want := range []error{datastore.ErrUnavailable, datastore.ErrUnavailable, nil, nil} {
		if _, err := w.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("Query %d = %v, want %v", i, err, want)
		}
	}
	if err := driver.Close(); err != nil || calls != 3 {
		t.Errorf("Close = %v after %d openings", err, calls)
	}
	if _, err := w.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Query of a closed driver = %v, want %v", err, datastore.ErrUnavailable)
	}
}

// TestLimits: rows that the Data API would not answer are not answered here.
func TestLimits(t *testing.T) {
	t.Parallel()
	driver := sqlwarehouse.Over(openSQLite(t))
	defer driver.Close()
	w := datastore.Use[all](function{}, warehouse.New(datastore.New([]datastore.Driver{driver}, nil), "w", warehouse.Serverless))
	_, err := w.Query(t.Context(), warehouse.Statement{SQL: fmt.Sprintf("SELECT zeroblob(%d)", warehouse.MaxRow+1)})
	if !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("a large row: %v, want %v", err, datastore.ErrTooLarge)
	}
}

// FuzzStatements: no statement breaks the reading of parameters, and one without a
// colon is told to have none.
func FuzzStatements(f *testing.F) {
	for _, seed := range []string{"SELECT :a", "':a'", "::a", "$$:a$$", "$t$", "--:a", "/*:a", "\"", ":", "a:b", "SELECT ':", "\xff:\x00"} {
		f.Add(seed)
	}
	driver := sqlwarehouse.Over(openSQLite(f))
	f.Cleanup(func() { driver.Close() })
	w := datastore.Use[all](function{}, warehouse.New(datastore.New([]datastore.Driver{driver}, nil), "w", warehouse.Serverless))
	f.Fuzz(func(t *testing.T, text string) {
		_, err := w.Query(t.Context(), warehouse.Statement{SQL: "EXPLAIN " + text, Params: []warehouse.Param{warehouse.Bind("a", "x")}})
		if err == nil && !strings.Contains(text, ":a") {
			t.Errorf("%q takes a parameter", text)
		}
	})
}
