package middleware_test

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestBulkhead: so much is under way at once, so much waits, and the rest fails.
func TestBulkhead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts *middleware.BulkheadOptions
		work time.Duration // of each
		done int64         // of ten
		took time.Duration
	}{
		"as much waits as has room":   {nil, 100 * time.Millisecond, 4, 200 * time.Millisecond},
		"all wait":                    {&middleware.BulkheadOptions{Waiting: 8}, 100 * time.Millisecond, 10, 500 * time.Millisecond},
		"none waits":                  {&middleware.BulkheadOptions{Waiting: -1}, 100 * time.Millisecond, 2, 100 * time.Millisecond},
		"those in front are too slow": {&middleware.BulkheadOptions{Waiting: 8, Wait: 250 * time.Millisecond}, 100 * time.Millisecond, 6, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := middleware.NewBulkhead("reports", 2, tt.opts)
				var now, most, done, full atomic.Int64
				begun := time.Now()
				h := b.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
					most.Store(max(most.Load(), now.Add(1)))
					time.Sleep(tt.work)
					now.Add(-1)
					done.Add(1)
					return &handler.Response{}, nil
				}))
				var last atomic.Int64
				for range 10 {
					go func() {
						_, err := h.Handle(t.Context(), handlertest.Request("POST", "/"))
						if err == nil {
							last.Store(max(last.Load(), int64(time.Since(begun))))
						} else if e := handler.AsError(err); errors.Is(err, middleware.ErrBulkheadFull) && e.Status == 503 && e.Header.Get("Retry-After") != "" {
							full.Add(1)
						}
					}()
				}
				time.Sleep(time.Minute)
				if done.Load() != tt.done || full.Load() != 10-tt.done || most.Load() != 2 || last.Load() != int64(tt.took) {
					t.Errorf("%d done in %v, %d refused, %d at once; want %d in %v, %d, 2",
						done.Load(), time.Duration(last.Load()), full.Load(), most.Load(), tt.done, tt.took, 10-tt.done)
				}
			})
		})
	}
}

// TestBulkheadLeave: room is given back when work has ended, however it did, and by a
// stream after its last byte; who waits gives up when its caller does.
func TestBulkheadLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := middleware.NewBulkhead("reports", 1, nil)
		try := func(ctx context.Context, resp *handler.Response, err error) (*handler.Response, error) {
			return b.Middleware()(&steps{list: []step{func() (*handler.Response, error) { return resp, err }}}).Handle(ctx, handlertest.Request("GET", "/"))
		}
		if _, err := try(t.Context(), nil, io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error = %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_, _ = middleware.Guarded(t.Context(), func(context.Context) (int, error) { panic("oh") }, b)
		}()
		stream, err := try(t.Context(), &handler.Response{Stream: func(context.Context, io.Writer) error { return nil }}, nil)
		if err != nil {
			t.Fatalf("after an error and a panic: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		begun := time.Now()
		if _, err := try(ctx, &handler.Response{}, nil); !errors.Is(err, middleware.ErrBulkheadFull) || time.Since(begun) != 300*time.Millisecond {
			t.Errorf("during a stream: %v after %v, want a full bulkhead when its time is over", err, time.Since(begun))
		}
		stream.Done(nil)
		if _, err := try(t.Context(), &handler.Response{}, nil); err != nil {
			t.Errorf("after the stream: %v", err)
		}
	})
}
