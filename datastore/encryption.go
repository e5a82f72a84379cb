package datastore

import "errors"

// Key is a customer managed key of AWS KMS, a [key.Key], that a store is declared
// to be encrypted with, in place of one that AWS keeps. AWS decrypts with it for
// whoever uses the store, so that they must be granted it too, through the service
// of the store and in no other way.
//
// [key.Key]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/key#Key
type Key interface {
	// Via is the key in the scope of its use by another service of AWS, named by its
	// IAM prefix: "dynamodb".
	Via(service string) Spec
}

// Encrypted is a [Spec] of a store that can have a [Key].
type Encrypted interface {
	Spec
	// EncryptedBy is the key in the scope of the store's service, nil for one that
	// AWS keeps.
	EncryptedBy() Spec
}

// Indirect is a [Spec] of a store that another service of AWS uses for the function,
// which calls that one: it needs permissions, and neither an endpoint nor to know
// the name.
type Indirect interface {
	Spec
	// UsedBy is the IAM prefix of the service, "" where the function calls the store
	// itself.
	UsedBy() string
}

// IsIndirect reports whether spec is one that another service uses for the function.
func IsIndirect(spec Spec) bool {
	i, ok := spec.(Indirect)
	return ok && i.UsedBy() != ""
}

// KeyVia is k in the scope of service, for the kinds; its error is the mistake of a
// declaration with no key.
func KeyVia(k Key, service string) (Spec, error) {
	if Declared(k) {
		return k.Via(service), nil
	}
	return nil, errors.New("it is encrypted by a key that is not declared; write key.New(data, \"pii\", nil), or leave the key out")
}

// KeyUse is what a store depends on that does ops to the key, as [Encrypted] has it:
// nothing without a key, or without ops.
func KeyUse(key Spec, ops ...string) []Dependence {
	if key == nil || len(ops) == 0 {
		return nil
	}
	return []Dependence{{Spec: key, Ops: ops}}
}
