package call

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
)

// state is what all handles of a function share.
type state struct{ *handle.State[Conn] }

// newState declares the function.
func newState(data *datastore.Data, name string, opts []Option) *state {
	spec, errs := specOf(name, opts)
	return &state{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenCall(ctx, data, spec)
	}, errs...)}
}

// call calls the function and decodes its answer into what out points to.
func (s *state) call(ctx context.Context, op handle.Op, in, out any) error {
	var payload []byte
	return s.Run(ctx, op, encode(&payload, in, MaxPayload), func(ctx context.Context, conn Conn) error {
		answer, err := conn.Call(ctx, payload)
		if err != nil {
			return err
		}
		if _, ignored := out.(*struct{}); ignored {
			return nil
		}
		if err := message.Decode(answer, out); err != nil {
			return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the answer does not fit %T: %w", out, err)}
		}
		return nil
	})
}

func (s *state) start(ctx context.Context, op handle.Op, in any) error {
	var payload []byte
	return s.Run(ctx, op, encode(&payload, in, MaxEvent), func(ctx context.Context, conn Conn) error {
		return conn.Start(ctx, payload)
	})
}

// encode makes the payload.
func encode(payload *[]byte, in any, limit int) func() error {
	return func() (err error) {
		if *payload, err = message.Encode(in); err != nil {
			return err
		}
		switch in.(type) {
		case []byte, string:
			if !json.Valid(*payload) {
				return message.Invalid("the payload is no JSON")
			}
		}
		if n := len(*payload); n > limit {
			return message.TooLarge("the payload has %d bytes, more than the %d that Lambda takes", n, limit)
		}
		return nil
	}
}
