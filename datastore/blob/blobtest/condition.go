package blobtest

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var conditionRules = []rule{
	{"absent", "Absent stores only what is not there", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "a", "first", blob.Absent())
		_, err := f.Put(t.Context(), "a", strings.NewReader("second"), blob.Absent())
		wantError(t, "Put of what is there", err, datastore.ErrConflict)
		wantContent(t, f, "a", "first")
	}},
	{"absent/large", "Absent holds for objects of many pieces too", func(t *testing.T, open target) {
		f := start(t, open)
		large := strings.Repeat("x", 9<<20)
		store(t, f, "a", large, blob.Absent())
		_, err := f.Put(t.Context(), "a", strings.NewReader(large+"y"), blob.Absent())
		wantError(t, "Put of what is there", err, datastore.ErrConflict)
		if info, err := f.Stat(t.Context(), "a"); err != nil || info.Size != 9<<20 || len(info.Metadata) != 0 {
			t.Errorf("Stat = %+v, %v", info, err)
		}
	}},
	{"absent/race", "of writers at once one wins, and the others see the conflict", func(t *testing.T, open target) {
		f := start(t, open)
		var won atomic.Int32
		var content atomic.Value
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				text := strconv.Itoa(i)
				_, err := f.Put(t.Context(), "a", strings.NewReader(text), blob.Absent())
				if err == nil {
					won.Add(1)
					content.Store(text)
				} else if !errors.Is(err, datastore.ErrConflict) {
					t.Errorf("Put in a race: error = %v, want nil or %v", err, datastore.ErrConflict)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d writers won, want 1", won.Load())
		}
		wantContent(t, f, "a", content.Load().(string))
	}},
	{"match", "IfMatch stores only in place of that object", func(t *testing.T, open target) {
		f := start(t, open)
		first := store(t, f, "a", "first")
		second := store(t, f, "a", "second", blob.IfMatch(first.ETag))
		_, err := f.Put(t.Context(), "a", strings.NewReader("third"), blob.IfMatch(first.ETag))
		wantError(t, "Put of a stale ETag", err, datastore.ErrConflict)
		_, err = f.Put(t.Context(), "none", strings.NewReader("third"), blob.IfMatch(first.ETag))
		wantError(t, "Put with IfMatch of what is missing", err, datastore.ErrConflict)
		wantMissing(t, f, "none")
		if _, o := content(t, f, "a"); o.ETag != second.ETag {
			t.Errorf("Get: ETag = %s, want %s", o.ETag, second.ETag)
		}
	}},
	{"match/race", "updates that read, change and write with IfMatch lose none", func(t *testing.T, open target) {
		f := start(t, open)
		store(t, f, "n", "0")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for done := 0; done < 3; {
					text, info, err := blob.ReadAll(t.Context(), f, "n", 100)
					if err != nil {
						t.Errorf("Get: %v", err)
						return
					}
					n, _ := strconv.Atoi(string(text))
					_, err = f.Put(t.Context(), "n", strings.NewReader(strconv.Itoa(n+1)), blob.IfMatch(info.ETag))
					switch {
					case err == nil:
						done++
					case !errors.Is(err, datastore.ErrConflict):
						t.Errorf("Put in a race: error = %v, want nil or %v", err, datastore.ErrConflict)
						return
					}
				}
			})
		}
		wg.Wait()
		wantContent(t, f, "n", "12")
	}},
	{"read", "a write with IfMatch needs leave to read, as in S3", func(t *testing.T, open target) {
		type writer interface {
			blob.Putter
			blob.Deleter
		}
		f := use[writer](t, open, "")
		info := store(t, f, "a", "x")
		_, err := f.Put(t.Context(), "a", strings.NewReader("y"), blob.IfMatch(info.ETag))
		wantError(t, "Put with IfMatch without Getter", err, datastore.ErrDenied)
		wantError(t, "Delete with IfMatch without Getter", f.Delete(t.Context(), "a", blob.IfMatch(info.ETag)), datastore.ErrDenied)
		_, err = f.Put(t.Context(), "a", strings.NewReader("y"), blob.Absent())
		wantError(t, "Put with Absent without Getter", err, datastore.ErrConflict)
	}},
	{"contradiction", "Absent and IfMatch together are refused", func(t *testing.T, open target) {
		_, err := start(t, open).Put(t.Context(), "a", nil, blob.Absent(), blob.IfMatch(`"x"`))
		wantError(t, "Put", err, datastore.ErrInvalid)
	}},
}
