// Package memorystream keeps streams in this process, and is the reference for the
// other drivers of package stream. It needs no server and nothing but the standard
// library.
//
//	streams := memorystream.New()
//	data := datastore.New([]datastore.Driver{streams}, nil)
//	clicks := streams.Stream(data, spec) // for who follows it
//	it := clicks.Iterator(0, memorystream.Start{})
//	batch, err := it.Next(ctx, memorystream.Batch{Max: 100})
//
// A record goes to the shard in whose range of hash keys the MD5 of its partition
// key is, as in Kinesis; the shards are of equal size, and a stream without a
// declared number of them has four. There is no throttling. Records are kept as
// long as declared, by the clock of the [datastore.Data], and end with the process.
//
// See https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
package memorystream

import (
	"context"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// onDemand is how many shards AWS gives a stream that has as many as it needs, to
// begin with.
const onDemand = 4

// Driver keeps streams. Those of the same namespace and name are the same. It is
// safe for concurrent use.
type Driver struct {
	mu      sync.Mutex
	streams map[place]*Stream
}

type place struct{ namespace, name string }

var _ stream.Driver = (*Driver)(nil)

// New is a Driver without streams.
func New() *Driver { return &Driver{streams: map[place]*Stream{}} }

// Kind is "stream".
func (d *Driver) Kind() string { return "stream" }

// Name is "memorystream".
func (d *Driver) Name() string { return "memorystream" }

// OpenStream is for package stream.
func (d *Driver) OpenStream(_ context.Context, data *datastore.Data, spec stream.Spec) (stream.Conn, error) {
	return d.Stream(data, spec), nil
}

// Stream is the stream that data declares by spec, made if it is not there yet.
func (d *Driver) Stream(data *datastore.Data, spec stream.Spec) *Stream {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := place{data.Namespace(), spec.Logical}
	s := d.streams[at]
	if s == nil {
		s = newStream(spec, data.Now)
		d.streams[at] = s
	}
	return s
}
