package sqldb

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Product is a [Driver] of the databases of one product, which needs a configuration
// of type C to open them: that of the environment, or another one. Most code should not
// read on: it is what drivers are made of.
type Product[C any] struct {
	name      string
	engines   func(Spec) bool
	open      func(*Configured[C]) (Connector, error)
	configure func() (C, error)
}

// Configured is a database that is to be opened.
type Configured[C any] struct {
	Data *datastore.Data
	Spec Spec
	// Configure reads the configuration. It may be called again.
	Configure func() (C, error)
}

var (
	_ Driver            = (*Product[any])(nil)
	_ datastore.Chooser = (*Product[any])(nil)
)

// NewProduct is the driver called name of the databases for which engines is true.
// open connects to nothing. configure is called by open, or by what it opened.
func NewProduct[C any](name string, engines func(Spec) bool, open func(*Configured[C]) (Connector, error), configure func() (C, error)) *Product[C] {
	return &Product[C]{name, engines, open, configure}
}

// WithConfig is the driver with cfg, for tools that replace the configuration of the
// drivers they are given.
func (p *Product[C]) WithConfig(cfg C) datastore.Driver {
	return NewProduct(p.name, p.engines, p.open, func() (C, error) { return cfg, nil })
}

// Kind is "sqldb".
func (p *Product[C]) Kind() string { return "sqldb" }

// Name is that of the package.
func (p *Product[C]) Name() string { return p.name }

// Opens reports whether it is a database of the product.
func (p *Product[C]) Opens(spec datastore.Spec) bool {
	s, ok := spec.(Spec)
	return ok && p.engines(s)
}

// OpenDatabase implements [Driver].
func (p *Product[C]) OpenDatabase(_ context.Context, data *datastore.Data, spec Spec) (Connector, error) {
	return p.open(&Configured[C]{data, spec, p.configure})
}
