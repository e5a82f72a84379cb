package datatest

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// Warehouse adds a driver of warehouses, such as sqlwarehouse.Over, in which faults can
// be made: by the operation, or by the call to the service, where "Execute" is that of
// Query, StartQuery, Run, Start and RunBatch, "Describe" that of State, and again and
// again of Query, Run and RunBatch until the statement has ended, and "Page" that of
// Rows, one for each page. Closing it is the caller's.
func Warehouse(driver warehouse.Driver) Option {
	return optionFunc(func(c *setup) { c.own = append(c.own, &warehouseDriver{Driver: driver}) })
}

// warehouseDriver is a driver with faults.
type warehouseDriver struct {
	warehouse.Driver
	faults faults
}

var (
	_ warehouse.Driver = (*warehouseDriver)(nil)
	_ faulty           = (*warehouseDriver)(nil)
)

func (d *warehouseDriver) faultList() *faults { return &d.faults }

func (d *warehouseDriver) OpenWarehouse(ctx context.Context, data *datastore.Data, spec warehouse.Spec) (warehouse.Conn, error) {
	conn, err := d.Driver.OpenWarehouse(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyWarehouse{conn, spec, &d.faults}, nil
}

// faultyWarehouse fails where the service is called.
type faultyWarehouse struct {
	conn   warehouse.Conn
	spec   warehouse.Spec
	faults *faults
}

func (f *faultyWarehouse) Execute(ctx context.Context, access warehouse.Access, e warehouse.Execution) (d warehouse.Description, err error) {
	err = f.faults.runCall(ctx, f.spec, "Execute", func() error {
		d, err = f.conn.Execute(ctx, access, e)
		return err
	})
	return d, err
}

func (f *faultyWarehouse) Describe(ctx context.Context, id warehouse.ID) (d warehouse.Description, err error) {
	err = f.faults.runCall(ctx, f.spec, "Describe", func() error {
		d, err = f.conn.Describe(ctx, id)
		return err
	})
	return d, err
}

func (f *faultyWarehouse) Page(ctx context.Context, id warehouse.ID, token string) (p warehouse.Page, err error) {
	err = f.faults.runCall(ctx, f.spec, "Page", func() error {
		p, err = f.conn.Page(ctx, id, token)
		return err
	})
	return p, err
}

func (f *faultyWarehouse) Cancel(ctx context.Context, id warehouse.ID) error {
	return f.faults.runCall(ctx, f.spec, "Cancel", func() error { return f.conn.Cancel(ctx, id) })
}
