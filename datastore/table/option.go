package table

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Option is an option of [New].
type Option interface{ declare(*Spec) error }

type encrypted struct{ key datastore.Key }

// EncryptedBy declares that the table, its indexes and backups are encrypted with a
// key of the application's own, in place of the one that DynamoDB keeps. Who uses the
// table is granted kms:Decrypt on it, through DynamoDB alone.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
func EncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) declare(s *Spec) (err error) {
	s.Key, err = datastore.KeyVia(o.key, "dynamodb")
	return err
}

// declare gives a Spec its options, and answers the mistakes in them.
func declare(s *Spec, opts []Option) (errs []error) {
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.declare(s); err != nil {
			errs = append(errs, fmt.Errorf("table %s: %w", s.Logical, err))
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("table %s: %w", s.Logical, wrong))
	}
	return errs
}
