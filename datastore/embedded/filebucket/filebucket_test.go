package filebucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

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

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func use(data *datastore.Data, opts ...blob.Option) files {
	return datastore.Use[files](function{}, blob.New(data, "files", opts...))
}

func in(dir string) files {
	return use(datastore.New([]datastore.Driver{filebucket.In(dir, &filebucket.Options{Sync: true})}, nil))
}

func put(t testing.TB, f files, key, content string, opts ...blob.PutOption) blob.Info {
	t.Helper()
	info, err := f.Put(t.Context(), key, strings.NewReader(content), opts...)
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return info
}

func read(t testing.TB, f files, key string) string {
	t.Helper()
	data, _, err := blob.ReadAll(t.Context(), f, key, 1<<20)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return string(data)
}

// TestFolder: what one driver wrote another reads, at the same time too.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := in(dir), in(dir)
	put(t, first, "a/b", "text", blob.Metadata(map[string]string{"k": "v"}))
	if got := read(t, second, "a/b"); got != "text" {
		t.Errorf("another driver reads %q", got)
	}
	info, err := second.Stat(t.Context(), "a/b")
	if err != nil || info.Metadata["k"] != "v" {
		t.Errorf("Stat = %+v, %v", info, err)
	}
	file, err := os.ReadFile(filepath.Join(dir, "blob", "files", "a+", "b"))
	if err != nil || !strings.HasPrefix(string(file), "text{") {
		t.Errorf("the file = %q, %v; want the content first", file, err)
	}
	if err := second.Delete(t.Context(), "a/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Stat(t.Context(), "a/b"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Stat of what another deleted = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "blob", "files", "a+")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is left: %v", err)
	}
}

// TestFolderRace: conditions hold between drivers, which lock as processes do.
func TestFolderRace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, in(dir), "n", "0")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			f := in(dir)
			for done := 0; done < 10; {
				text, info, err := blob.ReadAll(t.Context(), f, "n", 10)
				n, _ := strconv.Atoi(string(text))
				if err == nil {
					_, err = f.Put(t.Context(), "n", strings.NewReader(strconv.Itoa(n+1)), blob.IfMatch(info.ETag))
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, datastore.ErrConflict):
					t.Errorf("update: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := read(t, in(dir), "n"); got != "40" {
		t.Errorf("after 40 updates: %s", got)
	}
}

// TestDamage: what was changed or cut behind the driver's back is never answered
// as the object.
func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := in(dir)
	path := filepath.Join(dir, "blob", "files", "a")
	for name, damage := range map[string]func([]byte) []byte{
		"content changed": func(b []byte) []byte { b[0] ^= 1; return b },
		"cut":             func(b []byte) []byte { return b[:len(b)-3] },
		"empty":           func([]byte) []byte { return nil },
		"another's":       func([]byte) []byte { b, _ := os.ReadFile(filepath.Join(dir, "blob", "files", "other")); return b },
		"text added":      func(b []byte) []byte { return append(b, "more"...) },
	} {
		put(t, f, "other", "other")
		put(t, f, "a", "content")
		whole, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, damage(whole), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if data, _, err := blob.ReadAll(t.Context(), f, "a", 100); !errors.Is(err, datastore.ErrCorrupt) {
			t.Errorf("%s: Get = %q, %v, want ErrCorrupt", name, data, err)
		}
		put(t, f, "a", "again")
		if got := read(t, f, "a"); got != "again" {
			t.Errorf("%s: after a Put: %q", name, got)
		}
	}
}

// TestCrash: drafts that a crash left are no objects, and go in time; what is no
// object is left alone.
func TestCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, in(dir), "a", "text")
	bucket := filepath.Join(dir, "blob", "files")
	old, young := filepath.Join(bucket, ".drafts", "old"), filepath.Join(bucket, ".drafts", "young")
	foreign := filepath.Join(bucket, "README.MD")
	for _, path := range []string{old, young, foreign} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	day := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, day, day); err != nil {
		t.Fatal(err)
	}
	page, err := in(dir).List(t.Context(), blob.Query{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Key != "a" {
		t.Errorf("List = %+v, %v", page, err)
	}
	for path, want := range map[string]bool{old: false, young: true, foreign: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v, want there = %v", path, err, want)
		}
	}
}

// TestNoTrace: a Put that fails leaves nothing on disk.
func TestNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := in(dir)
	if _, err := f.Put(t.Context(), "a", strings.NewReader("12345"), blob.IfMatch(`"x"`)); !errors.Is(err, datastore.ErrConflict) {
		t.Fatal(err)
	}
	drafts, err := os.ReadDir(filepath.Join(dir, "blob", "files", ".drafts"))
	if err != nil || len(drafts) > 0 {
		t.Errorf("drafts = %v, %v, want none", drafts, err)
	}
}

func TestNamespaces(t *testing.T) {
	t.Parallel()
	driver := filebucket.Memory()
	a := use(datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "a"}))
	b := use(datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "b"}))
	put(t, a, "k", "a")
	if _, err := b.Stat(t.Context(), "k"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Stat in another namespace = %v", err)
	}
	out := use(datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "../x"}))
	if _, err := out.Stat(t.Context(), "k"); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Stat in a namespace that leads out = %v", err)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Stat(t.Context(), "k"); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Stat after Close = %v", err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	driver := filebucket.Memory()
	data := serve(t, driver, &datastore.Options{Namespace: "shop", Now: func() time.Time { return at }})
	f := use(data)
	var got []filebucket.Event
	twice := 0
	stop := driver.Watch(func(e filebucket.Event) { got = append(got, e) })
	defer driver.Watch(func(filebucket.Event) { twice++ })()
	info := put(t, f, "a", "text")
	if _, err := f.Put(t.Context(), "a", nil, blob.Absent()); !errors.Is(err, datastore.ErrConflict) {
		t.Fatal(err)
	}
	if _, err := f.Copy(t.Context(), "b", "a"); err != nil {
		t.Fatal(err)
	}
	if err := f.DeleteMany(t.Context(), []string{"a", "none"}); err != nil {
		t.Fatal(err)
	}
	stop()
	put(t, f, "c", "unwatched")
	if twice != 4 {
		t.Errorf("the other who watches was told of %d events, want 4", twice)
	}
	event := func(name, key string, size int64, etag string) filebucket.Event {
		return filebucket.Event{Name: name, Namespace: "shop", Bucket: "files", Key: key, Size: size, ETag: etag, Time: at}
	}
	want := []filebucket.Event{
		event("ObjectCreated:Put", "a", 4, info.ETag), event("ObjectCreated:Copy", "b", 4, info.ETag), event("ObjectRemoved:Delete", "a", 0, ""),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func ExampleMemory() {
	data := datastore.New([]datastore.Driver{filebucket.Memory()}, nil)
	files := datastore.Use[files](function{}, blob.New(data, "files"))
	ctx := context.Background()
	info, err := files.Put(ctx, "in/cat.txt", strings.NewReader("meow"), blob.ContentType("text/plain"), blob.Absent())
	fmt.Println(info.Size, info.ContentType, err)
	text, _, err := blob.ReadAll(ctx, files, "in/cat.txt", 1<<20)
	fmt.Println(string(text), err)
	_, err = files.Put(ctx, "in/cat.txt", strings.NewReader("woof"), blob.Absent())
	fmt.Println(errors.Is(err, datastore.ErrConflict))
	// Output:
	// 4 text/plain <nil>
	// meow <nil>
	// true
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "filebucket")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for range 2 { // the second time it is there already
		data := datastore.New([]datastore.Driver{filebucket.In(dir, nil)}, nil)
		files := datastore.Use[files](function{}, blob.New(data, "files"))
		_, err = files.Put(ctx, "once", strings.NewReader("x"), blob.Absent())
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// blob files: put: conflict: PreconditionFailed
}
