package blobtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// NoEmptySegments: keys with "//", or a slash at the start or the end, are not
// taken as they are (versitygw 1.8.0 on a file system).
const NoEmptySegments Difference = "no empty segments in keys"

// NoNesting: an object "a" and one "a/b" exclude each other (versitygw 1.8.0 on a
// file system).
const NoNesting Difference = "an object cannot be the beginning of another's key"

// ShortSegments: a part of a key between slashes has at most 255 bytes (versitygw
// 1.8.0 on a file system).
const ShortSegments Difference = "segments of keys have at most 255 bytes"

var odd = []string{
	"a b", " lead", "trail ", "a+b", "a%20b", "a%2Fb", "%", "100%", "a&b=c?d#e", "ümläut/日本語", "\U0001F600", "q\"u'o`te", "back\\slash",
	"<xml>&amp;", "a:b;c,d@e$f!g(h)*i[j]{k}|l^m~n", "CAPS", "caps", "...", ".hidden", "dot.", "a/.b/..c/d..", "con", "nul.txt", "-", "e\u0301", "\u00e9", "a=b",
}

var keyRules = []rule{
	{"odd", "odd keys are kept as they are, each apart from the others", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, odd...)
		wantKeys(t, f, slices.Sorted(slices.Values(odd))...)
		for _, key := range odd {
			wantContent(t, f, key, key)
			if _, err := f.Copy(t.Context(), "copy of "+key, key); err != nil {
				t.Errorf("Copy of %q: %v", key, err)
				continue
			}
			wantContent(t, f, "copy of "+key, key)
		}
		if err := f.DeleteMany(t.Context(), odd); err != nil {
			t.Errorf("DeleteMany: %v", err)
		}
		for _, key := range odd {
			wantMissing(t, f, key)
		}
	}},
	{"empty segments", "keys with empty segments are kept as they are", func(t *testing.T, open target) {
		f := start(t, open)
		keys := []string{"/a", "a//b", "a/b", "x/", "x//", "y"}
		if open.has(NoEmptySegments) {
			kept := true
			for _, key := range keys {
				_, err := f.Put(t.Context(), key, strings.NewReader(key))
				kept = kept && err == nil
			}
			for e, err := range blob.All(t.Context(), f, blob.Query{}) {
				kept = kept && err == nil && slices.Contains(keys, e.Key)
			}
			if kept {
				t.Errorf("the keys are kept; want the difference %q", NoEmptySegments)
			}
			return
		}
		put(t, f, keys...)
		wantKeys(t, f, slices.Sorted(slices.Values(keys))...)
		for _, key := range keys {
			wantContent(t, f, key, key)
		}
	}},
	{"nested", "an object can have the key that another's begins with", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "a")
		_, err := f.Put(t.Context(), "a/b", strings.NewReader("a/b"))
		if open.has(NoNesting) {
			if err == nil {
				t.Errorf("Put succeeds; want the difference %q", NoNesting)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		wantContent(t, f, "a", "a")
		wantContent(t, f, "a/b", "a/b")
		if err := f.Delete(t.Context(), "a/b"); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, f, "a")
	}},
	{"longest", "a key of 1024 bytes is taken", func(t *testing.T, open target) {
		f := start(t, open)
		segmented := strings.Repeat(strings.Repeat("ä", 100)+"/", 5)
		keys := []string{segmented + strings.Repeat("z", 1024-len(segmented))}
		if open.has(ShortSegments) {
			if _, err := f.Put(t.Context(), strings.Repeat("x", 1024), nil); err == nil {
				t.Errorf("Put of a long segment succeeds; want the difference %q", ShortSegments)
			}
			keys[0] = segmented + strings.Repeat("z", 15)
		} else {
			keys = append(keys, strings.Repeat("x", 1024), strings.Repeat("X", 1024), strings.Repeat("€", 341)+"x")
		}
		put(t, f, keys...)
		for _, key := range keys {
			wantContent(t, f, key, key)
		}
		wantKeys(t, f, slices.Sorted(slices.Values(keys))...)
	}},
	{"refused", "what cannot be a key is refused before it is sent, by each operation", func(t *testing.T, open target) {
		f := start(t, open)
		for name, key := range map[string]string{
			"no key": "", "too long": strings.Repeat("x", 1025), "not UTF-8": "a\xff", "a line break": "a\nb", "NUL": "a\x00b",
			"DEL": "a\x7f", "a C1 control": "a\u0085", "a noncharacter": "a\uffff", "a parent": "a/../b", "a parent at the start": "../b", "a parent at the end": "a/..", "itself": "a/./b", "just a dot": ".",
		} {
			ctx := t.Context()
			_, errGet := f.Get(ctx, key)
			_, errStat := f.Stat(ctx, key)
			_, errPut := f.Put(ctx, key, nil)
			_, errCopy := f.Copy(ctx, "a", key)
			_, errCopyTo := f.Copy(ctx, key, "a")
			_, errSign := f.SignGet(ctx, key, 60e9)
			for op, err := range map[string]error{
				"Get": errGet, "Stat": errStat, "Put": errPut, "Delete": f.Delete(ctx, key), "DeleteMany": f.DeleteMany(ctx, []string{"a", key}),
				"Copy": errCopy, "Copy to": errCopyTo, "SignGet": errSign,
			} {
				wantError(t, op+" of "+name, err, datastore.ErrInvalid)
			}
		}
	}},
}
