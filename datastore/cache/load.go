package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The pauses of those who wait for another process to fill; doubled each time.
const (
	firstLook = 5 * time.Millisecond
	longLook  = 100 * time.Millisecond
)

// loading is one Load.
type loading struct {
	state *state
	key   string // as given
	ttl   time.Duration
	fill  func(context.Context) ([]byte, error)
}

var errNoFill = errors.New("the function that fills what is missing is nil")

// load does one Load. use takes the payload, which is its own, or refuses it.
func (a access) load(ctx context.Context, key string, ttl time.Duration, use func([]byte) error, fill func(context.Context) ([]byte, error)) error {
	l := loading{state: a.state, key: key, fill: fill}
	result, err := a.loaded(ctx, &l, ttl, func(ctx context.Context, conn Conn, publish func(loaded)) (loaded, error) {
		return l.load(ctx, conn, publish)
	})
	if !result.tried && spare(err) { // the cache cannot be opened
		result, err = a.state.flights.do(ctx, key, func(func(loaded)) (loaded, error) { return l.make(ctx), nil })
	}
	if !result.tried || result.err != nil {
		return a.failed(result, err)
	}
	// Others may have the same payload.
	if use(slices.Clone(result.payload)) == nil {
		return nil
	}
	// What is stored is of another type, an earlier version's perhaps.
	result, err = a.loaded(ctx, &l, ttl, func(ctx context.Context, conn Conn, _ func(loaded)) (loaded, error) {
		return l.fillAndKeep(ctx, conn)
	})
	if !result.tried || result.err != nil {
		return a.failed(result, err)
	}
	return a.state.Wrap("Load", use(slices.Clone(result.payload)), datastore.ErrCorrupt)
}

// loaded has load run once for all who ask for the key now.
func (a access) loaded(ctx context.Context, l *loading, ttl time.Duration, load func(context.Context, Conn, func(loaded)) (loaded, error)) (result loaded, err error) {
	err = a.run(ctx, bitLoad, "Load", datastore.ErrUnavailable, func() (err error) {
		if err := a.check(l.key); err != nil {
			return err
		}
		if l.fill == nil {
			return errNoFill
		}
		l.ttl, err = positive(ttl)
		return err
	}, func(ctx context.Context, conn Conn) (err error) {
		result, err = a.state.flights.do(ctx, l.key, func(publish func(loaded)) (loaded, error) {
			return load(ctx, conn, publish)
		})
		return err
	})
	return result, err
}

// failed is the error of fill as it is, or that of the store.
func (a access) failed(result loaded, err error) error {
	if !result.tried {
		return a.state.Wrap("Load", err, datastore.ErrUnavailable)
	}
	if own, ok := result.err.(*datastore.Error); ok && own.Store == "" { // what fill returned has no JSON
		return a.state.Wrap("Load", own, datastore.ErrDeclaration)
	}
	return result.err
}

// spare reports whether the application can do without the cache that answered
// err.
func spare(err error) bool {
	for _, kind := range []error{datastore.ErrNoBudget, datastore.ErrInvalid, datastore.ErrTooLarge} {
		if errors.Is(err, kind) {
			return false
		}
	}
	// ErrDenied and ErrDeclaration are also what the deployed cache answers; those
	// of the grant and of the declaration must not be covered up.
	return err != nil && !errors.Is(err, datastore.ErrDenied) && !errors.Is(err, datastore.ErrDeclaration)
}

// load reads, and fills if it must. Its error is the store's; the result may be
// there all the same.
func (l loading) load(ctx context.Context, conn Conn, publish func(loaded)) (loaded, error) {
	e, err := l.read(ctx, conn)
	switch {
	case err != nil && !spare(err):
		return loaded{}, err
	case err != nil:
		return l.make(ctx), err
	case e == nil || !e.fresh(l.state.Data.Now()):
		return l.obtain(ctx, conn, e)
	case !l.early(e):
		return have(e), nil
	}
	return l.refresh(ctx, conn, e, publish)
}

// read is the entry that is stored, nil if there is none. One that cannot be read
// is none: it is going to be replaced.
func (l loading) read(ctx context.Context, conn Conn) (*entry, error) {
	stored, err := conn.Get(ctx, Read{Op: "Load", Key: l.state.key(sortValue, l.key)})
	if err != nil || stored == nil {
		return nil, err
	}
	e, err := entryOf(stored)
	if err != nil {
		return nil, nil
	}
	return &e, nil
}

func have(e *entry) loaded { return loaded{payload: e.payload, tried: true} }

// early reports whether this caller is to fill before the entry expires: by
// chance, which grows as the end comes near and with what filling cost.
//
// See https://cseweb.ucsd.edu/~avattani/papers/cache_stampede.pdf
func (l loading) early(e *entry) bool {
	if e.until.IsZero() || e.cost <= 0 {
		return false
	}
	var b [8]byte
	if _, err := io.ReadFull(l.state.Data.Rand(), b[:]); err != nil {
		return false
	}
	u := float64(binary.BigEndian.Uint64(b[:])>>11+1) / (1 << 53) // in (0, 1]
	ahead := time.Duration(min(float64(e.cost)*-math.Log(u), float64(maxTTL)))
	return !l.state.Data.Now().Add(ahead).Before(e.until)
}

// refresh fills while the entry is still fresh, unless another process does.
func (l loading) refresh(ctx context.Context, conn Conn, e *entry, publish func(loaded)) (loaded, error) {
	lease, err := l.lease(ctx, conn)
	if lease == nil {
		return have(e), err
	}
	publish(have(e))
	filled, err := l.fillAndKeep(ctx, conn)
	lease.end(ctx, conn)
	if filled.err != nil {
		filled = have(e)
	}
	return filled, err
}

// obtain fills what is missing or has expired. stale is nil, or what has expired.
func (l loading) obtain(ctx context.Context, conn Conn, stale *entry) (loaded, error) {
	look, waited := firstLook, time.Duration(0)
	for {
		lease, err := l.lease(ctx, conn)
		switch {
		case lease != nil:
			return l.obtainLeased(ctx, conn, lease, stale)
		case stale != nil && (err == nil || spare(err)):
			return have(stale), err
		case err != nil && !spare(err):
			return loaded{}, err
		case err != nil || waited >= l.state.lease:
			return l.fillAndKeep(ctx, conn)
		}
		if err := pause(ctx, look); err != nil {
			return loaded{}, err
		}
		waited += look
		look = min(look*2, longLook)
		e, err := l.read(ctx, conn)
		switch {
		case err != nil && !spare(err):
			return loaded{}, err
		case err != nil:
			return l.make(ctx), err
		case e != nil && e.fresh(l.state.Data.Now()):
			return have(e), nil
		}
	}
}

// obtainLeased looks again, because another one may have filled just before, and
// fills.
func (l loading) obtainLeased(ctx context.Context, conn Conn, lease *lease, stale *entry) (loaded, error) {
	defer lease.end(ctx, conn)
	if e, err := l.read(ctx, conn); err == nil && e != nil && e.fresh(l.state.Data.Now()) {
		return have(e), nil
	}
	filled, err := l.fillAndKeep(ctx, conn)
	if filled.err != nil && stale != nil {
		return have(stale), err
	}
	return filled, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()}
	}
}

// make runs fill.
func (l loading) make(ctx context.Context) loaded {
	payload, err := l.fill(ctx)
	return loaded{payload: payload, err: err, tried: true}
}

// fillAndKeep runs fill and keeps what it made.
func (l loading) fillAndKeep(ctx context.Context, conn Conn) (loaded, error) {
	began := l.state.Data.Now()
	own, keep := l.keeping(ctx)
	filled := l.make(own)
	if filled.err != nil || keep.ttl <= 0 {
		return filled, nil
	}
	ttl, err := positive(keep.ttl)
	if err != nil {
		return filled, err
	}
	now := l.state.Data.Now()
	value := entry{payload: filled.payload, until: now.Add(ttl), cost: now.Sub(began)}.bytes()
	if len(value) > MaxValue {
		return filled, tooLarge(len(value))
	}
	stale := keep.stale
	if stale < 0 {
		stale = ttl
	}
	return filled, conn.Set(ctx, Write{
		Op: "Load", Key: l.state.key(sortValue, l.key), Value: value, TTL: ttl + min(stale, maxTTL),
	})
}
