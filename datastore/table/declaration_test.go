package table_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// ticket has indexes and expires.
type ticket struct {
	Event   string    `table:"event,pk"`
	Seat    int       `table:"seat,sk"`
	Email   string    `table:"email,index=byEmail.pk"`
	Sold    time.Time `table:"sold,index=byEmail.sk,local=bySold"`
	Expires time.Time `table:"expires,ttl"`
}

func TestSpecOfIndexes(t *testing.T) {
	t.Parallel()
	spec := table.New[ticket](datastore.New(nil, nil), "tickets").Spec().(table.Spec)
	email, sold := table.Attribute{Name: "email", Type: table.S}, table.Attribute{Name: "sold", Type: table.S}
	want := []table.Index{
		{Name: "byEmail", PK: email, SK: sold},
		{Name: "bySold", PK: spec.PK, SK: sold, Local: true},
	}
	if diff := cmp.Diff(want, spec.Indexes.All()); diff != "" || spec.TTL != "expires" {
		t.Errorf("Spec: ttl %q, indexes (-want +got):\n%s", spec.TTL, diff)
	}
	again := table.New[ticket](datastore.New(nil, nil), "tickets").Spec().(table.Spec)
	if spec != again || !spec.Indexes.Equal(again.Indexes) {
		t.Error("two Specs of one item type are not equal")
	}
	if spec.Indexes == table.IndexesOf(want[0]) || table.IndexesOf() != (table.Indexes{}) || len((table.Indexes{}).All()) != 0 {
		t.Error("Indexes: other ones are equal, or none are some")
	}
}

func TestViaNeedsTheIndex(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	tickets := table.New[ticket](data, "tickets")
	spec := tickets.Via("byEmail").Spec()
	want := []datastore.Need{{Service: "dynamodb", Actions: []string{"Query", "Scan"}, Resource: "table/{name}/index/byEmail"}}
	if diff := cmp.Diff(want, spec.Needs([]string{"Query", "Scan"})); diff != "" {
		t.Errorf("Needs of an index (-want +got):\n%s", diff)
	}
	if !datastore.Same(spec, tickets.Spec()) || spec == tickets.Spec() || spec.(table.Spec).Whole() != tickets.Spec() {
		t.Errorf("the Spec of an index is %+v, want the same store in another scope", spec)
	}
	if len(data.Errs()) > 0 || len(data.Specs()) != 1 {
		t.Errorf("Via: errors %v, stores %v, want none and one", data.Errs(), data.Specs())
	}
}

func TestNeedsOfOperations(t *testing.T) {
	t.Parallel()
	spec := table.New[ticket](datastore.New(nil, nil), "tickets").Spec()
	got := spec.Needs([]string{"Create", "Put", "Update", "Delete", "WriteMany", "Check", "Transact", "Scan"})
	want := []datastore.Need{{
		Service: "dynamodb", Resource: "table/{name}",
		Actions: []string{"BatchWriteItem", "ConditionCheckItem", "DeleteItem", "PutItem", "Scan", "UpdateItem"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Needs (-want +got):\n%s", diff)
	}
	if got := spec.Needs([]string{"Transact"}); got != nil {
		t.Errorf("Needs of Transact = %v, want none", got)
	}
}

func TestViaUnknownIndex(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	none := datastore.Use[table.Querier[ticket]](&function{}, table.New[ticket](data, "tickets").Via("byName"))
	errs := data.Errs()
	if len(errs) != 1 || !strings.Contains(errs[0].Error(), `no index "byName"; it has byEmail, bySold`) ||
		!strings.Contains(errs[0].Error(), "declaration_test.go") {
		t.Errorf("Via of an unknown index: errors = %v, want one that names this line and the indexes", errs)
	}
	_, err := none.Query(t.Context(), table.Query{Key: table.PK("x")})
	if !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("Query via an unknown index: error = %v, want %v", err, datastore.ErrDeclaration)
	}
}

func TestViaOffersReads(t *testing.T) {
	t.Parallel()
	view := table.New[ticket](datastore.New(nil, nil), "tickets").Via("byEmail")
	defer func() {
		err, _ := recover().(*datastore.DeclarationError)
		if err == nil || !strings.Contains(err.Message, "offers table.Querier[") {
			t.Errorf("Use of a Getter of an index: panic %v, want a declaration error that says what it offers", err)
		}
	}()
	datastore.Use[table.Getter[ticket]](&function{}, view)
}

// TestWriteManyOfVersions: a batch checks no versions; that is a mistake of the
// line that grants it.
func TestWriteManyOfVersions(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	orders := datastore.Use[table.ManyWriter[Order]](&function{}, table.New[Order](data, "orders"))
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), `has the version "version"`) || !strings.Contains(errs[0].Error(), "declaration_test.go") {
		t.Errorf("Use of WriteMany of a type with a version: errors = %v, want one that says so", errs)
	}
	if err := orders.WriteMany(t.Context(), []Order{{Customer: "c"}}, nil); !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("WriteMany of a type with a version: error = %v, want %v", err, datastore.ErrDeclaration)
	}
}

func TestWrongIndexes(t *testing.T) {
	t.Parallel()
	declare := map[string]func(*datastore.Data) datastore.Store{
		"has no partition key": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,index=byA.sk"`
			}](d, "items")
		},
		`has two partition keys, "a" and "b"`: func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,index=byA.pk"`
				B  string `table:"b,index=byA.pk"`
			}](d, "items")
		},
		"only a table with a sort key has local indexes": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,local=byA"`
			}](d, "items")
		},
		"is both global and local": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				No string `table:"no,sk"`
				A  string `table:"a,local=byA,index=byA.pk"`
			}](d, "items")
		},
		"must be text, a number": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string   `table:"id,pk"`
				A  []string `table:"a,index=byA.pk"`
			}](d, "items")
		},
		`unknown table option "index=a.pk"`: func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,index=a.pk"`
			}](d, "items")
		},
		`unknown table option "index=byA"`: func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,index=byA"`
			}](d, "items")
		},
		"must be a time.Time or an integer": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  string `table:"a,ttl"`
			}](d, "items")
		},
		`both "a" and "b" are marked ttl`: func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  int    `table:"a,ttl"`
				B  int    `table:"b,ttl"`
			}](d, "items")
		},
		"belong to the item itself": func(d *datastore.Data) datastore.Store {
			return table.New[struct {
				ID string `table:"id,pk"`
				A  struct {
					B string `table:"b,index=byB.pk"`
				}
			}](d, "items")
		},
	}
	for want, store := range declare {
		data := datastore.New(nil, nil)
		store(data)
		if got := fmt.Sprint(data.Errs()); !strings.Contains(got, want) {
			t.Errorf("Errs = %s, want one about %q", got, want)
		}
	}
}
