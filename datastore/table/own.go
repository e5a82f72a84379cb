package table

import (
	"context"
	"fmt"
	"strings"

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
func (t *Table[T]) PerCaller() *Own[T] { return t.per(datastore.ByCaller) }

// PerTenant is the table narrowed to the rows of the tenant, [datastore.Tenant]: those
// whose partition key is [datastore.TenantKey], or begins with it and "#". With another
// key, and without a tenant, its operations answer [datastore.ErrDenied]. The key must be
// text. It cannot be scanned.
//
//	orders := datastore.Use[store](api, table.New[Order](data, "orders").PerTenant())
//	order, err := orders.Get(ctx, table.PK(datastore.TenantKey(ctx)+"#"+id))
//
// DynamoDB refuses the keys of other tenants as [Table.PerCaller] says, by the session tag
// "tenant". Narrowed to callers as well, it is rows whose partition key is the key of the
// tenant, "#" and the id of the caller; the tenant's rows have them too.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (t *Table[T]) PerTenant() *Own[T] { return t.per(datastore.ByTenant) }

func (t *Table[T]) per(owner datastore.Owner) *Own[T] {
	return &Own[T]{table: t, state: t.state.per(owner)}
}

// per is the state of the store narrowed to owners, which has a connection of its own.
// That acts on the whole table, whatever index it reads.
func (s *state) per(owner datastore.Owner) *state {
	own := *s
	spec := s.shape.spec
	spec.Owner |= owner
	own.shape.spec.Owner = spec.Owner
	own.State = handle.Narrow(s.State, spec, func(ctx context.Context, d Driver) (Conn, error) {
		return d.OpenTable(ctx, s.Data, spec)
	})
	return &own
}

// Own is a table narrowed to the rows of the caller, by [Table.PerCaller], of the tenant,
// by [Table.PerTenant], or of the caller within the tenant, by both.
type Own[T any] struct {
	table *Table[T]
	state *state
}

func (o *Own[T]) owner() datastore.Owner { return o.state.shape.spec.Owner }

// PerCaller is narrowed to the caller too: of a tenant's rows, those of the caller.
func (o *Own[T]) PerCaller() *Own[T] { return o.table.per(o.owner() | datastore.ByCaller) }

// PerTenant is narrowed to the tenant too: it is [Table.PerTenant] with PerCaller.
func (o *Own[T]) PerTenant() *Own[T] { return o.table.per(o.owner() | datastore.ByTenant) }

// Via is the index narrowed to the owner's rows: those whose partition key in the
// index, which must be text, is the owner's. That of the table may be another
// attribute. It is [View.PerCaller] or [View.PerTenant] of [Table.Via].
func (o *Own[T]) Via(index string) *View[T] { return o.table.Via(index).per(o.owner()) }

// Spec is the table's [Spec], with the scope.
func (o *Own[T]) Spec() datastore.Spec { return o.state.Spec }

// Capabilities are those of the table but [Scanner], which comes last.
func (o *Own[T]) Capabilities() []datastore.Capability { return capabilities[T]()[:opScan] }

// Handle is for [datastore.Use].
func (o *Own[T]) Handle(g *datastore.Grant) any {
	s, spec := o.state, o.state.shape.spec
	if err := spec.ownerLeads(spec.Primary()); err != nil && s.Err == nil {
		s = s.refused(err) // here, and not before: an index may have another partition key
	}
	s.checkGrant(g)
	return &granted[T]{access{state: s, grant: g, index: spec.Primary(), bits: wholeBits, owner: spec.Owner}}
}

var _ datastore.Store = (*Own[struct{}])(nil)

// ownerLeads refuses an index whose partition key cannot name an owner.
func (s Spec) ownerLeads(x Index) error {
	if x.PK.Type == S {
		return nil
	}
	of, per, id := "", "PerCaller", "the id of a caller"
	if x.Name != "" {
		of = " of index " + x.Name
	}
	if s.Owner.Has(datastore.ByTenant) {
		per, id = "PerTenant", "the key of a tenant"
	}
	return fmt.Errorf("table %s: %s: the partition key %q%s is of type %v; %s is text", s.Logical, per, x.PK.Name, of, x.PK.Type, id)
}

// ofTenant stands behind the tenant in a partition key. It is in no key of a tenant and
// no id of a caller.
const ofTenant = "#"

// leads reports whether the partition is the owner's.
func leads(owner datastore.Owner, owned datastore.Owned, partition string) bool {
	if owner == datastore.ByTenant {
		rest, ok := strings.CutPrefix(partition, owned.Tenant)
		return ok && (rest == "" || strings.HasPrefix(rest, ofTenant))
	}
	return partition == owned.Join(ofTenant)
}

// ownRows allow requests for the rows of the owner that the role was assumed for. The
// second condition is needed because the first one holds of a request that names no
// keys.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func ownRows(owner datastore.Owner) []datastore.Condition {
	const leading = "dynamodb:LeadingKeys"
	key := owner.Variable(ofTenant)
	first := datastore.Condition{Operator: "ForAllValues:StringEquals", Key: leading, Values: []string{key}}
	if owner == datastore.ByTenant {
		first.Operator, first.Values = "ForAllValues:StringLike", []string{key, key + ofTenant + "*"}
	}
	return []datastore.Condition{first, {Operator: "Null", Key: leading, Values: []string{"false"}}}
}

// mine refuses the rows of others. It takes partitions.
func (a *access) mine(ctx context.Context, partitions ...Value) error {
	if a.owner == 0 {
		return nil
	}
	owned, err := a.owner.Of(ctx)
	if err != nil {
		return err
	}
	for _, pk := range partitions {
		if pk.typ != S || !leads(a.owner, owned, pk.text) {
			return &datastore.Error{Kind: datastore.ErrDenied, Err: datastore.ErrNotOwner}
		}
	}
	return nil
}

// mineAll is mine of keys or items.
func (a *access) mineAll(ctx context.Context, items ...Attributes) error {
	if a.owner == 0 {
		return nil
	}
	partitions := make([]Value, len(items))
	for i, item := range items {
		partitions[i], _ = item.Find(a.shape.spec.PK.Name)
	}
	return a.mine(ctx, partitions...)
}
