package middleware

import (
	"context"
	"errors"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Policy decides whether a caller may do something with a resource: nil is yes. An error
// that names a status, such as a [*handler.Error] of 404 for what the caller is not to
// know of, or that of a store which failed, is answered as it is; every other one is the
// reason why not, which is logged, and answers 403.
//
// A policy over a type of the application decides inside of handlers, where the resource
// is known:
//
//	var mayRead middleware.Policy[Order] = func(_ context.Context, caller handler.Caller, o Order) error {
//		if o.Owner != caller.ID && !caller.InGroup("staff") {
//			return errors.New("it is another's order")
//		}
//		return nil
//	}
//
//	if err := mayRead.Check(ctx, in.By, order); err != nil {
//		return Order{}, err
//	}
type Policy[R any] func(ctx context.Context, caller handler.Caller, resource R) error

// Check is nil if the policy allows it, and else the error that answers the request.
// Without a policy nobody may.
func (p Policy[R]) Check(ctx context.Context, caller handler.Caller, resource R) error {
	if p == nil {
		return forbidden(nil)
	}
	return refused(p(ctx, caller, resource))
}

// refused is the answer to what a policy says.
func refused(err error) error {
	var named interface{ StatusCode() int }
	if err == nil || errors.As(err, &named) {
		return err
	}
	return forbidden(err)
}

// Allow has a policy decide about every request before its handler runs: by the caller,
// and by the path, the query, the headers and the body of the request. Path parameters are
// known to it on a route ([tier.With]) and not on a whole API, before whose routes it
// stands. It is asked about nobody, too: put [Require] outside of it, or ask
// [handler.Caller.Anonymous].
//
// Panics with a [*datastore.DeclarationError] if there is no policy.
//
// [tier.With]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/tier#With
func Allow(policy Policy[*handler.Request]) handler.Middleware {
	if policy == nil {
		misdeclared("Allow: there is no policy")
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if err := policy.Check(ctx, req.Caller(), req); err != nil {
				return nil, err
			}
			return next.Handle(ctx, req)
		})
	}
}
