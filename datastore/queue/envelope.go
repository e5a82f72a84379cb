package queue

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// SendEnvelope sends a message that is ready to the queue that data declares by spec,
// checked as [Sender] does it. It is for tools, which have no grant; applications use
// a handle.
func SendEnvelope(ctx context.Context, data *datastore.Data, spec Spec, e Envelope) (id string, err error) {
	const op = "Send"
	s := stateOf(data, spec)
	e.grouped, e.deduped, e.delayed = e.Group != "", e.Dedup != "", e.Delay != 0
	if err := s.finish(&e); err != nil {
		return "", s.Wrap(op, err, datastore.ErrInvalid)
	}
	conn, err := s.Open(ctx)
	if err == nil {
		id, err = conn.Send(ctx, e)
	}
	return id, s.Wrap(op, err, datastore.ErrUnknown)
}
