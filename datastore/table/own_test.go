package table_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type memo struct {
	Owner string `table:"owner,pk"`
	No    int    `table:"no,sk"`
	Text  string `table:"text"`
}

type memos interface {
	table.Getter[memo]
	table.ManyGetter[memo]
	table.Creator[memo]
	table.Putter[memo]
	table.Updater[memo]
	table.Deleter[memo]
	table.Querier[memo]
	table.ManyWriter[memo]
	table.Checker
	table.Transactor
}

// TestPerCaller: every operation takes the caller's own key, and no other.
func TestPerCaller(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	store := table.New[memo](data, "memos")
	own := datastore.Use[memos](&function{}, store.PerCaller())
	whole := datastore.Use[table.Putter[memo]](&function{}, store)
	for _, owner := range []string{"ann", "bob"} {
		if _, err := whole.Put(t.Context(), memo{owner, 1, "text"}); err != nil {
			t.Fatal(err)
		}
	}
	do := map[string]func(context.Context, string) error{
		"Get": func(ctx context.Context, id string) error { _, err := own.Get(ctx, table.PKSK(id, 1)); return err },
		"GetMany": func(ctx context.Context, id string) error {
			_, err := own.GetMany(ctx, []table.Key{table.PKSK("ann", 1), table.PKSK(id, 1)})
			return err
		},
		"Create": func(ctx context.Context, id string) error { _, err := own.Create(ctx, memo{id, 9, ""}); return err },
		"Put":    func(ctx context.Context, id string) error { _, err := own.Put(ctx, memo{id, 2, ""}); return err },
		"Update": func(ctx context.Context, id string) error {
			_, err := own.Update(ctx, table.PKSK(id, 1), table.Changes(table.SetTo("text", "x")))
			return err
		},
		"Delete": func(ctx context.Context, id string) error { return own.Delete(ctx, table.PKSK(id, 3)) },
		"Query": func(ctx context.Context, id string) error {
			_, err := own.Query(ctx, table.Query{Key: table.PK(id)})
			return err
		},
		"WriteMany, put": func(ctx context.Context, id string) error { return own.WriteMany(ctx, []memo{{id, 4, ""}}, nil) },
		"WriteMany, delete": func(ctx context.Context, id string) error {
			return own.WriteMany(ctx, nil, []table.Key{table.PKSK(id, 4)})
		},
		"Check": func(ctx context.Context, id string) error {
			return own.Check(ctx, table.PKSK(id, 1), table.Exists("text"))
		},
		"Transact": func(ctx context.Context, id string) error {
			return own.Transact(ctx, table.PutOp(own, memo{"ann", 5, ""}), table.DeleteOp(own, table.PKSK(id, 6)))
		},
	}
	for op, f := range do {
		ann := datastore.WithCallerID(t.Context(), "ann")
		if err := f(ann, "ann"); err != nil {
			t.Errorf("%s of one's own row: error = %v, want nil", op, err)
		}
		if err := f(ann, "bob"); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s of another's row: error = %v, want %v", op, err, datastore.ErrDenied)
		} else if got := statusOf(err); got != 403 {
			t.Errorf("%s of another's row: status %d, want 403: the caller is to blame", op, got)
		}
		if err := f(t.Context(), "ann"); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s without a caller: error = %v, want %v", op, err, datastore.ErrDenied)
		} else if got := statusOf(err); got != 500 {
			t.Errorf("%s without a caller: status %d, want 500: the program is to blame", op, got)
		}
	}
}

// TestPerCallerUntaggable: an id that AWS takes for no session tag is refused here too,
// and not only where the function is deployed.
func TestPerCallerUntaggable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	own := datastore.Use[memos](&function{}, table.New[memo](data, "memos").PerCaller())
	for id, want := range map[string]error{
		"AROA:me@here.example/1 2+3=_-.": datastore.ErrNotFound, strings.Repeat("a", 256): datastore.ErrNotFound,
		strings.Repeat("a", 257): datastore.ErrDenied, "auth0|7": datastore.ErrDenied, "änn": datastore.ErrDenied, "a*": datastore.ErrDenied,
	} {
		_, err := own.Get(datastore.WithCallerID(t.Context(), id), table.PKSK(id, 1))
		if !errors.Is(err, want) {
			t.Errorf("Get of the row of %q: error = %v, want %v", id, err, want)
		} else if want == datastore.ErrDenied && statusOf(err) != 500 {
			t.Errorf("Get of the row of %q: status %d, want 500: the program is to blame", id, statusOf(err))
		}
	}
}

// TestPerCallerTransactMixed: the operations of a transaction are signed by one role,
// so those on callers' rows and others are not mixed, with any driver.
func TestPerCallerTransactMixed(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	own := datastore.Use[memos](&function{}, table.New[memo](data, "memos").PerCaller())
	whole := datastore.Use[memos](&function{}, table.New[memo](data, "audit"))
	ctx := datastore.WithCallerID(t.Context(), "ann")
	for name, transactor := range map[string]memos{"a caller's rows": own, "a whole table": whole} {
		err := transactor.Transact(ctx, table.PutOp(own, memo{"ann", 1, ""}), table.PutOp(whole, memo{"x", 1, ""}))
		if !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Transact on %s with operations on both: error = %v, want %v", name, err, datastore.ErrDeclaration)
		}
	}
	if _, err := whole.Get(ctx, table.PKSK("x", 1)); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Get after the refusal: error = %v, want %v", err, datastore.ErrNotFound)
	}
}

func TestPerCallerNeeds(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	got := table.New[memo](data, "memos").PerCaller().Spec().Needs([]string{"Get", "Query"})
	want := []datastore.Need{{
		Service: "dynamodb", Actions: []string{"GetItem", "Query"}, Resource: "table/{name}", Owner: datastore.ByCaller,
		Conditions: []datastore.Condition{
			{Operator: "ForAllValues:StringEquals", Key: "dynamodb:LeadingKeys", Values: []string{"${aws:PrincipalTag/caller}"}},
			{Operator: "Null", Key: "dynamodb:LeadingKeys", Values: []string{"false"}},
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Needs of a caller's rows (-want +got):\n%s", diff)
	}
	defer func() {
		if err, _ := recover().(*datastore.DeclarationError); err == nil {
			t.Error("Use of a Scanner of a caller's rows: no panic")
		}
	}()
	datastore.Use[table.Scanner[memo]](&function{}, table.New[memo](data, "others").PerCaller())
}

func TestPerCallerOfNumbers(t *testing.T) {
	t.Parallel()
	type counted struct {
		ID int `table:"id,pk"`
	}
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	own := datastore.Use[table.Getter[counted]](&function{}, table.New[counted](data, "counted").PerCaller())
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "own_test.go") || !strings.Contains(errs[0].Error(), "is text") {
		t.Errorf("PerCaller of a number: errors = %v, want one that names this line", errs)
	}
	if _, err := own.Get(datastore.WithCallerID(t.Context(), "1"), table.PK(1)); !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("Get: error = %v, want %v", err, datastore.ErrDeclaration)
	}
}

// document is owned by somebody whose id is not its key.
type document struct {
	ID    int    `table:"id,pk"`
	Owner string `table:"owner,index=byOwner.pk"`
	Year  int    `table:"year,index=byOwner.sk,index=byYear.pk"`
}

// TestPerCallerVia: an index is narrowed to those rows that have the caller's id as
// the key of the index, written either way.
func TestPerCallerVia(t *testing.T) {
	t.Parallel()
	for name, narrow := range map[string]func(*table.Table[document]) *table.View[document]{
		"PerCaller().Via": func(d *table.Table[document]) *table.View[document] { return d.PerCaller().Via("byOwner") },
		"Via().PerCaller": func(d *table.Table[document]) *table.View[document] { return d.Via("byOwner").PerCaller() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
			store := table.New[document](data, "documents")
			whole := datastore.Use[table.Putter[document]](&function{}, store)
			own := datastore.Use[table.Querier[document]](&function{}, narrow(store))
			if errs := data.Errs(); errs != nil {
				t.Fatalf("declaration: %v", errs)
			}
			for i, owner := range []string{"ann", "bob", "ann"} {
				if _, err := whole.Put(t.Context(), document{i, owner, 2030}); err != nil {
					t.Fatal(err)
				}
			}
			ann := datastore.WithCallerID(t.Context(), "ann")
			page, err := own.Query(ann, table.Query{Key: table.PK("ann")})
			if diff := cmp.Diff([]document{{0, "ann", 2030}, {2, "ann", 2030}}, page.Items); err != nil || diff != "" {
				t.Errorf("Query of one's own: error = %v, (-want +got):\n%s", err, diff)
			}
			for id, ctx := range map[string]context.Context{"bob": ann, "ann": t.Context()} {
				if _, err := own.Query(ctx, table.Query{Key: table.PK(id)}); !errors.Is(err, datastore.ErrDenied) {
					t.Errorf("Query of %s's by another, or by nobody: error = %v, want %v", id, err, datastore.ErrDenied)
				}
			}
			if _, err := own.(table.Scanner[document]).Scan(ann, table.Scan{}); !errors.Is(err, datastore.ErrDenied) {
				t.Errorf("Scan: error = %v, want %v", err, datastore.ErrDenied)
			}
			want := []datastore.Need{{
				Service: "dynamodb", Actions: []string{"Query"}, Resource: "table/{name}/index/byOwner", Owner: datastore.ByCaller,
				Conditions: []datastore.Condition{
					{Operator: "ForAllValues:StringEquals", Key: "dynamodb:LeadingKeys", Values: []string{"${aws:PrincipalTag/caller}"}},
					{Operator: "Null", Key: "dynamodb:LeadingKeys", Values: []string{"false"}},
				},
			}}
			if diff := cmp.Diff(want, narrow(store).Spec().Needs([]string{"Query"})); diff != "" {
				t.Errorf("Needs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPerCallerViaRefused: an index whose key cannot be a caller's id, or that there
// is not, is a mistake of the declaration, on its line and once.
func TestPerCallerViaRefused(t *testing.T) {
	t.Parallel()
	for index, want := range map[string]string{
		"byYear": `the partition key "year" of index byYear is of type N; the id of a caller is text`,
		"byName": `has no index "byName"`,
	} {
		data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
		own := datastore.Use[table.Querier[document]](&function{}, table.New[document](data, "documents").PerCaller().Via(index))
		if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "own_test.go") || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("PerCaller().Via(%q): errors = %v, want one with %q", index, errs, want)
		}
		_, err := own.Query(datastore.WithCallerID(t.Context(), "ann"), table.Query{Key: table.PK("ann")})
		if !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Query via %s: error = %v, want %v", index, err, datastore.ErrDeclaration)
		}
	}
}

// statusOf is what a handler answers that returns err.
func statusOf(err error) int {
	var own interface{ StatusCode() int }
	if !errors.As(err, &own) {
		return 500
	}
	return own.StatusCode()
}
