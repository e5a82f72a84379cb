package filekey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filekey"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/key/keytest"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	key.Encrypter
	key.Decrypter
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, driver := range map[string]func(testing.TB) datastore.Driver{
		"memory": func(testing.TB) datastore.Driver { return filekey.Memory() },
		"folder": func(t testing.TB) datastore.Driver { return filekey.In(t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keytest.Run(t, func(t testing.TB, _ ...string) *datastore.Data {
				return datastore.New([]datastore.Driver{driver(t)}, nil)
			})
		})
	}
}

func handle(d datastore.Driver, namespace string) both {
	data := datastore.New([]datastore.Driver{d}, &datastore.Options{Namespace: namespace})
	return datastore.Use[both](function{}, key.New(data, "pii", nil))
}

// TestProcesses: processes that begin with an empty folder have one key, and those
// of other Apps another one.
func TestProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	made := make([][]byte, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			var err error
			if made[i], err = handle(filekey.In(dir), "shop").Encrypt(t.Context(), []byte("x"), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	last := handle(filekey.In(dir), "shop")
	for i, ciphertext := range made {
		if got, err := last.Decrypt(t.Context(), ciphertext, nil); err != nil || string(got) != "x" {
			t.Errorf("Decrypt of what process %d encrypted = %q, %v", i, got, err)
		}
		if _, err := handle(filekey.In(dir), "bank").Decrypt(t.Context(), ciphertext, nil); !errors.Is(err, datastore.ErrCorrupt) {
			t.Errorf("Decrypt by another App: error = %v, want %v", err, datastore.ErrCorrupt)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*", "key", ".new-*"))
	if err != nil || left != nil {
		t.Errorf("files left over: %v, %v", left, err)
	}
}

// TestDamage: a key file that is none is not used, nor replaced.
func TestDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"short": func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"open":  func(path string) error { return os.Chmod(path, 0o640) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "open" && runtime.GOOS == "windows" {
				t.Skip("Windows has no such permissions")
			}
			dir := t.TempDir()
			if _, err := handle(filekey.In(dir), "").Encrypt(t.Context(), []byte("x"), nil); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "key", "pii.key")
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.ReadFile(path)
			_, err := handle(filekey.In(dir), "").Encrypt(t.Context(), []byte("x"), nil)
			if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), path) {
				t.Errorf("Encrypt: error = %v, want %v that names the file", err, datastore.ErrUnavailable)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
	if _, err := handle(filekey.In(t.TempDir()), "../x").Encrypt(t.Context(), []byte("x"), nil); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("a namespace that leads out of the folder: error = %v", err)
	}
}

func ExampleMemory() {
	data := datastore.New([]datastore.Driver{filekey.Memory()}, nil)
	pii := datastore.Use[both](function{}, key.New(data, "pii", nil))
	ctx := context.Background()
	ciphertext, err := pii.Encrypt(ctx, []byte("1 Main Street"), key.Context{"customer": "c1"})
	if err != nil {
		fmt.Println(err)
	}
	_, err = pii.Decrypt(ctx, ciphertext, key.Context{"customer": "c2"})
	fmt.Println(err)
	plaintext, err := pii.Decrypt(ctx, ciphertext, key.Context{"customer": "c1"})
	fmt.Println(string(plaintext), err)
	// Output:
	// key pii: decrypt: corrupt: the ciphertext is damaged, or was made by another key or with another context
	// 1 Main Street <nil>
}
