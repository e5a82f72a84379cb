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
// package alone. An id that no session tag can be is refused with any driver
// ([datastore.CheckCallerID]).
//
// An index is narrowed by [View.PerCaller], or [Own.Via].
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_iam-tags.html
func (t *Table[T]) PerCaller() *Own[T] {
	return &Own[T]{table: t, state: t.state.perCaller()}
}

// perCaller is the state of the store narrowed to callers, which has a connection
// of its own. That acts on the whole table, whatever index it reads.
func (s *state) perCaller() *state {
	own := *s
	spec := s.shape.spec
	spec.PerCaller = true
	own.State = handle.Narrow(s.State, spec, func(ctx context.Context, d Driver) (Conn, error) {
		return d.OpenTable(ctx, s.Data, spec)
	})
	return &own
}

// Own is a table narrowed to the caller's rows, by [Table.PerCaller].
type Own[T any] struct {
	table *Table[T]
	state *state
}

// Via is the index narrowed to the caller's rows: those whose partition key in the
// index, which must be text, is the caller's id. That of the table may be another
// attribute. It is [View.PerCaller] of [Table.Via].
func (o *Own[T]) Via(index string) *View[T] { return o.table.Via(index).PerCaller() }

// Spec is the table's [Spec], with the scope.
func (o *Own[T]) Spec() datastore.Spec { return o.state.Spec }

// Capabilities are those of the table but [Scanner], which comes last.
func (o *Own[T]) Capabilities() []datastore.Capability { return capabilities[T]()[:opScan] }

// Handle is for [datastore.Use].
func (o *Own[T]) Handle(g *datastore.Grant) any {
	s, spec := o.state, o.state.shape.spec
	if err := spec.callerLeads(spec.Primary()); err != nil && s.Err == nil {
		s = s.refused(err) // here, and not before: an index may have another partition key
	}
	s.checkGrant(g)
	return &granted[T]{access{state: s, grant: g, index: spec.Primary(), bits: wholeBits, own: true}}
}

var _ datastore.Store = (*Own[struct{}])(nil)

// callerLeads refuses an index whose partition key cannot be the id of a caller.
func (s Spec) callerLeads(x Index) error {
	of := ""
	switch {
	case x.PK.Type == S:
		return nil
	case x.Name != "":
		of = " of index " + x.Name
	}
	return fmt.Errorf("table %s: PerCaller: the partition key %q%s is of type %v; the id of a caller is text", s.Logical, x.PK.Name, of, x.PK.Type)
}

var errNoCaller = errors.New("the store has the rows of callers, and there is no caller in the context; a middleware behind the authorizer sets it by datastore.WithCallerID")

// mine refuses the rows of others. It takes partitions.
func (a *access) mine(ctx context.Context, partitions ...Value) error {
	if !a.own {
		return nil
	}
	id, ok := datastore.CallerID(ctx)
	if !ok {
		return &datastore.Error{Kind: datastore.ErrDenied, Err: errNoCaller}
	}
	if err := datastore.CheckCallerID(id); err != nil {
		return &datastore.Error{Kind: datastore.ErrDenied, Err: err}
	}
	for _, pk := range partitions {
		if pk.typ != S || pk.text != id {
			return &datastore.Error{Kind: datastore.ErrDenied, Err: datastore.ErrNotOwner}
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
