package localcall_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/call/calltest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func TestConformance(t *testing.T) {
	t.Parallel()
	calltest.Run(t, func(t testing.TB, _ call.Spec, run calltest.Function) calltest.Harness {
		driver := localcall.New(func(_ context.Context, _ string, payload []byte) ([]byte, error) { return run(payload) },
			&localcall.Options{Pause: func(int) time.Duration { return 0 }, Log: quiet})
		t.Cleanup(func() {
			if err := driver.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
		return calltest.Harness{Data: datastore.New([]datastore.Driver{driver}, nil)}
	})
}
