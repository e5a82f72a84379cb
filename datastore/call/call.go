// Package call is the call of another function: AWS Lambda in AWS, the program's
// own functions elsewhere.
//
//	type resizer interface { // what this function may do, and no more
//		call.Caller[Image, Thumbnail]
//	}
//
//	resize := datastore.Use[resizer](api, call.New[Image, Thumbnail](data, "resize"))
//	thumb, err := resize.Call(ctx, image)
//	if remote, ok := errors.AsType[*call.RemoteError](err); ok {
//		// the function ran, and failed: remote.Type says how
//	}
//
// What is sent and answered is JSON, as encoding/json writes it but without
// escaping HTML. A []byte is JSON already, and is sent and answered as it is.
// struct{} as In sends {}, as Out takes any answer.
//
// A function that is called has a deadline of its own: Lambda tells it nothing of
// the caller's context, and it runs on when that ends. A call whose answer was lost
// is not repeated, because the function may have done its work:
// datastore.ErrUnknown, unless the function is declared [Idempotent].
//
// # Outcomes
//
//	the function failed, or ran out of time      datastore.ErrUnknown with a [*RemoteError]: what it did until then is not known
//	an answer that was lost                      datastore.ErrUnknown
//	an answer that does not fit Out              datastore.ErrCorrupt
//	a payload over 6 MB, of Start over 1 MB      datastore.ErrTooLarge; nothing was sent
//	too many calls, no concurrency left          datastore.ErrThrottled; the function did not run
//	no such function                             datastore.ErrUnavailable
//	an operation the function was not granted    datastore.ErrDenied; nothing was sent
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-invocation.html
package call

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Caller calls the function and waits for its answer, as long as ctx has time. A
// function that fails answers a [*RemoteError] in an error of kind
// [datastore.ErrUnknown].
type Caller[In, Out any] interface {
	Call(ctx context.Context, in In) (Out, error)
}

// Starter has the function called later and does not wait for it. AWS tries it
// three times in all, with pauses of minutes, and keeps no answer; it may run twice
// for one Start.
type Starter[In any] interface {
	Start(ctx context.Context, in In) error
}

// The places of the operations among the capabilities.
const (
	bitCall datastore.Bit = iota
	bitStart
)

// Function is a declared function that others call. It is used through the handles
// that [datastore.Use] makes of it.
type Function[In, Out any] struct{ state *state }

// New names the function to call. Mistakes in the name and the options are
// declaration errors of data, and every operation answers them as
// [datastore.ErrDeclaration]. Nothing is opened before the first operation. Panics
// with a [*datastore.DeclarationError] if data is nil.
func New[In, Out any](data *datastore.Data, name string, opts ...Option) *Function[In, Out] {
	return &Function[In, Out]{newState(data, name, opts)}
}

// Spec is a [Spec].
func (f *Function[In, Out]) Spec() datastore.Spec { return f.state.Spec }

// Capabilities are [Caller] and [Starter].
func (f *Function[In, Out]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitCall:  {Op: "Call", Type: reflect.TypeFor[Caller[In, Out]]()},
		bitStart: {Op: "Start", Type: reflect.TypeFor[Starter[In]]()},
	}
}

// Handle is for [datastore.Use].
func (f *Function[In, Out]) Handle(g *datastore.Grant) any { return &granted[In, Out]{f.state, g} }

var _ datastore.Store = (*Function[struct{}, struct{}])(nil)

// granted has the operations of one grant.
type granted[In, Out any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Caller[struct{}, struct{}] = (*granted[struct{}, struct{}])(nil)
	_ Starter[struct{}]          = (*granted[struct{}, struct{}])(nil)
)

func (h *granted[In, Out]) Call(ctx context.Context, in In) (out Out, err error) {
	if err := h.state.call(ctx, h.op(bitCall, "Call"), in, &out); err != nil {
		var none Out
		return none, err
	}
	return out, nil
}

func (h *granted[In, Out]) Start(ctx context.Context, in In) error {
	return h.state.start(ctx, h.op(bitStart, "Start"), in)
}

func (h *granted[In, Out]) op(bit datastore.Bit, name string) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: datastore.ErrUnknown}
}
