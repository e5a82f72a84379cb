package message

import (
	"cmp"
	"errors"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Limits of one request of a service that takes several items.
type Limits struct {
	Items int // at most
	Bytes int // of all items together at most
}

// full reports whether a request of n items and so many bytes has no room for one
// of size bytes. One item always has.
func (l Limits) full(n, bytes, size int) bool {
	return n == l.Items || n > 0 && bytes+size > l.Bytes
}

// errNotSent is the cause of items that were not sent because of others.
var errNotSent = errors.New("not sent: items before it failed")

// Batch is items that are sent in requests of limited size, and what became of
// them, each at the caller's place.
type Batch[M, R any] struct {
	Limits Limits
	// Size of an item, as the service counts it.
	Size func(M) int
	// Send sends one request. Its error is a [*datastore.PartialError] if only
	// some items failed; any other is one of them all.
	Send func([]M) ([]R, error)
	// After, if set, names what an item must not be sent without: items that
	// were not sent yet are not if one of the same name has failed. "" is none.
	After func(M) string

	results []R
	partial datastore.PartialError
	failed  map[string]bool
}

// Run sends the items one request after the other. The results are those of the
// items at the same places, zero where one failed. The error is nil or a
// [*datastore.PartialError] in the order of the items. Once a request failed as a
// whole, no other is sent.
func (b *Batch[M, R]) Run(items []M) ([]R, error) {
	places := make([]int, 0, min(len(items), b.Limits.Items)) // of the items of a request
	var stop error
	for next := 0; next < len(items); {
		places = places[:0]
		for bytes := 0; next < len(items); next++ {
			if err := b.held(items[next], stop); err != nil {
				b.fail(next, items[next], err)
				continue
			}
			size := b.Size(items[next])
			if b.Limits.full(len(places), bytes, size) {
				break
			}
			places, bytes = append(places, next), bytes+size
		}
		if len(places) > 0 {
			stop = b.send(at(items, places), places, len(items))
		}
	}
	if b.results == nil {
		b.results = make([]R, len(items))
	}
	if len(b.partial.Failed) == 0 {
		return b.results, nil
	}
	slices.SortFunc(b.partial.Failed, func(x, y datastore.ItemError) int { return cmp.Compare(x.Index, y.Index) })
	return b.results, &b.partial
}

// at are the items at those places: copies only if they do not lie side by side.
func at[M any](items []M, places []int) []M {
	first, after := places[0], places[len(places)-1]+1
	if after-first == len(places) {
		return items[first:after:after]
	}
	list := make([]M, len(places))
	for i, place := range places {
		list[i] = items[place]
	}
	return list
}

// held says why an item is not sent.
func (b *Batch[M, R]) held(m M, stop error) error {
	if stop != nil {
		return stop
	}
	if b.After != nil && b.failed[b.After(m)] {
		return &datastore.Error{Kind: datastore.ErrUnavailable, Err: errNotSent}
	}
	return nil
}

// send sends one request with some of all items. Its error is the one of the items
// that come after it.
func (b *Batch[M, R]) send(request []M, places []int, all int) error {
	results, err := b.Send(request)
	switch {
	case b.results != nil:
	case len(request) == all && len(results) == all: // it is the only one
		b.results, results = results, nil
	default:
		b.results = make([]R, all)
	}
	for i, r := range results {
		b.results[places[i]] = r
	}
	var partial *datastore.PartialError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &partial):
		for _, f := range partial.Failed {
			b.fail(places[f.Index], request[f.Index], f.Err)
		}
		return nil
	}
	for i, place := range places {
		b.fail(place, request[i], err)
	}
	return unsent(err)
}

func (b *Batch[M, R]) fail(place int, m M, err error) {
	if b.results != nil {
		var none R
		b.results[place] = none
	}
	b.partial.Failed = append(b.partial.Failed, datastore.ItemError{Index: place, Err: err})
	if b.After == nil {
		return
	}
	if name := b.After(m); name != "" {
		if b.failed == nil {
			b.failed = map[string]bool{}
		}
		b.failed[name] = true
	}
}

// unsent is the error of items that were not sent because a request failed with
// err: of its kind, but that nothing happened is certain.
func unsent(err error) error {
	own := &datastore.Error{Kind: datastore.ErrUnavailable, Err: errNotSent}
	if e, ok := errors.AsType[*datastore.Error](err); ok && e.Kind != datastore.ErrUnknown {
		own.Kind, own.Code = e.Kind, e.Code
	}
	return own
}
