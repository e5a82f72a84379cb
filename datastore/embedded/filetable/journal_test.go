package filetable_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

const journalPath = "table/lines.journal"

// TestTornTail cuts the journal in and between the parts of each line, as a crash
// might: what was whole is there, the rest is dropped and reported, and writing
// goes on. (scan's own test cuts at every byte; here each cut costs two syncs.)
func TestTornTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	put(t, use(driver), line{"a", 1, "one"}, line{"a", 2, "two"}, line{"a", 3, "three"})
	if err := driver.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, journalPath))
	if err != nil {
		t.Fatal(err)
	}
	var cuts []int
	start := 0
	for row := range bytes.Lines(whole) {
		for _, at := range []int{0, 1, 8, 9, len(row) / 2, len(row) - 1} {
			cuts = append(cuts, start+at)
		}
		start += len(row)
	}
	for _, cut := range append(cuts, len(whole)) {
		dir := t.TempDir()
		path := filepath.Join(dir, journalPath)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, whole[:cut], 0o644)); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		driver := filetable.In(dir, &filetable.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		items := use(driver)
		want := max(bytes.Count(whole[:cut], []byte("\n"))-1, 0)
		if got := partition(t, items, "a"); len(got) != want {
			t.Fatalf("cut at %d: %d items, want %d", cut, len(got), want)
		}
		torn := cut > 0 && whole[cut-1] != '\n'
		if reported := strings.Contains(log.String(), "dropped the end of a journal"); reported != torn {
			t.Fatalf("cut at %d: log = %q, want a report: %v", cut, log.String(), torn)
		}
		put(t, items, line{"a", 9, "later"})
		driver = reopened(t, driver, dir, nil)
		if got := partition(t, use(driver), "a"); len(got) != want+1 {
			t.Fatalf("cut at %d and written to: %d items, want %d", cut, len(got), want+1)
		}
		driver.Close()
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	driver := filetable.In(dir, nil)
	put(t, use(driver), line{"a", 1, "one"}, line{"a", 2, "two"}, line{"a", 3, "three"})
	driver.Close()
	path := filepath.Join(dir, journalPath)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := bytes.SplitAfter(whole, []byte("\n"))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a byte changed in the middle":    {bytes.Replace(whole, []byte("two"), []byte("tow"), 1), "damaged at byte"},
		"a byte changed in the last line": {bytes.Replace(whole, []byte("three"), []byte("there"), 1), "damaged at byte"},
		"another version":                 {resealed(rows[0], `"version":1`, `"version":2`), "version 2"},
		"a line without an end":           {bytes.Repeat([]byte("x"), 17<<20), "damaged at byte 0"},
		"no header":                       {bytes.Join(rows[1:], nil), "header"},
		"two headers":                     {append(slices.Clone(rows[0]), whole...), "header"},
	} {
		if err := os.WriteFile(path, c.file, 0o644); err != nil {
			t.Fatal(err)
		}
		driver := filetable.In(dir, nil)
		_, err := use(driver).Get(t.Context(), table.PKSK("a", 1.0))
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "lines.journal") {
			t.Errorf("%s: error = %v, want %v naming the file and %q", name, err, datastore.ErrUnavailable, c.want)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, c.file) {
			t.Errorf("%s: the file was changed, want it left alone", name)
		}
		driver.Close()
	}
}

// resealed is a journal line with a part replaced and the checksum made right.
func resealed(line []byte, old, fresh string) []byte {
	data := bytes.Replace(bytes.TrimSuffix(line[9:], []byte("\n")), []byte(old), []byte(fresh), 1)
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)), data)
}

func journalSize(t testing.TB, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, journalPath))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// TestCompaction: the journal is rewritten by its bytes, whatever the number of
// its lines, and not as long as a rewrite would win little.
func TestCompaction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		writes   int
		text     int // bytes of an item
		min, max int64
	}{
		{"few writes of large items", 60, 300 << 10, 1500 << 10, 5 << 20},
		{"many writes of small items", 10_000, 100, 1, 1300 << 10},
		{"little history", 500, 1, 25_000, 50_000},
		{"more items than history", 9, 390 << 10, 3500 << 10, 4 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			driver := filetable.In(dir, nil)
			items := use(driver)
			for i := range c.writes {
				put(t, items, line{"a", float64(i % 5), strings.Repeat("x", c.text-1) + strconv.Itoa(i%10)})
			}
			if size := journalSize(t, dir); size < c.min || size > c.max {
				t.Errorf("after %d writes of 5 items of %d bytes the journal has %d bytes, want %d to %d", c.writes, c.text, size, c.min, c.max)
			}
			want := partition(t, items, "a")
			last := c.writes - 1 - c.writes%5 // of the item 4
			if len(want) != 5 || !strings.HasSuffix(want[4].Text, strconv.Itoa(last%10)) {
				t.Errorf("after compaction: %d items, want the last five", len(want))
			}
			if diff := cmp.Diff(want, partition(t, use(reopened(t, driver, dir, nil)), "a")); diff != "" {
				t.Errorf("after compaction and a restart (-want +got):\n%s", diff)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "table", "*.new")); len(left) > 0 {
				t.Errorf("compaction left %v behind", left)
			}
		})
	}
}

// TestCompactionFails puts a folder in the way of the new journal: the table is
// written, opened and read all the same, and compaction is tried seldom.
func TestCompactionFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	obstacle := filepath.Join(dir, journalPath+".new", "x")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	opts := &filetable.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
	driver := filetable.In(dir, opts)
	text := strings.Repeat("x", 100<<10)
	for range 60 { // 6 MB: tried at 1.2 MB, 2.5 and 5.1
		put(t, use(driver), line{"a", 1, text})
	}
	if n := strings.Count(log.String(), "not compacted"); n != 3 {
		t.Errorf("while a journal grew to 6 MB %d compactions failed, want 3:\n%s", n, log.String())
	}
	driver = reopened(t, driver, dir, opts)
	if got := partition(t, use(driver), "a"); len(got) != 1 || got[0].Text != text {
		t.Errorf("opened without space to compact: %d items, want the one", len(got))
	}
	if n := strings.Count(log.String(), "not compacted"); n != 4 {
		t.Errorf("opening it gave %d warnings in all, want 4", n)
	}
	if err := os.RemoveAll(filepath.Dir(obstacle)); err != nil {
		t.Fatal(err)
	}
	driver = reopened(t, driver, dir, opts)
	use(driver).Get(t.Context(), table.PKSK("a", 1))
	if size := journalSize(t, dir); size > 200<<10 {
		t.Errorf("opened once there is space, the journal has %d bytes, want those of one item", size)
	}
}

// TestCompactionRecovers: once a compaction that failed has succeeded, the next
// one does not wait for the size that the failure set.
func TestCompactionRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	obstacle := filepath.Join(dir, journalPath+".new", "x")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	driver := filetable.In(dir, &filetable.Options{Log: slog.New(slog.DiscardHandler)})
	defer driver.Close()
	items := use(driver)
	text := strings.Repeat("x", 100<<10)
	for i := range 51 { // fails at 1.2 MB and 2.5, succeeds at 5.1
		if i == 40 {
			if err := os.RemoveAll(filepath.Dir(obstacle)); err != nil {
				t.Fatal(err)
			}
		}
		put(t, items, line{"a", 1, text})
	}
	if size := journalSize(t, dir); size > 500<<10 {
		t.Fatalf("after the compaction the journal has %d bytes, want those of a few items", size)
	}
	for range 20 {
		put(t, items, line{"a", 1, text})
	}
	if size := journalSize(t, dir); size > 1300<<10 {
		t.Errorf("20 writes of 100 KB later the journal has %d bytes, want at most 1.3 MB", size)
	}
}

// TestFileGone deletes and replaces the files of a table that is in use: no write
// is answered that the next run of the program would not see.
func TestFileGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(dir string) error{
		"folder deleted":  os.RemoveAll,
		"journal deleted": func(dir string) error { return os.Remove(filepath.Join(dir, journalPath)) },
		"journal replaced": func(dir string) error {
			path := filepath.Join(dir, journalPath)
			whole, err := os.ReadFile(path)
			return errors.Join(err, os.Rename(path, path+".old"), os.WriteFile(path, whole, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			driver := filetable.In(dir, nil)
			items := use(driver)
			put(t, items, line{"a", 1, "x"})
			if err := remove(dir); err != nil {
				t.Skipf("this system keeps open files in their place: %v", err)
			}
			_, err := items.Put(t.Context(), line{"a", 2, "y"})
			if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "deleted or replaced") {
				t.Errorf("Put: error = %v, want %v that says why", err, datastore.ErrUnavailable)
			}
			if err := items.Delete(t.Context(), table.PKSK("a", 1.0)); !errors.Is(err, datastore.ErrUnavailable) {
				t.Errorf("Delete: error = %v, want %v", err, datastore.ErrUnavailable)
			}
			if got := partition(t, items, "a"); len(got) != 1 {
				t.Errorf("after refused writes: %v, want the one item", got)
			}
			driver = reopened(t, driver, dir, nil)
			put(t, use(driver), line{"a", 3, "z"})
		})
	}
}

func TestOnlyOwnerReads(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the mode bits of Windows say nothing about other users")
	}
	dir := filepath.Join(t.TempDir(), "data")
	driver := filetable.In(dir, nil)
	defer driver.Close()
	items := use(driver)
	for range 15 { // with a compaction
		put(t, items, line{"a", 1, strings.Repeat("x", 100<<10)})
	}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v, want nothing for others", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
