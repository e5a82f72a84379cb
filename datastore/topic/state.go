package topic

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// state is what all handles of a topic share.
type state struct {
	*handle.State[Conn]
	spec Spec
}

// stateOf is the state of a topic that was declared.
func stateOf(data *datastore.Data, spec Spec) *state {
	return &state{handle.Of(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenTopic(ctx, data, spec)
	}), spec}
}

// newState declares the topic.
func newState(data *datastore.Data, name string, opts []Option) *state {
	spec, errs := specOf(name, opts)
	return &state{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenTopic(ctx, data, spec)
	}, errs...), spec}
}

func (s *state) publish(ctx context.Context, op handle.Op, value any, opts []PublishOption) (id string, err error) {
	var e Envelope
	err = s.Run(ctx, op, func() error { return s.fill(&e, value, opts) }, func(ctx context.Context, conn Conn) (err error) {
		s.addTrace(datastore.TraceFrom(ctx), &e)
		id, err = conn.Publish(ctx, e)
		return err
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// publishMany publishes n messages, which at gives.
func (s *state) publishMany(ctx context.Context, op handle.Op, n int, at func(int) (any, []PublishOption)) (ids []string, err error) {
	envelopes := make([]Envelope, n)
	err = s.Run(ctx, op, func() error {
		for i := range envelopes {
			value, opts := at(i)
			if err := s.fill(&envelopes[i], value, opts); err != nil {
				return message.Item(i, err)
			}
		}
		return nil
	}, func(ctx context.Context, conn Conn) (err error) {
		if trace := datastore.TraceFrom(ctx); trace.Parent != "" {
			for i := range envelopes {
				s.addTrace(trace, &envelopes[i])
			}
		}
		b := message.Batch[Envelope, string]{
			Limits: message.Limits{Items: MaxBatch, Bytes: s.spec.MaxMessage},
			Size:   func(e Envelope) int { return e.Size() },
			Send:   func(es []Envelope) ([]string, error) { return conn.PublishMany(ctx, es) },
		}
		if s.spec.FIFO {
			b.After = func(e Envelope) string { return e.Group }
		}
		ids, err = b.Run(envelopes)
		return err
	})
	return ids, err
}

// addTrace gives a message that was checked the attributes of its trace, if they fit.
func (s *state) addTrace(trace datastore.Trace, e *Envelope) {
	if trace.Parent != "" {
		e.Attributes = trace.Attributes(e.Attributes, message.MaxAttributes, s.spec.MaxMessage-e.Size())
	}
}
