package appconfig_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// TestPromises: what is promised of a network that fails, on our own server, which takes
// no token twice: one whose answer is lost costs a session.
func TestPromises(t *testing.T) {
	faults.Promises[config.Reader[json.RawMessage]]{
		Serve: func(t *testing.T) (upstream, told string) {
			f, url := newFake(t, time.Now, 0)
			f.put(t, []byte("2"))
			return url, ""
		},
		Open: func(_ *testing.T, url, _ string, now func() time.Time) config.Reader[json.RawMessage] {
			return handle(iam.HTTPClientAt(now), url)
		},
		Operations: []faults.Operation[config.Reader[json.RawMessage]]{{Name: "Get", Do: get}},
	}.Run(t)
}
