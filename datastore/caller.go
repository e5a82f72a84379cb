package datastore

import (
	"context"
	"errors"
	"strings"
)

type callerKey struct{}

// WithCallerID puts the id of the caller into ctx on whose behalf stores are used
// that are narrowed to a caller's own rows. It is what an authorizer has proved,
// and never what a client says; a middleware sets it behind the authorizer. Two people
// must have two ids: package tier refuses stores that it reaches for callers of several
// issuers.
func WithCallerID(ctx context.Context, id string) context.Context {
	return &callerContext{ctx, id}
}

// callerContext is a context with the id of the caller, in one piece of memory,
// because every request that is for somebody has one.
type callerContext struct {
	context.Context
	id string
}

func (c *callerContext) Value(key any) any {
	if key == (callerKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// CallerID is the id of the caller; ok is false if there is none, or an empty one.
func CallerID(ctx context.Context) (id string, ok bool) {
	if c, _ := ctx.Value(callerKey{}).(*callerContext); c != nil {
		id = c.id
	}
	return id, id != ""
}

// CheckCallerID refuses an id that no session tag of AWS can be: of over 256
// characters, with others than letters, digits, spaces and _.:/=+-@, or that begins with
// "aws:". Stores that
// are narrowed to a caller refuse it on every driver, as AWS would; where an issuer
// gives out such ids ("auth0|7"), a middleware puts another form of them into the
// context.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func CheckCallerID(id string) error {
	if !isTag(id) {
		return errNoTag
	}
	return nil
}

// isTag reports whether id can be the value of a session tag.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
func isTag(id string) bool {
	const reserved = "aws:" // in any case
	return len(id) <= maxTag && strings.Trim(id, tagLetters) == "" &&
		(len(id) < len(reserved) || !strings.EqualFold(id[:len(reserved)], reserved))
}

// maxTag is how long the value of a session tag can be.
const maxTag = 256

const tagLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.:/=+-@"

var errNoTag = errors.New("the id of the caller cannot be a session tag: at most 256 letters, digits, spaces and _.:/=+-@; " +
	"a middleware behind the authorizer sets one that can by datastore.WithCallerID")

// CallerRole is the variable that holds the ARN of the role that is assumed for a
// caller or a tenant, with the session tags "caller" and "tenant", or one of them.
// Without it a driver uses the function's own role, and only the handle keeps them
// apart.
const CallerRole = "TIERKIT_CALLER_ROLE"
