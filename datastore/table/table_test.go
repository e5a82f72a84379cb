package table_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type function struct{ grants []*datastore.Grant }

func (*function) FunctionName() string          { return "f" }
func (f *function) AddGrant(g *datastore.Grant) { f.grants = append(f.grants, g) }

type base struct {
	ID string `json:"id" table:",pk"`
}

type declaration interface {
	declare(*datastore.Data) datastore.Store
}

type of[T any] struct{}

func (of[T]) declare(data *datastore.Data) datastore.Store { return table.New[T](data, "items") }

func TestSpecs(t *testing.T) {
	t.Parallel()
	s := func(name string) table.Attribute { return table.Attribute{Name: name, Type: table.S} }
	for _, c := range []struct {
		name string
		of   declaration
		want table.Spec
	}{
		{"table tag", of[struct {
			A string `json:"b" table:"id,pk"`
		}]{}, table.Spec{Logical: "items", PK: s("id")}},
		{"json tag", of[struct {
			A string `json:"b,omitempty" table:",pk"`
		}]{}, table.Spec{Logical: "items", PK: s("b")}},
		{"field name", of[struct {
			A string `json:"-" table:",pk"`
		}]{}, table.Spec{Logical: "items", PK: s("A")}},
		{"embedded", of[struct {
			base
			N uint16 `table:"n,sk"`
		}]{}, table.Spec{Logical: "items", PK: s("id"), SK: table.Attribute{Name: "n", Type: table.N}}},
		{"time and text", of[struct {
			A netip.Addr `table:"a,pk"`
			T time.Time  `table:"t,sk"`
		}]{}, table.Spec{Logical: "items", PK: s("a"), SK: s("t")}},
		{"bytes", of[struct {
			A []byte  `table:"a,pk"`
			B [4]byte `table:"b,sk"`
		}]{}, table.Spec{Logical: "items", PK: table.Attribute{Name: "a", Type: table.B}, SK: table.Attribute{Name: "b", Type: table.B}}},
		{"outer field counts", of[struct {
			base
			Own string `table:"id,pk"`
		}]{}, table.Spec{Logical: "items", PK: s("id")}},
	} {
		data := datastore.New(nil, nil)
		got := c.of.declare(data).Spec()
		if errs := data.Errs(); len(errs) > 0 || got != c.want {
			t.Errorf("%s: Spec = %+v, %v, want %+v", c.name, got, errs, c.want)
		}
	}
}

type recursive struct {
	*recursive        //lint:ignore U1000 it is what makes the type contain itself
	ID         string `table:",pk"`
}

// Versioned is exported because an embedded pointer has to be.
type Versioned struct {
	V int `table:",version"`
}

type (
	stamp  time.Time
	hidden struct{ hiddenToo } //lint:ignore U1000 it is what cannot be stored
	Hidden struct{ a int }     //lint:ignore U1000 it is what cannot be stored
	moment struct{ time.Time }
)

type hiddenToo struct{ a int } //lint:ignore U1000 it is what cannot be stored

func TestDeclarationErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		of   declaration
		want string
	}{
		{"no struct", of[string]{}, "string is not a struct"},
		{"pointer", of[*base]{}, "is not a struct"},
		{"no key", of[struct{ A string }]{}, "has no partition key"},
		{"two keys", of[struct {
			A string `table:",pk"`
			B string `table:",pk"`
		}]{}, `both "A" and "B" are marked pk`},
		{"both keys", of[struct {
			A string `table:",pk,sk"`
		}]{}, "both pk and sk"},
		{"bool key", of[struct {
			A bool `table:",pk"`
		}]{}, "must be text, a number, []byte"},
		{"pointer key", of[struct {
			A *string `table:",pk"`
		}]{}, "not *string"},
		{"unknown option", of[struct {
			A string `table:",pk,tll"`
		}]{}, `unknown table option "tll"`},
		{"name that is no text", of[struct {
			base
			B string "table:\"\\xff\""
		}]{}, "is empty or not valid UTF-8"},
		{"unexported", of[struct {
			base
			b string `table:"b"`
		}]{}, "is not exported"},
		{"one name twice", of[struct {
			base
			A string `table:"x"`
			B string `json:"x"`
		}]{}, `two fields for the attribute "x"`},
		{"reserved name", of[struct {
			base
			A string `table:"_w"`
		}]{}, "is taken"},
		{"channel", of[struct {
			base
			C []chan int
		}]{}, `attribute "C": chan int cannot be stored`},
		{"any", of[struct {
			base
			C map[string]any
		}]{}, "cannot be stored"},
		{"map key", of[struct {
			base
			C map[float64]int
		}]{}, "its keys must be"},
		{"no set", of[struct {
			base
			C []bool `table:",set"`
		}]{}, "cannot be a set"},
		{"key inside", of[struct {
			base
			C []base
		}]{}, "belong to the item itself"},
		{"version of text", of[struct {
			base
			V string `table:",version"`
		}]{}, "must be an integer"},
		{"two versions", of[struct {
			base
			V int `table:",version"`
			W int `table:",version"`
		}]{}, "there is one version"},
		{"version is key", of[struct {
			V int `table:",pk,version"`
		}]{}, "that is no key"},
		{"version behind a pointer", of[struct {
			base
			*Versioned
		}]{}, "is in an embedded pointer"},
		{"pointer to unexported", of[struct {
			*base
			ID string `table:",pk"`
		}]{}, "cannot be filled"},
		{"long key name", of[struct {
			ID string `table:"a23456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890,pk"`
		}]{}, "has 270 bytes; that of a key has at most 255"},
		{"hidden fields", of[struct {
			base
			At stamp
		}]{}, `attribute "At": table_test.stamp cannot be stored: none of its fields is exported; use time.Time`},
		{"hidden fields in a list", of[struct {
			base
			Big []hidden
		}]{}, "none of its fields is exported; give it MarshalText"},
		{"hidden fields embedded", of[struct {
			base
			Hidden
		}]{}, "none of its fields is exported"},
		{"embedded time as key", of[struct {
			base
			At moment `table:",sk"`
		}]{}, "embeds time.Time"},
		{"embeds itself", of[recursive]{}, "recursive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
			c.of.declare(data)
			var found bool
			for _, err := range data.Errs() {
				found = found || strings.Contains(err.Error(), c.want)
				if !strings.Contains(err.Error(), "table items: ") {
					t.Errorf("error = %q, want the table named", err)
				}
			}
			if !found {
				t.Errorf("Errs = %v, want one about %q", data.Errs(), c.want)
			}
		})
	}
}

// TestBrokenDeclaration: who goes on in spite of the mistake is told it again.
func TestBrokenDeclaration(t *testing.T) {
	t.Parallel()
	type broken struct{ A string }
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	handle := datastore.Use[interface {
		table.Getter[broken]
		table.Putter[broken]
		table.Querier[broken]
	}](&function{}, table.New[broken](data, "items"))
	_, get := handle.Get(t.Context(), table.PK("a"))
	_, put := handle.Put(t.Context(), broken{"a"})
	_, query := handle.Query(t.Context(), table.Query{Key: table.PK("a")})
	for op, err := range map[string]error{"Get": get, "Put": put, "Query": query} {
		if !errors.Is(err, datastore.ErrDeclaration) || !strings.Contains(err.Error(), "no partition key") {
			t.Errorf("%s of a broken declaration = %v, want %v with the mistake", op, err, datastore.ErrDeclaration)
		}
	}
}

// TestRefusedName: a store whose name was refused is never opened by it.
func TestRefusedName(t *testing.T) {
	t.Parallel()
	driver := &failing{Driver: filetable.Memory()}
	data := datastore.New([]datastore.Driver{driver}, nil)
	table.New[base](data, "items")
	for name, want := range map[string]string{"../../../evil": "write a letter", "Items": "fold to the same variable", "items": "is declared at table/table_test.go:"} {
		create := datastore.Use[table.Creator[base]](&function{}, table.New[base](data, name))
		_, err := create.Create(t.Context(), base{"1"})
		if !errors.Is(err, datastore.ErrDeclaration) || !strings.Contains(err.Error(), want) {
			t.Errorf("Create in table %q: error = %v, want %v about %q", name, err, datastore.ErrDeclaration, want)
		}
	}
	if driver.opened != 0 {
		t.Errorf("tables with a refused name were opened %d times", driver.opened)
	}
}

func TestNewOnNothing(t *testing.T) {
	t.Parallel()
	defer func() {
		err, ok := recover().(*datastore.DeclarationError)
		if !ok || !strings.Contains(err.Error(), "table_test.go") || !strings.Contains(err.Message, `table "items" is declared on no Data`) {
			t.Errorf("New on a nil Data panics with %v, want a *DeclarationError of this file that says so", err)
		}
	}()
	table.New[base](nil, "items")
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	spec := table.Spec{Logical: "orders"}
	for _, c := range []struct {
		ops, want []string
	}{
		{[]string{"Get"}, []string{"GetItem"}},
		{[]string{"GetMany"}, []string{"BatchGetItem"}},
		{[]string{"Put", "Create"}, []string{"PutItem"}},
		{[]string{"Query", "Delete", "Get"}, []string{"DeleteItem", "GetItem", "Query"}},
	} {
		want := []datastore.Need{{Service: "dynamodb", Actions: c.want, Resource: "table/{name}"}}
		if diff := cmp.Diff(want, spec.Needs(c.ops)); diff != "" {
			t.Errorf("Needs(%v) (-want +got):\n%s", c.ops, diff)
		}
	}
	if got := spec.Needs(nil); got != nil {
		t.Errorf("Needs(nil) = %v, want none", got)
	}
}

// failing is a driver whose first opening fails.
type failing struct {
	*filetable.Driver
	opened int
}

func (f *failing) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	if f.opened++; f.opened == 1 {
		return nil, errors.New("not yet")
	}
	return f.Driver.OpenTable(ctx, data, spec)
}

func TestOpening(t *testing.T) {
	t.Parallel()
	driver := &failing{Driver: filetable.Memory()}
	data := datastore.New([]datastore.Driver{driver}, nil)
	items := table.New[base](data, "items")
	get := datastore.Use[table.Getter[base]](&function{}, items)
	create := datastore.Use[table.Creator[base]](&function{}, items)
	if driver.opened != 0 {
		t.Errorf("the table was opened by its declaration")
	}
	if _, err := create.Create(t.Context(), base{"1"}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Create when opening fails = %v, want %v", err, datastore.ErrUnavailable)
	}
	if _, err := create.Create(t.Context(), base{"1"}); err != nil {
		t.Errorf("Create after it = %v, want nil: a failed opening is tried again", err)
	}
	if _, err := get.Get(t.Context(), table.PK("1")); err != nil || driver.opened != 2 {
		t.Errorf("Get by another handle = %v after %d openings, want nil after 2", err, driver.opened)
	}
	none := datastore.New(nil, nil)
	_, err := datastore.Use[table.Getter[base]](&function{}, table.New[base](none, "items")).Get(t.Context(), table.PK("1"))
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("Get without a driver = %v, want %v", err, datastore.ErrUnavailable)
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var seen []string
	data := datatest.New(t, datatest.Observe(func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
		return ctx, func(err error) {
			text := op.Spec.Name() + " " + op.Op
			if err != nil {
				text += " failed"
			}
			seen = append(seen, text)
		}
	}))
	items := datastore.Use[interface {
		table.Getter[base]
		table.ManyGetter[base]
		table.Creator[base]
		table.Putter[base]
		table.Deleter[base]
		table.Querier[base]
	}](&function{}, table.New[base](data, "items"))
	ctx := t.Context()
	_, _ = items.Create(ctx, base{"1"})
	_, _ = items.Put(ctx, base{"1"})
	_, _ = items.Get(ctx, table.PK("none"))
	_, _ = items.GetMany(ctx, []table.Key{table.PK("1")})
	_, _ = items.Query(ctx, table.Query{Key: table.PK("1")})
	_ = items.Delete(ctx, table.PK("1"))
	_, _ = items.Get(ctx, table.PK("")) // refused before it began
	want := []string{"items Create", "items Put", "items Get failed", "items GetMany", "items Query", "items Delete"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestCorrupt(t *testing.T) {
	t.Parallel()
	type wide struct {
		ID string `table:"id,pk"`
		N  string
	}
	type narrow struct {
		ID string `table:"id,pk"`
		N  int
	}
	driver := filetable.Memory()
	write := datastore.Use[table.Creator[wide]](&function{}, table.New[wide](datastore.New([]datastore.Driver{driver}, nil), "items"))
	if _, err := write.Create(t.Context(), wide{"1", "secret"}); err != nil {
		t.Fatal(err)
	}
	read := datastore.Use[table.Getter[narrow]](&function{}, table.New[narrow](datastore.New([]datastore.Driver{driver}, nil), "items"))
	_, err := read.Get(t.Context(), table.PK("1"))
	if !errors.Is(err, datastore.ErrCorrupt) || !strings.Contains(err.Error(), `attribute "N": is of type S, want N`) || strings.Contains(err.Error(), "secret") {
		t.Errorf("Get of an item of another type = %v, want %v saying where, without the value", err, datastore.ErrCorrupt)
	}
}

// TestCallersItemIsNotChanged: the next version is in what Put returns only.
func TestCallersItemIsNotChanged(t *testing.T) {
	t.Parallel()
	type item struct {
		ID   string `table:"id,pk"`
		V    int    `table:",version"`
		Tags []string
	}
	data := datatest.New(t)
	items := datastore.Use[table.Putter[item]](&function{}, table.New[item](data, "items"))
	mine := item{ID: "1", Tags: []string{"a"}}
	got, err := items.Put(t.Context(), mine)
	if err != nil || got.V != 1 || mine.V != 0 {
		t.Errorf("Put = %+v, %v with the caller's version %d, want 1, nil and 0", got, err, mine.V)
	}
	mine.Tags[0] = "changed"
	if stored := datatest.Items[item](t, data, "items", "1"); stored[0].Tags[0] != "a" {
		t.Errorf("the stored item changed with the caller's slice: %+v", stored)
	}
}
