package dynamotable_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type account struct {
	ID      string `table:"id,pk"`
	Version int    `table:",version"`
}

type accounts interface {
	table.Getter[account]
	table.Creator[account]
	table.Putter[account]
}

// losing is an HTTP client that carries out writes and loses the first answer.
type losing struct{ lost atomic.Bool }

func (l *losing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && strings.HasSuffix(req.Header.Get("X-Amz-Target"), "PutItem") && l.lost.CompareAndSwap(false, true) {
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
				data := onServer(t, config(url, &http.Client{Transport: &losing{}}), createTable(t, url, spec))
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
