package stream

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// PutEnvelope writes a record that is ready to the stream that data declares by spec,
// checked as [Writer] does it. It is for tools, which have no grant; applications use a
// handle.
func PutEnvelope(ctx context.Context, data *datastore.Data, spec Spec, e Envelope) (place Place, err error) {
	const op = "Put"
	s := stateOf(data, spec)
	e.hashed = e.HashKey != ""
	if err := s.check(&e); err != nil {
		return Place{}, s.Wrap(op, err, datastore.ErrInvalid)
	}
	conn, err := s.Open(ctx)
	if err == nil {
		place, err = conn.Put(ctx, e)
	}
	return place, s.Wrap(op, err, datastore.ErrUnknown)
}
