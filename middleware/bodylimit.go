package middleware

import (
	"context"
	"net/http"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// BodyLimit answers 413 to requests with a body of more than maxBytes, as it was sent: what
// is compressed is limited again by [Decompress]. Where the request says how long its body
// is, one that is too long is not decoded.
//
// A typed handler has a limit of its own, and Lambda takes no more than 6 MB: BodyLimit is
// for less, and for all handlers behind it. Records pass. Panics with a
// [*datastore.DeclarationError] if maxBytes is negative.
func BodyLimit(maxBytes int) handler.Middleware {
	if maxBytes < 0 {
		misdeclared("BodyLimit: %d: write how many bytes a body may have", maxBytes)
	}
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if datastore.RecordFrom(ctx) == nil {
				if n, err := strconv.ParseUint(req.Header("Content-Length"), 10, 63); err == nil && n > uint64(maxBytes) {
					return nil, tooLarge(maxBytes)
				}
				switch body, err := req.Body(); {
				case err != nil:
					return nil, err
				case len(body) > maxBytes:
					return nil, tooLarge(maxBytes)
				}
			}
			return next.Handle(ctx, req)
		}, answers(tooLarge(maxBytes))}
	}
}

// tooLarge is the answer to a body over a limit.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14
func tooLarge(most int) error {
	return handler.Errorf(http.StatusRequestEntityTooLarge, "the body must not have more than %d bytes", most)
}
