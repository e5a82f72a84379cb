package filekey

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// fileName is where a key is, below the driver's folder.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "key", logical, ".key")
}

// keyIn reads a key, or makes it.
func keyIn(dir, name string, random io.Reader) ([]byte, error) {
	path := filepath.Join(dir, name)
	raw, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := makeKey(path, random); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
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
	return raw, nil
}

// makeKey makes a key file whole, or not at all. If another process makes one at the
// same time, the first one counts: a link is made only where nothing is.
func makeKey(path string, random io.Reader) error {
	raw := make([]byte, keySize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(raw)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), path)
}
