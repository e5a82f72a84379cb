package datastore

import "context"

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

// CallerRole is the variable that holds the ARN of the role that is assumed for a
// caller, with the session tag "caller". Without it a driver uses the function's
// own role, and only the handle keeps callers apart.
const CallerRole = "TIERKIT_CALLER_ROLE"
