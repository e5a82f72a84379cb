package middleware

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// identifier finds out who is calling. ok is false if the request says nothing of it.
// Its error is what the client is answered.
type identifier func(ctx context.Context, req *handler.Request) (caller handler.Caller, ok bool, err error)

// identify is the middleware of an identifier. none is what a request that says
// nothing is answered; nil lets it pass as it is.
func identify(by identifier, none *handler.Error) handler.Middleware {
	return recognize(func(ctx context.Context, req *handler.Request) (id string, as *handler.Request, err error) {
		caller, ok, err := by(ctx, req)
		if err != nil || !ok {
			return "", nil, err
		}
		return caller.ID, req.WithCaller(caller), nil
	}, none)
}

// recognize is identify by what gives the caller's id and the request of the caller, nil
// if the request says nothing of it.
func recognize(by func(context.Context, *handler.Request) (id string, as *handler.Request, err error), none *handler.Error) handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			id, as, err := by(ctx, req)
			switch {
			case err != nil:
				return nil, err
			case as != nil:
				ctx, req = identified(ctx, id), as
			case none != nil:
				return nil, none.Wrap(nil)
			}
			return next.Handle(ctx, req)
		})
	}
}

// identified is the context of a caller who has been verified: stores of the caller's own
// rows know the id, and it is told in the log.
func identified(ctx context.Context, id string) context.Context {
	ctx, notes := withNotes(ctx)
	if id != "" {
		notes.set(slog.String(noteCaller, id))
	}
	return datastore.WithCallerID(ctx, id)
}

// unauthenticated is the answer to a request of which it is not known who sent it.
// challenge is what the client can answer with.
func unauthenticated(code, message, challenge string) *handler.Error {
	e := &handler.Error{Status: http.StatusUnauthorized, Code: code, Message: message}
	if challenge != "" {
		e.Header = http.Header{"Www-Authenticate": {challenge}}
	}
	return e
}

// forbidden is the answer to somebody who may not do that.
func forbidden(cause error) *handler.Error {
	return &handler.Error{Status: http.StatusForbidden, Code: "forbidden", Message: "you may not do this", Err: cause}
}

// unverifiable is the answer where it cannot be told now who is calling.
func unverifiable(cause error) error {
	return &handler.Error{Status: http.StatusServiceUnavailable, Code: "cannot_verify",
		Message: "who is calling cannot be verified now; try again", Header: http.Header{"Retry-After": {"1"}}, Err: cause}
}
