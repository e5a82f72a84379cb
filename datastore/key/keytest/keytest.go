// Package keytest is the conformance suite of package key: what every driver must
// do, one case a rule. The embedded driver, datastore/embedded/filekey, is the
// reference.
package keytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

// Open prepares a key for each of names, for one case, and returns the Data on which
// the case declares them. It is called from several tests at once.
type Open func(t testing.TB, names ...string) *datastore.Data

// Difference is a known way in which a server does not do what KMS does. The suite
// asserts it.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// ForeignDenied: what another key made, and some of what is no ciphertext, is
	// denied as if a permission were missing (moto 5.2.5).
	ForeignDenied Difference = "what another key made is denied"
	// JoinedContext: names and values of a context are joined, so that two contexts
	// can be one (moto 5.2.5).
	JoinedContext Difference = "names and values of a context are joined"
)

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

// foreign is what a ciphertext of another key answers.
func (on target) foreign() error {
	if on.has(ForeignDenied) {
		return datastore.ErrDenied
	}
	return datastore.ErrCorrupt
}

func (on target) has(d Difference) bool { return slices.Contains(on.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, on target)
}

// Run runs the suite on keys that open prepares.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
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

// all is everything that may be done with a key.
type all interface {
	key.Encrypter
	key.Decrypter
	key.Sealer
	key.Opener
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

func start(t testing.TB, on target, names ...string) []all {
	t.Helper()
	data := on.open(t, names...)
	var handles []all
	for _, name := range names {
		handles = append(handles, datastore.Use[all](function{}, key.New(data, name, nil)))
	}
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handles
}

// way is one of the two ways to encrypt.
type way struct {
	name  string
	close func(ctx context.Context, plaintext []byte, bound key.Context) ([]byte, error)
	open  func(ctx context.Context, closed []byte, bound key.Context) ([]byte, error)
}

func ways(k all) []way {
	return []way{{"Encrypt", k.Encrypt, k.Decrypt}, {"Seal", k.Seal, k.Open}}
}

var rules = []rule{
	{"both ways", "what is encrypted comes back with the same context, and is another each time", func(t *testing.T, on target) {
		for _, w := range ways(start(t, on, "one")[0]) {
			for _, plaintext := range [][]byte{[]byte("x"), {0}, bytes.Repeat([]byte("hunter2 "), 512)} {
				for _, bound := range []key.Context{nil, {"customer": "c1"}, {"a": "1", "b": "", "grüße": "👋"}} {
					first := closed(t, w, plaintext, bound)
					if bytes.Equal(first, closed(t, w, plaintext, bound)) {
						t.Errorf("%s of the same twice gives the same", w.name)
					}
					if len(plaintext) > 6 && bytes.Contains(first, plaintext[:6]) {
						t.Errorf("%s leaves the plaintext in clear", w.name)
					}
					got, err := w.open(t.Context(), first, bound)
					if err != nil || !bytes.Equal(got, plaintext) {
						t.Errorf("%s and back with %v = %.20q, %v, want %.20q", w.name, bound, got, err, plaintext)
					}
				}
			}
		}
	}},
	{"context", "another context answers ErrCorrupt", func(t *testing.T, on target) {
		bound := key.Context{"customer": "c1", "b": "c"}
		for _, w := range ways(start(t, on, "one")[0]) {
			one := closed(t, w, []byte("hunter2"), bound)
			for _, other := range []key.Context{
				nil, {}, {"customer": "c2", "b": "c"}, {"customer": "c1"}, {"customer": "c1", "b": "c", "d": "e"}, {"Customer": "c1", "b": "c"},
			} {
				got, err := w.open(t.Context(), one, other)
				wantError(t, fmt.Sprintf("%s and back with %v", w.name, other), err, datastore.ErrCorrupt)
				if got != nil {
					t.Errorf("%s and back with %v = %q", w.name, other, got)
				}
			}
			_, err := w.open(t.Context(), one, key.Context{"customerc1": "", "b": "c"})
			if on.has(JoinedContext) && w.name == "Encrypt" {
				if err != nil {
					t.Errorf("this server no longer joins names and values: %v", err)
				}
				continue
			}
			wantError(t, w.name+" and back with a name that has the value in it", err, datastore.ErrCorrupt)
		}
	}},
	{"damage", "what is changed, cut or made up answers ErrCorrupt, without a part of the plaintext", func(t *testing.T, on target) {
		for _, w := range ways(start(t, on, "one")[0]) {
			one := closed(t, w, []byte("hunter2"), nil)
			flipped := bytes.Clone(one)
			flipped[len(flipped)-1] ^= 1
			for name, damaged := range map[string][]byte{
				"a byte of the end changed": flipped, "cut": one[:len(one)-1], "made up": []byte("hunter2 hunter2 hunter2 hunter2"), "one byte": {1},
			} {
				_, err := w.open(t.Context(), damaged, nil)
				wantError(t, w.name+", "+name, err, datastore.ErrCorrupt)
				if err != nil && strings.Contains(err.Error(), "hunter2") {
					t.Errorf("%s, %s: the error has the plaintext: %v", w.name, name, err)
				}
			}
		}
	}},
	{"apart", "what one way made the other one cannot read", func(t *testing.T, on target) {
		w := ways(start(t, on, "one")[0])
		_, err := w[1].open(t.Context(), closed(t, w[0], []byte("x"), nil), nil)
		wantError(t, "Open of what Encrypt made", err, datastore.ErrCorrupt)
		sealed := closed(t, w[1], []byte("x"), nil)
		_, err = w[0].open(t.Context(), sealed, nil)
		wantError(t, "Decrypt of what Seal made", err, on.foreign())
		length := int(sealed[1])<<8 | int(sealed[2])
		_, err = w[0].open(t.Context(), sealed[3:3+length], nil)
		wantError(t, "Decrypt of a data key", err, datastore.ErrCorrupt)
	}},
	{"other key", "what another key encrypted answers ErrCorrupt", func(t *testing.T, on target) {
		keys := start(t, on, "one", "two")
		one, two := ways(keys[0]), ways(keys[1])
		for i := range one {
			_, err := two[i].open(t.Context(), closed(t, one[i], []byte("x"), nil), nil)
			wantError(t, one[i].name+" and back by another key", err, on.foreign())
		}
	}},
	{"size", "what is too large or empty is refused", func(t *testing.T, on target) {
		k := start(t, on, "one")[0]
		_, err := k.Encrypt(t.Context(), make([]byte, key.MaxPlaintext+1), nil)
		wantError(t, "Encrypt of 4,097 bytes", err, datastore.ErrTooLarge)
		_, err = k.Encrypt(t.Context(), nil, nil)
		wantError(t, "Encrypt of nothing", err, datastore.ErrInvalid)
		_, err = k.Decrypt(t.Context(), make([]byte, key.MaxCiphertext+1), nil)
		wantError(t, "Decrypt of 6,145 bytes", err, datastore.ErrTooLarge)
		_, err = k.Decrypt(t.Context(), nil, nil)
		wantError(t, "Decrypt of nothing", err, datastore.ErrInvalid)
		for _, n := range []int{0, 1 << 20} {
			plaintext := make([]byte, n)
			got, err := k.Open(t.Context(), closed(t, ways(k)[1], plaintext, nil), nil)
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Errorf("Seal and Open of %d bytes = %d bytes, %v", n, len(got), err)
			}
		}
	}},
	{"reserved", "names in a context that others keep, or that are no text, answer ErrInvalid", func(t *testing.T, on target) {
		for _, w := range ways(start(t, on, "one")[0]) {
			for _, bound := range []key.Context{{"aws:x": "y"}, {"tierkit:envelope": "1"}, {"": "x"}, {"a": "\xff"}, {"a": strings.Repeat("x", 8192)}} {
				_, err := w.close(t.Context(), []byte("x"), bound)
				wantError(t, fmt.Sprintf("%s with %.30v", w.name, bound), err, datastore.ErrInvalid)
			}
		}
	}},
	{"late", "an operation after the deadline answers ErrNoBudget", func(t *testing.T, on target) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		for _, w := range ways(start(t, on, "one")[0]) {
			_, err := w.close(ctx, []byte("x"), nil)
			wantError(t, w.name+" after the deadline", err, datastore.ErrNoBudget)
		}
	}},
}

func closed(t testing.TB, w way, plaintext []byte, bound key.Context) []byte {
	t.Helper()
	out, err := w.close(t.Context(), plaintext, bound)
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	return out
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}
