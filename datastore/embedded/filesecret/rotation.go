package filesecret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// pending is the version that a rotation makes.
type pending struct {
	Token string `json:"token"`
	Value []byte `json:"value,omitempty"` // none until it is made
}

// BeginRotation has the secret called name await a version that is known by token, as
// AWS Secrets Manager does before it invokes the function that rotates it. A rotation that
// did not come to its end is given up with that. The secret may have no value yet.
func (d *Driver) BeginRotation(namespace, name, token string) error {
	file, err := fileName(namespace, name)
	if err != nil {
		return err
	}
	if token == "" {
		return errors.New("a rotation needs a token")
	}
	return d.change(file, func(h *history) error {
		h.Pending = &pending{Token: token}
		return nil
	})
}

// change reads the history of a secret, which may be new, and writes it.
func (d *Driver) change(file string, with func(*history) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	h, _, err := d.files.read(file)
	if err != nil {
		return unavailable(err)
	}
	if err := with(&h); err != nil {
		return err
	}
	if err := d.files.write(file, h); err != nil {
		return unavailable(err)
	}
	return nil
}

var _ secret.RotatingConn = (*conn)(nil)

// Awaited implements [secret.RotatingConn].
func (c *conn) Awaited(ctx context.Context, token string) (bool, error) {
	h, err := c.history()
	switch {
	case ctx.Err() != nil:
		return false, &datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()}
	case err != nil:
		return false, unavailable(err)
	case h.Current != nil && h.Current.Token == token:
		return false, nil
	}
	return true, awaits(h, token)
}

// awaits refuses a version that no rotation makes.
func awaits(h history, token string) error {
	if h.Pending == nil || h.Pending.Token != token {
		return &datastore.Error{Kind: datastore.ErrConflict, Err: fmt.Errorf("no rotation makes the version %.64q; begin one with: go run . secret rotate", token)}
	}
	return nil
}

// ReadPending implements [secret.RotatingConn].
func (c *conn) ReadPending(_ context.Context, token string) (secret.Value, error) {
	h, err := c.history()
	if err != nil {
		return secret.Value{}, unavailable(err)
	}
	if err := awaits(h, token); err != nil {
		return secret.Value{}, err
	}
	if h.Pending.Value == nil {
		return secret.Value{}, &datastore.Error{Kind: datastore.ErrNotFound, Err: errors.New("its next version has no value")}
	}
	return secret.Value{Data: h.Pending.Value, Version: token}, nil
}

// PutPending implements [secret.RotatingConn].
func (c *conn) PutPending(_ context.Context, token, _ string, value []byte) error {
	if len(value) == 0 || len(value) > MaxValue {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("the value has %d bytes; a secret has 1 to %d", len(value), MaxValue)}
	}
	return c.driver.change(c.file, func(h *history) error {
		if err := awaits(*h, token); err != nil {
			return err
		}
		if had := h.Pending.Value; had != nil && !bytes.Equal(had, value) {
			return &datastore.Error{Kind: datastore.ErrConflict, Err: errors.New("its next version has another value already")}
		}
		h.Pending = &pending{Token: token, Value: slices.Clone(value)}
		return nil
	})
}

// Promote implements [secret.RotatingConn].
func (c *conn) Promote(_ context.Context, token string) error {
	return c.driver.change(c.file, func(h *history) error {
		if err := awaits(*h, token); err != nil {
			return err
		}
		if h.Pending.Value == nil {
			return &datastore.Error{Kind: datastore.ErrConflict, Err: errors.New("its next version has no value")}
		}
		next := entry{Value: h.Pending.Value, Version: 1, Token: token}
		if h.Current != nil {
			next.Version = h.Current.Version + 1
		}
		*h = history{Current: &next, Previous: h.Current}
		return nil
	})
}

// version is the id by which an entry is known.
func (e *entry) version() string { return strconv.FormatInt(e.Version, 10) }
