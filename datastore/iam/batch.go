package iam

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
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

// Answer is what a service answered about the items of a batch, by the numbers
// with which they were given to send. What it does not mention may or may not have
// been done.
type Answer struct {
	done   []bool
	failed []Failed
}

// Done says that an item was done.
func (a *Answer) Done(item int) {
	if item >= 0 && item < len(a.done) {
		a.done[item] = true
	}
}

// Failed says that an item failed.
func (a *Answer) Failed(f Failed) {
	if f.Item >= 0 && f.Item < len(a.done) {
		a.failed = append(a.failed, f)
	}
}

// byItem are those that failed, nil if none did.
func (a *Answer) byItem() map[int]*Failed {
	if len(a.failed) == 0 {
		return nil
	}
	failed := make(map[int]*Failed, len(a.failed))
	for i := range a.failed {
		failed[a.failed[i].Item] = &a.failed[i]
	}
	return failed
}

// Took says that the entry of a request was done, and puts the id that the service gave
// it into ids, at the place of its item.
func (a *Answer) Took(ids []string, entry, id *string) {
	if item := itemOf(entry); item >= 0 && item < len(ids) {
		ids[item] = aws.ToString(id)
		a.Done(item)
	}
}

// Refused says that the entry of a request failed.
func (a *Answer) Refused(entry, code, message *string, sender bool) {
	a.Failed(Failed{Item: itemOf(entry), Code: aws.ToString(code), Message: aws.ToString(message), Sender: sender})
}

// EntryID is the id by which a request calls an item.
func EntryID(item int) *string {
	if item < len(entryIDs) {
		return &entryIDs[item]
	}
	id := strconv.Itoa(item)
	return &id
}

// entryIDs are those of the services that take 10 items.
var entryIDs = [...]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

// itemOf is the item that an entry's id is of, -1 for none.
func itemOf(id *string) int {
	if id == nil {
		return -1
	}
	item, err := strconv.Atoi(*id)
	if err != nil {
		return -1
	}
	return item
}

// Chosen are the entries of those items.
func Chosen[E any](all []E, items []int) []E {
	if len(items) == len(all) {
		return all
	}
	list := make([]E, len(items))
	for i, item := range items {
		list[i] = all[item]
	}
	return list
}

// Batch sends the n items of a batch by the rules of Do, those that failed for a
// passing reason again. send is given the numbers of the items that are left. The
// error is nil, a [*datastore.PartialError] with the items that failed for good, or
// the one of all items if none was answered.
//
// Whether an item that failed inside the service was done is not known; it is
// sent again only if the call is repeatable.
//
// [*datastore.PartialError]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#PartialError
func (r *Retry) Batch(ctx context.Context, c Call, n int, send func(ctx context.Context, left []int, a *Answer) error) error {
	b := batch{call: c, left: make([]int, n), lost: make([]bool, n)}
	for i := range b.left {
		b.left[i] = i
	}
	err := r.rules.Do(ctx, c.rules(), func(ctx context.Context) *retry.Fault {
		b.tries++
		a := Answer{done: make([]bool, n)}
		f := c.attempt(ctx, func(ctx context.Context) error { return send(ctx, b.left, &a) })
		if f == nil {
			return b.sort(&a)
		}
		if f.Lost {
			for _, item := range b.left {
				b.lost[item] = true
			}
		}
		return f
	})
	return b.outcome(n, err)
}

// batch is what became of the items so far.
type batch struct {
	call     Call
	left     []int                 // may still be done, in order
	lost     []bool                // by item: an attempt may have done it
	failed   []datastore.ItemError // for good
	reasons  map[int]retry.Fault   // of those that are left
	tries    int
	answered bool // one of them was
}

var errUnmentioned = errors.New("the answer does not mention the item")

// sort tells the items that are sent again from those that are not. It answers
// what the attempt as a whole means: nil if none is left.
func (b *batch) sort(a *Answer) *retry.Fault {
	failed := a.byItem()
	sent := b.left
	order := orderOf(b.call.Group, sent, func(item int) bool { return a.done[item] && failed[item] == nil })
	b.left, b.reasons = nil, nil
	b.answered = true
	var last retry.Fault // of those that are left
	for _, item := range sent {
		var f retry.Fault
		switch {
		case failed[item] != nil:
			f = b.faultOf(failed[item])
		case a.done[item]:
			continue
		default:
			f = retry.Fault{Err: errUnmentioned, Kind: datastore.ErrUnavailable, Retry: true, Lost: true}
		}
		b.lost[item] = b.lost[item] || f.Lost
		if broken := order.broken(item); broken != nil {
			f.Err, f.Retry = fmt.Errorf("%w: %w", broken, f.Err), false
		}
		if !f.Retry || f.Lost && !b.call.Repeatable {
			order.failed(item)
			b.fail(item, f, b.tries)
			continue
		}
		if b.reasons == nil {
			b.reasons = map[int]retry.Fault{}
		}
		b.left, b.reasons[item] = append(b.left, item), f
		last = f
	}
	if len(b.left) == 0 {
		return nil
	}
	whole := last
	whole.Progress, whole.Lost = len(b.left) < len(sent), false // each item has its own
	return &whole
}

func (b *batch) faultOf(f *Failed) retry.Fault {
	fault := codeFault(f.Code, 0, b.call.Special)
	if fault.Lost && f.Sender {
		fault = retry.Fault{Kind: errRefused}
	}
	fault.Code, fault.Err = f.Code, f
	return fault
}

func (b *batch) fail(item int, f retry.Fault, attempts int) {
	if b.lost[item] && b.call.Write {
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
	case !b.answered:
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
	if answered && (errors.As(err, &other) || errors.Is(err, errUnmentioned)) {
		b.fail(item, own, whole.Attempts)
		return
	}
	if whole != nil && b.lost[item] && b.call.Write {
		unknown := *whole
		unknown.Kind = datastore.ErrUnknown
		err = &unknown
	}
	b.failed = append(b.failed, datastore.ItemError{Index: item, Err: err})
}
