package middleware

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// Windows is what [SlidingWindows] does to its cache.
//
//	windows := datastore.Use[middleware.Windows](api, cache.New[int64](data, "windows"))
type Windows interface {
	cache.Counter
	cache.Getter[int64]
}

// SlidingWindows counts requests in a cache, in windows as long as the rate says. Of the
// window before this one it counts so much as is not further back than a window is long.
// Never are there more in one window than the limit, whatever the sandboxes do at the
// same time; in as long a time that lies across two, the estimate takes it that those of
// the former came evenly, and there can be up to twice as many if they did not. Who comes
// evenly may come one time less than the limit.
//
// A request costs two commands, a refused one three. A cache that evicts counters, or
// loses them, gives more.
//
// Panics with a [*datastore.DeclarationError] if there is no cache.
func SlidingWindows(windows Windows) Limiter {
	if windows == nil {
		misdeclared("SlidingWindows: there is no cache; give it datastore.Use[middleware.Windows](function, cache)")
	}
	return &slidingWindows{windows, cache.Clock(windows)}
}

type slidingWindows struct {
	windows Windows
	clock   func() time.Time
}

func (s *slidingWindows) now() time.Time { return s.clock() }

// Take counts first and looks afterwards, so that no two can have what is there for one;
// what is refused is given back.
func (s *slidingWindows) Take(ctx context.Context, key string, rate Rate, n int, now time.Time) (Quota, error) {
	if n > rate.Limit { // never
		return Quota{Left: rate.Limit, Retry: rate.Per}, nil
	}
	number := now.UnixNano() / int64(rate.Per)
	passed := time.Duration(now.UnixNano() % int64(rate.Per))
	name := func(number int64) string { return key + ":" + strconv.FormatInt(number, 36) }

	count, err := s.windows.Incr(ctx, name(number), int64(n), 2*rate.Per+time.Minute)
	if err != nil {
		return Quota{}, err
	}
	before, err := s.windows.Get(ctx, name(number-1))
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		return Quota{}, err
	}
	w := window{rate: rate, passed: passed, before: float64(min(max(before, 0), int64(rate.Limit)))}
	if over := w.used(count) > float64(rate.Limit); !over {
		return Quota{OK: true, Left: int(float64(rate.Limit) - w.used(count)), Reset: rate.Per - passed}, nil
	}
	// It cannot be told whether it was given back if the answer is lost: then there is
	// less, not more.
	count, err = s.windows.Incr(ctx, name(number), -int64(n), 2*rate.Per+time.Minute)
	if err != nil {
		return Quota{}, err
	}
	return Quota{Left: max(int(float64(rate.Limit)-w.used(count)), 0), Reset: rate.Per - passed, Retry: w.wait(count, n)}, nil
}

// window is one at the time passed in it.
type window struct {
	rate   Rate
	passed time.Duration
	before float64 // requests of the window before
}

// used is how many requests count now.
func (w window) used(count int64) float64 {
	return float64(count) + w.before*(1-float64(w.passed)/float64(w.rate.Per))
}

// wait is how long it takes until n more are let through, if nobody else comes.
func (w window) wait(count int64, n int) time.Duration {
	per, free := float64(w.rate.Per), float64(w.rate.Limit-n)
	if room := free - float64(count); room >= 0 && w.before > 0 { // in this window
		return max(time.Duration(math.Ceil(per*(1-room/w.before)))-w.passed, time.Microsecond)
	}
	next := w.rate.Per - w.passed
	if float64(count) <= free {
		return next
	}
	return next + time.Duration(math.Ceil(per*(1-free/float64(count))))
}
