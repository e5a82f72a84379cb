package datatest

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// Serve has h answer the calls to the declared service called name. Until then
// they answer [datastore.ErrUnavailable].
func Serve(t testing.TB, data *datastore.Data, name string, h http.Handler) {
	t.Helper()
	spec, err := specOf(data, "service "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[*serviceDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: service %s: its driver is none of this package's", name)
	}
	driver.Driver.Serve(name, h)
}

// serviceDriver has handlers in this process, with faults. A fault of a sentinel is
// that of the call; others are those of a connection, which the policy of the
// service may repeat.
type serviceDriver struct {
	*localservice.Driver
	faults faults
}

var (
	_ service.Driver = (*serviceDriver)(nil)
	_ faulty         = (*serviceDriver)(nil)
)

func (d *serviceDriver) faultList() *faults { return &d.faults }

func (d *serviceDriver) OpenService(ctx context.Context, data *datastore.Data, spec service.Spec) (service.Conn, error) {
	conn, err := d.Driver.OpenService(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyService{conn, spec, &d.faults}, nil
}

type faultyService struct {
	conn   service.Conn
	spec   service.Spec
	faults *faults
}

func (f *faultyService) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	err = f.faults.run(f.spec, "Do", func() error {
		resp, err = f.conn.RoundTrip(req)
		return err
	})
	if err != nil {
		return nil, final(err)
	}
	return resp, nil
}

// final is an error that the policy of the service leaves as the test says. One
// that is of no sentinel is a connection's.
func final(err error) error {
	if _, own := errors.AsType[*datastore.Error](err); own {
		return err
	}
	var kind interface {
		error
		StatusCode() int
	}
	if errors.As(err, &kind) {
		return &datastore.Error{Kind: kind, Err: err}
	}
	return err
}
