package localidentity

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// fileName is where a directory is, below the driver's folder.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "identity", logical, ".json")
}

// files keep directories by their names. read of one that is not there is nil.
type files interface {
	read(name string) ([]byte, error)
	write(name string, text []byte) error
}

// folder keeps them in files.
type folder struct{ dir string }

func (f *folder) read(name string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// write writes a file whole: it has all its bytes, on the disk, or those from before.
func (f *folder) write(name string, text []byte) error {
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// memory keeps them as long as the process lives.
type memory struct {
	mu  sync.Mutex
	all map[string][]byte
}

func (m *memory) read(name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[name], nil
}

func (m *memory) write(name string, text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[name] = slices.Clone(text)
	return nil
}
