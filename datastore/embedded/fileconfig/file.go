package fileconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
)

// file is a configuration in a file.
type file struct {
	path string
	spec config.Spec

	mu   sync.Mutex
	read stamp // of the file when it was read
}

// stamp tells one state of a file from another. The zero value is no file.
type stamp struct {
	at   time.Time
	size int64
}

var _ config.Watcher = (*file)(nil)

// Changed implements [config.Watcher]. It looks at the file's time and size.
func (f *file) Changed() bool {
	now := f.stamp()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read != now
}

func (f *file) stamp() stamp {
	info, err := os.Stat(f.path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// Read implements [config.Conn]. The stamp is taken before: what is written meanwhile is
// a change.
func (f *file) Read(ctx context.Context) (config.Document, error) {
	now := f.stamp()
	raw, err := os.ReadFile(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return config.Document{}, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	f.mu.Lock()
	f.read = now
	f.mu.Unlock()
	return document(ctx, raw, err == nil, f.spec)
}

// write puts a whole new file in the place of the old one.
func write(path string, document []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(next.Name())
	_, err = next.Write(document)
	if err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
