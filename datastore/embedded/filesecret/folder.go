package filesecret

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// keyFile has the key of a folder.
const keyFile = "secret.key"

// fileName is where a secret is, below the driver's folder.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "secret", logical, ".sealed")
}

// folder keeps histories in files.
type folder struct {
	dir string

	mu  sync.Mutex
	key cipher.AEAD // nil until it is needed
}

func (f *folder) read(name string) (history, bool, error) {
	path := filepath.Join(f.dir, name)
	sealed, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return history{}, false, nil
	}
	if err != nil {
		return history{}, false, err
	}
	key, err := f.theKey(false)
	if err != nil {
		return history{}, false, err
	}
	plain, err := open(key, filepath.ToSlash(name), sealed)
	if err != nil {
		return history{}, false, fmt.Errorf("%s: %w; restore %s, or remove the file and set the value again", path, err, filepath.Join(f.dir, keyFile))
	}
	var h history
	if json.Unmarshal(plain, &h) != nil || h.Current == nil && h.Pending == nil {
		return history{}, false, fmt.Errorf("%s: what is sealed there is no secret of this package; remove the file and set the value again", path)
	}
	return h, true, nil
}

func (f *folder) write(name string, h history) error {
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	key, err := f.theKey(true)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return replace(path, seal(key, filepath.ToSlash(name), plain), os.Rename)
}

func (f *folder) remove(name string) error {
	err := os.Remove(filepath.Join(f.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// theKey is the key of the folder. create has a folder without one get one.
func (f *folder) theKey(create bool) (cipher.AEAD, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.key != nil {
		return f.key, nil
	}
	path := filepath.Join(f.dir, keyFile)
	key, err := readKey(path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, err
		}
		key, err = readKey(path)
	}
	if err != nil {
		return nil, err
	}
	f.key = key
	return key, nil
}

func readKey(path string) (cipher.AEAD, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the key of the secrets: %w", err)
	}
	if len(raw) != keySize {
		return nil, fmt.Errorf("%s has %d bytes, and is no key of %d; restore it", path, len(raw), keySize)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	// Windows has no such permissions.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be read by others (%v); run: chmod 600 %[1]s", path, mode)
	}
	return newKey(raw)
}

// makeKey makes a key file. If another process makes one at the same time, the
// first one counts: a link is made only where nothing is.
func makeKey(path string) error {
	key := make([]byte, keySize)
	rand.Read(key)
	err := replace(path, key, func(written, path string) error {
		defer os.Remove(written)
		return os.Link(written, path)
	})
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// replace writes a file whole: it is at path with all its bytes on the disk, or not
// at all. place puts the written file there.
func replace(path string, data []byte, place func(written, path string) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = place(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// syncFolder makes a rename last. Not every system can; then it lasts as soon as
// the system writes it.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}
