package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// APIKey is an API key as a developer has it: its value is a secret, its name is
// what usage plans call it.
type APIKey struct {
	Name     string
	Value    string
	Disabled bool // it is refused, as if it did not exist
}

// keyRing are the API keys of the plans of one API. A key that is in no plan of
// the API is none.
type keyRing struct {
	holders map[[sha256.Size]byte]*keyHolder
}

// newKeyRing joins plans and values. The error never has a value in it.
func newKeyRing(plans []tier.UsagePlan, keys []APIKey) (*keyRing, error) {
	ring := &keyRing{holders: map[[sha256.Size]byte]*keyHolder{}}
	owner := map[[sha256.Size]byte]string{}
	for _, k := range keys {
		if k.Name == "" {
			return nil, errors.New("local gateway: an API key has no name; write the one by which a usage plan knows it")
		}
		if k.Value == "" {
			return nil, fmt.Errorf("local gateway: API key %s has no value; write a text that nobody can guess", k.Name)
		}
		sum := sha256.Sum256([]byte(k.Value))
		if other, known := owner[sum]; known {
			return nil, fmt.Errorf("local gateway: API keys %s and %s have the same value; give one another", other, k.Name)
		}
		owner[sum] = k.Name
		for i := range plans {
			if p := &plans[i]; slices.Contains(p.Keys, k.Name) {
				ring.holders[sum] = newKeyHolder(p, k)
			}
		}
	}
	return ring, nil
}

// find is who holds the key of that value, nil for nobody. What the time of the
// look tells is about hashes, which nobody can steer byte by byte.
func (ring *keyRing) find(value string) *keyHolder {
	return ring.holders[sha256.Sum256([]byte(value))]
}
