package tier

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// forCallers tells stores that are narrowed to the caller's own rows who is calling:
// the id that the authorizer has proved, and nobody where there was none.
func forCallers(next handler.Handler) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		id := "" // also where the function that called this one had a caller
		if caller := req.Caller(); !caller.Anonymous() {
			id = caller.ID
		}
		return next.Handle(datastore.WithCallerID(ctx, id), req)
	})
}

// narrowsToCallers reports whether the function has a store of the caller's own.
func (f *Function) narrowsToCallers() bool {
	for _, u := range datastore.Usages(f.grants) {
		for _, need := range u.Needs() {
			if need.ByCaller {
				return true
			}
		}
	}
	return false
}
