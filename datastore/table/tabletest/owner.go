package tabletest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// ownerRules are those of tables that are narrowed to tenants and callers.
var ownerRules = []rule{
	{"inside", "a tenant's rows are all that is done to them, under its key and what begins with it and #", ownerInside},
	{"outside", "another tenant's rows are denied to each operation, and so is everything without a tenant", ownerOutside},
	{"apart", "no two tenants meet, however their ids are written", ownerApart},
	{"page", "no page token leads to another tenant's rows", ownerPage},
	{"transact", "a transaction with another tenant's row does nothing", ownerTransact},
	{"caller", "a caller within a tenant has the rows of neither another caller nor another tenant", ownerCaller},
	{"index", "an index finds the rows of the tenant", ownerIndex},
}

func tenantCtx(ctx context.Context, id string) context.Context { return datastore.WithTenant(ctx, id) }

// tenants are handles on a table, whole and narrowed.
func tenants(t testing.TB, open target) (whole, own owned[line]) {
	t.Helper()
	store, data := declare[line](t, open)
	return use[many[line]](t, data, store), use[owned[line]](t, data, store.PerTenant())
}

// owned is everything that may be done to an owner's rows.
type owned[T any] interface {
	table.Getter[T]
	table.ManyGetter[T]
	table.Creator[T]
	table.Putter[T]
	table.Deleter[T]
	table.Querier[T]
	table.Updater[T]
	table.Checker
	table.Transactor
	table.ManyWriter[T]
}

// operations are each done to the row of a partition. The transactions are left out
// where there are none.
func operations(open target, own owned[line]) map[string]func(ctx context.Context, partition string) error {
	all := map[string]func(context.Context, string) error{
		"Get": func(ctx context.Context, pk string) error {
			_, err := own.Get(ctx, table.PKSK(pk, 1))
			return err
		},
		"GetMany": func(ctx context.Context, pk string) error {
			_, err := own.GetMany(ctx, []table.Key{table.PKSK(datastore.TenantKey(ctx)+"#mine", 1), table.PKSK(pk, 1)})
			return err
		},
		"Create": func(ctx context.Context, pk string) error {
			_, err := own.Create(ctx, line{pk, 2, "new"})
			return err
		},
		"Put": func(ctx context.Context, pk string) error {
			_, err := own.Put(ctx, line{pk, 3, "new"})
			return err
		},
		"Update": func(ctx context.Context, pk string) error {
			_, err := own.Update(ctx, table.PKSK(pk, 1), table.Changes(table.SetTo("text", "changed")))
			return err
		},
		"Delete": func(ctx context.Context, pk string) error { return own.Delete(ctx, table.PKSK(pk, 9)) },
		"Query": func(ctx context.Context, pk string) error {
			_, err := own.Query(ctx, table.Query{Key: table.PK(pk)})
			return err
		},
		"WriteMany, put": func(ctx context.Context, pk string) error {
			return own.WriteMany(ctx, []line{{datastore.TenantKey(ctx) + "#mine", 4, ""}, {pk, 4, ""}}, nil)
		},
		"WriteMany, delete": func(ctx context.Context, pk string) error {
			return own.WriteMany(ctx, nil, []table.Key{table.PKSK(pk, 9)})
		},
	}
	if !open.has(NoTransactions) {
		all["Check"] = func(ctx context.Context, pk string) error {
			return own.Check(ctx, table.PKSK(pk, 1), table.Exists("text"))
		}
		all["Transact"] = func(ctx context.Context, pk string) error {
			return own.Transact(ctx, table.PutOp(own, line{pk, 5, ""}))
		}
	}
	return all
}

func ownerInside(t *testing.T, open target) {
	_, own := tenants(t, open)
	ctx := tenantCtx(t.Context(), "a/b")
	for _, partition := range []string{"a=2Fb", "a=2Fb#", "a=2Fb#order#7"} {
		if _, err := own.Put(ctx, line{partition, 1, "text"}); err != nil {
			t.Fatalf("Put(%q): %v", partition, err)
		}
		for op, do := range operations(open, own) {
			if err := do(ctx, partition); err != nil {
				t.Errorf("%s in %q: %v", op, partition, err)
			}
		}
	}
}

func ownerOutside(t *testing.T, open target) {
	whole, own := tenants(t, open)
	kept := []line{{"b", 1, "kept"}, {"b#x", 1, "kept"}, {"B", 1, "kept"}, {"ab", 1, "kept"}, {"x#a", 1, "kept"}, {"=61", 1, "kept"}}
	if err := whole.WriteMany(t.Context(), kept, nil); err != nil {
		t.Fatal(err)
	}
	for op, do := range operations(open, own) {
		for _, row := range kept {
			wantError(t, op+" of "+row.Order+" for a", do(tenantCtx(t.Context(), "a"), row.Order), datastore.ErrDenied)
		}
		wantError(t, op+" without a tenant", do(t.Context(), "b"), datastore.ErrDenied)
		wantError(t, op+" without a tenant any more", do(tenantCtx(tenantCtx(t.Context(), "b"), ""), "b"), datastore.ErrDenied)
		wantError(t, op+" for an id that no tag can be", do(tenantCtx(t.Context(), "b#x"), "b#x"), datastore.ErrDenied)
		wantError(t, op+" for a pattern", do(tenantCtx(t.Context(), "*"), "b"), datastore.ErrDenied)
		wantError(t, op+" for a caller of that name", do(datastore.WithCallerID(tenantCtx(t.Context(), "a"), "b"), "b"), datastore.ErrDenied)
	}
	for _, row := range kept {
		page, err := whole.Query(t.Context(), table.Query{Key: table.PK(row.Order), Consistent: true})
		if err != nil || !slices.Equal(page.Items, []line{row}) {
			t.Errorf("the rows of %s are %+v, %v, want %+v alone", row.Order, page.Items, err, row)
		}
	}
}

func ownerApart(t *testing.T, open target) {
	_, own := tenants(t, open)
	ids := []string{"a", "A", "a/b", "a=2Fb", "a/", "a=", "a=3D", "/a", ".", "..", "=2E", "a b", "a:b", "a.b", "a@b", "a+b", "a-b", "a_b", strings.Repeat("a", 256), strings.Repeat("a", 255)}
	for _, id := range ids {
		ctx := tenantCtx(t.Context(), id)
		if err := own.WriteMany(ctx, []line{{datastore.TenantKey(ctx), 1, id}, {datastore.TenantKey(ctx) + "#b", 1, id}}, nil); err != nil {
			t.Fatalf("WriteMany for %q: %v", id, err)
		}
	}
	for _, id := range ids {
		ctx := tenantCtx(t.Context(), id)
		for _, partition := range []string{datastore.TenantKey(ctx), datastore.TenantKey(ctx) + "#b"} {
			page, err := own.Query(ctx, table.Query{Key: table.PK(partition), Consistent: true})
			if err != nil || !slices.Equal(page.Items, []line{{partition, 1, id}}) {
				t.Errorf("%q has %+v, %v, want its own row", id, page.Items, err)
			}
		}
		for _, other := range ids {
			if other != id {
				_, err := own.Get(ctx, table.PKSK(datastore.TenantKey(tenantCtx(ctx, other)), 1))
				wantError(t, "Get of the row of "+other+" for "+id, err, datastore.ErrDenied)
			}
		}
	}
	for _, id := range []string{"", "a#", "a#b", "*", "a?", "ä", "a\u0301", "а", "ａ", "a\x00", "a\n", " a", "a ", "aws:a", "AWS:a", strings.Repeat("a", 257), strings.Repeat("/", 86)} {
		ctx := tenantCtx(t.Context(), id)
		_, err := own.Put(ctx, line{datastore.TenantKey(ctx) + "#x", 1, id})
		wantError(t, "Put for the id "+id, err, datastore.ErrDenied)
	}
}

func ownerPage(t *testing.T, open target) {
	_, own := tenants(t, open)
	a, b := tenantCtx(t.Context(), "a"), tenantCtx(t.Context(), "b")
	for _, ctx := range []context.Context{a, b} {
		if err := own.WriteMany(ctx, []line{{datastore.TenantKey(ctx), 1, ""}, {datastore.TenantKey(ctx), 2, ""}, {datastore.TenantKey(ctx), 3, ""}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	first, err := own.Query(b, table.Query{Key: table.PK("b"), Limit: 1, Consistent: true})
	if err != nil || first.Next == "" {
		t.Fatalf("Query = %+v, %v, want a token", first, err)
	}
	_, err = own.Query(a, table.Query{Key: table.PK("b"), Limit: 1, After: first.Next})
	wantError(t, "the next page for another tenant", err, datastore.ErrDenied)
	_, err = own.Query(a, table.Query{Key: table.PK("a"), Limit: 1, After: first.Next})
	wantError(t, "the token in one's own partition", err, datastore.ErrInvalid)
	next, err := own.Query(b, table.Query{Key: table.PK("b"), After: first.Next, Consistent: true})
	if err != nil || !slices.Equal(next.Items, []line{{"b", 2, ""}, {"b", 3, ""}}) {
		t.Errorf("the next page = %+v, %v", next.Items, err)
	}
}

func ownerTransact(t *testing.T, open target) {
	if open.has(NoTransactions) {
		noTransactions(t, open)
		return
	}
	whole, own := tenants(t, open)
	if err := whole.WriteMany(t.Context(), []line{{"b", 1, "kept"}}, nil); err != nil {
		t.Fatal(err)
	}
	ctx := tenantCtx(t.Context(), "a")
	mine := table.PutOp(own, line{"a", 1, "mine"})
	for name, op := range map[string]table.TxOp{
		"put": table.PutOp(own, line{"b", 1, ""}), "create": table.CreateOp(own, line{"b", 2, ""}), "delete": table.DeleteOp(own, table.PKSK("b", 1)),
		"check": table.CheckOp(own, table.PKSK("b", 1), table.Exists("text")), "update": table.UpdateOp(own, table.PKSK("b", 1), table.Changes(table.SetTo("text", "x"))),
	} {
		wantError(t, name, own.Transact(ctx, mine, op), datastore.ErrDenied)
	}
	wantError(t, "the whole table by an owner's role", own.Transact(ctx, mine, table.PutOp(whole, line{"b", 1, ""})), datastore.ErrDeclaration)
	wantError(t, "an owner's row by the function's role", whole.Transact(ctx, mine), datastore.ErrDeclaration)
	got, err := whole.GetMany(t.Context(), []table.Key{table.PKSK("a", 1), table.PKSK("b", 1), table.PKSK("b", 2)}, table.Consistent())
	if err != nil || !slices.Equal(got, []line{{"b", 1, "kept"}}) {
		t.Errorf("there are %+v, %v, want what there was", got, err)
	}
	if err := own.Transact(ctx, mine); err != nil {
		t.Errorf("Transact of one's own: %v", err)
	}
}

func ownerCaller(t *testing.T, open target) {
	store, data := declare[line](t, open)
	own, all := use[owned[line]](t, data, store.PerTenant().PerCaller()), use[owned[line]](t, data, store.PerTenant())
	as := func(tenant, caller string) context.Context {
		return datastore.WithCallerID(tenantCtx(t.Context(), tenant), caller)
	}
	for _, pair := range [][2]string{{"acme", "ann"}, {"acme", "bob"}, {"globex", "ann"}, {"acme/ann", "x"}} {
		ctx := as(pair[0], pair[1])
		if _, err := own.Put(ctx, line{datastore.TenantKey(ctx) + "#" + pair[1], 1, pair[0] + " " + pair[1]}); err != nil {
			t.Fatalf("Put for %v: %v", pair, err)
		}
	}
	for _, partition := range []string{"acme#bob", "globex#ann", "acme", "acme#", "acme#ann#more", "ann", "ann#acme", "acme=2Fann#x"} {
		for op, do := range operations(open, own) {
			if op == "GetMany" || op == "WriteMany, put" {
				continue // they have another row of the tenant in them
			}
			wantError(t, op+" of "+partition, do(as("acme", "ann"), partition), datastore.ErrDenied)
		}
	}
	for name, ctx := range map[string]context.Context{"no tenant": datastore.WithCallerID(t.Context(), "ann"), "no caller": tenantCtx(t.Context(), "acme")} {
		_, err := own.Get(ctx, table.PKSK("acme#ann", 1))
		wantError(t, name, err, datastore.ErrDenied)
	}
	if got, err := own.Get(as("acme", "ann"), table.PKSK("acme#ann", 1), table.Consistent()); err != nil || got.Text != "acme ann" {
		t.Errorf("Get of one's own = %+v, %v", got, err)
	}
	if got, err := all.Get(as("acme", "bob"), table.PKSK("acme#ann", 1), table.Consistent()); err != nil || got.Text != "acme ann" {
		t.Errorf("Get of the tenant's = %+v, %v: they are the tenant's as well", got, err)
	}
}

// filed is owned by a tenant that is not its key.
type filed struct {
	ID    string `table:"id,pk"`
	Owner string `table:"owner,index=byOwner.pk"`
	No    int    `table:"no,index=byOwner.sk"`
}

func ownerIndex(t *testing.T, open target) {
	store, data := declare[filed](t, open)
	own := use[table.Querier[filed]](t, data, store.Via("byOwner").PerTenant())
	put(t, use[all[filed]](t, data, store), filed{"1", "a", 1}, filed{"2", "b", 1}, filed{"3", "a", 2}, filed{"4", "a#open", 1}, filed{"5", "ab", 1})
	ctx := tenantCtx(t.Context(), "a")
	page, err := own.Query(ctx, table.Query{Key: table.PK("a")})
	if err != nil || !slices.Equal(page.Items, []filed{{"1", "a", 1}, {"3", "a", 2}}) {
		t.Errorf("Query = %+v, %v", page.Items, err)
	}
	page, err = own.Query(ctx, table.Query{Key: table.PK("a#open")})
	if err != nil || !slices.Equal(page.Items, []filed{{"4", "a#open", 1}}) {
		t.Errorf("Query of a part = %+v, %v", page.Items, err)
	}
	for _, key := range []string{"b", "ab", "A"} {
		_, err := own.Query(ctx, table.Query{Key: table.PK(key)})
		wantError(t, "Query of "+key, err, datastore.ErrDenied)
	}
	_, err = own.Query(t.Context(), table.Query{Key: table.PK("a")})
	wantError(t, "Query without a tenant", err, datastore.ErrDenied)
}
