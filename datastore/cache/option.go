package cache

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Option changes what [New] declares.
type Option interface{ apply(*config) }

type config struct {
	spec  Spec
	stale time.Duration // how long a loaded value is kept after its ttl; negative is once more the ttl
	lease time.Duration
	errs  []error
}

type option func(*config)

func (o option) apply(c *config) { o(c) }

// defaultLease is longer than most fills, and not longer than a process that died
// should keep others from filling.
const defaultLease = 10 * time.Second

func configOf(name string, opts []Option) config {
	c := config{spec: Spec{Logical: name}, stale: -1, lease: defaultLease}
	if err := handle.Apply(opts, func(o Option) { o.apply(&c) }); err != nil {
		c.errs = append(c.errs, fmt.Errorf("cache %s: %w", name, err))
	}
	ways := 0
	for _, way := range []bool{c.spec.User != "", c.spec.Login != nil, c.spec.Anonymous} {
		if way {
			ways++
		}
	}
	if ways > 1 {
		c.errs = append(c.errs, errors.New("cache "+name+": write one of cache.User, cache.WithLogin and cache.Anonymous"))
	}
	return c
}

// Serverless makes it an ElastiCache serverless cache, which scales by itself.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.corecomponents.html
func Serverless() Option { return option(func(c *config) { c.spec.Serverless = true }) }

// User is the ElastiCache user that the function's role logs in as. Its id and
// its name are the same, as IAM wants it. Default: the user that is called like
// the cache.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
func User(id string) Option {
	return option(func(c *config) {
		if c.spec.User = id; !validUser(id) {
			c.errs = append(c.errs, fmt.Errorf("cache %s: user %q: write a small letter and then up to 39 small letters, digits or '-'", c.spec.Logical, id))
		}
	})
}

func validUser(id string) bool {
	for i := range len(id) {
		c := id[i]
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return id != "" && len(id) <= 40
}

// WithLogin logs in with a user and a password from a secret, instead of with
// IAM. A password that was rotated is asked for again.
func WithLogin(login datastore.Login) Option {
	return option(func(c *config) {
		if c.spec.Login = login; !datastore.Declared(login) || !reflect.TypeOf(login).Comparable() {
			c.spec.Login = nil
			c.errs = append(c.errs, fmt.Errorf("cache %s: the login is nil, or no pointer; write cache.WithLogin(secret.Login(…)), or leave it out", c.spec.Logical))
		}
	})
}

// Anonymous says that the cache asks nobody to log in: only its network protects
// it.
func Anonymous() Option { return option(func(c *config) { c.spec.Anonymous = true }) }

// StaleFor is how long [Loader] keeps a value after its ttl, to serve it when
// filling fails; 0 does not keep it. Default: once more the ttl.
func StaleFor(d time.Duration) Option {
	return option(func(c *config) {
		if c.stale = d; d < 0 {
			c.errs = append(c.errs, fmt.Errorf("cache %s: StaleFor(%v): write 0 or more", c.spec.Logical, d))
		}
	})
}

// LeaseFor is how long one process may fill before another one begins to fill the
// same key. It should be longer than a fill takes. Default: 10 seconds.
func LeaseFor(d time.Duration) Option {
	return option(func(c *config) {
		if c.lease = d; d < time.Millisecond {
			c.errs = append(c.errs, fmt.Errorf("cache %s: LeaseFor(%v): write a millisecond or more", c.spec.Logical, d))
		}
	})
}
