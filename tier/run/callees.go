//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// callees run the functions of an App for those that call them by a store of kind
// call. The zero value has none: the App is declared after its Data.
type callees struct{ lambda atomic.Pointer[local.Lambda] }

// serve takes the functions of the App, and returns the Lambda that runs them.
func (c *callees) serve(app *tier.App, log *slog.Logger) (*local.Lambda, error) {
	lambda, err := local.NewLambda(app, nil, &local.LambdaOptions{Log: log})
	if err == nil {
		c.lambda.Store(lambda)
	}
	return lambda, err
}

// run is a [localcall.Run].
func (c *callees) run(ctx context.Context, name string, payload []byte) ([]byte, error) {
	lambda := c.lambda.Load()
	if lambda == nil {
		return nil, localcall.ErrNoFunction
	}
	answer, failed, err := lambda.Call(ctx, name, payload)
	switch {
	case errors.Is(err, local.ErrNotInvoked):
		return nil, localcall.ErrNoFunction
	case err != nil:
		return nil, err
	case failed:
		return nil, call.ParseRemoteError(answer)
	}
	return answer, nil
}
