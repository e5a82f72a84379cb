// Package blobtest is the conformance suite of package blob: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/filebucket, is
// the reference.
//
//	func TestConformance(t *testing.T) {
//		blobtest.Run(t, func(t testing.TB) *datastore.Data {
//			return datastore.New([]datastore.Driver{mydriver.New()}, nil)
//		})
//	}
package blobtest

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// Open prepares an empty bucket for one case, whose signed requests are served,
// and returns the Data on which the case declares it as "files". It is called
// from several tests at once.
type Open func(t testing.TB) *datastore.Data

// Difference is a known way in which a server does not do what S3 does. The suite
// asserts it: a server that has lost one fails.
type Difference string

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

func (t target) has(d Difference) bool { return slices.Contains(t.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open target)
}

// Run runs the suite on the buckets that open prepares. What differs from S3 is
// named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"put", putRules},
		{"condition", conditionRules},
		{"get", getRules},
		{"key", keyRules},
		{"delete", deleteRules},
		{"list", listRules},
		{"copy", copyRules},
		{"scope", scopeRules},
		{"sign", signRules},
		{"owner", ownerRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, target{open, differs})
			})
		}
	}
}

// files is everything that may be done to a bucket.
type files interface {
	blob.Getter
	blob.Stater
	blob.Putter
	blob.Deleter
	blob.ManyDeleter
	blob.Lister
	blob.Copier
	blob.GetSigner
	blob.PutSigner
	blob.PostSigner
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// use is a handle of the type C on an empty bucket, or on a part of it.
func use[C any](t testing.TB, open target, prefix string) C {
	t.Helper()
	data := open.open(t)
	bucket := blob.New(data, "files")
	if prefix != "" {
		bucket = bucket.Under(prefix)
	}
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return datastore.Use[C](function{}, bucket)
}

func start(t testing.TB, open target) files { t.Helper(); return use[files](t, open, "") }

// put stores objects that contain their own keys.
func put(t testing.TB, f blob.Putter, keys ...string) {
	t.Helper()
	for _, key := range keys {
		store(t, f, key, key)
	}
}

func store(t testing.TB, f blob.Putter, key, content string, opts ...blob.PutOption) blob.Info {
	t.Helper()
	info, err := f.Put(t.Context(), key, strings.NewReader(content), opts...)
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return info
}

// content reads an object.
func content(t testing.TB, f blob.Getter, key string, opts ...blob.GetOption) (string, *blob.Object) {
	t.Helper()
	o, err := f.Get(t.Context(), key, opts...)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	if err != nil {
		t.Fatalf("Get(%q): read: %v", key, err)
	}
	return string(data), o
}

func wantContent(t testing.TB, f blob.Getter, key, want string) {
	t.Helper()
	if got, _ := content(t, f, key); got != want {
		t.Errorf("Get(%q) = %.100q (%d bytes), want %.100q (%d bytes)", key, got, len(got), want, len(want))
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", what, err, want)
	}
}

func wantMissing(t testing.TB, f blob.Stater, key string) {
	t.Helper()
	_, err := f.Stat(t.Context(), key)
	wantError(t, "Stat of "+key, err, datastore.ErrNotFound)
}

func wantKeys(t testing.TB, f blob.Lister, want ...string) {
	t.Helper()
	var got []string
	for e, err := range blob.All(t.Context(), f, blob.Query{}) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		got = append(got, e.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}
