package key

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// state is what all handles of a key share: its connection and its data keys.
type state struct {
	*handle.State[Conn]
	maxAge  time.Duration
	maxUses int64

	making  handle.Flight[*dataKey]
	current atomic.Pointer[dataKey] // to seal with; nil before the first
	opened  openedKeys
}

func newState(data *datastore.Data, spec Spec, opts *Options) *state {
	s := &state{opened: openedKeys{all: map[[sha256.Size]byte]*openedKey{}}}
	var errs []error
	var err error
	if s.maxAge, s.maxUses, err = opts.limits(); err != nil {
		errs = append(errs, err)
	}
	s.State = handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenKey(ctx, data, spec)
	}, errs...)
	return s
}

// dataKey seals until it is old or has been used often enough.
type dataKey struct {
	aead   cipher.AEAD
	header []byte // of what it seals
	at     time.Time
	uses   atomic.Int64
}

// seal encrypts with the current data key.
func (s *state) seal(ctx context.Context, conn Conn, plaintext []byte, bound Context) ([]byte, error) {
	k, err := s.toSeal(ctx, conn)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, len(k.header)+nonceSize, len(k.header)+nonceSize+len(plaintext)+tagSize)
	copy(sealed, k.header)
	nonce := sealed[len(k.header):]
	if _, err := io.ReadFull(s.Data.Rand(), nonce); err != nil {
		return nil, err
	}
	return k.aead.Seal(sealed, nonce, plaintext, authenticated(k.header, bound)), nil
}

// toSeal is the data key to use once. Without one that may be, KMS makes one, for
// all that wait for it. What was made for this very call serves it however old it
// is by then, so that a MaxAge shorter than a call to KMS costs one call each time
// and no more.
func (s *state) toSeal(ctx context.Context, conn Conn) (*dataKey, error) {
	if s.maxAge < 0 {
		return s.make(ctx, conn)
	}
	for {
		if k := s.current.Load(); s.serves(k) && k.take(s.maxUses) {
			return k, nil
		}
		k, err := s.making.Do(ctx, false, func(ctx context.Context) (*dataKey, error) {
			if k := s.current.Load(); s.serves(k) && k.uses.Load() < s.maxUses {
				return k, nil // another one made it since
			}
			return s.make(ctx, conn)
		})
		if err != nil {
			return nil, err
		}
		if k.take(s.maxUses) {
			return k, nil
		}
		// Others that waited for it have used it up: as many as it takes are done.
	}
}

// serves reports whether a data key is there and not too old.
func (s *state) serves(k *dataKey) bool { return k != nil && s.young(k.at) }

// take takes one use of a data key, if it has one left of so many.
func (k *dataKey) take(uses int64) bool { return k.uses.Add(1) <= uses }

func (s *state) make(ctx context.Context, conn Conn) (*dataKey, error) {
	at := s.now()
	made, err := conn.GenerateDataKey(ctx, envelopeContext)
	if err != nil {
		return nil, err
	}
	if len(made.Encrypted) == 0 || len(made.Encrypted) > math.MaxUint16 {
		return nil, corrupt("the data key has no length that fits")
	}
	aead, err := newAEAD(made.Plain)
	if err != nil {
		return nil, err
	}
	k := &dataKey{aead: aead, header: header(made.Encrypted), at: at}
	s.current.Store(k)
	return k, nil
}

// young reports whether what was made at that time may be used still. What seems to
// come from the future may not: the clock was set back.
func (s *state) young(at time.Time) bool {
	age := s.now().Sub(at)
	return age >= 0 && age < s.maxAge
}

// now is the wall clock: the other one stands still while a function is frozen.
func (s *state) now() time.Time { return s.Data.Now().Round(0) }

// unseal decrypts with the data key in the envelope.
func (s *state) unseal(ctx context.Context, conn Conn, sealed []byte, bound Context) ([]byte, error) {
	e, err := parse(sealed)
	if err != nil {
		return nil, err
	}
	aead, err := s.toOpen(ctx, conn, e.key)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, e.nonce, e.text, authenticated(e.header, bound))
	if err != nil {
		return nil, corrupt("it was sealed with another context or is damaged")
	}
	return plaintext, nil
}

// maxOpened is how many data keys are kept to open with.
const maxOpened = 100

// openedKeys are those that KMS decrypted, by their encrypted form.
type openedKeys struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*openedKey
}

type openedKey struct {
	flight handle.Flight[cipher.AEAD]

	// Guarded by the mutex of openedKeys.
	aead cipher.AEAD // nil until it is decrypted
	at   time.Time   // when that began
	used time.Time   // when it was last asked for
}

// toOpen is the cipher of an encrypted data key.
func (s *state) toOpen(ctx context.Context, conn Conn, encrypted []byte) (cipher.AEAD, error) {
	id := sha256.Sum256(encrypted)
	k, aead := s.look(id)
	if aead != nil {
		return aead, nil
	}
	return k.flight.Do(ctx, false, func(ctx context.Context) (cipher.AEAD, error) {
		at := s.now()
		plain, err := conn.Decrypt(ctx, encrypted, envelopeContext)
		var aead cipher.AEAD
		if err == nil {
			aead, err = newAEAD(plain)
		}
		s.keep(id, k, aead, at)
		return aead, err
	})
}

// look is what is known of a data key, and its cipher if that may be used.
func (s *state) look(id [sha256.Size]byte) (*openedKey, cipher.AEAD) {
	s.opened.mu.Lock()
	defer s.opened.mu.Unlock()
	k, ok := s.opened.all[id]
	if !ok {
		s.makeRoom()
		k = &openedKey{used: s.now()}
		s.opened.all[id] = k
		return k, nil
	}
	k.used = s.now()
	if k.aead != nil && !s.young(k.at) {
		k.aead = nil
	}
	return k, k.aead
}

// keep keeps the cipher of a data key, or forgets one that has none.
func (s *state) keep(id [sha256.Size]byte, k *openedKey, aead cipher.AEAD, at time.Time) {
	s.opened.mu.Lock()
	defer s.opened.mu.Unlock()
	switch {
	case s.opened.all[id] != k: // it had to make room
	case aead == nil || s.maxAge < 0:
		delete(s.opened.all, id)
	default:
		k.aead, k.at = aead, at
	}
}

// makeRoom drops the data key that was not used for the longest time, if there are
// as many as are kept.
func (s *state) makeRoom() {
	if len(s.opened.all) < maxOpened {
		return
	}
	var oldest [sha256.Size]byte
	var used time.Time
	for id, k := range s.opened.all {
		if used.IsZero() || k.used.Before(used) {
			oldest, used = id, k.used
		}
	}
	delete(s.opened.all, oldest)
}
