package datastore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func TestDeclare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		specs []spec
		errs  []error
		want  []string // each in the error of its place
	}{
		{"fine", []spec{{"pad", "a"}, {"pad", "b-1_C"}, {"ink", "a"}}, nil, nil},
		{"twice", []spec{{"pad", "a"}, {"pad", "a"}}, nil, []string{`pad "a" is declared at datastore/data_test.go:`}},
		{"folding", []spec{{"pad", "my-notes"}, {"pad", "My_Notes"}}, nil, []string{"TIERKIT_PAD_MY_NOTES"}},
		{"empty", []spec{{"pad", ""}}, nil, []string{`pad name ""`}},
		{"too long", []spec{{"pad", strings.Repeat("a", 65)}}, nil, []string{"up to 63"}},
		{"longest", []spec{{"pad", strings.Repeat("a", 64)}}, nil, nil},
		{"digit first", []spec{{"pad", "1a"}}, nil, []string{"write a letter"}},
		{"space", []spec{{"pad", "a b"}}, nil, []string{"' ' is not allowed"}},
		{"the kind's own", []spec{{"pad", "a"}}, []error{errors.New("no key")}, []string{"no key"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New(nil, nil)
			var returned []error
			for _, s := range c.specs {
				returned = append(returned, data.Declare(s, c.errs...))
			}
			errs := data.Errs()
			if got := datastore.Mistakes(returned...); len(got) != len(errs) {
				t.Errorf("Declare returned %v, want the errors that Errs has: %v", got, errs)
			}
			if len(errs) != len(c.want) {
				t.Fatalf("Errs = %v, want %d of them", errs, len(c.want))
			}
			for i, want := range c.want {
				var e *datastore.DeclarationError
				if !errors.As(errs[i], &e) || !strings.Contains(e.Message, want) || !strings.Contains(errs[i].Error(), "data_test.go:") {
					t.Errorf("error %d = %v, want one of this file about %q", i, errs[i], want)
				}
			}
			if got := data.Specs(); len(got) != len(c.specs) || got[0] != c.specs[0] {
				t.Errorf("Specs = %v, want %v", got, c.specs)
			}
		})
	}
}

type driver struct{ kind, name string }

func (d driver) Kind() string { return d.kind }
func (d driver) Name() string { return d.name }

type opener struct{ driver }

func (opener) Open() {}

func TestDriverOf(t *testing.T) {
	t.Parallel()
	type padDriver interface {
		datastore.Driver
		Open()
	}
	data := datastore.New([]datastore.Driver{
		driver{"pad", "without Open"}, opener{driver{"ink", "other"}}, opener{driver{"pad", "first"}}, opener{driver{"pad", "second"}},
	}, nil)
	if got, err := datastore.DriverOf[padDriver](data, spec{"pad", "a"}); err != nil || got.Name() != "first" {
		t.Errorf("DriverOf(pad) = %v, %v, want the first that fits", got, err)
	}
	_, err := datastore.DriverOf[padDriver](data, spec{"glue", "a"})
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "glue a") {
		t.Errorf("DriverOf(glue): error = %v, want %v naming the store", err, datastore.ErrUnavailable)
	}
	hinting := datastore.New(nil, &datastore.Options{Missing: func(s datastore.Spec) string { return "buy some " + s.Kind() }})
	if _, err := datastore.DriverOf[padDriver](hinting, spec{"glue", "a"}); err == nil || !strings.HasSuffix(err.Error(), "; buy some glue") {
		t.Errorf("DriverOf(glue): error = %v, want what to do", err)
	}
}

// TestDeclaredAt: a store is found by kind and name, whatever its scope is.
func TestDeclaredAt(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	if err := data.Declare(spec{"pad", "a"}); err != nil {
		t.Fatal(err)
	}
	if at := data.DeclaredAt(spec{"pad", "a"}); !strings.Contains(at.String(), ".go:") {
		t.Errorf("DeclaredAt = %v, want a Go line", at)
	}
	for _, s := range []spec{{"pad", "b"}, {"ink", "a"}} {
		if at := data.DeclaredAt(s); !at.IsZero() {
			t.Errorf("DeclaredAt(%v) = %v, want none", s, at)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	at := time.Unix(5, 0)
	var seen []string
	data := datastore.New(nil, &datastore.Options{
		Namespace: "shop",
		Lookup:    func(v string) (string, bool) { return "physical of " + v, v != "TIERKIT_PAD_NONE" },
		Now:       func() time.Time { return at },
		Rand:      bytes.NewReader([]byte{1, 2, 3}),
		Observe: func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
			seen = append(seen, op.Op)
			return context.WithValue(ctx, op, "observed"), func(err error) { seen = append(seen, fmt.Sprint(err)) }
		},
	})
	if data.Namespace() != "shop" || !data.Now().Equal(at) {
		t.Errorf("Namespace, Now = %q, %v, want what was given", data.Namespace(), data.Now())
	}
	if b, err := io.ReadAll(data.Rand()); err != nil || len(b) != 3 {
		t.Errorf("Rand = %v, %v, want what was given", b, err)
	}
	if name, ok := data.Physical(spec{"pad", "a-b"}); !ok || name != "physical of TIERKIT_PAD_A_B" {
		t.Errorf("Physical = %q, %v, want the variable's value", name, ok)
	}
	if _, ok := data.Physical(spec{"pad", "none"}); ok {
		t.Error("Physical of a variable that is not set = true, want false")
	}
	ctx, done := data.Observe(t.Context(), spec{"pad", "a"}, "Read")
	done(datastore.ErrConflict)
	if ctx == t.Context() || strings.Join(seen, ",") != "Read,conflict" {
		t.Errorf("Observe told %v, want Read and its outcome, and its context", seen)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	var b [8]byte
	if n, err := data.Rand().Read(b[:]); n != 8 || err != nil {
		t.Errorf("Rand().Read = %d, %v, want 8 bytes", n, err)
	}
	if _, ok := data.Physical(spec{"pad", "a"}); ok || data.Namespace() != "" || data.Now().IsZero() {
		t.Error("a Data without options has a physical name, a namespace or no clock")
	}
	ctx, done := data.Observe(t.Context(), spec{"pad", "a"}, "Read")
	done(nil)
	if ctx != t.Context() {
		t.Error("Observe without an observer changed the context")
	}
	silent := datastore.New(nil, &datastore.Options{Observe: func(ctx context.Context, _ datastore.Operation) (context.Context, func(error)) {
		return ctx, nil
	}})
	_, done = silent.Observe(t.Context(), spec{"pad", "a"}, "Read")
	done(nil) // does not panic
}

func ExampleNew() {
	data := datastore.New(nil, &datastore.Options{Namespace: "shop"})
	data.Declare(spec{"pad", "notes"})
	data.Declare(spec{"pad", "Notes"})
	fmt.Println(len(data.Specs()), "stores,", len(data.Errs()), "mistake")
	// Output: 2 stores, 1 mistake
}
