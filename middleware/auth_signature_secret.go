package middleware

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// RotatedSecret is what [RotatedSigningSecret] reads of a secret.
type RotatedSecret interface {
	secret.Getter[secret.Text]
	secret.Previous[secret.Text]
}

// RotatedSigningSecret is a secret whose value is changed from time to time. What was
// signed with the value before the current one is accepted, too.
//
//	key := datastore.Use[middleware.RotatedSecret](api, secret.New[secret.Text](data, "hooks", secret.Manager, nil))
//	api.Handle("POST /hooks", h, tier.With(middleware.Signed(middleware.GitHub(), middleware.RotatedSigningSecret(key), nil)))
//
// Both values are kept for the secret's MaxAge. Panics with a
// [*datastore.DeclarationError] if there is no secret.
func RotatedSigningSecret(s RotatedSecret) SigningSecrets {
	if s == nil {
		misdeclared("RotatedSigningSecret: there is no secret")
	}
	r := &rotated{secret: s}
	return r.both
}

type rotated struct {
	secret RotatedSecret
	// first is a value before which there was none: the secret does not keep that
	// answer, and there can be one only after the value has changed.
	first atomic.Pointer[secret.Text]
}

func (r *rotated) both(ctx context.Context) ([]secret.Text, error) {
	current, err := r.secret.Get(ctx)
	if err != nil {
		return nil, err
	}
	if first := r.first.Load(); first != nil && *first == current {
		return []secret.Text{current}, nil
	}
	previous, err := r.secret.Previous(ctx)
	switch {
	case errors.Is(err, datastore.ErrNotFound):
		r.first.Store(&current)
	case err == nil && previous != "":
		return []secret.Text{current, previous}, nil
	}
	// What is signed with the current one can be verified all the same.
	return []secret.Text{current}, nil
}
