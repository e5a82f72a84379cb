//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must change before a change is told: an editor that
// saves several files is done then.
const quiet = 100 * time.Millisecond

// sourceWatcher tells of changes of sources.
type sourceWatcher struct {
	changes chan struct{} // holds one
	watcher *fsnotify.Watcher
	ended   chan struct{}

	mu      sync.Mutex
	sources *sources
}

func newSourceWatcher() (*sourceWatcher, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	none := &sources{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	w := &sourceWatcher{changes: make(chan struct{}, 1), watcher: watcher, ended: make(chan struct{}), sources: none}
	go w.loop()
	return w, nil
}

func (w *sourceWatcher) close() error {
	err := w.watcher.Close()
	<-w.ended
	return err
}

// follow watches what the program is built from now. After an error it watches
// what it did before.
func (w *sourceWatcher) follow(ctx context.Context, folder string, build []string) error {
	s, err := listSources(ctx, folder, build)
	if err != nil {
		return err
	}
	w.mu.Lock()
	before := w.sources.folders()
	w.sources = s
	w.mu.Unlock()
	now := s.folders()
	var errs []error
	for dir := range now {
		if err := w.watcher.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("watch %s: %w", dir, err))
		}
	}
	for dir := range before {
		if !now[dir] {
			_ = w.watcher.Remove(dir) // it may be gone
		}
	}
	return errors.Join(errs...)
}

func (w *sourceWatcher) watchesNothing() bool { return len(w.watcher.WatchList()) == 0 }

// loop tells of a change when nothing has changed for a while.
func (w *sourceWatcher) loop() {
	defer close(w.ended)
	timer := time.NewTimer(quiet)
	timer.Stop()
	for {
		select {
		case e, ok := <-w.watcher.Events:
			if !ok {
				return
			}
			if w.counts(e) {
				timer.Reset(quiet)
			}
		case _, ok := <-w.watcher.Errors:
			if !ok {
				return
			}
			timer.Reset(quiet) // events were lost
		case <-timer.C:
			select {
			case w.changes <- struct{}{}:
			default:
			}
		}
	}
}

// counts reports whether an event can change the program. A new folder in a
// watched one is watched from then on.
func (w *sourceWatcher) counts(e fsnotify.Event) bool {
	if !e.Has(fsnotify.Create) && !e.Has(fsnotify.Write) && !e.Has(fsnotify.Remove) && !e.Has(fsnotify.Rename) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if info, err := os.Stat(e.Name); e.Has(fsnotify.Create) && err == nil && info.IsDir() {
		return w.enter(e.Name)
	}
	return w.sources.counts(e.Name)
}

// enter watches a new folder and those below it, and reports whether there is
// anything in it that counts.
func (w *sourceWatcher) enter(dir string) bool {
	counts := false
	in := w.sources.packages
	if w.sources.trees[filepath.Dir(dir)] {
		in = w.sources.trees
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone again
		}
		if !d.IsDir() {
			counts = counts || w.sources.counts(path)
			return nil
		}
		switch name := d.Name(); {
		case strings.HasPrefix(name, "."), strings.HasPrefix(name, "_"), name == "testdata", name == "node_modules":
			return fs.SkipDir
		}
		in[path] = true
		_ = w.watcher.Add(path) // what is not watched is found by the next go list
		return nil
	})
	return counts
}
