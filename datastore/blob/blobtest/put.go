package blobtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var putRules = []rule{
	{"stored", "what was put is got, with its size, ETag and time", func(t *testing.T, open target) {
		f := start(t, open)
		put := store(t, f, "a", "one")
		got, o := content(t, f, "a")
		if got != "one" || o.Size != 3 || o.Length != 3 || o.Offset != 0 || o.ETag != put.ETag || o.Key != "a" || put.Size != 3 || put.Key != "a" {
			t.Errorf("Get = %q, %+v; Put = %+v", got, o.Info, put)
		}
		if len(o.ETag) < 3 || o.ETag[0] != '"' || o.Modified.IsZero() || o.Modified.Nanosecond() != 0 {
			t.Errorf("ETag = %q, Modified = %v; want quotes, and a time to the second", o.ETag, o.Modified)
		}
		if !put.Modified.IsZero() {
			t.Errorf("Put answers Modified = %v, which S3 does not tell", put.Modified)
		}
	}},
	{"replaced", "Put replaces what is there, attributes too, and the ETag is another", func(t *testing.T, open target) {
		f := start(t, open)
		first := store(t, f, "a", "one", blob.ContentType("text/plain"), blob.Metadata(map[string]string{"x": "1"}))
		second := store(t, f, "a", "second")
		if first.ETag == second.ETag {
			t.Errorf("both have the ETag %s", first.ETag)
		}
		got, o := content(t, f, "a")
		if got != "second" || o.ContentType != blob.DefaultContentType || len(o.Metadata) != 0 {
			t.Errorf("Get = %q, %+v", got, o.Info)
		}
	}},
	{"empty", "an object may be empty, and nil is an empty body", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "")
		if _, err := f.Put(t.Context(), "b", nil); err != nil {
			t.Fatal(err)
		}
		wantContent(t, f, "a", "")
		wantContent(t, f, "b", "")
	}},
	{"attributes", "attributes are stored and read as they were given", func(t *testing.T, open target) {
		f := start(t, open)
		want := blob.Attributes{
			ContentType: "text/plain; charset=utf-8", CacheControl: "public, max-age=60", ContentDisposition: `attachment; filename="a b.txt"`,
			ContentEncoding: "identity", ContentLanguage: "de", Metadata: map[string]string{"owner": "a+b c%20d", "n.2_x-y": "=?"},
		}
		put := store(t, f, "a", "text", blob.ContentType(want.ContentType), blob.CacheControl(want.CacheControl),
			blob.ContentDisposition(want.ContentDisposition), blob.ContentEncoding(want.ContentEncoding),
			blob.ContentLanguage(want.ContentLanguage), blob.Metadata(want.Metadata))
		stat, err := f.Stat(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		_, o := content(t, f, "a")
		for name, got := range map[string]blob.Info{"Put": put, "Stat": stat, "Get": o.Info} {
			if d := cmp.Diff(want, got.Attributes); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		if stat.Size != 4 || stat.ETag != put.ETag || stat.Modified.IsZero() || stat.Key != "a" {
			t.Errorf("Stat = %+v", stat)
		}
	}},
	{"large", "an object of many pieces is stored whole, wherever it comes from", putLarge},
	{"reader", "a reader that fails stores nothing, and its error is found", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "old")
		boom := errors.New("boom")
		for name, size := range map[string]int64{"at once": 0, "after a piece": 9 << 20} {
			_, err := f.Put(t.Context(), "a", io.MultiReader(io.LimitReader(random(), size), iotest.ErrReader(boom)))
			wantError(t, "Put of a reader that fails "+name, err, datastore.ErrInvalid)
			wantError(t, "Put of a reader that fails "+name, err, boom)
		}
		wantContent(t, f, "a", "old")
	}},
	{"limit", "more than MaxSize stores nothing", func(t *testing.T, open target) {
		f := start(t, open)
		for name, r := range map[string]io.Reader{"a stream": iotest.OneByteReader(strings.NewReader("12345")), "known": strings.NewReader("12345")} {
			_, err := f.Put(t.Context(), "a", r, blob.MaxSize(4))
			wantError(t, "Put of too much, "+name, err, datastore.ErrTooLarge)
		}
		_, err := f.Put(t.Context(), "a", io.LimitReader(random(), 9<<20), blob.MaxSize(9<<20-1))
		wantError(t, "Put of too much in pieces", err, datastore.ErrTooLarge)
		wantMissing(t, f, "a")
		store(t, f, "a", "1234", blob.MaxSize(4))
		_, err = f.Put(t.Context(), "b", iotest.DataErrReader(strings.NewReader("1234")), blob.MaxSize(4))
		wantError(t, "Put of a stream of just as much", err, nil)
		wantContent(t, f, "b", "1234")
	}},
	{"rest", "a reader is stored from where it stands", func(t *testing.T, open target) {
		f := start(t, open)
		r := strings.NewReader("head and rest")
		if _, err := r.Seek(9, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Put(t.Context(), "a", r); err != nil {
			t.Fatal(err)
		}
		wantContent(t, f, "a", "rest")
	}},
	{"late", "a context that has ended stores nothing", func(t *testing.T, open target) {
		f := start(t, open)
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		_, err := f.Put(ctx, "a", strings.NewReader("x"))
		wantError(t, "Put in a context that has ended", err, datastore.ErrNoBudget)
		wantMissing(t, f, "a")
	}},
	{"cancelled", "a context that ends during a long Put stores nothing", func(t *testing.T, open target) {
		f := start(t, open)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := f.Put(ctx, "a", &cancelling{Reader: io.LimitReader(random(), 40<<20), after: 20 << 20, cancel: cancel})
		wantError(t, "Put whose context was cancelled", err, datastore.ErrNoBudget)
		wantMissing(t, f, "a")
	}},
	{"invalid", "what cannot be a header is refused", func(t *testing.T, open target) {
		f := start(t, open)
		for name, o := range map[string]blob.PutOption{
			"a line break":          blob.ContentType("text/plain\r\nX-A: b"),
			"what is not ASCII":     blob.CacheControl("ä"),
			"a space at the end":    blob.Metadata(map[string]string{"a": "b "}),
			"a capital":             blob.Metadata(map[string]string{"Aa": "b"}),
			"no name":               blob.Metadata(map[string]string{"": "b"}),
			"the store's own name":  blob.Metadata(map[string]string{blob.WriteIDName: "b"}),
			"too much metadata":     blob.Metadata(map[string]string{"a": strings.Repeat("b", 2048)}),
			"an ETag without quote": blob.IfMatch("abc"),
			"no ETag":               blob.IfMatch(""),
			"a negative limit":      blob.MaxSize(-1),
		} {
			_, err := f.Put(t.Context(), "a", strings.NewReader("x"), o)
			wantError(t, "Put with "+name, err, datastore.ErrInvalid)
		}
		wantMissing(t, f, "a")
	}},
	{"metadata", "as much metadata as is promised is taken", func(t *testing.T, open target) {
		f := start(t, open)
		value := strings.Repeat("v", blob.MaxMetadataSize-len(blob.WriteIDName)-16-1)
		store(t, f, "a", "x", blob.Metadata(map[string]string{"m": value}), blob.Absent())
		if info, err := f.Stat(t.Context(), "a"); err != nil || info.Metadata["m"] != value || len(info.Metadata) != 1 {
			t.Errorf("Stat = %d bytes of metadata in %d names, %v", len(info.Metadata["m"]), len(info.Metadata), err)
		}
	}},
}

func putLarge(t *testing.T, open target) {
	f := start(t, open)
	const size = 17<<20 + 3
	want := sha256.New()
	if _, err := io.Copy(want, io.LimitReader(random(), size)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(io.LimitReader(random(), size))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]io.Reader{
		"stream": io.LimitReader(random(), size),
		"at":     strings.NewReader(string(all)),
	} {
		info, err := f.Put(t.Context(), name, r, blob.ContentType("a/b"), blob.Metadata(map[string]string{"k": "v"}))
		if err != nil || info.Size != size {
			t.Fatalf("Put of %d bytes = %+v, %v", size, info, err)
		}
		o, err := f.Get(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		got := sha256.New()
		n, err := io.Copy(got, o)
		o.Close()
		if err != nil || n != size || string(got.Sum(nil)) != string(want.Sum(nil)) {
			t.Errorf("Get(%q): %d bytes, %v; want the %d that were put", name, n, err, size)
		}
		if o.ETag != info.ETag || o.ContentType != "a/b" || o.Metadata["k"] != "v" || len(o.Metadata) != 1 {
			t.Errorf("Get(%q) = %+v, Put = %+v", name, o.Info, info)
		}
	}
}

// random gives the same bytes each time.
func random() io.Reader { return rand.NewChaCha8([32]byte{1}) }

// cancelling cancels a context after some bytes.
type cancelling struct {
	io.Reader
	after  int
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.after -= n; c.after <= 0 {
		c.cancel()
	}
	return n, err
}
