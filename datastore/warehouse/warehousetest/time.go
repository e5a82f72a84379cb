package warehousetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

var timeRules = []rule{
	{"pending", "a statement that takes longer than there is time goes on, and its ID is told in time", func(t *testing.T, w suite) {
		for op, tt := range map[string]struct {
			do   func(context.Context) error
			want error
		}{
			"Query": {func(ctx context.Context) error {
				_, err := w.Query(ctx, warehouse.Statement{SQL: w.slow})
				return err
			}, datastore.ErrNoBudget},
			"Run": {func(ctx context.Context) error {
				_, err := w.Run(ctx, warehouse.Statement{SQL: w.slow})
				return err
			}, datastore.ErrUnknown},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			err := tt.do(ctx)
			if ctx.Err() != nil {
				t.Errorf("%s answered after its deadline", op)
			}
			cancel()
			wantError(t, op, err, tt.want)
			pending, ok := errors.AsType[*warehouse.PendingError](err)
			if !ok || pending.ID == "" || pending.Status.Ended() {
				t.Fatalf("%s: %v, want a PendingError with its ID", op, err)
			}
			w.stop(t, pending.ID)
		}
	}},
	{"rows", "a statement that goes on has no rows yet", func(t *testing.T, w suite) {
		id, err := w.StartQuery(t.Context(), warehouse.Statement{SQL: w.slow})
		if err != nil {
			t.Fatal(err)
		}
		if state, err := w.State(t.Context(), id); err != nil || state.Status.Ended() || state.Err != nil {
			t.Errorf("State = %+v, %v, want it to go on", state, err)
		}
		for _, err := range w.Rows(t.Context(), id) {
			wantError(t, "Rows", err, datastore.ErrConflict)
			if pending, ok := errors.AsType[*warehouse.PendingError](err); !ok || pending.ID != id {
				t.Errorf("Rows: %v, want a PendingError of %s", err, id)
			}
		}
		w.stop(t, id)
	}},
	{"cancel", "what has ended cannot be cancelled", func(t *testing.T, w suite) {
		id := w.query(t, "SELECT id FROM orders")
		wantError(t, "Cancel", w.Cancel(t.Context(), id), datastore.ErrConflict)
	}},
	{"ended", "a context that has ended sends nothing", func(t *testing.T, w suite) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.Run(ctx, warehouse.Statement{SQL: "INSERT INTO orders (id) VALUES (1)"})
		wantError(t, "Run", err, datastore.ErrNoBudget)
		w.wantOrders(t, 0)
	}},
	{"cancelled", "a caller who leaves is told the ID", func(t *testing.T, w suite) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		_, err := w.Query(ctx, warehouse.Statement{SQL: w.slow})
		wantError(t, "Query", err, datastore.ErrNoBudget)
		pending, ok := errors.AsType[*warehouse.PendingError](err)
		if !ok || !errors.Is(err, context.Canceled) {
			t.Fatalf("Query: %v, want a PendingError of a cancelled context", err)
		}
		w.stop(t, pending.ID)
	}},
}

// stop cancels a statement that goes on, twice.
func (w suite) stop(t testing.TB, id warehouse.ID) {
	t.Helper()
	for range 2 {
		if err := w.Cancel(t.Context(), id); err != nil {
			t.Errorf("Cancel(%s): %v", id, err)
		}
		state := w.ended(t, id)
		if state.Status != warehouse.Aborted {
			t.Errorf("State = %+v, want it aborted", state)
		}
		wantError(t, "State.Err", state.Err, datastore.ErrUnavailable)
	}
}
