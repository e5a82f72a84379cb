package table

import (
	"context"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Via is the table narrowed to one of its indexes, which can be queried and
// scanned, and needs to be granted by itself: a grant on the table does not cover
// it.
//
//	type byEmail interface{ table.Querier[Order] }
//
//	orders := table.New[Order](data, "orders")
//	emails := datastore.Use[byEmail](api, orders.Via("byEmail"))
//	page, err := emails.Query(ctx, table.Query{Key: table.PK("a@b.example")})
//
// Reading a global index sees writes a moment later. A name that no field's tag
// has is a declaration error.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
func (t *Table[T]) Via(index string) *View[T] {
	s := t.state
	v := &View[T]{state: s, spec: s.shape.spec}
	v.spec.Via = index
	found, ok := s.shape.spec.Indexes.Find(index)
	if v.index = found; !ok && s.Err == nil {
		v.state = s.refused(fmt.Errorf("table %s: %v has no index %q; it has %s: write `table:\",index=%s.pk\"` behind its partition key",
			s.shape.spec.Logical, s.typ, index, s.shape.spec.Indexes.names(), index))
	}
	return v
}

// refused is the state of a narrowed store that is declared wrongly.
func (s *state) refused(mistake error) *state {
	own := *s
	own.State = &handle.State[Conn]{Data: s.Data, Spec: s.Spec, Err: s.Data.Mistake(mistake)}
	return &own
}

// View is a table narrowed to an index, by [Table.Via].
type View[T any] struct {
	state *state
	spec  Spec
	index Index
}

// PerCaller is the index narrowed to the rows whose partition key in it is the id of
// the caller, as [Table.PerCaller] says: an index of documents by owner has each
// caller's own documents, whatever the table's key is. The key must be text. It
// cannot be scanned.
//
//	mine := datastore.Use[byOwner](api, documents.Via("byOwner").PerCaller())
//	page, err := mine.Query(ctx, table.Query{Key: table.PK(userID)})
//
// What DynamoDB compares with the caller's id is the partition key of the index that
// is queried, so that the role of callers may query the index and nothing else.
func (v *View[T]) PerCaller() *View[T] { return v.per(datastore.ByCaller) }

// PerTenant is the index narrowed to the rows whose partition key in it is the tenant's,
// as [Table.PerTenant] and PerCaller say.
//
//	mine := datastore.Use[byStatus](api, orders.Via("byStatus").PerTenant())
//	page, err := mine.Query(ctx, table.Query{Key: table.PK(datastore.TenantKey(ctx) + "#open")})
func (v *View[T]) PerTenant() *View[T] { return v.per(datastore.ByTenant) }

func (v *View[T]) per(owner datastore.Owner) *View[T] {
	own := &View[T]{state: v.state.per(owner), spec: v.spec, index: v.index}
	own.spec.Owner |= owner
	if err := own.spec.ownerLeads(v.index); err != nil && v.state.Err == nil {
		own.state = own.state.refused(err)
	}
	return own
}

// Spec is the table's [Spec], with the scope.
func (v *View[T]) Spec() datastore.Spec { return v.spec }

// Capabilities are [Querier] and [Scanner], of an owner's rows [Querier] alone.
func (v *View[T]) Capabilities() []datastore.Capability {
	query := datastore.Capability{Op: "Query", Type: reflect.TypeFor[Querier[T]]()}
	if v.spec.Owner != 0 {
		return []datastore.Capability{query}
	}
	return []datastore.Capability{query, {Op: "Scan", Type: reflect.TypeFor[Scanner[T]]()}}
}

// viewBits are the places of the operations among the capabilities of a View.
var viewBits = func() *[operations]datastore.Bit {
	var bits [operations]datastore.Bit
	for i := range bits {
		bits[i] = noBit
	}
	bits[opQuery], bits[opScan] = 0, 1
	return &bits
}()

// Handle is for [datastore.Use].
func (v *View[T]) Handle(g *datastore.Grant) any {
	return &viewed[T]{granted[T]{access{state: v.state, grant: g, index: v.index, bits: viewBits, owner: v.spec.Owner}}}
}

var _ datastore.Store = (*View[struct{}])(nil)

// viewed has only the operations of a View.
type viewed[T any] struct{ handle granted[T] }

func (h *viewed[T]) Query(ctx context.Context, q Query) (datastore.Page[T], error) {
	return h.handle.Query(ctx, q)
}

func (h *viewed[T]) Scan(ctx context.Context, s Scan) (datastore.Page[T], error) {
	return h.handle.Scan(ctx, s)
}

var (
	_ Querier[struct{}] = (*viewed[struct{}])(nil)
	_ Scanner[struct{}] = (*viewed[struct{}])(nil)
)
