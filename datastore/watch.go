package datastore

import "context"

// Watch adds an observer of the operations of all stores that are declared on d, before
// and afterwards. It is for who declares an application and did not make its Data:
//
//	func newApp(data *datastore.Data) *tier.App {
//		data.Watch(tracer)
//
// Several observers are told of each operation: the first that was added begins first
// and ends last, and each has the context of the one before.
func (d *Data) Watch(o Observer) {
	if o == nil {
		return
	}
	for {
		before := d.observe.Load()
		all := o
		if before != nil {
			all = both(*before, o)
		}
		if d.observe.CompareAndSwap(before, &all) {
			return
		}
	}
}

// both is an observer that tells two.
func both(first, second Observer) Observer {
	return func(ctx context.Context, op Operation) (context.Context, func(error)) {
		ctx, outer := first(ctx, op)
		ctx, inner := second(ctx, op)
		switch {
		case inner == nil:
			return ctx, outer
		case outer == nil:
			return ctx, inner
		}
		return ctx, func(err error) {
			defer outer(err)
			inner(err)
		}
	}
}
