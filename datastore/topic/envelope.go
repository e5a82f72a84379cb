package topic

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// PublishEnvelope publishes a message that is ready to the topic that data declares by
// spec, checked as [Publisher] does it. It is for tools, which have no grant;
// applications use a handle.
func PublishEnvelope(ctx context.Context, data *datastore.Data, spec Spec, e Envelope) (id string, err error) {
	const op = "Publish"
	s := stateOf(data, spec)
	e.grouped, e.deduped, e.titled = e.Group != "", e.Dedup != "", e.Subject != ""
	if err := s.finish(&e); err != nil {
		return "", s.Wrap(op, err, datastore.ErrInvalid)
	}
	conn, err := s.Open(ctx)
	if err == nil {
		id, err = conn.Publish(ctx, e)
	}
	return id, s.Wrap(op, err, datastore.ErrUnknown)
}
