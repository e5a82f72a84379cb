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
		if err := decode(answer, out); err != nil {
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
		if raw, ok := in.([]byte); !ok {
			*payload, err = message.EncodeJSON(in)
		} else if *payload = raw; !json.Valid(raw) {
			err = message.Invalid("the payload is no JSON")
		}
		if err != nil {
			return err
		}
		if n := len(*payload); n > limit {
			return message.TooLarge("the payload has %d bytes, more than the %d that Lambda takes", n, limit)
		}
		return nil
	}
}

// decode reads an answer into what out points to: bytes as they are, all else as
// JSON.
func decode(answer []byte, out any) error {
	switch out := out.(type) {
	case *[]byte:
		*out = answer
		return nil
	case *struct{}:
		return nil
	}
	return json.Unmarshal(answer, out)
}
