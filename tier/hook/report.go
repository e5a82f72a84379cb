package hook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// reportTime is kept for the report.
const reportTime = 5 * time.Second

// The outcomes that CodeDeploy takes.
const (
	succeeded = "Succeeded"
	failed    = "Failed"
)

// reported is a [tier.Report].
//
// [tier.Report]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/tier#Report
func reported(lookup func(string) (string, bool)) handler.Middleware {
	client := newClient(lookup)
	intime := middleware.Timeout(&middleware.TimeoutOptions{Reserve: reportTime})
	return func(hook handler.Handler) handler.Handler {
		return &reporter{hook: intime(hook), client: client}
	}
}

// reporter runs a hook, and tells CodeDeploy the outcome.
type reporter struct {
	hook   handler.Handler // whose panic is an error, and who comes back in time
	client *client
}

// Handle answers an error only if CodeDeploy does not know the outcome: Lambda would
// run the hook once more for it.
func (r *reporter) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	release, err := releaseOf(req)
	if err != nil || !release.deployed() {
		return r.hook.Handle(ctx, req)
	}
	status := succeeded
	if _, err := r.hook.Handle(ctx, req); err != nil {
		status = failed
		attrs := []any{"deployment", release.Deployment, "error", handler.ErrorText(err)}
		if p, ok := errors.AsType[*handler.PanicError](err); ok {
			attrs = append(attrs, "stack", string(p.Stack))
		}
		slog.ErrorContext(ctx, "hook: the rollout is stopped", attrs...)
	}
	if err := r.client.put(ctx, release, status); err != nil {
		return nil, fmt.Errorf("hook: CodeDeploy is not told that deployment %s has %s: %w", release.Deployment, status, err)
	}
	return &handler.Response{}, nil
}
