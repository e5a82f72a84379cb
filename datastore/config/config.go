// Package config is the store of settings that change without a deployment: a
// configuration profile of AWS AppConfig or a parameter of Systems Manager in AWS, a
// JSON file elsewhere.
//
//	type Limits struct {
//		PerMinute int  `json:"perMinute"`
//		Signup    bool `json:"signup"`
//	}
//
//	limits := datastore.Use[config.Reader[Limits]](api,
//		config.New(data, "limits", config.AppConfig, Limits{PerMinute: 60, Signup: true}, nil))
//	now, err := limits.Get(ctx)
//
// A configuration is one JSON document, read as encoding/json does into a type of the
// application; members that the type does not have are not read. What is given to
// [New] is the document that the template deploys and that counts on a machine where
// none was written. A type with a method Validate() error, by value or by pointer, has
// each document checked by it.
//
// # What is kept
//
// A document is fetched by the first Get and kept in the process for
// [Options.MaxAge]. The Get after that fetches it again, while others that come at
// the same time wait for the one fetch. Nothing runs in the background, so nothing
// happens while a function is frozen, and the first Get after a long freeze fetches.
// If that fails, for whatever reason, or the document is wrong, Get serves the last
// good one for up to [Options.MaxStale], asking the service again at most every ten
// seconds, and [Options.Log] is told.
//
// # Outcomes
//
// Only while nothing is kept:
//
//	no such parameter or profile, or nothing deployed  datastore.ErrNotFound; to clients it is 500, not 404
//	a document that does not fit, or is not valid      datastore.ErrCorrupt
//	a service that fails                               datastore.ErrUnavailable, datastore.ErrThrottled
//	no permission                                      datastore.ErrDenied
//
// And always:
//
//	a configuration that is declared wrongly           datastore.ErrDeclaration; nothing was sent
//	an operation the function was not granted          datastore.ErrDenied; nothing was sent
//
// What must not be seen by who may see the settings of a service is no configuration:
// see package secret. Everything here is safe for concurrent use.
package config

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Reader gives the document as T, which may be kept ([Options]). All who ask share
// it: what pointers, slices and maps of it lead to is not to be changed.
type Reader[T any] interface {
	Get(ctx context.Context) (T, error)
}

// bitGet is the place of the operation among the capabilities.
const bitGet datastore.Bit = 0

// Config is a declared configuration of type T. It is used through the handles that
// [datastore.Use] makes of it.
type Config[T any] struct{ state *state[T] }

// New declares the configuration called name that source keeps, with the document
// that it begins with. opts may be nil. Nothing is opened before the first Get. A
// source or options that are wrong, and an initial value that has no JSON, that is not
// valid or that is no document of its source, are declaration errors of data. Panics
// with a [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string, source Source, initial T, opts *Options) *Config[T] {
	return &Config[T]{newState(data, Spec{Logical: name, Source: source}, initial, opts)}
}

// Spec is a [Spec].
func (c *Config[T]) Spec() datastore.Spec { return c.state.Spec }

// Capabilities are [Reader] alone.
func (c *Config[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{bitGet: {Op: "Get", Type: reflect.TypeFor[Reader[T]]()}}
}

// Handle is for [datastore.Use].
func (c *Config[T]) Handle(g *datastore.Grant) any { return &granted[T]{c.state, g} }

var _ datastore.Store = (*Config[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state *state[T]
	grant *datastore.Grant
}

var _ Reader[struct{}] = (*granted[struct{}])(nil)

func (h *granted[T]) Get(ctx context.Context) (T, error) {
	return h.state.get(ctx, handle.Op{Grant: h.grant, Bit: bitGet, Name: "Get", Fallback: datastore.ErrUnavailable})
}

// Static is a configuration that never changes: for tests, and for settings that have
// no other place yet.
func Static[T any](value T) Reader[T] { return static[T]{value} }

type static[T any] struct{ value T }

func (s static[T]) Get(context.Context) (T, error) { return s.value, nil }
