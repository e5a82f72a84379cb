// Package doorway says what a declared function is served with, in Lambda and on
// localhost alike.
package doorway

import (
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Of is what a function is served with: its routes, nil for none, and among the
// options what else it serves: WebSocket events, what it decides as a Lambda
// authorizer, records, direct invocations. The physical names of the stores whose
// records it works off are what lookup says of their variables, or else their own;
// a nil lookup knows none.
func Of(f *tier.Function, lookup func(variable string) (string, bool)) (handler.Handler, *lambda.Options, error) {
	h, err := f.Handler()
	direct, directErr := f.Direct()
	socket, socketErr := f.Socket()
	sources, sourcesErr := sourcesOf(f, lookup)
	o := &lambda.Options{
		Function: f.Name(), Authorizer: f.Authorizer(), Socket: socket, Streams: f.Streams(), Direct: direct, Sources: sources,
	}
	if api := f.API(); api != nil {
		o.BasePaths = api.BasePaths()
	}
	return h, o, errors.Join(err, directErr, socketErr, sourcesErr)
}

// sourcesOf are the sources whose records a function works off.
func sourcesOf(f *tier.Function, lookup func(string) (string, bool)) ([]lambda.Source, error) {
	var sources []lambda.Source
	var errs []error
	for _, t := range f.Triggers() {
		h, err := t.Handler()
		errs = append(errs, err)
		s := lambda.Source{
			Feed: t.Feed(), Name: nameOf(t.Feed(), lookup), Handler: h,
			Parallel: t.Settings().Parallel, Items: t.Settings().Pollers[1] > 0,
		}
		if s.End = t.WindowEnd(); s.End != nil {
			s.Open = func(state []byte) (lambda.State, error) { return t.OpenWindow(state) }
		}
		sources = append(sources, s)
	}
	return sources, errors.Join(errs...)
}

// nameOf is the physical name of a store, or its own, as a queue in memory has it.
func nameOf(feed datastore.Feed, lookup func(string) (string, bool)) string {
	if lookup != nil {
		if name, ok := lookup(datastore.Variable(feed.Spec)); ok {
			return name
		}
	}
	name := feed.Spec.Name()
	if feed.FIFO {
		name += ".fifo" // as SQS wants it
	}
	return name
}
