package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Answers is what [Cache] does to the cache of answers.
//
//	answers := datastore.Use[middleware.Answers](api, cache.New[[]byte](data, "answers"))
//
// One cache may serve all functions of an App. It holds answers as they were given: who
// may read it may read what callers were answered.
type Answers interface {
	cache.Loader[[]byte]
	cache.Deleter
}

// CacheOptions changes what [Cache] does. The zero value of each field is its default.
type CacheOptions struct {
	// Headers of requests on which answers depend, such as Accept-Language. The handler
	// sees no others. Default none.
	Headers []string
	// Shared says that the answers are the same for every caller: they are kept once
	// for each tenant, and the handler does not see who is calling. Default: each
	// caller of each tenant, with the same groups and scopes, has answers of its own, and
	// callers that nobody has verified are all one.
	Shared bool
	// Key is a further part of the key, of any length: what else an answer depends
	// on. "" is one too. Default none.
	Key func(ctx context.Context, req *handler.Request) (string, error)
	// Stale is how long after it has expired an answer may be given while another one
	// is made, and where the handler fails. An answer can say otherwise by
	// stale-while-revalidate, stale-if-error and must-revalidate. Default: not at all.
	Stale time.Duration
	// MaxBytes is how large a body may be to be kept. Default 1 MB.
	MaxBytes int
	// IgnoreRequests takes no notice of the Cache-Control of requests, with which a
	// client gets past the cache.
	IgnoreRequests bool
	// Now is the clock of ages. Default: that of the cache, see [cache.Clock]; it
	// should be no other.
	Now func() time.Time
}

const (
	maxCached = 1 << 20
	// passFor is for how long it is known that answers to a key are not kept, so that
	// requests for it do not wait for each other.
	passFor = 10 * time.Second
	// maxFresh is the longest that RFC 9111 has caches know.
	maxFresh = time.Duration(1<<31-1) * time.Second
)

// Cache answers GET and HEAD from a cache. ttl is how long an answer is fresh that says
// nothing about it; 0 keeps only those that do, by s-maxage, max-age or Expires.
//
//	it is kept and fresh               the kept answer, with Age
//	it is not, or not any more         the handler's, once for all who ask at the same time
//	the handler fails (an error, 5xx)  the kept answer, if it may be stale; else the error
//	the cache fails                    the handler's
//	another method                     the handler's; a success deletes the kept answer
//
// # What an answer depends on
//
// The key is of the function, the stage, the host, the version, the method, the path and the
// query as they were sent, the caller with groups and scopes, the tenant ([Tenant]), the
// headers of [CacheOptions].Headers and [CacheOptions].Key. Behind Cache a handler sees no
// other headers, no body and no cookies, so that nobody can have an answer kept for others
// that depends on what only he has sent. What comes by other ways is for the application to
// add by Key: other claims of the caller, the client's address, stage variables, the bytes
// of the event, what another middleware has put into the context.
//
// Requests pass, with all their headers, that have a body or a Range header, or an
// Authorization header although no caller is known: put what verifies it outside. So do
// records.
//
// # What is kept
//
// Not kept are errors, streams, what sets cookies, answers of statuses other than 200,
// 203, 204, 300, 301, 308, 404, 405, 410 and 414, of which those from 400 on must say for
// how long, answers that say no-store, no-cache or Vary with a header that is not among
// the Headers, private ones unless they are kept for a known caller, and those over
// MaxBytes. For ten seconds it is remembered that an answer is not kept.
//
// A successful request of another method deletes what is kept of the same URL for the
// same caller with the same groups and scopes and the same values of the Headers, and for
// none. What others were answered stays until it expires: choose ttl by how old that may
// be.
//
// # Requests
//
// no-store, no-cache, max-age, min-fresh and only-if-cached of a request are followed,
// unless IgnoreRequests is set.
//
// # Order
//
// Inside of authorizers, Tenant, CORS, compression and conditional requests; outside of
// what the handler needs to answer. opts may be nil. Panics with a
// [*datastore.DeclarationError] if there is no cache, or an option cannot be.
//
// See https://www.rfc-editor.org/rfc/rfc9111
func Cache(answers Answers, ttl time.Duration, opts *CacheOptions) handler.Middleware {
	c := &responseCache{answers: answers, ttl: ttl}
	if opts != nil {
		c.CacheOptions = *opts
	}
	switch {
	case answers == nil:
		misdeclared("Cache: there is no cache of answers; give it datastore.Use[middleware.Answers](function, cache)")
	case ttl < 0 || c.Stale < 0 || c.MaxBytes < 0:
		misdeclared("Cache: ttl %v, Stale %v, MaxBytes %d: write 0 or more", ttl, c.Stale, c.MaxBytes)
	}
	c.Headers = canonical("Cache", c.Headers)
	if c.MaxBytes == 0 {
		c.MaxBytes = maxCached
	}
	if c.Now == nil {
		c.Now = cache.Clock(answers)
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return c.handle(ctx, req, next)
		})
	}
}

// canonical are the names of headers as Go writes them, sorted, each once.
func canonical(of string, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		if all[i] = http.CanonicalHeaderKey(name); !isToken(name) {
			misdeclared("%s: header %q: write the name of a header", of, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

type responseCache struct {
	answers Answers
	ttl     time.Duration
	CacheOptions
}

func (c *responseCache) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	switch {
	case datastore.RecordFrom(ctx) != nil:
		return next.Handle(ctx, req)
	case !safe(req.Method()):
		return c.pass(ctx, req, next)
	case req.Method() != http.MethodGet && req.Method() != http.MethodHead || !c.serves(req):
		return next.Handle(ctx, req)
	}
	key, err := c.key(ctx, req, req.Method(), req.HeaderValues)
	if err != nil {
		return nil, err
	}
	l := &lookup{responseCache: c, key: key, next: next, known: !c.Shared && !req.Caller().Anonymous()}
	if !c.IgnoreRequests {
		l.asked = directivesOf(req.HeaderValues("Cache-Control"), req.HeaderValues("Pragma"))
	}
	l.ctx, l.req = c.narrow(ctx, req)
	return l.answer()
}

// serves reports whether the answer can be another's.
func (c *responseCache) serves(req *handler.Request) bool {
	if len(req.HeaderValues("Range")) > 0 || len(req.HeaderValues("Authorization")) > 0 && !c.Shared && req.Caller().Anonymous() {
		return false
	}
	body, err := req.Body()
	return err == nil && len(body) == 0
}

// narrow hides what the key does not have.
func (c *responseCache) narrow(ctx context.Context, req *handler.Request) (context.Context, *handler.Request) {
	h := make(http.Header, len(c.Headers))
	for _, name := range c.Headers {
		if values := req.HeaderValues(name); len(values) > 0 {
			h[name] = slices.Clone(values)
		}
	}
	if c.Shared {
		ctx, req = datastore.WithCallerID(ctx, ""), req.WithCaller(handler.Caller{})
	}
	return answersAll(ctx, req), req.WithHeaders(h).WithBody(nil)
}

// pass lets a request through that changes something, and deletes what was kept of the
// same URL for the same caller.
//
// See https://www.rfc-editor.org/rfc/rfc9111#section-4.4
func (c *responseCache) pass(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	resp, err := next.Handle(ctx, req)
	if err != nil || resp == nil || resp.StatusCode() >= http.StatusBadRequest {
		return resp, err
	}
	none := func(string) []string { return nil }
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, values := range []func(string) []string{req.HeaderValues, none} {
			key, err := c.key(ctx, req, method, values)
			if err == nil {
				err = c.answers.Delete(ctx, key)
			}
			if err != nil { // it expires by itself; the change was made
				slog.Default().LogAttrs(ctx, slog.LevelWarn, "cache: a kept answer could not be deleted after a change", slog.Any("error", err))
				return resp, nil
			}
			if len(c.Headers) == 0 {
				break
			}
		}
	}
	return resp, nil
}

// lookup is one request that may be answered from the cache.
type lookup struct {
	*responseCache
	ctx   context.Context
	req   *handler.Request // without what the key does not have
	next  handler.Handler
	key   string
	known bool // the answers are those of a known caller
	asked directives

	resp *handler.Response // of the handler, once it has run
	err  error
	ran  bool
}

var (
	// errUnkept: the handler has failed, and nothing is kept.
	errUnkept = errors.New("cache: the answer of the handler is an error")
	// errNotKept: only a kept answer was asked for.
	errNotKept = errors.New("cache: no answer is kept")
)

func (l *lookup) answer() (*handler.Response, error) {
	if l.asked.noStore || l.asked.noCache && !l.asked.onlyKept {
		l.note("pass")
		return l.next.Handle(l.ctx, l.req)
	}
	ttl := max(l.ttl, passFor) // the fill says what it is
	stored, err := l.answers.Load(l.ctx, l.key, ttl, l.fill)
	if l.ran && (l.err == nil && l.resp != nil && l.resp.StatusCode() < http.StatusInternalServerError) {
		l.note("miss")
		return l.resp, nil
	}
	if kept, ok := l.usable(stored, err); ok {
		return kept, nil
	}
	switch {
	case l.ran:
		return l.resp, l.err
	case l.asked.onlyKept:
		return nil, &handler.Error{Status: http.StatusGatewayTimeout, Code: "not_cached", Message: "no answer is kept", Err: errNotKept}
	case err != nil && !errors.Is(err, errUnkept) && !errors.Is(err, errNotKept):
		return nil, err // the function is not granted the cache, or has no time left
	}
	l.note("pass")
	return l.next.Handle(l.ctx, l.req)
}

// fill runs the handler. What it returns is kept, or what says that nothing is.
func (l *lookup) fill(ctx context.Context) ([]byte, error) {
	if l.asked.onlyKept {
		return nil, errNotKept
	}
	l.resp, l.err = l.next.Handle(ctx, l.req)
	l.ran = true
	if l.err != nil || l.resp == nil || l.resp.StatusCode() >= http.StatusInternalServerError {
		return nil, errUnkept
	}
	now := l.Now()
	kept, fresh := l.keepable(l.resp, now)
	cache.KeepFor(ctx, fresh, max(kept.whileMaking, kept.onError))
	return kept.bytes(), nil
}

// usable is the kept answer, if the request can have it.
func (l *lookup) usable(stored []byte, err error) (*handler.Response, bool) {
	if err != nil {
		return nil, false
	}
	kept, err := readKept(stored)
	if err != nil || kept.pass {
		return nil, false
	}
	now := l.Now()
	age := max(now.Sub(kept.made)+kept.age, 0)
	late := now.Sub(kept.until) // how long it has been stale; not after 0 while it is fresh
	allowed := kept.whileMaking
	outcome := "hit"
	if l.ran {
		allowed = kept.onError
	}
	if late >= 0 {
		outcome = "stale"
	}
	switch {
	case l.ran && l.err != nil && handler.AsError(l.err).StatusCode() < http.StatusInternalServerError:
		return nil, false // it is what the handler answers now
	case l.asked.limitsAge && age > l.asked.maxAge && !l.ran:
		return nil, false
	case l.asked.minFresh > 0 && -late < l.asked.minFresh:
		return nil, false
	case late >= 0 && late >= allowed:
		return nil, false
	}
	l.note(outcome)
	return kept.response(age), true
}

func (l *lookup) note(outcome string) { Note(l.ctx, slog.String("cache", outcome)) }
