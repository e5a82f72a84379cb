package handler

import (
	"context"
	"sync"
)

// ending is what is left to do at the end of an invocation.
type ending struct {
	mu   sync.Mutex
	keys []any
	list []func(context.Context)
}

type endingKey struct{}

// WithEnd is a context for an invocation of which several requests are made, such as the
// records of a batch, and a function that does at its end what [AtEnd] was given. It is
// for doorways.
func WithEnd(ctx context.Context) (context.Context, func(context.Context)) {
	e := &ending{}
	return context.WithValue(ctx, endingKey{}, e), e.run
}

// AtEnd has f called once at the end of the invocation that ctx belongs to, where several
// requests are made of it: when all of them are done. Otherwise it reports false and does
// nothing, because the end of the request ([Response.OnDone]) is that of the invocation.
// Of several with one key, which is comparable, the first is called alone.
func AtEnd(ctx context.Context, key any, f func(context.Context)) bool {
	e, _ := ctx.Value(endingKey{}).(*ending)
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range e.keys {
		if k == key {
			return true
		}
	}
	e.keys, e.list = append(e.keys, key), append(e.list, f)
	return true
}

func (e *ending) run(ctx context.Context) {
	e.mu.Lock()
	list := e.list
	e.keys, e.list = nil, nil
	e.mu.Unlock()
	for _, f := range list {
		f(ctx)
	}
}
