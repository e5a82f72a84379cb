package webservice_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// BenchmarkDriver is a call beside the standard client's: the same bytes of the request
// to the same server, the same limit of time, with the body read:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/vpc/webservice
//
// What the driver does beside costs 2 to 4 µs a call, whatever its server does: a look at
// the connection before the request goes out, the counts of the breaker, and the bodies
// in memory, of which the caller here reads one once more. Beside a client without a
// limit of time and without the header of the budget it is 4 to 8 µs.
func BenchmarkDriver(b *testing.B) {
	ctx, text := paired.Context(b), strings.Repeat("x", 1024)
	url := serve(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, text)
	}))
	driver := datastore.Use[service.Caller](function{}, service.New(onServer(url), "billing", nil))
	bare := &http.Client{Timeout: 5 * time.Second}
	withBudget := func(req *http.Request) (*http.Response, error) {
		req.Header.Set(service.BudgetHeader, strconv.FormatInt(bare.Timeout.Milliseconds(), 10))
		return bare.Do(req)
	}
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
		paired.Compare(b, name, send(withBudget, url+"/a"), send(driver.Do, "/a"))
	}
}
