// Package memorycache keeps caches in the memory of this process. It is for local
// runs and for tests, and the reference for what other drivers must do. Nothing
// outlives the process: a cache may lose everything at any time, so a program that
// minds has a mistake that this shows.
//
//	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
//
// Values expire by the clock of the [datastore.Data], and those that were not
// used for the longest time are evicted when there are too many.
package memorycache

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// DefaultMaxBytes is the default of [Options.MaxBytes].
const DefaultMaxBytes = 64 << 20

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// MaxBytes is how much the keys and values of all caches have at most,
	// together. Default: [DefaultMaxBytes].
	MaxBytes int
}

// Driver keeps caches in memory. It is safe for concurrent use.
type Driver struct{ engine *engine }

var _ cache.Driver = (*Driver)(nil)

// New is a Driver without values. opts may be nil.
func New(opts *Options) *Driver {
	size := DefaultMaxBytes
	if opts != nil && opts.MaxBytes > 0 {
		size = opts.MaxBytes
	}
	return &Driver{newEngine(size)}
}

// Kind is "cache".
func (d *Driver) Kind() string { return "cache" }

// Name is "memorycache".
func (d *Driver) Name() string { return "memorycache" }

// OpenCache implements [cache.Driver]. The caches of all Data share the memory.
func (d *Driver) OpenCache(_ context.Context, data *datastore.Data, _ cache.Spec) (cache.Conn, error) {
	return &conn{d.engine, data.Now}, nil
}
