package filebucket

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

func TestFileOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, want string }{
		{"a", "a"},
		{"a/b.txt", "a+/b.txt"},
		{"A", "%41"},
		{"a b", "a%20b"},
		{".x", "%2ex"},
		{"x.", "x%2e"},
		{"a//b", "a+/%+/b"},
		{"/a", "%+/a"},
		{"a/", "a+/%"},
		{"%", "%25"},
		{"a+", "a%2b"},
		{"a~", "a%7e"},
		{"ü", "%c3%bc"},
		{strings.Repeat("x", 201), strings.Repeat("x", 200) + "~/x"},
	} {
		if got := fileOf(tt.key); got != tt.want {
			t.Errorf("fileOf(%q) = %q, want %q", tt.key, got, tt.want)
		}
		if got, err := keyOf(tt.want); err != nil || got != tt.key {
			t.Errorf("keyOf(%q) = %q, %v, want %q", tt.want, got, err, tt.key)
		}
	}
	for _, path := range []string{"", "a/b", "A", "%4", "%zz", "%C3%bc", "a b", "x+", "+/a", "~/a", ".", "%+", "%61"} {
		if key, err := keyOf(path); err == nil {
			t.Errorf("keyOf(%q) = %q, want an error", path, key)
		}
	}
}

// FuzzName: the path of any key is its own, local, and fits any file system.
func FuzzName(f *testing.F) {
	for _, key := range []string{"a", "a/b", "A/../b", "//", "con", "\x00", strings.Repeat("ü/", 300), strings.Repeat("X", 1024)} {
		f.Add(key, "a")
	}
	f.Fuzz(func(t *testing.T, key, other string) {
		if key == "" || len(key) > blob.MaxKeySize || !utf8.ValidString(key) {
			return
		}
		path := fileOf(key)
		if got, err := keyOf(path); err != nil || got != key {
			t.Errorf("keyOf(fileOf(%q)) = %q, %v", key, got, err)
		}
		if !filepath.IsLocal(path) || strings.ToLower(path) != path {
			t.Errorf("fileOf(%q) = %q", key, path)
		}
		for name := range strings.SplitSeq(path, "/") {
			if name == "" || len(name) > 255 || name[0] == '.' || strings.HasSuffix(name, ".") {
				t.Errorf("fileOf(%q) has the name %q", key, name)
			}
		}
		if other != key && fileOf(other) == path {
			t.Errorf("%q and %q have the path %q", key, other, path)
		}
		if key, err := keyOf(other); err == nil && fileOf(key) != other {
			t.Errorf("keyOf(%q) = %q, whose path is %q", other, key, fileOf(key))
		}
	})
}
