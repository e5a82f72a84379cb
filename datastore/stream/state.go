package stream

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// state is what all handles of a stream share.
type state struct {
	*handle.State[Conn]
	spec Spec
}

// stateOf is the state of a stream that was declared.
func stateOf(data *datastore.Data, spec Spec) *state {
	return &state{handle.Of(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenStream(ctx, data, spec)
	}), spec}
}

// newState declares the stream.
func newState(data *datastore.Data, name string, opts []Option) *state {
	spec, errs := specOf(name, opts)
	return &state{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenStream(ctx, data, spec)
	}, errs...), spec}
}

func (s *state) put(ctx context.Context, op handle.Op, key string, value any, opts []PutOption) (place Place, err error) {
	var e Envelope
	var text message.Texts
	err = s.Run(ctx, op, func() error { return s.fill(&e, &text, key, value, opts) }, func(ctx context.Context, conn Conn) (err error) {
		place, err = conn.Put(ctx, e)
		return err
	})
	if err != nil {
		return Place{}, err
	}
	return place, nil
}

// putMany writes n records, which at gives.
func (s *state) putMany(ctx context.Context, op handle.Op, n int, at func(int) (string, any, []PutOption)) (places []Place, err error) {
	envelopes := make([]Envelope, n)
	var texts message.Texts
	err = s.Run(ctx, op, func() error {
		for i := range envelopes {
			key, value, opts := at(i)
			if err := s.fill(&envelopes[i], &texts, key, value, opts); err != nil {
				return message.Item(i, err)
			}
		}
		return nil
	}, func(ctx context.Context, conn Conn) (err error) {
		b := message.Batch[Envelope, Place]{
			Limits: message.Limits{Items: MaxBatch, Bytes: MaxRequest},
			Size:   func(e Envelope) int { return e.Size() },
			Send:   func(es []Envelope) ([]Place, error) { return conn.PutMany(ctx, es) },
		}
		places, err = b.Run(envelopes)
		return err
	})
	return places, err
}
