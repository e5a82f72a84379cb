package filesearch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesearch"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

type note struct {
	Text string `json:"text" search:"text"`
}

type notes[D any] interface {
	search.Indexer[D]
	search.Getter[D]
	search.Deleter
	search.Searcher[D]
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func open[D any](t testing.TB, driver *filesearch.Driver, namespace string) notes[D] {
	t.Helper()
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: namespace})
	handle := datastore.Use[notes[D]](function{}, search.New[D](data, "notes", search.Domain))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// found are the ids of the documents with a word.
func found[D any](t testing.TB, index notes[D], q search.Query) string {
	t.Helper()
	var ids []string
	for hit, err := range search.All(t.Context(), index, q) {
		if err != nil {
			t.Fatalf("Search: %v", err)
		}
		ids = append(ids, hit.ID)
	}
	return strings.Join(ids, " ")
}

func closed(t testing.TB, driver *filesearch.Driver) {
	t.Helper()
	if err := driver.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// fill makes a folder with the documents 1 and 3, of versions 2 and 7, and without
// 2, which was deleted.
func fill(t testing.TB) (dir, journal string) {
	t.Helper()
	dir = t.TempDir()
	driver := filesearch.In(dir)
	index := open[note](t, driver, "app")
	ctx := t.Context()
	for _, err := range []error{
		index.Index(ctx, "1", note{"old"}), index.Index(ctx, "2", note{"gone"}), index.Index(ctx, "3", note{"third"}, search.Version(7)),
		index.Index(ctx, "1", note{"first <b>"}), index.Delete(ctx, "2", search.Version(9)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	closed(t, driver)
	return dir, filepath.Join(dir, "app", "search", "notes.journal")
}

// TestKept: documents and versions outlive the process.
func TestKept(t *testing.T) {
	t.Parallel()
	dir, journal := fill(t)
	for range 2 { // what is written anew on opening is read again
		driver := filesearch.In(dir)
		index := open[note](t, driver, "app")
		if got := found(t, index, search.Query{}); got != "1 3" {
			t.Errorf("Search = %q, want 1 and 3", got)
		}
		if got, err := index.Get(t.Context(), "1"); err != nil || got.Text != "first <b>" {
			t.Errorf("Get(1) = %+v, %v, want the last", got, err)
		}
		for id, version := range map[string]int64{"2": 8, "3": 6} {
			if err := index.Index(t.Context(), id, note{}, search.Version(version)); !errors.Is(err, datastore.ErrConflict) {
				t.Errorf("Index(%s) of version %d: error = %v, want %v", id, version, err, datastore.ErrConflict)
			}
		}
		closed(t, driver)
	}
	data, err := os.ReadFile(journal)
	if err != nil || strings.Count(string(data), "\n") != 3 {
		t.Errorf("the journal has the lines %q, %v, want one for each document", data, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(journal)); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v, want the journal alone", entries, err)
	}
}

// TestDamage: a last line that a crash cut off is dropped; all else is an error, and
// changes nothing.
func TestDamage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(string) string
		want   string // ids; "" for an error
	}{
		{"cut", func(s string) string { return s[:len(s)-9] }, "1 2 3"},
		{"half a line more", func(s string) string { return s + `{"id":"4","ver` }, "1 3"},
		{"empty", func(string) string { return "" }, "none"},
		{"a wrong line", func(s string) string { return "x\n" + s }, ""},
		{"an empty line", func(s string) string { return s + "\n" }, ""},
		{"a document that is none", func(s string) string { return s + `{"id":"4","version":1,"doc":[]}` + "\n" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, journal := fill(t)
			before, err := os.ReadFile(journal)
			if err != nil {
				t.Fatal(err)
			}
			// The order of writes: 1, 2, 3, 1, and 2 is deleted.
			damaged := c.change(string(before))
			if err := os.WriteFile(journal, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			driver := filesearch.In(dir)
			defer closed(t, driver)
			index := open[note](t, driver, "app")
			hits, err := index.Search(t.Context(), search.Query{})
			var ids []string
			for _, hit := range hits.Items {
				ids = append(ids, hit.ID)
			}
			if c.want == "" {
				after, readErr := os.ReadFile(journal)
				if !errors.Is(err, datastore.ErrUnavailable) || readErr != nil || string(after) != damaged {
					t.Errorf("Search: error = %v, want %v, and the file as it was", err, datastore.ErrUnavailable)
				}
			} else if got := strings.Join(ids, " "); err != nil || got != strings.TrimPrefix(c.want, "none") {
				t.Errorf("Search = %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestOtherType: documents are found by the fields of the type that is declared now.
func TestOtherType(t *testing.T) {
	t.Parallel()
	type whole struct {
		Text string `json:"text"`
	}
	dir, _ := fill(t)
	driver := filesearch.In(dir)
	defer closed(t, driver)
	if got := found(t, open[whole](t, driver, "app"), search.Query{Where: search.Term("text", "first <b>")}); got != "1" {
		t.Errorf("Search of another type = %q, want 1", got)
	}
	if got := found(t, open[note](t, driver, "app"), search.Query{Where: search.Match("FIRST")}); got != "1" {
		t.Errorf("Search of the first type again = %q, want 1", got)
	}
}

// TestNamespaces: Apps do not see each other's documents, and handles of one App see
// the same.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	driver := filesearch.Memory()
	one, same, other := open[note](t, driver, "a"), open[note](t, driver, "a"), open[note](t, driver, "b")
	if err := one.Index(t.Context(), "1", note{"x"}); err != nil {
		t.Fatal(err)
	}
	if got := []string{found(t, same, search.Query{}), found(t, other, search.Query{})}; got[0] != "1" || got[1] != "" {
		t.Errorf("Search by the same and another App = %q, want 1 and nothing", got)
	}
}

// TestClosed: a closed driver does nothing any more.
func TestClosed(t *testing.T) {
	t.Parallel()
	driver := filesearch.In(t.TempDir())
	index, late := open[note](t, driver, ""), open[note](t, driver, "late")
	if err := index.Index(t.Context(), "1", note{}); err != nil {
		t.Fatal(err)
	}
	closed(t, driver)
	_, getErr := index.Get(t.Context(), "1")
	_, searchErr := index.Search(t.Context(), search.Query{})
	for op, err := range map[string]error{
		"Get": getErr, "Search": searchErr, "Index": index.Index(t.Context(), "1", note{}),
		"Delete": index.Delete(t.Context(), "1"), "open": late.Delete(t.Context(), "1"),
	} {
		if !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("%s after Close: error = %v, want %v", op, err, datastore.ErrUnavailable)
		}
	}
}

// TestBudget: a search of a large index ends with its context.
func TestBudget(t *testing.T) {
	t.Parallel()
	index := open[note](t, filesearch.Memory(), "")
	if err := index.Index(t.Context(), "1", note{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := index.Search(ctx, search.Query{}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Search without time: error = %v, want %v", err, datastore.ErrNoBudget)
	}
}

func ExampleMemory() {
	data := datastore.New([]datastore.Driver{filesearch.Memory()}, nil)
	index := datastore.Use[notes[note]](function{}, search.New[note](data, "notes", search.Domain))
	ctx := context.Background()
	if err := index.Index(ctx, "1", note{"Hello, search!"}); err != nil {
		fmt.Println(err)
		return
	}
	hits, err := index.Search(ctx, search.Query{Where: search.Match("hello")})
	fmt.Println(len(hits.Items), hits.Total, err)
	// Output: 1 1 <nil>
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	driver := filesearch.In(dir)
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, nil)
	index := datastore.Use[search.Indexer[note]](function{}, search.New[note](data, "notes", search.Domain))
	fmt.Println(index.Index(context.Background(), "1", note{"kept"}))
	// Output: <nil>
}

// TestScores: the scores are those of OpenSearch 2.19.3 for the same documents.
func TestScores(t *testing.T) {
	t.Parallel()
	index := open[note](t, filesearch.Memory(), "")
	for id, text := range map[string]string{"1": "one two", "2": "two three", "3": "four five"} {
		if err := index.Index(t.Context(), id, note{text}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	for hit, err := range search.All(t.Context(), index, search.Query{Where: search.Match("one two")}) {
		if err != nil {
			t.Fatal(err)
		}
		got[hit.ID] = fmt.Sprintf("%.4f", hit.Score)
	}
	if diff := cmp.Diff(map[string]string{"1": "1.4508", "2": "0.4700"}, got); diff != "" {
		t.Errorf("scores (-want +got):\n%s", diff)
	}
}
