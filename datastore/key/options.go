package key

import (
	"errors"
	"time"
)

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// MaxAge is how long a data key is kept in the process, to seal with and to
	// open with. 0 means 5 minutes; less than 0 keeps none, so that each Seal and
	// Open is a call to KMS.
	MaxAge time.Duration
	// MaxUses is how many values one data key seals. 0 means 100,000; at most
	// 2^32 - 1.
	MaxUses int64
}

const (
	defaultMaxAge  = 5 * time.Minute
	defaultMaxUses = 100_000
	// mostUses keeps the chance that two values have one random nonce below 2^-32.
	//
	// See https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
	mostUses = 1<<32 - 1
)

func (o *Options) limits() (maxAge time.Duration, maxUses int64, err error) {
	maxAge, maxUses = defaultMaxAge, defaultMaxUses
	if o != nil && o.MaxAge != 0 {
		maxAge = o.MaxAge
	}
	if o != nil && o.MaxUses != 0 {
		maxUses = o.MaxUses
	}
	if maxUses < 1 || maxUses > mostUses {
		err = errors.New("MaxUses is not 1 to 2^32 - 1")
	}
	return maxAge, maxUses, err
}
