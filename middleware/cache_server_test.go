package middleware_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestCacheOnRedis: of two sandboxes that share a server one runs the handler, and each
// answers with what the other has kept.
func TestCacheOnRedis(t *testing.T) {
	t.Parallel()
	url, namespace := serverURL(t, "TIERKIT_TEST_REDIS"), fmt.Sprintf("answers-%d", startedAt)
	var runs atomic.Int64
	slow := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		runs.Add(1)
		select {
		case <-time.After(100 * time.Millisecond): // longer than the others take to come
		case <-ctx.Done():
		}
		return &handler.Response{Body: []byte(req.Path())}, nil
	})
	var sandboxes []handler.Handler
	for range 2 {
		sandboxes = append(sandboxes, middleware.Cache(answersOf(redisSandbox(url, namespace)), time.Minute, nil)(slow))
	}
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			a, err := handlertest.Do(t.Context(), sandboxes[i%2], get("/a"))
			if err != nil || string(a.Body) != "/a" {
				t.Errorf("answered %q, %v", a.Body, err)
			}
		})
	}
	all.Wait()
	if n := runs.Load(); n != 1 {
		t.Errorf("the handler ran %d times, want once", n)
	}
	if err := answersOf(redisSandbox(url, namespace)).Delete(t.Context(), "none"); err != nil {
		t.Error(err)
	}
}
