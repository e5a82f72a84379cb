package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Rate is how many requests are let through, in which time.
type Rate struct {
	Limit int           // 1 to 1,000,000,000
	Per   time.Duration // a second or more
}

// Limiter counts requests for [RateLimit], over all sandboxes: [TokenBuckets] in a table,
// [SlidingWindows] in a cache.
type Limiter interface {
	// Take takes n of what rate lets key have at the time now, or nothing if there is
	// less. It must be safe for concurrent use, also by other processes.
	Take(ctx context.Context, key string, rate Rate, n int, now time.Time) (Quota, error)
}

// Quota is what a key has left.
type Quota struct {
	OK    bool          // what was asked for was taken
	Left  int           // how many requests could follow at once
	Reset time.Duration // until there is no less than at the beginning
	Retry time.Duration // until there is what was asked for, if it was not taken
}

// RateLimitOptions changes what [RateLimit] does. The zero value of each field is its
// default.
type RateLimitOptions struct {
	// Name of the limit, printable ASCII: it is told to clients, and limits of one name
	// in one store count together, also those of several functions. Default
	// "default".
	Name string
	// By names who is counted, in a text of any length of which a hash is stored, for
	// the tenant if there is one; "" is not limited. Default: [ByCaller], and
	// [ByAddress] where nobody is known.
	By func(ctx context.Context, req *handler.Request) (string, error)
	// Cost is how many requests one counts for. 0 and less are not counted, and what is
	// more than the limit is refused. Default 1.
	Cost func(ctx context.Context, req *handler.Request) int
	// FailClosed refuses requests, with 503, that cannot be counted because the store
	// fails. Default: they are let through, and that is logged once a second. That the
	// function may not use the store, or it is declared wrongly, is an error always.
	FailClosed bool
	// Quiet leaves out the headers RateLimit and RateLimit-Policy.
	Quiet bool
	// Now is the clock. Default: that of the limiter's store, if it has one.
	Now func() time.Time
	// Log is told of requests that could not be counted. Default slog.Default().
	Log *slog.Logger
}

// RateLimit lets so many requests of one caller through as rate says, over all
// sandboxes, and answers others 429 with Retry-After. All answers say what is left:
//
//	RateLimit-Policy: "default";q=100;w=60
//	RateLimit: "default";r=42;t=35
//
// Who was refused is refused for as long by the sandbox itself, without asking the
// store: a flood costs little. Several limits may follow each other, each with a name of
// its own; what the outer ones have counted stays counted. Records pass.
//
// # Order
//
// Inside of what verifies callers if they are counted by who they are, and otherwise as far
// outside as can be. Inside of [Tenant] each tenant has counts of its own. opts may be nil.
// Panics with a [*datastore.DeclarationError] if there is no limiter, or the rate or an
// option cannot be.
//
// See https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
func RateLimit(limiter Limiter, rate Rate, opts *RateLimitOptions) handler.Middleware {
	r := &rateLimit{limiter: limiter, rate: rate}
	if opts != nil {
		r.RateLimitOptions = *opts
	}
	if r.Name == "" {
		r.Name = "default"
	}
	switch {
	case limiter == nil:
		misdeclared("RateLimit: there is no limiter; write middleware.TokenBuckets or middleware.SlidingWindows")
	case rate.Limit < 1 || rate.Limit > 1e9 || rate.Per < time.Second || rate.Per > 366*24*time.Hour:
		misdeclared("RateLimit: %d requests per %v: write 1 to 1e9 requests per second to year", rate.Limit, rate.Per)
	case !isText(r.Name):
		misdeclared("RateLimit: name %q: write printable ASCII without quotation mark and backslash", r.Name)
	}
	if r.By == nil {
		r.By = byCallerOrAddress
	}
	if r.Now == nil {
		r.Now = time.Now
		if own, ok := limiter.(interface{ now() time.Time }); ok {
			r.Now = own.now
		}
	}
	r.quoted = `"` + r.Name + `"`
	r.policy = r.quoted + ";q=" + strconv.Itoa(rate.Limit) + ";w=" + strconv.FormatInt(wholeSeconds(rate.Per), 10)
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return r.handle(ctx, req, next)
		}, r.effect}
	}
}

// ErrRateLimited is the cause of the [*handler.Error] of status 429 of [RateLimit].
var ErrRateLimited = errors.New("rate limit: too many requests")

type rateLimit struct {
	limiter        Limiter
	rate           Rate
	quoted, policy string // of the headers
	refused        denials
	warned         atomic.Int64 // the second of the last warning
	RateLimitOptions
}

func (r *rateLimit) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	if datastore.RecordFrom(ctx) != nil {
		return next.Handle(ctx, req)
	}
	by, err := r.By(ctx, req)
	if err != nil {
		return nil, err
	}
	n := 1
	if r.Cost != nil {
		n = r.Cost(ctx, req)
	}
	if by == "" || n <= 0 {
		return next.Handle(ctx, req)
	}
	quota, err := r.take(ctx, r.key(ctx, by), n)
	switch {
	case errors.Is(err, datastore.ErrDenied) || errors.Is(err, datastore.ErrDeclaration):
		return nil, err // of the program: that nothing is counted must not go unseen
	case err != nil && r.FailClosed:
		return nil, uncounted(err)
	case err != nil:
		r.warn(ctx, err)
		return next.Handle(ctx, req)
	case !quota.OK:
		return nil, r.refuse(quota)
	}
	resp, err := next.Handle(ctx, req)
	if r.Quiet {
		return resp, err
	}
	if err != nil {
		return resp, withErrorHeader(err, func(h http.Header) { r.tell(h, quota) })
	}
	if resp != nil {
		if resp.Header == nil {
			resp.Header = http.Header{}
		}
		r.tell(resp.Header, quota)
	}
	return resp, nil
}

// warn logs that requests are not counted, once a second at most.
func (r *rateLimit) warn(ctx context.Context, err error) {
	now := r.Now().Unix()
	if r.warned.Swap(now) == now {
		return
	}
	logTo(r.Log).LogAttrs(ctx, slog.LevelWarn, "rate limit: requests are let through that cannot be counted", slog.String("limit", r.Name), slog.Any("error", err))
}

// effect is the refusal, and the one of a store that fails.
func (r *rateLimit) effect(method string) handler.Effect {
	if r.FailClosed {
		return answers(r.refuse(Quota{}), uncounted(nil))(method)
	}
	return answers(r.refuse(Quota{}))(method)
}

func uncounted(cause error) error {
	return &handler.Error{Status: http.StatusServiceUnavailable, Code: "cannot_count", Header: http.Header{"Retry-After": {"1"}},
		Message: "requests cannot be counted now; try again", Err: cause}
}

// take asks the limiter, unless it is known what it says.
func (r *rateLimit) take(ctx context.Context, key string, n int) (Quota, error) {
	now := r.Now()
	if wait := r.refused.until(key, n, now); wait > 0 {
		return Quota{Retry: wait, Reset: wait}, nil
	}
	quota, err := r.limiter.Take(ctx, key, r.rate, n, now)
	if err == nil && !quota.OK {
		r.refused.add(key, n, now, quota.Retry)
	}
	return quota, err
}

// key is what is counted under: whom a limit counts is not for those who read the store.
func (r *rateLimit) key(ctx context.Context, by string) string {
	var room [256]byte
	text := appendParts(room[:0], "rate", r.Name, by)
	if tenant, ok := datastore.Tenant(ctx); ok {
		text = appendParts(text, tenant)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (r *rateLimit) refuse(quota Quota) error {
	h := http.Header{"Retry-After": {strconv.FormatInt(max(wholeSeconds(quota.Retry), 1), 10)}}
	if !r.Quiet {
		r.tell(h, quota)
	}
	return &handler.Error{Status: http.StatusTooManyRequests, Code: "rate_limited", Header: h,
		Message: "too many requests; slow down", Err: ErrRateLimited}
}

// tell adds what is left to the header.
func (r *rateLimit) tell(h http.Header, quota Quota) {
	h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], r.policy)
	h["Ratelimit"] = append(h["Ratelimit"],
		r.quoted+";r="+strconv.Itoa(max(quota.Left, 0))+";t="+strconv.FormatInt(wholeSeconds(quota.Reset), 10))
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 { return int64((max(d, 0) + time.Second - 1) / time.Second) }

// isText reports whether s needs no escapes in a string of a structured field.
//
// See https://www.rfc-editor.org/rfc/rfc9651#name-strings
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// denials are those who were refused, and until when. More than maxDenials are not
// remembered.
type denials struct {
	mu  sync.Mutex
	all map[string]denial
}

type denial struct {
	until time.Time
	n     int // how much was refused: less may be had earlier
}

const maxDenials = 4096

func (r *denials) until(key string, n int, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.all[key]
	if !ok || n < known.n {
		return 0
	}
	wait := known.until.Sub(now)
	if wait <= 0 {
		delete(r.all, key)
	}
	return wait
}

func (r *denials) add(key string, n int, now time.Time, retry time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil || len(r.all) >= maxDenials {
		r.all = map[string]denial{} // they are asked for again
	}
	r.all[key] = denial{now.Add(retry), n}
}
