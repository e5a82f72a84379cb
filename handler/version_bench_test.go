package handler_test

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// BenchmarkVersions is what choosing a version and telling of it costs.
func BenchmarkVersions(b *testing.B) {
	for name, c := range map[string]struct {
		v      handler.Versions
		header [2]string
	}{
		"header":     {handler.Versions{Releases: releases(), Header: "Api-Version"}, [2]string{"Api-Version", "2"}},
		"media type": {handler.Versions{Releases: releases(), MediaType: "application/vnd.shop"}, [2]string{"Accept", "application/vnd.shop.v2+json"}},
		"deprecated": {handler.Versions{Releases: releases(), Header: "Api-Version"}, [2]string{"Api-Version", "1"}},
	} {
		b.Run(name, func(b *testing.B) {
			h := versioned(b, c.v)
			req := handlertest.Request("GET", "/x", handlertest.Header(c.header[0], c.header[1]))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Handle(context.Background(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
