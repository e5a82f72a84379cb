package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Reader and the others are the capabilities of a kind made up for these tests.
type (
	Reader  interface{ Read(context.Context) error }
	Writer  interface{ Write(context.Context) error }
	Eraser  interface{ Erase(context.Context) error }
	nothing interface{}
)

type spec struct{ kind, name string }

func (s spec) Kind() string { return s.kind }
func (s spec) Name() string { return s.name }
func (s spec) Needs(ops []string) []datastore.Need {
	need := datastore.Need{Service: s.kind, Actions: ops, Resource: "{name}"}
	if s.kind == "locked" {
		need.Depends = []datastore.Dependence{{Spec: spec{"key", "of-" + s.name}, Ops: []string{"Turn"}}}
	}
	return []datastore.Need{need}
}

type pad struct{ spec spec }

func (p pad) Spec() datastore.Spec { return p.spec }

func (p pad) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		{Op: "Read", Type: reflect.TypeFor[Reader]()},
		{Op: "Write", Type: reflect.TypeFor[Writer]()},
		{Op: "Erase", Type: reflect.TypeFor[Eraser]()},
	}
}

func (p pad) Handle(g *datastore.Grant) any { return handle{g} }

// handle has a method that is no capability: String.
type handle struct{ grant *datastore.Grant }

func (h handle) Read(ctx context.Context) error  { return h.grant.Check(ctx, 0, "Read") }
func (h handle) Write(ctx context.Context) error { return h.grant.Check(ctx, 1, "Write") }
func (h handle) Erase(ctx context.Context) error { return h.grant.Check(ctx, 2, "Erase") }
func (h handle) String() string                  { return "pad" }

type function struct {
	name   string
	grants []*datastore.Grant
}

func (f *function) FunctionName() string        { return f.name }
func (f *function) AddGrant(g *datastore.Grant) { f.grants = append(f.grants, g) }

func TestUse(t *testing.T) {
	t.Parallel()
	fn := &function{name: "reads"}
	both := datastore.Use[interface {
		Writer
		Reader
	}](fn, pad{spec{"pad", "notes"}})
	if len(fn.grants) != 1 {
		t.Fatalf("Use recorded %d grants, want 1", len(fn.grants))
	}
	g := fn.grants[0]
	if g.Function != "reads" || g.Spec != (spec{"pad", "notes"}) || !strings.HasSuffix(g.At.File, "use_test.go") || g.At.Line == 0 {
		t.Errorf("grant = %+v, want function, store and this file", g)
	}
	if diff := cmp.Diff([]string{"Read", "Write"}, g.Ops); diff != "" {
		t.Errorf("granted operations in the order of the kind (-want +got):\n%s", diff)
	}
	for op, err := range map[string]error{"Read": both.Read(t.Context()), "Write": both.Write(t.Context())} {
		if err != nil {
			t.Errorf("%s = %v, want nil", op, err)
		}
	}
	one := datastore.Use[Reader](fn, pad{spec{"pad", "notes"}})
	if err := one.Read(t.Context()); err != nil {
		t.Errorf("Read by a capability itself = %v, want nil", err)
	}
}

func TestUseRefuses(t *testing.T) {
	t.Parallel()
	p := pad{spec{"pad", "notes"}}
	for name, c := range map[string]struct {
		use  func(datastore.Function)
		want string
	}{
		"no interface":    {func(f datastore.Function) { datastore.Use[handle](f, p) }, "not an interface"},
		"no capability":   {func(f datastore.Function) { datastore.Use[fmt.Stringer](f, p) }, "none of its methods"},
		"empty interface": {func(f datastore.Function) { datastore.Use[nothing](f, p) }, "none of its methods"},
		"more than offered": {func(f datastore.Function) {
			datastore.Use[interface {
				Reader
				fmt.Stringer
			}](f, p)
		}, "only Read of its 2 methods"},
		"what no handle has": {func(f datastore.Function) {
			datastore.Use[interface {
				Reader
				Close() error
			}](f, p)
		}, "only Read of its 2 methods"},
		"no function":       {func(datastore.Function) { datastore.Use[Reader](nil, p) }, "the function or the store is nil"},
		"no store":          {func(f datastore.Function) { datastore.Use[Reader](f, nil) }, "the function or the store is nil"},
		"a nil function":    {func(datastore.Function) { datastore.Use[Reader]((*function)(nil), p) }, "the function or the store is nil"},
		"another signature": {func(f datastore.Function) { datastore.Use[interface{ Read() error }](f, p) }, "datastore_test.Reader"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn := &function{name: "f"}
			defer func() {
				err, ok := recover().(*datastore.DeclarationError)
				if !ok || !strings.Contains(err.Message, c.want) || !strings.HasSuffix(err.At.File, "use_test.go") {
					t.Errorf("Use panics with %v, want a *DeclarationError of this file about %q", err, c.want)
				}
				if len(fn.grants) != 0 {
					t.Errorf("a refused Use recorded %+v", fn.grants)
				}
			}()
			c.use(fn)
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	fn := &function{name: "reads"}
	reader := datastore.Use[Reader](fn, pad{spec{"pad", "notes"}})
	wider, ok := reader.(Eraser)
	if !ok {
		t.Fatal("the handle has only what was granted: nothing to test")
	}
	ctx := t.Context()
	for _, c := range []struct {
		name string
		err  error
		want []string // in the text; none: no error
	}{
		{"granted", reader.Read(ctx), nil},
		{"granted to this function", reader.Read(datastore.WithFunction(ctx, "reads")), nil},
		{"not granted", wider.Erase(ctx), []string{"pad notes: erase: denied", "function reads", "was granted Read", "use_test.go", "not Erase"}},
		{"granted to another function", reader.Read(datastore.WithFunction(ctx, "writes")), []string{"belongs to function reads", "used by function writes"}},
	} {
		if (c.err == nil) != (c.want == nil) || c.err != nil && !errors.Is(c.err, datastore.ErrDenied) {
			t.Errorf("%s: error = %v, want %v", c.name, c.err, c.want)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(c.err.Error(), part) {
				t.Errorf("%s: error = %q, want it to say %q", c.name, c.err, part)
			}
		}
	}
	if name, ok := datastore.FunctionFrom(ctx); ok {
		t.Errorf("FunctionFrom(background) = %q, want none", name)
	}
}

// TestUsages: grants of one store are put together, and what it depends on follows.
func TestUsages(t *testing.T) {
	t.Parallel()
	fn := &function{name: "f"}
	datastore.Use[Writer](fn, pad{spec{"pad", "b"}})
	datastore.Use[Reader](fn, pad{spec{"pad", "a"}})
	datastore.Use[interface {
		Reader
		Writer
	}](fn, pad{spec{"pad", "b"}})
	datastore.Use[Reader](fn, pad{spec{"locked", "c"}})
	type view struct {
		Spec   spec
		For    []spec
		Ops    []string
		Grants int
	}
	want := []view{
		{spec{"pad", "b"}, nil, []string{"Write", "Read"}, 2},
		{spec{"pad", "a"}, nil, []string{"Read"}, 1},
		{spec{"locked", "c"}, nil, []string{"Read"}, 1},
		{spec{"key", "of-c"}, []spec{{"locked", "c"}}, []string{"Turn"}, 0},
	}
	var got []view
	for _, u := range datastore.Usages(fn.grants) {
		v := view{Spec: u.Spec.(spec), Ops: u.Ops, Grants: len(u.Grants)}
		for _, dependent := range u.For {
			v.For = append(v.For, dependent.(spec))
		}
		got = append(got, v)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(spec{})); diff != "" {
		t.Errorf("Usages (-want +got):\n%s", diff)
	}
}

func BenchmarkCheck(b *testing.B) {
	fn := &function{name: "reads"}
	reader := datastore.Use[Reader](fn, pad{spec{"pad", "notes"}})
	ctx := datastore.WithFunction(context.Background(), "reads")
	b.ReportAllocs()
	for b.Loop() {
		if err := reader.Read(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		datastore.Use[Reader](&function{name: "reads"}, pad{spec{"pad", "notes"}})
	}
}

func ExampleUse() {
	fn := &function{name: "reads"} // a tier.API or tier.Function
	notes := datastore.Use[Reader](fn, pad{spec{"pad", "notes"}})
	fmt.Println(notes.Read(context.Background()))
	fmt.Println(fn.grants[0].Function, "may", fn.grants[0].Ops)
	// Output:
	// <nil>
	// reads may [Read]
}
