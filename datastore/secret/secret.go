// Package secret is the store of single values that nobody else may see: AWS
// Secrets Manager and the parameters of Systems Manager in AWS, an encrypted file
// elsewhere.
//
//	type Stripe struct {
//		Key     secret.Text `json:"key"`
//		Webhook secret.Text `json:"webhook"`
//	}
//
//	keys := datastore.Use[secret.Getter[Stripe]](api, secret.New[Stripe](data, "stripe", secret.Manager, nil))
//	stripe, err := keys.Get(ctx)
//	charge(string(stripe.Key))
//
// Types of kind string, such as [Text], have the value as text, []byte has its
// bytes, and every other type is read from JSON as encoding/json does. [Text] does
// not show itself where it is printed or logged.
//
// # What is kept
//
// A value is fetched by the first Get and kept in the process for
// [Options.MaxAge]. The Get after that fetches it again, while others that come
// at the same time wait for the one fetch. Nothing runs in the background, so
// nothing happens while a function is frozen, and the first Get after a long
// freeze fetches. If the service cannot be reached, throttles or leaves no time,
// Get serves what it has for up to [Options.MaxStale], asking the service again
// at most every ten seconds. A secret that was deleted or denied is not served.
//
// # Outcomes
//
//	no such secret, or none before the current value    datastore.ErrNotFound; to clients it is 500, not 404
//	a value that does not fit T                         datastore.ErrCorrupt, without the value
//	a secret that is declared wrongly                   datastore.ErrDeclaration; nothing was sent
//	an operation the function was not granted           datastore.ErrDenied; nothing was sent
//	a service that fails, with nothing kept             datastore.ErrUnavailable, datastore.ErrThrottled
//
// No error has a value or a part of one in its text or below it.
//
// Everything here is safe for concurrent use.
package secret

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Getter gives the current value, which may be kept ([Options]).
type Getter[T any] interface {
	Get(ctx context.Context) (T, error)
}

// Fresher gives the current value as the service has it now, and has Get serve
// that from then on. It is for a value that was refused. It is never served from
// what is kept, and calls at the same time share one fetch.
type Fresher[T any] interface {
	Fresh(ctx context.Context) (T, error)
}

// Previous gives the value before the current one, kept like that, which what was
// signed with it can still be checked by. Without one it answers
// [datastore.ErrNotFound].
type Previous[T any] interface {
	Previous(ctx context.Context) (T, error)
}

// Versioner tells which version of the value Get gives: the version id of Secrets
// Manager, the number of a parameter. It is no secret.
type Versioner interface {
	Version(ctx context.Context) (string, error)
}

// The places of the operations among the capabilities.
const (
	bitGet datastore.Bit = iota
	bitFresh
	bitPrevious
	bitVersion
)

// Secret is a declared secret of type T. It is used through the handles that
// [datastore.Use] makes of it.
type Secret[T any] struct {
	state  *state
	decode decoder[T]
}

// New declares the secret called name that source keeps. opts may be nil. Nothing
// is opened before the first operation. A source or options that are wrong, and a
// T that has no JSON, are declaration errors of data. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string, source Source, opts *Options) *Secret[T] {
	decode, err := decoderOf[T]()
	return &Secret[T]{newState(data, Spec{Logical: name, Source: source}, opts, decode.fetched, err), decode}
}

// Spec is a [Spec].
func (s *Secret[T]) Spec() datastore.Spec { return s.state.Spec }

// Capabilities are [Getter], [Fresher], [Previous] and [Versioner].
func (s *Secret[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitGet:      {Op: "Get", Type: reflect.TypeFor[Getter[T]]()},
		bitFresh:    {Op: "Fresh", Type: reflect.TypeFor[Fresher[T]]()},
		bitPrevious: {Op: "Previous", Type: reflect.TypeFor[Previous[T]]()},
		bitVersion:  {Op: "Version", Type: reflect.TypeFor[Versioner]()},
	}
}

// Handle is for [datastore.Use].
func (s *Secret[T]) Handle(g *datastore.Grant) any { return &granted[T]{s.state, g, s.decode} }

var _ datastore.Store = (*Secret[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state  *state
	grant  *datastore.Grant
	decode decoder[T]
}

var (
	_ Getter[struct{}]   = (*granted[struct{}])(nil)
	_ Fresher[struct{}]  = (*granted[struct{}])(nil)
	_ Previous[struct{}] = (*granted[struct{}])(nil)
	_ Versioner          = (*granted[struct{}])(nil)
)

func (h *granted[T]) Get(ctx context.Context) (T, error) {
	return h.value(h.state.read(ctx, h.op(bitGet, "Get"), Current, false))
}

func (h *granted[T]) Fresh(ctx context.Context) (T, error) {
	return h.value(h.state.read(ctx, h.op(bitFresh, "Fresh"), Current, true))
}

func (h *granted[T]) Previous(ctx context.Context) (T, error) {
	return h.value(h.state.read(ctx, h.op(bitPrevious, "Previous"), Before, false))
}

func (h *granted[T]) Version(ctx context.Context) (string, error) {
	kept, err := h.state.read(ctx, h.op(bitVersion, "Version"), Current, false)
	if err != nil {
		return "", err
	}
	return kept.version, nil
}

func (h *granted[T]) value(kept *kept, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return h.decode.of(kept), nil
}

func (h *granted[T]) op(bit datastore.Bit, name string) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnavailable}
}
