// Package filekey has encryption keys on this machine: in a folder for local
// serving, or in memory for tests. It needs no server and nothing but the standard
// library, and is the reference for the other drivers of package key.
//
//	data := datastore.New([]datastore.Driver{filekey.In(".tierkit")}, nil)
//
// A key is one file, FOLDER/key/NAME.key (or FOLDER/APP/key/NAME.key where the
// [datastore.Data] has a namespace), of 32 random bytes, which its first use makes.
// Only the user who runs the program can read it. What it encrypted cannot be read
// without it: keep it as long as that, and out of version control. What KMS
// encrypted cannot be read here, nor the other way round.
//
// Several processes may use a folder at a time.
package filekey

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

const (
	keySize = 32 // AES-256
	format  = 1  // of a ciphertext: this byte, the nonce, AES-256-GCM
)

// Driver has the keys of one folder, or of the memory. It is safe for concurrent
// use.
type Driver struct {
	dir string // "" for memory

	mu     sync.Mutex
	memory map[string][]byte
}

var _ key.Driver = (*Driver)(nil)

// In is a driver with keys in the folder dir, which is made by the first one.
func In(dir string) *Driver { return &Driver{dir: dir} }

// Memory is a driver whose keys end with the process.
func Memory() *Driver { return &Driver{memory: map[string][]byte{}} }

// Kind is "key".
func (d *Driver) Kind() string { return "key" }

// Name is "filekey".
func (d *Driver) Name() string { return "filekey" }

// OpenKey implements [key.Driver]. A key that is not there is made.
func (d *Driver) OpenKey(_ context.Context, data *datastore.Data, spec key.Spec) (key.Conn, error) {
	name, err := fileName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, unavailable(err)
	}
	raw, err := d.raw(name, data.Rand())
	if err != nil {
		return nil, unavailable(err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, unavailable(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, unavailable(err)
	}
	return &conn{gcm, data.Rand()}, nil
}

func (d *Driver) raw(name string, random io.Reader) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.memory == nil {
		return keyIn(d.dir, name, random)
	}
	if raw, ok := d.memory[name]; ok {
		return raw, nil
	}
	raw := make([]byte, keySize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return nil, err
	}
	d.memory[name] = raw
	return raw, nil
}

// conn is one key.
type conn struct {
	gcm    cipher.AEAD
	random io.Reader
}

var _ key.Conn = (*conn)(nil)

// Encrypt implements [key.Conn].
func (c *conn) Encrypt(ctx context.Context, plaintext []byte, bound key.Context) ([]byte, error) {
	if err := inTime(ctx); err != nil {
		return nil, err
	}
	const begin = 1
	out := make([]byte, begin+c.gcm.NonceSize(), begin+c.gcm.NonceSize()+len(plaintext)+c.gcm.Overhead())
	out[0] = format
	if _, err := io.ReadFull(c.random, out[begin:]); err != nil {
		return nil, unavailable(err)
	}
	return c.gcm.Seal(out, out[begin:], plaintext, authenticated(bound)), nil
}

var errForeign = errors.New("the ciphertext is damaged, or was made by another key or with another context")

// Decrypt implements [key.Conn].
func (c *conn) Decrypt(ctx context.Context, ciphertext []byte, bound key.Context) ([]byte, error) {
	if err := inTime(ctx); err != nil {
		return nil, err
	}
	begin := 1 + c.gcm.NonceSize()
	if len(ciphertext) < begin || ciphertext[0] != format {
		return nil, corrupt()
	}
	plaintext, err := c.gcm.Open(nil, ciphertext[1:begin], ciphertext[begin:], authenticated(bound))
	if err != nil {
		return nil, corrupt()
	}
	return plaintext, nil
}

// GenerateDataKey implements [key.Conn].
func (c *conn) GenerateDataKey(ctx context.Context, bound key.Context) (key.DataKey, error) {
	plain := make([]byte, keySize)
	if _, err := io.ReadFull(c.random, plain); err != nil {
		return key.DataKey{}, unavailable(err)
	}
	encrypted, err := c.Encrypt(ctx, plain, bound)
	return key.DataKey{Plain: plain, Encrypted: encrypted}, err
}

// authenticated is what is bound to a ciphertext: the names in order, each followed by
// its value, with their lengths, so that no other context has the same.
func authenticated(bound key.Context) (b []byte) {
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		for _, text := range []string{name, bound[name]} {
			b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
			b = append(b, text...)
		}
	}
	return b
}

func inTime(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	return nil
}

func corrupt() error { return &datastore.Error{Kind: datastore.ErrCorrupt, Err: errForeign} }

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
