package table_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// reading is a driver that notes which reads are consistent.
type reading struct {
	*filetable.Driver
	seen []bool
}

type readingConn struct {
	table.Conn
	driver *reading
}

func (r *reading) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	conn, err := r.Driver.OpenTable(ctx, data, spec)
	return &readingConn{conn, r}, err
}

func (c *readingConn) Get(ctx context.Context, key table.Attributes, read table.Read) (table.Attributes, error) {
	c.driver.seen = append(c.driver.seen, read.Consistent)
	return c.Conn.Get(ctx, key, read)
}

func (c *readingConn) GetMany(ctx context.Context, keys []table.Attributes, read table.Read) ([]table.Attributes, error) {
	c.driver.seen = append(c.driver.seen, read.Consistent)
	return c.Conn.GetMany(ctx, keys, read)
}

func (c *readingConn) Query(ctx context.Context, q table.PageQuery) (table.PageResult, error) {
	c.driver.seen = append(c.driver.seen, q.Consistent)
	return c.Conn.Query(ctx, q)
}

// TestConsistentReachesTheDriver: an embedded table is always consistent, so only
// the driver can tell.
func TestConsistentReachesTheDriver(t *testing.T) {
	t.Parallel()
	driver := &reading{Driver: filetable.Memory()}
	data := datastore.New([]datastore.Driver{driver}, nil)
	items := datastore.Use[interface {
		table.Getter[base]
		table.ManyGetter[base]
		table.Querier[base]
	}](&function{}, table.New[base](data, "items"))
	ctx, key := t.Context(), table.PK("1")
	_, _ = items.Get(ctx, key)
	_, _ = items.Get(ctx, key, table.Consistent())
	_, _ = items.GetMany(ctx, []table.Key{key})
	_, _ = items.GetMany(ctx, []table.Key{key}, table.Consistent())
	_, _ = items.Query(ctx, table.Query{Key: key})
	_, _ = items.Query(ctx, table.Query{Key: key, Consistent: true})
	if diff := cmp.Diff([]bool{false, true, false, true, false, true}, driver.seen); diff != "" {
		t.Errorf("reads that the driver was asked to make consistent (-want +got):\n%s", diff)
	}
}
