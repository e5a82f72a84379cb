package webservice_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// BenchmarkDriver is a call beside the standard client's, on the same request to the
// same server, with the body read:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/vpc/webservice
//
// A call costs 4 to 8 µs more, whatever its server does, which on the loopback to a
// server that does nothing is a tenth to a third. What it costs is what it promises: an
// end to each attempt (a timer), a look at the connection before the request goes out,
// the header of the budget, which the server here reads too, and the two bodies in
// memory, of which the caller here reads one once more.
func BenchmarkDriver(b *testing.B) {
	ctx, text := paired.Context(b), strings.Repeat("x", 1024)
	url := serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, text)
	}))
	driver := datastore.Use[service.Caller](function{}, service.New(onServer(url), "billing", nil))
	for name, body := range map[string]string{"get": "", "put": text} {
		send := func(do func(*http.Request) (*http.Response, error), url string) func() error {
			return func() error {
				req, err := http.NewRequestWithContext(ctx, strings.ToUpper(name), url, strings.NewReader(body))
				if err != nil {
					return err
				}
				resp, err := do(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				_, err = io.ReadAll(resp.Body)
				return err
			}
		}
		paired.Compare(b, name, send(new(http.Client).Do, url+"/a"), send(driver.Do, "/a"))
	}
}
