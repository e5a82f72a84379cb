package filebucket

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// folder is a shelf on disk. All its paths are resolved inside it, whatever links
// lie there.
type folder struct {
	root *os.Root
	path string
	sync bool

	writing sync.Mutex // held by change, in this process
}

var _ shelf = (*folder)(nil)

const (
	draftFolder = ".drafts" // no path of a key begins with a dot
	lockName    = ".lock"
	oldDraft    = 24 * time.Hour
)

func openFolder(dir string, sync bool) (*folder, error) {
	if err := os.MkdirAll(filepath.Join(dir, draftFolder), 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, path: dir, sync: sync}
	f.sweep(time.Now())
	return f, nil
}

// sweep removes what processes that crashed left behind. Drafts of others that are
// running are younger.
func (f *folder) sweep(now time.Time) {
	drafts, _ := fs.ReadDir(f.root.FS(), draftFolder)
	for _, d := range drafts {
		if info, err := d.Info(); err == nil && now.Sub(info.ModTime()) > oldDraft {
			_ = f.root.Remove(path.Join(draftFolder, d.Name()))
		}
	}
}

func (f *folder) open(key string) (*stored, error) {
	file, err := f.root.Open(fileOf(key))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		var m meta
		if m, err = readTrailer(file, info.Size(), key); err == nil {
			return &stored{m, file, file}, nil
		}
	}
	file.Close()
	return nil, err
}

func (f *folder) keys(prefix string) ([]string, error) {
	var keys []string
	start := folderOf(prefix)
	err := fs.WalkDir(f.root.FS(), start, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // nothing there, or removed meanwhile
			return nil
		case err != nil:
			return err
		case d.IsDir() && p != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), "."):
			return nil
		}
		// What is no object's was put there by somebody else.
		if key, err := keyOf(p); err == nil && strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
		return nil
	})
	return keys, err
}

func (f *folder) change(do func() error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	free, err := lock(filepath.Join(f.path, lockName))
	if err != nil {
		return err
	}
	defer free()
	return do()
}

func (f *folder) remove(key string) error {
	p := fileOf(key)
	if err := f.root.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Folders that are empty now go too; the others refuse.
	for p = path.Dir(p); p != "." && f.root.Remove(p) == nil; p = path.Dir(p) {
	}
	return nil
}

func (f *folder) close() error { return f.root.Close() }

func (f *folder) draft() (draft, error) {
	name := path.Join(draftFolder, rand.Text())
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &fileDraft{File: file, folder: f, name: name}, nil
}

type fileDraft struct {
	*os.File
	folder    *folder
	name      string
	published bool
}

func (d *fileDraft) publish(m meta) error {
	end, err := m.trailer()
	if err == nil {
		_, err = d.Write(end)
	}
	if err == nil && d.folder.sync {
		err = d.Sync()
	}
	if closing := d.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	target := fileOf(m.Key)
	if err := d.folder.root.MkdirAll(path.Dir(target), 0o700); err != nil {
		return err
	}
	if err := d.folder.root.Rename(d.name, target); err != nil {
		return err
	}
	d.published = true
	if d.folder.sync {
		return d.folder.syncFolder(path.Dir(target))
	}
	return nil
}

// syncFolder makes the disk have the new name.
func (f *folder) syncFolder(dir string) error {
	file, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	defer file.Close()
	// Some systems cannot sync a folder, and need not.
	if err := file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

func (d *fileDraft) discard() {
	if !d.published {
		d.Close()
		_ = d.folder.root.Remove(d.name)
	}
}
