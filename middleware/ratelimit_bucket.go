package middleware

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Buckets is what [TokenBuckets] does to its table.
//
//	buckets := datastore.Use[middleware.Buckets](api, table.New[middleware.Bucket](data, "buckets"))
type Buckets interface {
	table.Updater[Bucket]
	table.Getter[Bucket]
}

// Bucket is the item of a table that says how many requests somebody has left. One table
// may serve all limits of an App. Applications need not look into it.
type Bucket struct {
	// Key is a hash of the name of the limit and of who is counted.
	Key string `table:"key,pk"`
	// Full is when the bucket is full again, in nanoseconds since the epoch: each
	// request puts it off by the time in which one more may come.
	Full int64 `table:"full"`
	// Expires is when the bucket is full and can be forgotten, in whole seconds.
	Expires time.Time `table:"expires,ttl"`
}

// TokenBucketOptions changes what [TokenBuckets] does. The zero value of each field is
// its default.
type TokenBucketOptions struct {
	// Burst is how many requests may come at once after a pause; then they may come as
	// evenly as the rate says. Default: the Limit of the rate.
	Burst int
}

// TokenBuckets counts requests in a table. Somebody has a bucket of tokens that is filled
// as evenly as the rate says, and each request takes one. It is exact: whatever the
// sandboxes do at the same time, never is a token taken twice, since each taking is one
// conditional write, and nothing is read before it.
//
// A request costs one write unit, two where the bucket is not full, and the first of
// refused ones two writes and a read. Those of one caller are of one partition: of more
// than about 500 requests a second by one caller DynamoDB throttles some. The clocks of
// sandboxes differ by little; one that is ahead gives more by as much.
//
// opts may be nil. Panics with a [*datastore.DeclarationError] if there is no table, or
// Burst is negative.
func TokenBuckets(buckets Buckets, opts *TokenBucketOptions) Limiter {
	b := &tokenBuckets{buckets: buckets}
	if opts != nil {
		b.burst = opts.Burst
	}
	switch {
	case buckets == nil:
		misdeclared("TokenBuckets: there is no table; give it datastore.Use[middleware.Buckets](function, table)")
	case b.burst < 0 || b.burst > 1e9:
		misdeclared("TokenBuckets: Burst %d: write 0 to 1e9", b.burst)
	}
	b.clock = table.Clock[Bucket](buckets)
	return b
}

type tokenBuckets struct {
	buckets Buckets
	burst   int
	clock   func() time.Time
}

func (b *tokenBuckets) now() time.Time { return b.clock() }

// Take is the generic cell rate algorithm: Full is its theoretical arrival time. It only
// ever grows, so the two writes cannot miss each other: if the bucket is not full at the
// first, it is not at the second.
//
// See https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
func (b *tokenBuckets) Take(ctx context.Context, key string, rate Rate, n int, now time.Time) (Quota, error) {
	burst := b.burst
	if burst == 0 {
		burst = rate.Limit
	}
	at := now.UnixNano()
	token := int64(rate.Per) / int64(rate.Limit)
	burst = int(min(int64(burst), math.MaxInt64/4/token)) // which is longer than a life
	size, cost := token*int64(burst), token*int64(min(n, burst))
	left := func(full int64) Quota {
		wait := max(full-at, 0)
		return Quota{Left: int(max(size-wait, 0) / token), Reset: time.Duration(wait)}
	}
	if n > burst { // never
		return Quota{Left: burst, Retry: rate.Per}, nil
	}
	// The end is not exactly known where tokens are added, and needs not be.
	expires := table.SetTo("expires", now.Add(time.Duration(size)+time.Minute))

	item, err := b.buckets.Update(ctx, table.PK(key), table.Changes(table.SetTo("full", at+cost), expires).OrCreate(),
		table.Or(table.NotExists("full"), table.Le("full", at)))
	if errors.Is(err, datastore.ErrConflict) {
		item, err = b.buckets.Update(ctx, table.PK(key), table.Changes(table.Add("full", cost), expires).OrCreate(), // which the condition keeps it from
			table.And(table.Gt("full", at), table.Le("full", at+size-cost)))
	}
	switch {
	case err == nil:
		q := left(item.Full)
		q.OK = true
		return q, nil
	case !errors.Is(err, datastore.ErrConflict):
		return Quota{}, err
	}
	item, err = b.buckets.Get(ctx, table.PK(key))
	if err != nil && !errors.Is(err, datastore.ErrNotFound) {
		return Quota{}, err
	}
	q := left(item.Full)
	q.Retry = time.Duration(max(item.Full+cost-size-at, 1))
	return q, nil
}
