package blobtest

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var getRules = []rule{
	{"missing", "what is not there is not found, for those who may list", func(t *testing.T, open target) {
		f := start(t, open)
		_, err := f.Get(t.Context(), "none")
		wantError(t, "Get", err, datastore.ErrNotFound)
		wantMissing(t, f, "none")
	}},
	{"undisclosed", "what is not there is denied to those who may not list", func(t *testing.T, open target) {
		type reader interface {
			blob.Getter
			blob.Stater
			blob.Copier
		}
		f := use[reader](t, open, "")
		_, err := f.Get(t.Context(), "none")
		wantError(t, "Get", err, datastore.ErrDenied)
		if err != nil && !strings.Contains(err.Error(), "blob.Lister") {
			t.Errorf("Get: error = %q, want it to name blob.Lister", err)
		}
		_, err = f.Stat(t.Context(), "none")
		wantError(t, "Stat", err, datastore.ErrDenied)
		_, err = f.Copy(t.Context(), "a", "none")
		wantError(t, "Copy", err, datastore.ErrDenied)
	}},
	{"range", "a part is read as it was asked for", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "0123456789")
		for _, c := range []struct {
			name   string
			opt    blob.GetOption
			want   string
			offset int64
		}{
			{"the first", blob.Range(0, 3), "012", 0},
			{"the middle", blob.Range(4, 2), "45", 4},
			{"over the end", blob.Range(8, 100), "89", 8},
			{"to the end", blob.Range(7, -1), "789", 7},
			{"all", blob.Range(0, -1), "0123456789", 0},
			{"the last", blob.Last(2), "89", 8},
			{"more than there is", blob.Last(100), "0123456789", 0},
		} {
			got, o := content(t, f, "a", c.opt)
			if got != c.want || o.Offset != c.offset || o.Length != int64(len(c.want)) || o.Size != 10 {
				t.Errorf("%s: Get = %q at %d+%d of %d, want %q at %d of 10", c.name, got, o.Offset, o.Length, o.Size, c.want, c.offset)
			}
		}
		store(t, f, "empty", "")
		for name, err := range map[string]error{
			"behind the end":     second(f.Get(t.Context(), "a", blob.Range(10, 1))),
			"far behind":         second(f.Get(t.Context(), "a", blob.Range(99, -1))),
			"of an empty object": second(f.Get(t.Context(), "empty", blob.Range(0, 1))),
			"no bytes":           second(f.Get(t.Context(), "a", blob.Range(0, 0))),
			"a negative offset":  second(f.Get(t.Context(), "a", blob.Range(-1, 1))),
			"the last none":      second(f.Get(t.Context(), "a", blob.Last(0))),
		} {
			wantError(t, "Get "+name, err, datastore.ErrInvalid)
		}
	}},
	{"condition", "a conditional Get tells what is not modified, and what is another", func(t *testing.T, open target) {
		f := start(t, open)
		old := store(t, f, "a", "old")
		got, o := content(t, f, "a", blob.IfNoneMatch(old.ETag))
		if got != "" || !o.NotModified || o.ETag != old.ETag {
			t.Errorf("Get of what is known = %q, NotModified = %v, ETag %s; want nothing, not modified, %s", got, o.NotModified, o.ETag, old.ETag)
		}
		if got, o := content(t, f, "a", blob.IfMatch(old.ETag)); got != "old" || o.NotModified {
			t.Errorf("Get with IfMatch = %q, NotModified = %v", got, o.NotModified)
		}
		store(t, f, "a", "new")
		if got, o := content(t, f, "a", blob.IfNoneMatch(old.ETag)); got != "new" || o.NotModified {
			t.Errorf("Get of what is new = %q, NotModified = %v", got, o.NotModified)
		}
		_, err := f.Get(t.Context(), "a", blob.IfMatch(old.ETag))
		wantError(t, "Get with IfMatch of another", err, datastore.ErrConflict)
		_, err = f.Get(t.Context(), "none", blob.IfNoneMatch(old.ETag))
		wantError(t, "Get with IfNoneMatch of what is missing", err, datastore.ErrNotFound)
	}},
	{"snapshot", "what is being read does not change when it is replaced", func(t *testing.T, open target) {
		f := start(t, open)
		old, next := strings.Repeat("a", 3<<20), strings.Repeat("b", 3<<20)
		store(t, f, "a", old)
		o, err := f.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		first := make([]byte, 10)
		if _, err := io.ReadFull(o, first); err != nil {
			t.Fatal(err)
		}
		store(t, f, "a", next)
		rest, err := io.ReadAll(o)
		if err != nil || string(first)+string(rest) != old {
			t.Errorf("read = %d bytes, %v; want the old object", len(rest), err)
		}
		wantContent(t, f, "a", next)
	}},
	{"close", "an object that is closed gives nothing, and is closed again without harm", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "text")
		o, err := f.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		_, err = o.Read(make([]byte, 1))
		wantError(t, "Read after Close", err, datastore.ErrInvalid)
		if err := o.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	}},
	{"cancelled", "reading ends with the context", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", strings.Repeat("x", 3<<20))
		ctx, cancel := context.WithCancel(t.Context())
		o, err := f.Get(ctx, "a")
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		cancel()
		for err == nil {
			_, err = o.Read(make([]byte, 64<<10))
		}
		// What had come already may be read; the end is the context's or the object's.
		if err != io.EOF {
			wantError(t, "Read", err, datastore.ErrNoBudget)
		}
		past, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer stop()
		_, err = f.Get(past, "a")
		wantError(t, "Get in a context that has ended", err, datastore.ErrNoBudget)
	}},
	{"readall", "ReadAll reads at most its limit", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "12345")
		data, info, err := blob.ReadAll(t.Context(), f, "a", 5)
		if err != nil || string(data) != "12345" || info.Size != 5 {
			t.Errorf("ReadAll = %q, %+v, %v", data, info, err)
		}
		_, _, err = blob.ReadAll(t.Context(), f, "a", 4)
		wantError(t, "ReadAll of more", err, datastore.ErrTooLarge)
		if data, _, err := blob.ReadAll(t.Context(), f, "a", 2, blob.Range(1, 2)); err != nil || string(data) != "23" {
			t.Errorf("ReadAll of a part = %q, %v", data, err)
		}
	}},
}

func second(_ *blob.Object, err error) error { return err }
