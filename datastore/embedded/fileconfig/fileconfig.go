// Package fileconfig has configurations on this machine: JSON files in a folder for
// local serving, or in memory for tests. It needs no server and nothing but the
// standard library, and is the reference for the other drivers of package config.
//
//	configs := fileconfig.In(".tierkit")
//	err := configs.Set("shop", "limits", []byte(`{"perMinute": 10}`))
//
// A configuration is one file, FOLDER/config/NAME.json (or
// FOLDER/APP/config/NAME.json where the [datastore.Data] has a namespace). It is there
// to be edited: what was written counts from the next Get on. Where there is no file,
// the document counts that the configuration was declared with. Every product of
// package config is served.
package fileconfig

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// Driver has the configurations of one folder, or of the memory. It is safe for
// concurrent use.
type Driver struct {
	dir string // "" for memory

	mu  sync.Mutex
	all map[string][]byte // in memory, by the name of the file
}

var _ config.Driver = (*Driver)(nil)

// In is a driver whose configurations are in the folder dir, which is made by the
// first one that is set.
func In(dir string) *Driver { return &Driver{dir: dir} }

// Memory is a driver whose configurations end with the process. They are kept as long
// as in AWS: what is set counts for a handle when its MaxAge is over.
func Memory() *Driver { return &Driver{all: map[string][]byte{}} }

// Kind is "config".
func (d *Driver) Kind() string { return "config" }

// Name is "fileconfig".
func (d *Driver) Name() string { return "fileconfig" }

// Set gives the configuration called name of the App called namespace another
// document; namespace may be "". It need not be declared.
func (d *Driver) Set(namespace, name string, document []byte) error {
	file, err := fileName(namespace, name)
	if err != nil {
		return err
	}
	if !json.Valid(document) {
		return fmt.Errorf("config %s: the document is no JSON", name)
	}
	if d.dir != "" {
		return write(filepath.Join(d.dir, file), document)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all[file] = slices.Clone(document)
	return nil
}

// Remove takes a configuration back to what it is declared with. One that is not there
// is no error.
func (d *Driver) Remove(namespace, name string) error {
	file, err := fileName(namespace, name)
	if err != nil {
		return err
	}
	if d.dir != "" {
		return remove(filepath.Join(d.dir, file))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, file)
	return nil
}

// File is where a configuration is, or would be, "" in memory.
func (d *Driver) File(namespace, name string) (string, error) {
	file, err := fileName(namespace, name)
	if err != nil || d.dir == "" {
		return "", err
	}
	return filepath.Join(d.dir, file), nil
}

// fileName is where a configuration is, below the driver's folder.
func fileName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "config", logical, ".json")
}

// OpenConfig implements [config.Driver].
func (d *Driver) OpenConfig(_ context.Context, data *datastore.Data, spec config.Spec) (config.Conn, error) {
	name, err := fileName(data.Namespace(), spec.Logical)
	switch {
	case err != nil:
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	case d.dir != "":
		return &file{path: filepath.Join(d.dir, name), spec: spec}, nil
	}
	return &memory{d, name, spec}, nil
}

// memory is a configuration in memory.
type memory struct {
	driver *Driver
	name   string
	spec   config.Spec
}

var _ config.Conn = (*memory)(nil)

// Read implements [config.Conn].
func (m *memory) Read(ctx context.Context) (config.Document, error) {
	m.driver.mu.Lock()
	defer m.driver.mu.Unlock()
	doc, found := m.driver.all[m.name]
	return document(ctx, doc, found, m.spec)
}

// document is what was read, if the time of the operation is not over.
func document(ctx context.Context, doc []byte, found bool, spec config.Spec) (config.Document, error) {
	if err := ctx.Err(); err != nil {
		return config.Document{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	if !found {
		doc = []byte(spec.Initial)
	}
	if most := spec.Source.MaxDocument(); len(doc) > most {
		return config.Document{}, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the document has %d bytes, and %v has %d at most", len(doc), spec.Source, most)}
	}
	return config.Document{Data: doc}, nil
}
