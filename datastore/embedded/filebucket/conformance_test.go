package filebucket_test

import (
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob/blobtest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

func TestConformanceMemory(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t testing.TB) *datastore.Data { return serve(t, filebucket.Memory(), nil) })
}

func TestConformanceFolder(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t testing.TB) *datastore.Data { return serve(t, filebucket.In(t.TempDir(), nil), nil) })
}

// serve is a Data with the driver, whose signed requests are served.
func serve(t testing.TB, driver *filebucket.Driver, opts *datastore.Options) *datastore.Data {
	t.Helper()
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	data := datastore.New([]datastore.Driver{driver}, opts)
	server := httptest.NewUnstartedServer(nil)
	handler, err := driver.Handler("http://"+server.Listener.Addr().String()+"/_blob", data)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	return data
}
