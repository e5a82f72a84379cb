// Package filesecret keeps secrets on this machine: sealed in a folder for local
// serving, or in memory for tests. It needs no server and nothing but the standard
// library, and is the reference for the other drivers of package secret.
//
//	secrets := filesecret.In(".tierkit")
//	err := secrets.Set("shop", "stripe", []byte("sk_test_…"))
//
// A secret is one file, FOLDER/secret/NAME.sealed (or FOLDER/APP/secret/NAME.sealed
// where the [datastore.Data] has a namespace), with its current value, the one
// before and that of a rotation under way, encrypted with AES-256-GCM under the
// random key in FOLDER/secret.key. Only the user who runs the program can read
// either. The key beside the files keeps values out of searches, backups of single
// files and screens; it does not keep them from who may read the whole folder. Keep
// the folder out of version control, and use no values of production.
//
// Each write puts a whole new file in the place of the old one, which a crash
// leaves as it was. Several processes may use a folder at a time: a value that one
// sets is what the others fetch next.
//
// A login that has no value gets one when it is first asked for: a user named
// after it and a random password, for the servers of this machine. Every other
// secret must be set. Both products of package secret are served.
package filesecret

import (
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// MaxValue is how many bytes a value may have, as in AWS Secrets Manager.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const MaxValue = 65536

// Driver keeps the secrets of one folder, or of the memory. It is safe for
// concurrent use.
type Driver struct {
	files files
	mu    sync.Mutex // of what reads and then writes
}

var _ secret.Driver = (*Driver)(nil)

// In is a driver that keeps secrets in the folder dir, which is made by the first
// one.
func In(dir string) *Driver { return &Driver{files: &folder{dir: dir}} }

// Memory is a driver whose secrets end with the process.
func Memory() *Driver { return &Driver{files: &memory{all: map[string]history{}}} }

// Kind is "secret".
func (d *Driver) Kind() string { return "secret" }

// Name is "filesecret".
func (d *Driver) Name() string { return "filesecret" }

// files keep histories by their names.
type files interface {
	read(name string) (h history, found bool, err error)
	write(name string, h history) error
	remove(name string) error
}

// history is what is known of a secret. The names of its fields are the format of
// the files.
type history struct {
	Current  *entry   `json:"current"`
	Previous *entry   `json:"previous,omitempty"`
	Pending  *pending `json:"pending,omitempty"`
}

type entry struct {
	Value   []byte `json:"value"`
	Version int64  `json:"version"`         // counted from 1
	Token   string `json:"token,omitempty"` // of the rotation that made it
}

// Set gives the secret called name of the App called namespace a value, or a new
// one; namespace may be "". It need not be declared.
func (d *Driver) Set(namespace, name string, value []byte) error {
	file, err := fileName(namespace, name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.set(file, value)
}

func (d *Driver) set(file string, value []byte) error {
	if len(value) == 0 || len(value) > MaxValue {
		return fmt.Errorf("the value has %d bytes; a secret has 1 to %d", len(value), MaxValue)
	}
	was, _, err := d.files.read(file)
	if err != nil {
		return err
	}
	next := entry{Value: slices.Clone(value), Version: 1}
	if was.Current != nil {
		next.Version = was.Current.Version + 1
	}
	return d.files.write(file, history{Current: &next, Previous: was.Current, Pending: was.Pending})
}

// Remove removes a secret with all its values. One that is not there is no error.
func (d *Driver) Remove(namespace, name string) error {
	file, err := fileName(namespace, name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files.remove(file)
}

// Has reports whether a secret has a value that can be read.
func (d *Driver) Has(namespace, name string) (bool, error) {
	file, err := fileName(namespace, name)
	if err != nil {
		return false, err
	}
	h, found, err := d.files.read(file)
	return found && h.Current != nil, err
}

// OpenSecret implements [secret.Driver].
func (d *Driver) OpenSecret(_ context.Context, data *datastore.Data, spec secret.Spec) (secret.Conn, error) {
	file, err := fileName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, unavailable(err)
	}
	return &conn{d, spec, file, data.Rand()}, nil
}

// conn is one secret.
type conn struct {
	driver *Driver
	spec   secret.Spec
	file   string
	random io.Reader
}

var _ secret.Conn = (*conn)(nil)

// Read implements [secret.Conn].
func (c *conn) Read(ctx context.Context, stage secret.Stage) (secret.Value, error) {
	if err := ctx.Err(); err != nil {
		return secret.Value{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	h, err := c.history()
	if err != nil {
		return secret.Value{}, unavailable(err)
	}
	e := h.Current
	if stage == secret.Before {
		e = h.Previous
	}
	switch {
	case e != nil:
		return secret.Value{Data: e.Value, Version: e.version()}, nil
	case h.Current != nil:
		return secret.Value{}, &datastore.Error{Kind: datastore.ErrNotFound, Err: fmt.Errorf("it has had one value only")}
	}
	return secret.Value{}, &datastore.Error{Kind: datastore.ErrNotFound, Err: fmt.Errorf(
		"it has no value on this machine; set one: go run . secret set %s", c.spec.Logical)}
}

// history of the secret. A login without one gets one.
func (c *conn) history() (history, error) {
	c.driver.mu.Lock()
	defer c.driver.mu.Unlock()
	h, _, err := c.driver.files.read(c.file)
	if err != nil || h.Current != nil || !c.spec.Login {
		return h, err
	}
	value, err := newLogin(c.spec.Logical, c.random)
	if err == nil {
		err = c.driver.set(c.file, value)
	}
	if err != nil {
		return h, err
	}
	h, _, err = c.driver.files.read(c.file)
	return h, err
}

// newLogin is a user named after the secret, with a random password of 26 letters and
// digits.
func newLogin(logical string, random io.Reader) ([]byte, error) {
	password := make([]byte, 16)
	if _, err := io.ReadFull(random, password); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{
		"username": userName(logical),
		"password": base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(password),
	})
}

// userName is one that every database takes: lower case letters, digits and '_', at
// most 32.
func userName(logical string) string {
	name := strings.ToLower(strings.ReplaceAll(logical, "-", "_"))
	return name[:min(len(name), 32)]
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

// memory keeps histories as long as the process lives.
type memory struct {
	mu  sync.Mutex
	all map[string]history
}

func (m *memory) read(name string) (history, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, found := m.all[name]
	return h, found, nil
}

func (m *memory) write(name string, h history) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[name] = h
	return nil
}

func (m *memory) remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, name)
	return nil
}
