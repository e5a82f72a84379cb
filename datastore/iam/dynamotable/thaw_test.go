package dynamotable_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// frozenShelf is a client that makes each of the calls do, one after the other.
func frozenShelf(do ...func(context.Context, notes) error) faults.Frozen {
	return faults.Frozen{
		Serve: func(t *testing.T) (upstream, told string) { _, url := startShelf(t); return url, "" },
		Open: func(t *testing.T, url, _ string, now func() time.Time) func(context.Context) error {
			n := notesAt(t, url, iam.HTTPClientAt(now))
			return func(ctx context.Context) error {
				for _, call := range do {
					if err := call(ctx, n); err != nil {
						return err
					}
				}
				return nil
			}
		},
	}
}

// TestThaw: after a freeze of a minute the first call succeeds, and so does one
// that could not be sent again.
func TestThaw(t *testing.T) {
	conditional := operations[len(operations)-1]
	t.Run(conditional.name, func(t *testing.T) { frozenShelf(conditional.do).Run(t) })
	t.Run("Put and Get", func(t *testing.T) { frozenShelf(operations[4].do, operations[0].do).Run(t) })
}

// TestShortThaw: after a freeze that was too short to give up connections, the
// first call succeeds by its second attempt.
func TestShortThaw(t *testing.T) {
	f := frozenShelf(func(ctx context.Context, n notes) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		_, err := n.Get(ctx, table.PK("1"))
		return err
	})
	f.Idle = time.Second
	f.Run(t)
}
