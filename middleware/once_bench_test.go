package middleware_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// BenchmarkOnce is what Once costs beside the bare handler, with a table in memory,
// whose two writes are measured by themselves: that is what a handler would do that
// marks by hand.
func BenchmarkOnce(b *testing.B) {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	marks := datastore.Use[middleware.Marks](function{}, table.New[middleware.Mark](data, "marks"))
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 201, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"id":"1"}`)}, nil
	})
	once := middleware.Once(marks, nil)(bare)
	key := 0
	fresh := func() string { key++; return strconv.Itoa(key) }
	run := func(name string, h handler.Handler, key func() string, record bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, req := b.Context(), place("")
				if record {
					r := message(key())
					ctx = datastore.WithRecord(ctx, &r)
				} else {
					req = place(key())
				}
				if _, err := handlertest.Do(ctx, h, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare/request", bare, fresh, false)
	run("once/new request", once, fresh, false)
	run("once/replayed request", once, func() string { return "same" }, false)
	run("once/no key", once, func() string { return "" }, false)
	run("bare/record", bare, fresh, true)
	run("once/new record", once, fresh, true)
	run("once/skipped record", once, func() string { return "same" }, true)
	b.Run("two writes", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := middleware.Mark{Key: fresh(), Owner: "o", State: middleware.MarkRunning, Runs: 1}
			for range 2 {
				if _, err := marks.Put(b.Context(), m, table.Or(table.NotExists("key"), table.Eq("owner", m.Owner))); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
