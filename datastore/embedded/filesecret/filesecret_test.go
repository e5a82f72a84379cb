package filesecret_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// get reads the secret stripe of the App called shop as a program does that begins
// now.
func get(t testing.TB, d datastore.Driver) (string, error) {
	t.Helper()
	data := datastore.New([]datastore.Driver{d}, &datastore.Options{Namespace: "shop"})
	return datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "stripe", secret.Manager, nil)).Get(t.Context())
}

func set(t testing.TB, d *filesecret.Driver, value string) {
	t.Helper()
	if err := d.Set("shop", "stripe", []byte(value)); err != nil {
		t.Fatal(err)
	}
}

// TestFolder: a value is there after the program ended, hidden from others and
// from searches, and apart from those of other Apps.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	set(t, filesecret.In(dir), "sk_test_1")
	d := filesecret.In(dir)
	if got, err := get(t, d); err != nil || got != "sk_test_1" {
		t.Fatalf("Get in another process = %q, %v", got, err)
	}
	if has, err := d.Has("shop", "stripe"); !has || err != nil {
		t.Errorf("Has = %v, %v, want true", has, err)
	}
	if has, err := d.Has("", "stripe"); has || err != nil {
		t.Errorf("Has of another App = %v, %v, want false", has, err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("sk_test")) {
			t.Errorf("%s has the value in clear", path)
		}
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has the permissions %v, want those of its owner alone", path, info.Mode())
		}
		return err
	})
	if err != nil || files != 2 {
		t.Errorf("%d files, %v, want the key and the secret", files, err)
	}
	for range 2 {
		if err := d.Remove("shop", "stripe"); err != nil {
			t.Errorf("Remove: %v", err)
		}
	}
	if _, err := get(t, d); !errors.Is(err, datastore.ErrNotFound) || !strings.Contains(err.Error(), "go run . secret set stripe") {
		t.Errorf("Get after Remove: error = %v, want %v and how to set it", err, datastore.ErrNotFound)
	}
}

// TestProcesses: what one process sets is what another one has next, also where
// both begin with an empty folder.
func TestProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	drivers := make([]*filesecret.Driver, 8)
	var all sync.WaitGroup
	for i := range drivers {
		drivers[i] = filesecret.In(dir)
		all.Go(func() {
			if err := drivers[i].Set("shop", fmt.Sprintf("s%d", i), []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range drivers {
		if has, err := drivers[len(drivers)-1-i].Has("shop", fmt.Sprintf("s%d", i)); !has || err != nil {
			t.Errorf("secret %d by another process: %v, %v", i, has, err)
		}
	}
	set(t, drivers[0], "one")
	set(t, drivers[1], "two")
	if got, err := get(t, drivers[0]); err != nil || got != "two" {
		t.Errorf("Get of what another process set = %q, %v", got, err)
	}
}

// TestDamage: a file that is not what was written is never served.
func TestDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, dir string){
		"a byte of the value": func(t *testing.T, dir string) {
			edit(t, sealedFile(dir), func(b []byte) []byte { b[len(b)-20] ^= 1; return b })
		},
		"cut": func(t *testing.T, dir string) {
			edit(t, sealedFile(dir), func(b []byte) []byte { return b[:len(b)-1] })
		},
		"empty": func(t *testing.T, dir string) { edit(t, sealedFile(dir), func([]byte) []byte { return nil }) },
		"another key": func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "secret.key"), func(b []byte) []byte { b[0] ^= 1; return b })
		},
		"a short key": func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "secret.key"), func(b []byte) []byte { return b[1:] })
		},
		"no key":      func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "secret.key"))) },
		"an open key": func(t *testing.T, dir string) { check(t, os.Chmod(filepath.Join(dir, "secret.key"), 0o644)) },
		"of other App": func(t *testing.T, dir string) {
			check(t, filesecret.In(dir).Set("bank", "stripe", []byte("hunter2")))
			check(t, os.Rename(filepath.Join(dir, "bank", "secret", "stripe.sealed"), sealedFile(dir)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "an open key" && runtime.GOOS == "windows" {
				t.Skip("Windows has no such permissions")
			}
			dir := t.TempDir()
			set(t, filesecret.In(dir), "hunter2")
			damage(t, dir)
			got, err := get(t, filesecret.In(dir))
			if !errors.Is(err, datastore.ErrUnavailable) || got != "" || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Get = %q, %v, want %v", got, err, datastore.ErrUnavailable)
			}
			if err != nil && !strings.Contains(err.Error(), dir) {
				t.Errorf("error = %v, want it to name the file", err)
			}
		})
	}
}

func sealedFile(dir string) string { return filepath.Join(dir, "shop", "secret", "stripe.sealed") }

func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	check(t, err)
	check(t, os.WriteFile(path, change(text), 0o600))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestNames: no name leads out of the folder.
func TestNames(t *testing.T) {
	t.Parallel()
	d := filesecret.In(t.TempDir())
	for _, c := range []struct{ namespace, name string }{
		{"", ""}, {"", "../x"}, {"..", "x"}, {"a/b", "x"}, {"", "a.b"}, {"1", "x"}, {"", strings.Repeat("x", 65)},
	} {
		for op, err := range map[string]error{"Set": d.Set(c.namespace, c.name, []byte("x")), "Remove": d.Remove(c.namespace, c.name)} {
			if err == nil || !strings.Contains(err.Error(), "write a letter") {
				t.Errorf("%s(%q, %q): error = %v, want one that says how to name it", op, c.namespace, c.name, err)
			}
		}
	}
	for _, value := range [][]byte{nil, make([]byte, filesecret.MaxValue+1)} {
		if err := d.Set("", "x", value); err == nil {
			t.Errorf("Set of %d bytes: no error", len(value))
		}
	}
}

// TestLogin: a login without a value gets one that stays.
func TestLogin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	login := func(name string) (user, password string) {
		data := datastore.New([]datastore.Driver{filesecret.In(dir)}, nil)
		user, password, err := secret.NewLogin(data, name, nil).Credentials(t.Context(), false)
		check(t, err)
		return user, password
	}
	user, password := login("DB-reader")
	if user != "db_reader" || len(password) < 20 {
		t.Errorf("Credentials = %q and %d characters, want db_reader and a random password", user, len(password))
	}
	if again, same := login("DB-reader"); again != user || same != password {
		t.Error("Credentials of the next process are others")
	}
	if _, other := login("DB-writer"); other == password {
		t.Error("two logins have one password")
	}
}

func ExampleIn() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
	}
	defer os.RemoveAll(dir)
	secrets := filesecret.In(dir)
	fmt.Println(secrets.Set("shop", "stripe", []byte("sk_test_1")))
	fmt.Println(secrets.Has("shop", "stripe"))
	// Output:
	// <nil>
	// true <nil>
}
