package filetable_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type line struct {
	Order string  `table:"order,pk"`
	No    float64 `table:"no,sk"`
	Text  string  `table:"text"`
}

type lines interface {
	table.Getter[line]
	table.Putter[line]
	table.Deleter[line]
	table.Querier[line]
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func use(driver datastore.Driver) lines {
	data := datastore.New([]datastore.Driver{driver}, nil)
	return datastore.Use[lines](function{}, table.New[line](data, "lines"))
}

func put(t testing.TB, items lines, list ...line) {
	t.Helper()
	for _, item := range list {
		if _, err := items.Put(t.Context(), item); err != nil {
			t.Fatalf("Put(%+v): %v", item, err)
		}
	}
}

func partition(t testing.TB, items lines, order string) []line {
	t.Helper()
	var list []line
	for item, err := range table.All(t.Context(), items, table.Query{Key: table.PK(order)}) {
		if err != nil {
			t.Fatalf("Query(%s): %v", order, err)
		}
		list = append(list, item)
	}
	return list
}

// reopened closes the driver and opens the folder anew.
func reopened(t testing.TB, driver *filetable.Driver, dir string, opts *filetable.Options) *filetable.Driver {
	t.Helper()
	if err := driver.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	next := filetable.In(dir, opts)
	t.Cleanup(func() { next.Close() })
	return next
}

func TestItemsSurviveRestart(t *testing.T) {
	t.Parallel()
	for _, sync := range []bool{false, true} {
		dir := t.TempDir()
		opts := &filetable.Options{Sync: sync}
		driver := filetable.In(dir, opts)
		items := use(driver)
		put(t, items, line{"a", 2, "two"}, line{"a", 1, "one"}, line{"a", 3, "three"}, line{"a", 1, "uno\n\u2028"}, line{"b", 1, ""})
		if err := items.Delete(t.Context(), table.PKSK("a", 2.0)); err != nil {
			t.Fatal(err)
		}
		items = use(reopened(t, driver, dir, opts))
		want := []line{{"a", 1, "uno\n\u2028"}, {"a", 3, "three"}}
		if diff := cmp.Diff(want, partition(t, items, "a")); diff != "" {
			t.Errorf("after a restart, sync %v (-want +got):\n%s", sync, diff)
		}
	}
}

func TestMemoryIsSharedByName(t *testing.T) {
	t.Parallel()
	driver := filetable.Memory()
	put(t, use(driver), line{"a", 1, "x"})
	if got := partition(t, use(driver), "a"); len(got) != 1 {
		t.Errorf("a second Data sees %v, want the first one's item", got)
	}
	other := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "other"})
	items := datastore.Use[lines](function{}, table.New[line](other, "lines"))
	if got := partition(t, items, "a"); len(got) != 0 {
		t.Errorf("another namespace sees %v, want nothing", got)
	}
}

// TestNames: no name leads out of the folder, whatever the declaration's fate.
func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 64)
	for _, c := range []struct {
		namespace, name string
		want            string // in the error; "" for none
	}{
		{"", "lines", ""},
		{"my-app", "my_lines-2", ""},
		{long, long, ""},
		{"", "../../../evil", "table name"},
		{"", "a/b", "table name"},
		{"", `a\b`, "table name"},
		{"", ".", "table name"},
		{"", "", "table name"},
		{"", "2lines", "table name"},
		{"", long + "x", "table name"},
		{"..", "lines", "namespace name"},
		{"/etc", "lines", "namespace name"},
		{".lock", "lines", "namespace name"},
	} {
		t.Run(c.namespace+" "+c.name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			driver := filetable.In(filepath.Join(root, "a", "b"), nil)
			defer driver.Close()
			data := datastore.New(nil, &datastore.Options{Namespace: c.namespace})
			spec := table.New[line](data, "lines").Spec().(table.Spec)
			spec.Logical = c.name
			_, err := driver.OpenTable(t.Context(), data, spec)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !errors.Is(err, datastore.ErrUnavailable)) {
				t.Errorf("OpenTable(%q, %q) = %v, want %q", c.namespace, c.name, err, c.want)
			}
			if made, _ := os.ReadDir(root); err != nil && len(made) > 0 {
				t.Errorf("OpenTable(%q, %q) made %v, want nothing", c.namespace, c.name, made)
			}
		})
	}
}

func TestKeyChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	put(t, use(driver), line{"a", 1, "one"})
	type other struct {
		ID string `table:"id,pk"`
	}
	get := func(driver datastore.Driver) error {
		data := datastore.New([]datastore.Driver{driver}, nil)
		_, err := datastore.Use[table.Getter[other]](function{}, table.New[other](data, "lines")).Get(t.Context(), table.PK("x"))
		return err
	}
	for _, name := range []string{"same process", "after a restart"} {
		err := get(driver)
		driver = reopened(t, driver, dir, nil)
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "order S") {
			t.Errorf("%s: Get with another key = %v, want %v naming the old key", name, err, datastore.ErrUnavailable)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	items := use(driver)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				key := line{"a", float64(g*1000 + i), "x"}
				if _, err := items.Put(t.Context(), key); err != nil {
					t.Error(err)
				}
				if _, err := items.Query(t.Context(), table.Query{Key: table.PK("a"), Limit: 5}); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := items.Delete(t.Context(), table.PKSK("a", key.No)); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for range 2 {
		if got := len(partition(t, use(driver), "a")); got != 400 {
			t.Errorf("%d items are left, want 400", got)
		}
		driver = reopened(t, driver, dir, nil)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	driver := filetable.In(t.TempDir(), nil)
	items := use(driver)
	put(t, items, line{"a", 1, ""})
	if err := errors.Join(driver.Close(), driver.Close()); err != nil {
		t.Errorf("Close twice: error = %v, want nil", err)
	}
	for _, items := range []lines{items, use(driver)} {
		if _, err := items.Get(t.Context(), table.PKSK("a", 1)); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("Get after Close: error = %v, want %v", err, datastore.ErrUnavailable)
		}
	}
}

// TestLock starts a second process, which finds the folder in use.
func TestLock(t *testing.T) {
	if dir := os.Getenv("FILETABLE_TEST_DIR"); dir != "" {
		_, err := use(filetable.In(dir, nil)).Get(t.Context(), table.PKSK("a", 1))
		fmt.Println("second process:", err)
		return
	}
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	put(t, use(driver), line{"a", 1, ""})
	second := func() string {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLock$", "-test.v")
		cmd.Env = append(os.Environ(), "FILETABLE_TEST_DIR="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("second process: %v\n%s", err, out)
		}
		return string(out)
	}
	if out := second(); !strings.Contains(out, "in use by another process ("+strconv.Itoa(os.Getpid())+")") {
		t.Errorf("a second process says:\n%s\nwant that the folder is in use by this one", out)
	}
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
	if out := second(); !strings.Contains(out, "second process: <nil>") {
		t.Errorf("a second process after Close says:\n%s\nwant no error", out)
	}
}

func TestFolderCannotBeMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := use(filetable.In(file, nil)).Get(t.Context(), table.PKSK("a", 1))
	if !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Get in a folder that is a file: error = %v, want %v", err, datastore.ErrUnavailable)
	}
}

// TestLockCannotBeMade: what goes wrong with the lock is another process only if
// it is; and a namespace may be called like the lock.
func TestLockCannotBeMade(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	err := filetable.In(dir, nil).Lock()
	if err == nil || strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "cannot be locked") || !strings.Contains(err.Error(), dir) {
		t.Errorf("Lock where a folder is in the way: error = %v, want one that names %s and no other process", err, dir)
	}
	driver := filetable.In(t.TempDir(), nil)
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "lock"})
	put(t, datastore.Use[lines](function{}, table.New[line](data, "lines")), line{"a", 1, "x"})
	put(t, use(driver), line{"a", 1, "x"})
}

func BenchmarkGet(b *testing.B) {
	items := use(filetable.Memory())
	for i := range 1000 {
		put(b, items, line{"a", float64(i), "text"})
	}
	key := table.PKSK("a", 500.0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := items.Get(b.Context(), key); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	driver := filetable.In(b.TempDir(), nil)
	defer driver.Close()
	items := use(driver)
	i := 0.0
	for b.Loop() {
		i++
		put(b, items, line{"a", i, "text"})
	}
}
