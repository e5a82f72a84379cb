package table

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// PerCaller is the table narrowed to the rows whose partition key is the id of the
// caller, [datastore.CallerID]: with another key, and without a caller, its
// operations answer [datastore.ErrDenied]. The key must be text. It cannot be
// scanned.
//
//	notes := datastore.Use[store](api, table.New[Note](data, "notes").PerCaller())
//	note, err := notes.Get(ctx, table.PKSK(userID, id))
//
// In AWS the role of a function is the same for all callers. To have DynamoDB
// refuse other keys as well, the driver assumes a second role for each caller, with
// the caller's id as a session tag: the one whose ARN the variable
// TIERKIT_CALLER_ROLE holds. Without that variable callers are kept apart by this
// package alone.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_iam-tags.html
func (t *Table[T]) PerCaller() *Own[T] {
	s := *t.state
	spec := s.shape.spec
	spec.PerCaller = true
	s.State = handle.Narrow(t.state.State, spec, func(ctx context.Context, d Driver) (Conn, error) {
		return d.OpenTable(ctx, s.Data, spec)
	})
	if s.Err == nil && spec.PK.Type != S {
		s.State.Err = s.Data.Mistake(fmt.Errorf("table %s: PerCaller: the partition key %q is of type %v; the id of a caller is text", spec.Logical, spec.PK.Name, spec.PK.Type))
	}
	return &Own[T]{state: &s, spec: spec}
}

// Own is a table narrowed to the caller's rows, by [Table.PerCaller].
type Own[T any] struct {
	state *state
	spec  Spec
}

// Spec is the table's [Spec], with the scope.
func (o *Own[T]) Spec() datastore.Spec { return o.spec }

// Capabilities are those of the table but [Scanner], which comes last.
func (o *Own[T]) Capabilities() []datastore.Capability { return capabilities[T]()[:opScan] }

// Handle is for [datastore.Use].
func (o *Own[T]) Handle(g *datastore.Grant) any {
	o.state.checkGrant(g)
	return &granted[T]{access{state: o.state, grant: g, index: o.spec.Primary(), bits: wholeBits, own: true}}
}

var _ datastore.Store = (*Own[struct{}])(nil)

var (
	errNoCaller   = errors.New("the store has the rows of callers, and there is no caller in the context; a middleware behind the authorizer sets it by datastore.WithCallerID")
	errOtherOwner = errors.New("the partition key is not the caller's id")
)

// mine refuses the rows of others. It takes partitions.
func (a *access) mine(ctx context.Context, partitions ...Value) error {
	if !a.own {
		return nil
	}
	id, ok := datastore.CallerID(ctx)
	if !ok {
		return &datastore.Error{Kind: datastore.ErrDenied, Err: errNoCaller}
	}
	for _, pk := range partitions {
		if pk.typ != S || pk.text != id {
			return &datastore.Error{Kind: datastore.ErrDenied, Err: errOtherOwner}
		}
	}
	return nil
}

// mineAll is mine of keys or items.
func (a *access) mineAll(ctx context.Context, items ...Attributes) error {
	if !a.own {
		return nil
	}
	partitions := make([]Value, len(items))
	for i, item := range items {
		partitions[i], _ = item.Find(a.shape.spec.PK.Name)
	}
	return a.mine(ctx, partitions...)
}
