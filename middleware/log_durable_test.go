package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// durable is a durable execution as AWS's SDKs make one: operations have numbers in the
// order in which they are called, and what one has done is known to later invocations.
type durable struct {
	done    map[int]string // by number of the operation
	suspend func() error   // ends an invocation that has to wait
}

var errSuspended = errors.New("suspended")

// invoked is one invocation of a durable.
type invoked struct {
	*durable
	at   int // the number of the next operation
	past int // operations that were done when it began
}

type invokedKey struct{}

func invokedOf(ctx context.Context) *invoked {
	v, _ := ctx.Value(invokedKey{}).(*invoked)
	return v
}

// replaying is true until all that earlier invocations have done was asked for.
func (v *invoked) replaying() bool { return v != nil && v.at < v.past }

// step does something once.
func (v *invoked) step(do func() string) string {
	v.at++
	if _, ok := v.done[v.at-1]; !ok {
		v.done[v.at-1] = do()
	}
	return v.done[v.at-1]
}

// wait ends the invocation, the first time.
func (v *invoked) wait() error {
	v.at++
	if _, ok := v.done[v.at-1]; ok {
		return nil
	}
	v.done[v.at-1] = "waited"
	return v.suspend()
}

// invoke calls h until it is done, each time from the beginning, and tells how often.
func (d *durable) invoke(t *testing.T, h handler.Handler, req func() *handler.Request) (invocations int, err error) {
	for invocations < 10 {
		invocations++
		v := &invoked{durable: d, past: len(d.done)}
		ended := make(chan struct{})
		err = errSuspended // that is what Goexit leaves
		go func() {
			defer close(ended)
			var resp *handler.Response
			resp, err2 := h.Handle(context.WithValue(t.Context(), invokedKey{}, v), req())
			if err = err2; err == nil {
				resp.Done(nil)
			}
		}()
		<-ended
		if !errors.Is(err, errSuspended) {
			return invocations, err
		}
	}
	t.Fatal("the execution does not end")
	return 0, nil
}

// TestLogDurable: of a work that several invocations do, each line is written once,
// and the idempotency key of the work is done once it ends.
func TestLogDurable(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for _, tt := range []struct {
		name    string
		suspend func() error
		durable *middleware.Durable
		err     error
		want    string
	}{
		{"by an error", func() error { return fmt.Errorf("wait: %w", errSuspended) }, ofTest(), nil,
			"begin charging charged resumed shipping shipped request"},
		{"by the end of the goroutine", func() error { runtime.Goexit(); return nil }, ofTest(), nil,
			"begin charging charged resumed shipping shipped request"},
		{"and it fails", func() error { return errSuspended }, ofTest(), boom,
			"begin charging charged resumed shipping shipped detail detail request"},
		{"nothing is known of it", func() error { return errSuspended }, nil, nil, "begin charging charged detail request " +
			"begin charged resumed shipping shipped detail detail request begin charged resumed shipped request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			logs, book := newLogs(func(o *middleware.LogOptions) { o.Durable, o.Buffer = tt.durable, 10_000 })
			log, w := logs.Logger(), newWorld(t)
			w.opts.Execution = func(ctx context.Context) string {
				if invokedOf(ctx) == nil {
					return ""
				}
				return "arn:execution"
			}
			charged, shipped := 0, 0
			h := handler.Chain(w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				v := invokedOf(ctx)
				log.InfoContext(ctx, "begin")
				v.step(func() string { log.InfoContext(ctx, "charging"); charged++; return "" })
				log.InfoContext(ctx, "charged")
				log.DebugContext(ctx, "detail")
				if err := v.wait(); err != nil {
					return nil, err
				}
				log.InfoContext(ctx, "resumed")
				v.step(func() string { log.InfoContext(ctx, "shipping"); shipped++; return "" })
				log.WarnContext(ctx, "shipped")
				log.DebugContext(ctx, "detail")
				if err := v.wait(); err != nil {
					return nil, err
				}
				if tt.err != nil {
					return nil, tt.err
				}
				return created(ctx, req)
			}), logs.Middleware())
			d := &durable{done: map[int]string{}, suspend: tt.suspend}
			invocations, err := d.invoke(t, h, func() *handler.Request { return place("k") })
			if invocations != 3 || !errors.Is(err, tt.err) || charged != 1 || shipped != 1 {
				t.Errorf("%d invocations, error %v, charged %d times, shipped %d times", invocations, err, charged, shipped)
			}
			var got []string
			for _, line := range book.lines(t) {
				got = append(got, line["msg"].(string))
			}
			if d := cmp.Diff(strings.Fields(tt.want), got); d != "" {
				t.Error(d)
			}
			if tt.err != nil {
				return
			}
			if a, err := handlertest.Do(t.Context(), h, place("k")); err != nil || a.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("again: %+v, %v", a, err)
			}
		})
	}
}

// ofTest tells of durable executions of these tests.
func ofTest() *middleware.Durable {
	return &middleware.Durable{
		Replaying: func(ctx context.Context) bool { return invokedOf(ctx).replaying() },
		Suspended: func(err error) bool { return errors.Is(err, errSuspended) },
	}
}

// TestLogDurableLogger: a logger that adds to its lines, and one outside of invocations,
// keep to it too.
func TestLogDurableLogger(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(func(o *middleware.LogOptions) {
		o.Durable, o.Sample, o.Random = ofTest(), 1, func() float64 { return 0 }
	})
	log := logs.Logger().With("k", 1).WithGroup("g")
	ctx := context.WithValue(t.Context(), invokedKey{}, &invoked{past: 1})
	if log.Enabled(ctx, slog.LevelError) {
		t.Error("enabled while it replays")
	}
	log.ErrorContext(ctx, "replayed")
	h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		log.DebugContext(ctx, "sampled")
		return &handler.Response{Status: 204}, nil
	}))
	if _, err := handlertest.Do(ctx, h, handlertest.Request("GET", "/")); err != nil {
		t.Fatal(err)
	}
	log.InfoContext(t.Context(), "another")
	var got []string
	for _, line := range book.lines(t) {
		got = append(got, line["msg"].(string))
	}
	// The work ends, which was not told before.
	if d := cmp.Diff([]string{"request", "another"}, got); d != "" {
		t.Error(d)
	}
}

// A line of a durable execution is written when it is logged first. The context of the
// durable SDK says whether the execution is replaying.
func ExampleDurable() {
	type execution struct{}
	logs := middleware.NewLogs(&middleware.LogOptions{
		Handler: slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}),
		Durable: &middleware.Durable{Replaying: func(ctx context.Context) bool {
			d, ok := ctx.Value(execution{}).(interface{ IsReplaying() bool })
			return ok && d.IsReplaying()
		}},
	})
	for _, replaying := range []replay{false, true} { // two invocations of one execution
		ctx := context.WithValue(context.Background(), execution{}, replaying)
		logs.Logger().InfoContext(ctx, "charged", "order", 7)
	}
	// Output: level=INFO msg=charged order=7
}

// replay is what the context of a durable SDK says.
type replay bool

func (r replay) IsReplaying() bool { return bool(r) }
