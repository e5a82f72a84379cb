package middleware

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

const (
	// maxCircuitName is how long the name of a [Breaker] may be.
	maxCircuitName = 128
	// stateTime is how long a state may take to be read or written.
	stateTime = 250 * time.Millisecond
	// keepCircuit is for how long a state is kept beyond its pause.
	keepCircuit = time.Hour
)

// Circuit is the state of a [Breaker], as a table or a cache keeps it. Applications need
// not look into it.
type Circuit struct {
	// Name of the breaker; with "#" and the end of a pause, that of the right to try
	// after it.
	Name string `table:"name,pk"`
	// Until is when the pause ends, in milliseconds since the epoch; 0 if the circuit is
	// closed. Of a right to try, when it ends.
	Until int64 `table:"until"`
	// Expires is when the state is forgotten, in whole seconds.
	Expires time.Time `table:"expires,ttl" json:"-"`
}

// CircuitTable is what a [Breaker] does to a table of states.
type CircuitTable interface {
	table.Getter[Circuit]
	table.Putter[Circuit]
}

// CircuitCache is what a [Breaker] does to a cache of states.
type CircuitCache interface {
	cache.Getter[Circuit]
	cache.Setter[Circuit]
	cache.Adder[Circuit]
}

// Circuits are where breakers share their states: [CircuitsInTable] or
// [CircuitsInCache]. One table or cache serves all breakers of an application.
type Circuits interface {
	// read answers [datastore.ErrNotFound] for a breaker without a state.
	read(ctx context.Context, name string) (Circuit, error)
	write(ctx context.Context, c Circuit) error
	// take takes a right for as long as c says, unless somebody has it.
	take(ctx context.Context, c Circuit, now time.Time) (bool, error)
}

// CircuitsInTable shares the states of breakers in a table:
//
//	states := datastore.Use[middleware.CircuitTable](api, table.New[middleware.Circuit](data, "circuits"))
//	breaker := middleware.NewBreaker("payments", middleware.CircuitsInTable(states), nil)
//
// Panics with a [*datastore.DeclarationError] if states is nil.
func CircuitsInTable(states CircuitTable) Circuits {
	if states == nil {
		misdeclared("CircuitsInTable: the table is nil; give it datastore.Use[middleware.CircuitTable](function, table)")
	}
	return tableCircuits{states}
}

// CircuitsInCache shares the states of breakers in a cache:
//
//	states := datastore.Use[middleware.CircuitCache](api, cache.New[middleware.Circuit](data, "circuits"))
//	breaker := middleware.NewBreaker("payments", middleware.CircuitsInCache(states), nil)
//
// Panics with a [*datastore.DeclarationError] if states is nil.
func CircuitsInCache(states CircuitCache) Circuits {
	if states == nil {
		misdeclared("CircuitsInCache: the cache is nil; give it datastore.Use[middleware.CircuitCache](function, cache)")
	}
	return cacheCircuits{states}
}

type tableCircuits struct{ states CircuitTable }

func (t tableCircuits) read(ctx context.Context, name string) (Circuit, error) {
	return t.states.Get(ctx, table.PK(name), consistent) // or what was written just now may be undone
}

func (t tableCircuits) write(ctx context.Context, c Circuit) error {
	_, err := t.states.Put(ctx, c)
	return err
}

func (t tableCircuits) take(ctx context.Context, c Circuit, now time.Time) (bool, error) {
	_, err := t.states.Put(ctx, c, table.Or(table.NotExists("name"), table.Lt("until", now.UnixMilli())))
	return taken(err)
}

type cacheCircuits struct{ states CircuitCache }

func (k cacheCircuits) read(ctx context.Context, name string) (Circuit, error) {
	return k.states.Get(ctx, name)
}

func (k cacheCircuits) write(ctx context.Context, c Circuit) error {
	return k.states.Set(ctx, c.Name, c, keepCircuit+time.Hour)
}

func (k cacheCircuits) take(ctx context.Context, c Circuit, now time.Time) (bool, error) {
	return taken(k.states.Add(ctx, c.Name, c, time.UnixMilli(c.Until).Sub(now)))
}

func taken(err error) (bool, error) {
	if errors.Is(err, datastore.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// refresh reads the state if it was not read for a while. One caller does, and the
// others go on with the one that is known.
func (b *Breaker) refresh(ctx context.Context, now time.Time) {
	if b.states == nil {
		return
	}
	b.mu.Lock()
	due := now.Sub(b.read) >= b.opts.Refresh || now.Before(b.read)
	if due {
		b.read = now
	}
	known := b.until
	b.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	state, err := b.states.read(ctx, b.name)
	switch {
	case errors.Is(err, datastore.ErrNotFound):
		state = Circuit{}
	case err != nil:
		b.warn(ctx, "the state could not be read", err)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.alone || b.probing || !b.until.Equal(known): // this process knows better
	case state.Until == 0 && !b.until.IsZero():
		b.close()
	case state.Until > 0:
		b.until = time.UnixMilli(state.Until)
	}
}

// lease asks for the right to try after the pause that ended at until. Where the state
// cannot be asked for it, nothing is refused.
func (b *Breaker) lease(ctx context.Context, until, now time.Time) bool {
	end := now.Add(b.opts.Pause)
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	mine, err := b.states.take(ctx, Circuit{
		Name:  b.name + "#" + strconv.FormatInt(until.UnixMilli(), 10),
		Until: end.UnixMilli(), Expires: end.Add(keepCircuit),
	}, now)
	if err != nil {
		b.warn(ctx, "the right to try again could not be asked for", err)
		return true
	}
	return mine
}

// tell tells the other processes, and the log, that the circuit has opened or closed.
func (b *Breaker) tell(ctx context.Context, until, now time.Time) {
	state := Circuit{Name: b.name, Expires: now.Add(b.opts.Pause + keepCircuit)}
	if !until.IsZero() {
		state.Until = until.UnixMilli()
	}
	if until.IsZero() {
		logTo(b.opts.Log).LogAttrs(ctx, slog.LevelInfo, "circuit closed", slog.String("circuit", b.name))
	} else {
		logTo(b.opts.Log).LogAttrs(ctx, slog.LevelWarn, "circuit open", slog.String("circuit", b.name), slog.Time("until", until))
	}
	if b.states == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stateTime)
	defer cancel()
	err := b.states.write(ctx, state)
	b.mu.Lock()
	b.alone = err != nil && state.Until > 0
	b.read = now
	b.mu.Unlock()
	if err != nil {
		b.warn(ctx, "the state could not be written", err)
	}
}

func (b *Breaker) warn(ctx context.Context, message string, err error) {
	logTo(b.opts.Log).LogAttrs(ctx, slog.LevelWarn, "circuit: "+message, slog.String("circuit", b.name), slog.Any("error", err))
}
