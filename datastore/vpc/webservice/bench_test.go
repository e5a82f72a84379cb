package webservice_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// BenchmarkGet compares a call with the standard client's on the same request to
// the same server, both with the body read:
//
//	go test -run '^$' -bench . ./datastore/vpc/webservice
func BenchmarkGet(b *testing.B) {
	text := strings.Repeat("x", 1024)
	url := serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
	read := func(b *testing.B, do func(*http.Request) (*http.Response, error), url string) {
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
			if err != nil {
				b.Fatal(err)
			}
			resp, err := do(req)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	}
	b.Run("client", func(b *testing.B) { read(b, new(http.Client).Do, url+"/a") })
	b.Run("driver", func(b *testing.B) {
		read(b, datastore.Use[service.Caller](function{}, service.New(onServer(url), "billing", nil)).Do, "/a")
	})
}
