package connection

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles share.
type state struct{ *handle.State[Conn] }

func newState(data *datastore.Data, name string) *state {
	spec := Spec{name}
	return &state{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenConnections(ctx, data, spec)
	})}
}

// run does one operation on the connection id: what prepare refuses is not sent.
func (s *state) run(ctx context.Context, op handle.Op, id string, prepare func() error, do func(context.Context, Conn) error) error {
	return s.Run(ctx, op, func() error {
		if !ValidID(id) {
			return invalid("the id is none of a connection; take it from handler.Connection")
		}
		if prepare == nil {
			return nil
		}
		return prepare()
	}, do)
}
