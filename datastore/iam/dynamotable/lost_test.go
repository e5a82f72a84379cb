package dynamotable_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type account struct {
	ID      string `table:"id,pk"`
	Hits    int    `table:"hits"`
	Version int    `table:",version"`
}

type accounts interface {
	table.Getter[account]
	table.Creator[account]
	table.Putter[account]
	table.Updater[account]
	table.Transactor
}

// losing is an HTTP client that carries out writes and loses the first answer to
// an operation.
type losing struct {
	op   string
	lost atomic.Bool
}

func (l *losing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && strings.HasSuffix(req.Header.Get("X-Amz-Target"), l.op) && l.lost.CompareAndSwap(false, true) {
		resp.Body.Close()
		return nil, errLost
	}
	return resp, err
}

// TestLostAnswerOnServers loses the answer to a write that a real server carried
// out: the repeated write recognises itself, where the server shows it what is
// stored. dynalite does not; that difference is asserted.
func TestLostAnswerOnServers(t *testing.T) {
	t.Parallel()
	for _, server := range []struct {
		variable string
		want     error
	}{
		{"TIERKIT_TEST_MOTO", nil},
		{"TIERKIT_TEST_DYNOXIDE", nil},
		{"TIERKIT_TEST_DYNALITE", datastore.ErrUnknown},
	} {
		for name, do := range map[string]func(context.Context, accounts) error{
			"create": func(ctx context.Context, a accounts) error { _, err := a.Create(ctx, account{ID: "1"}); return err },
			"put":    func(ctx context.Context, a accounts) error { _, err := a.Put(ctx, account{ID: "1"}); return err },
		} {
			t.Run(server.variable+"/"+name, func(t *testing.T) {
				t.Parallel()
				url := servers.URL(t, server.variable)
				spec := table.New[account](datastore.New(nil, nil), "accounts").Spec().(table.Spec)
				data := onServer(t, config(url, &http.Client{Transport: &losing{op: "PutItem"}}), createTable(t, url, spec))
				handle := datastore.Use[accounts](function{}, table.New[account](data, "accounts"))
				if err := do(t.Context(), handle); !errors.Is(err, server.want) || (err == nil) != (server.want == nil) {
					t.Errorf("a write whose answer was lost: error = %v, want %v", err, server.want)
				}
				if got, err := handle.Get(t.Context(), table.PK("1")); err != nil || got.Version != 1 {
					t.Errorf("Get after it = %+v, %v, want version 1", got, err)
				}
				_, err := handle.Create(t.Context(), account{ID: "1"})
				if !errors.Is(err, datastore.ErrConflict) {
					t.Errorf("Create by someone else: error = %v, want %v", err, datastore.ErrConflict)
				}
			})
		}
	}
}

// TestLostUpdateOnServers loses the answer to an update that a real server carried
// out: it is made once, and known to be where the server shows what is stored.
func TestLostUpdateOnServers(t *testing.T) {
	t.Parallel()
	add := table.Changes(table.Add("hits", 1)).OrCreate()
	for _, server := range []struct {
		variable string
		want     error
	}{
		{"TIERKIT_TEST_MOTO", nil},
		{"TIERKIT_TEST_DYNOXIDE", nil},
		{"TIERKIT_TEST_DYNALITE", datastore.ErrUnknown},
	} {
		for name, p := range map[string]table.Patch{"add": add, "set": table.Changes(table.SetTo("hits", 1)).OrCreate()} {
			t.Run(server.variable+"/"+name, func(t *testing.T) {
				t.Parallel()
				url := servers.URL(t, server.variable)
				spec := table.New[account](datastore.New(nil, nil), "accounts").Spec().(table.Spec)
				data := onServer(t, config(url, &http.Client{Transport: &losing{op: "UpdateItem"}}), createTable(t, url, spec))
				handle := datastore.Use[accounts](function{}, table.New[account](data, "accounts"))
				got, err := handle.Update(t.Context(), table.PK("1"), p)
				if !errors.Is(err, server.want) || (err == nil) != (server.want == nil) || err == nil && got.Hits != 1 {
					t.Errorf("Update whose answer was lost = %+v, %v, want %v", got, err, server.want)
				}
				got, err = handle.Get(t.Context(), table.PK("1"), table.Consistent())
				if want := (account{"1", 1, 1}); err != nil || got != want {
					t.Errorf("Get after it = %+v, %v, want %+v", got, err, want)
				}
			})
		}
	}
}

// TestLostTransactionOnServer loses the answer to a transaction that a real server
// carried out: its token keeps it from being done twice. moto has no tokens; that
// difference is asserted.
func TestLostTransactionOnServer(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]error{"TIERKIT_TEST_MOTO": datastore.ErrConflict, "TIERKIT_TEST_DYNOXIDE": nil} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			url := servers.URL(t, server)
			spec := table.New[account](datastore.New(nil, nil), "accounts").Spec().(table.Spec)
			lossy := &losing{op: "TransactWriteItems"}
			data := onServer(t, config(url, &http.Client{Transport: lossy}), createTable(t, url, spec))
			handle := datastore.Use[accounts](function{}, table.New[account](data, "accounts"))
			err := handle.Transact(t.Context(),
				table.CreateOp(handle, account{ID: "1"}),
				table.UpdateOp(handle, table.PK("2"), table.Changes(table.Add("hits", 1)).OrCreate()),
			)
			if !errors.Is(err, want) || (err == nil) != (want == nil) || !lossy.lost.Load() {
				t.Errorf("Transact whose answer was lost (%v) = %v, want %v", lossy.lost.Load(), err, want)
			}
			if got, err := handle.Get(t.Context(), table.PK("2"), table.Consistent()); err != nil || got.Hits != 1 {
				t.Errorf("Get after it = %+v, %v, want one hit", got, err)
			}
		})
	}
}

// TestTransactTablesOnServers: a transaction over two tables is done whole or not
// at all.
func TestTransactTablesOnServers(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"TIERKIT_TEST_MOTO", "TIERKIT_TEST_DYNOXIDE"} {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			url := servers.URL(t, server)
			bare := datastore.New(nil, nil)
			names := map[string]string{
				"TIERKIT_TABLE_ACCOUNTS": createTable(t, url, table.New[account](bare, "accounts").Spec().(table.Spec)),
				"TIERKIT_TABLE_NOTES":    createTable(t, url, table.New[note](bare, "notes").Spec().(table.Spec)),
			}
			data := datastore.New([]datastore.Driver{dynamotable.With(config(url, nil))}, &datastore.Options{
				Lookup: func(name string) (string, bool) { return names[name], names[name] != "" },
			})
			a := datastore.Use[accounts](function{}, table.New[account](data, "accounts"))
			n := datastore.Use[notes](function{}, table.New[note](data, "notes"))
			transfer := []table.TxOp{table.CreateOp(n, note{"1", "paid"}), table.UpdateOp(a, table.PK("1"), table.Changes(table.Add("hits", 1)).OrCreate())}
			if err := a.Transact(t.Context(), transfer...); err != nil {
				t.Fatalf("Transact over two tables: %v", err)
			}
			err := a.Transact(t.Context(), transfer...)
			partial, ok := errors.AsType[*datastore.PartialError](err)
			if !ok || !errors.Is(err, datastore.ErrConflict) || len(partial.Failed) != 1 || partial.Failed[0].Index != 0 ||
				!strings.HasPrefix(partial.Failed[0].Err.Error(), "table notes: create: conflict") {
				t.Errorf("Transact again: error = %v, want operation 0 of table notes in conflict", err)
			}
			if got, err := a.Get(t.Context(), table.PK("1"), table.Consistent()); err != nil || got.Hits != 1 {
				t.Errorf("Get after it = %+v, %v, want one hit", got, err)
			}
		})
	}
}
