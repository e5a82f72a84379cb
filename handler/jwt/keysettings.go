package jwt

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// KeySettings say where the keys of an issuer are and how long they serve. Keys
// come from URL, or from where the Issuer's discovery document says, or are
// Embedded; Embedded goes with either of the others or alone.
type KeySettings struct {
	// URL of the key set (JWKS). It is https, or http on a loopback address.
	URL string
	// Issuer whose OpenID Connect discovery document names the URL. Its keys
	// cost two fetches. Not together with URL.
	Issuer string
	// Embedded is a key set in JSON that is there without a fetch, such as one
	// that was embedded at build. With URL or Issuer it serves as one that was
	// fetched when the KeySet was made, so a key that the issuer withdrew is
	// trusted for up to an hour of each new process until the program is built
	// again. Alone it never expires.
	Embedded []byte
	// Algorithms that tokens may be signed with: RS256, RS384, RS512, PS256,
	// PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519. nil is RS256 alone.
	// API Gateway takes RSA only.
	Algorithms []string
	// MaxAge is how long after their fetch keys serve at most, while fetching
	// newer ones fails. 0 is 24 hours. Keys are fetched again after an hour,
	// or after MaxAge if that is shorter. At least a minute.
	MaxAge time.Duration
	// Cooldown is the least time between two fetches while there are keys to
	// serve, however many unknown keys tokens name. 0 is 10 seconds. While
	// there are none, it is a second at most.
	Cooldown time.Duration
	// Client fetches. nil is one with http.DefaultTransport. Without a
	// CheckRedirect of its own it follows no redirects. Each fetch may take
	// 1,500 ms and answer 150,000 bytes, as for API Gateway's own authorizers.
	Client *http.Client
	// Now is the clock, also of every Verifier with these keys. nil is time.Now.
	Now func() time.Time
}

const (
	defaultMaxAge   = 24 * time.Hour
	defaultCooldown = 10 * time.Second
	freshFor        = time.Hour
	emptyCooldown   = time.Second // a start must not fail for long over one lost packet
)

// NewKeySet checks the settings. It fetches nothing. It returns an error if
// there is no place for keys to come from, if one is not https, if an algorithm
// is unknown or has no public key, or if no embedded key fits an algorithm.
func NewKeySet(s KeySettings) (*KeySet, error) {
	k := &KeySet{
		source:     source{url: s.URL, issuer: s.Issuer, client: newClient(s.Client)},
		algorithms: slices.Clone(s.Algorithms),
		maxAge:     s.MaxAge, cooldown: s.Cooldown, now: s.Now,
		turn: make(chan struct{}, 1),
	}
	if len(k.algorithms) == 0 {
		k.algorithms = []string{"RS256"}
	}
	if k.maxAge == 0 {
		k.maxAge = defaultMaxAge
	}
	if k.cooldown == 0 {
		k.cooldown = defaultCooldown
	}
	if k.now == nil {
		k.now = time.Now
	}
	if err := k.check(s); err != nil {
		return nil, fmt.Errorf("jwt.NewKeySet: %w", err)
	}
	first := &keys{}
	if len(s.Embedded) > 0 {
		byID, err := parseKeys(s.Embedded)
		if err == nil {
			err = checkUsable(byID, k.algorithms)
		}
		if err != nil {
			return nil, fmt.Errorf("jwt.NewKeySet: Embedded: %w", err)
		}
		first = &keys{byID: byID, fetched: k.clock()}
	}
	k.current.Store(first)
	return k, nil
}

func (k *KeySet) check(s KeySettings) error {
	switch {
	case s.URL != "" && s.Issuer != "":
		return errors.New("both URL and Issuer are set: give the one that names the key set")
	case s.URL == "" && s.Issuer == "" && len(s.Embedded) == 0:
		return errors.New("there is no place for keys to come from: set URL, Issuer or Embedded")
	case k.cooldown < 0 || k.maxAge < time.Minute:
		return fmt.Errorf("the Cooldown is %s and the MaxAge %s: at least 0 and a minute", k.cooldown, k.maxAge)
	case strings.ContainsAny(s.Issuer, "?#"):
		return fmt.Errorf("issuer %q has a query or a fragment", s.Issuer)
	}
	if place := s.URL + s.Issuer; place != "" {
		if err := checkURL(place); err != nil {
			return err
		}
	}
	for _, name := range k.algorithms {
		if algorithmOf(name) == nil {
			return fmt.Errorf("algorithm %q: use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519", name)
		}
	}
	return nil
}

// checkUsable wants a key that can verify by one of the algorithms: a set
// without one was embedded by mistake, and its first key tells why.
func checkUsable(byID map[string][]*key, algorithms []string) error {
	why := errors.New("it has no key with an id")
	for id, list := range byID {
		for _, k := range list {
			if k.err != nil {
				why = fmt.Errorf("key %s: %w", quote(id), k.err)
				continue
			}
			if slices.ContainsFunc(algorithms, func(name string) bool { return algorithmOf(name).fits(k) }) {
				return nil
			}
			why = fmt.Errorf("key %s is not for %s", quote(id), strings.Join(algorithms, ", "))
		}
	}
	return why
}
