//go:build !lambda.norpc

package run

import (
	"context"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// newCommands is the control of a serve, nil if there is nothing that commands could do
// in it: what is in AWS they reach there.
func (p *program) newCommands(app *tier.App, data openedData, lambda *local.Lambda) (*control, error) {
	if data.local == nil || !slices.ContainsFunc(data.Specs(), takesMessages) && !delivers(app) {
		return nil, nil
	}
	c, err := newControl(app.Name(), data.dir)
	if err != nil {
		return nil, err
	}
	on(c, "send", func(ctx context.Context, m outgoing) (sent, error) { return m.send(ctx, app, data.Data) })
	on(c, "queue", func(_ context.Context, q queueQuestion) ([]queueState, error) { return lookAt(data.Data, q) })
	on(c, "redrive", func(_ context.Context, name string) (int, error) { return moveBack(data.Data, name) })
	on(c, "fire", func(_ context.Context, what firing) ([]fired, error) { return p.fireIn(app, data.Data, lambda, what) })
	if err := c.publish(); err != nil {
		c.listener.Close()
		return nil, err
	}
	return c, nil
}

// takesMessages reports whether messages can be sent to a store.
func takesMessages(spec datastore.Spec) bool {
	return slices.Contains([]string{"queue", "topic", "stream"}, spec.Kind())
}
