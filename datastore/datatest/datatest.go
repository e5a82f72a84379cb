// Package datatest gives tests a [datastore.Data] whose stores are in memory,
// with items put there and faults made to happen.
//
//	func TestGet(t *testing.T) {
//		data := datatest.New(t)
//		app := newApp(data)
//		datatest.Seed(t, data, "orders", Order{ID: "1"})
//		...
//		datatest.Fail(t, data, datatest.Fault{Store: "table orders", Op: "Get", Err: datastore.ErrThrottled})
//		...
//	}
//
// Nothing here is random: the clock stands still until the test moves it, and
// random bytes are the same in each run.
package datatest

import (
	"context"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
)

// start is what the clock of a Data says, unless [Now] sets another.
var start = time.Date(2030, time.January, 2, 3, 4, 5, 0, time.UTC)

// Option changes what [New] makes.
type Option interface{ apply(*setup) }

type setup struct {
	drivers []datastore.Driver
	own     []datastore.Driver // each [faulty]
	opts    datastore.Options
	faults  []*faults // of drivers that options have added
}

type optionFunc func(*setup)

func (f optionFunc) apply(c *setup) { f(c) }

// With adds drivers, which count before those of this package: for kinds that
// it has none for. Faults cannot be made in their stores.
func With(drivers ...datastore.Driver) Option {
	return optionFunc(func(c *setup) { c.drivers = append(c.drivers, drivers...) })
}

// Now sets the clock. Default: it always says 2 January 2030, 03:04:05 UTC.
func Now(now func() time.Time) Option {
	return optionFunc(func(c *setup) { c.opts.Now = now })
}

// Observe adds an observer of all operations. Of several each is told.
func Observe(o datastore.Observer) Option {
	return optionFunc(func(c *setup) { c.opts.Observe = both(c.opts.Observe, o) })
}

// both tell an operation to first and then to second.
func both(first, second datastore.Observer) datastore.Observer {
	if first == nil {
		return second
	}
	return func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
		ctx, one := first(ctx, op)
		ctx, two := second(ctx, op)
		return ctx, func(err error) {
			for _, done := range []func(error){two, one} {
				if done != nil {
					done(err)
				}
			}
		}
	}
}

// Namespace sets the App's name. Default: none.
func Namespace(name string) Option {
	return optionFunc(func(c *setup) { c.opts.Namespace = name })
}

// New is a Data with empty stores in memory. When the test ends, faults that did
// not happen fail it, and so do mistakes in the declarations made on the Data:
// a test of such mistakes uses [datastore.New].
func New(t testing.TB, opts ...Option) *datastore.Data {
	t.Helper()
	c := setup{opts: datastore.Options{
		Now:  func() time.Time { return start },
		Rand: &lockedReader{r: rand.NewChaCha8([32]byte{})},
	}}
	for _, o := range opts {
		o.apply(&c)
	}
	c.opts.Observe = both(c.opts.Observe, withOperation)
	own := append(c.own, drivers()...)
	data := datastore.New(append(c.drivers, own...), &c.opts)
	t.Cleanup(func() {
		for _, err := range data.Errs() {
			t.Errorf("declaration: %v", err)
		}
		lists := c.faults
		for _, driver := range own {
			lists = append(lists, driver.(faulty).faultList())
		}
		for _, list := range lists {
			for _, wrong := range list.left() {
				t.Errorf("datatest: %s", wrong)
			}
		}
	})
	return data
}

// drivers are one a kind, each [faulty].
func drivers() []datastore.Driver {
	return []datastore.Driver{
		&blobDriver{Driver: filebucket.Memory()},
		&cacheDriver{Driver: memorycache.New(nil)},
		&configDriver{Driver: fileconfig.Memory()},
		&connectionDriver{Hub: localsocket.NewHub()},
		&identityDriver{Driver: localidentity.Memory(&localidentity.Options{Guests: true})},
		&keyDriver{Driver: filekey.Memory()},
		&searchDriver{Driver: filesearch.Memory()},
		&secretDriver{Driver: filesecret.Memory()},
		&serviceDriver{Driver: localservice.New(nil)},
		newCallDriver(),
		newTopicDriver(),
		&queueDriver{Driver: memoryqueue.New()},
		&streamDriver{Driver: memorystream.New()},
		&tableDriver{Driver: filetable.Memory()},
	}
}

// lockedReader is a reader that several goroutines may use.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
