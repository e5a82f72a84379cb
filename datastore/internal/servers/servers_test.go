package servers_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// recorder is a testing.TB that notes what would end the test.
type recorder struct {
	testing.TB
	outcome string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.outcome = "fail: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.outcome = "skip: " + fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestURL(t *testing.T) {
	for _, c := range []struct{ name, url, required, want string }{
		{"set", "http://127.0.0.1:1/", "", "http://127.0.0.1:1"},
		{"set and required", "http://127.0.0.1:1", "require", "http://127.0.0.1:1"},
		{"missing", "", "", "skip: TIERKIT_TEST_NONE is not set"},
		{"missing and required", "", "require", "fail: TIERKIT_TEST_NONE is not set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TIERKIT_TEST_NONE", c.url)
			t.Setenv(servers.Required, c.required)
			r := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				r.outcome = servers.URL(r, "TIERKIT_TEST_NONE")
			}()
			<-done
			if !strings.HasPrefix(r.outcome, c.want) {
				t.Errorf("URL = %q, want %q", r.outcome, c.want)
			}
		})
	}
}
