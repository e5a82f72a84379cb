package iam

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/retry"
)

// Failed is an item of a batch that a service answered with an error, in an
// answer that is a success otherwise.
type Failed struct {
	Item    int    // as it was given to send
	Code    string // of the service
	Message string // of the service; never an item's content
	Sender  bool   // the service says that the request is at fault
}

// Error is the code, and the text of the service.
func (f *Failed) Error() string { return f.Code + ": " + f.Message }

// Batch sends the n items of a batch by the rules of Do, those that failed for a
// passing reason again. send is given the numbers of the items that are left and
// answers those that failed. The error is nil, a [*datastore.PartialError] with
// the items that failed for good, or the one of all items if none was done.
//
// Whether an item that failed inside the service was done is not known; it is
// sent again only if the call is repeatable.
//
// [*datastore.PartialError]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#PartialError
func (r *Retry) Batch(ctx context.Context, c Call, n int, send func(ctx context.Context, left []int) ([]Failed, error)) error {
	b := batch{call: c, left: make([]int, n)}
	for i := range b.left {
		b.left[i] = i
	}
	err := r.do(ctx, c, func(ctx context.Context) (*retry.Fault, error) {
		failed, err := send(ctx, b.left)
		if err != nil {
			return nil, err
		}
		return b.sort(failed), nil
	})
	return b.outcome(n, err)
}

// batch is what became of the items so far.
type batch struct {
	call    Call
	left    []int                 // may still be done
	failed  []datastore.ItemError // for good
	reasons map[int]retry.Fault   // of those that are left
}

// sort tells the items that are sent again from those that are not. It answers
// what the attempt as a whole means: nil if none is left.
func (b *batch) sort(failed []Failed) *retry.Fault {
	before := len(b.left)
	b.left, b.reasons = b.left[:0:0], make(map[int]retry.Fault, len(failed))
	var whole *retry.Fault
	for i := range failed {
		f := codeFault(failed[i].Code, 0, b.call.Special)
		if f.Lost && failed[i].Sender {
			f = retry.Fault{Kind: errRefused}
		}
		f.Code, f.Err = failed[i].Code, &failed[i]
		if f.Retry && (!f.Lost || b.call.Repeatable) {
			b.left = append(b.left, failed[i].Item)
			b.reasons[failed[i].Item] = f
			whole = &f
			continue
		}
		b.fail(failed[i].Item, f, 1)
	}
	if whole != nil {
		own := *whole
		own.Progress, own.Lost = len(failed) < before, false // each item has its own Lost
		return &own
	}
	return nil
}

func (b *batch) fail(item int, f retry.Fault, attempts int) {
	if f.Lost && b.call.Write {
		f.Kind = datastore.ErrUnknown
	}
	b.failed = append(b.failed, datastore.ItemError{Index: item, Err: &datastore.Error{
		Kind: f.Kind, Code: f.Code, Attempts: attempts, Err: f.Err,
	}})
}

// outcome is the error of the batch of n items, of which err ended the attempts.
func (b *batch) outcome(n int, err error) error {
	if err != nil {
		for _, item := range b.left {
			b.leave(item, err)
		}
	}
	switch {
	case len(b.failed) == 0:
		return nil
	case len(b.reasons) == 0 && len(b.left) == n:
		return err
	}
	slices.SortFunc(b.failed, func(x, y datastore.ItemError) int { return cmp.Compare(x.Index, y.Index) })
	return &datastore.PartialError{Failed: b.failed}
}

// leave gives up an item that would have been sent again. Its own reason counts
// where the attempts ended for the reason of another item.
func (b *batch) leave(item int, err error) {
	whole, _ := errors.AsType[*datastore.Error](err)
	own, answered := b.reasons[item]
	var other *Failed
	if answered && errors.As(err, &other) {
		b.fail(item, own, whole.Attempts)
		return
	}
	b.failed = append(b.failed, datastore.ItemError{Index: item, Err: err})
}
