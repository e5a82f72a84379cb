package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// conn is a connection under a [*sql.DB]: it asks the grant, gives errors their
// meaning, and knows whether it can be used again. database/sql uses it from one
// goroutine at a time.
type conn struct {
	Session
	pool     *pool
	database Connector

	used   time.Time // by the wall clock
	until  time.Time // the end of its life
	broken bool
	inTx   bool
	ended  error // why the transaction cannot go on
}

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
)

var errReaderExec = errors.New("a DB for reading runs no statement that answers no rows; ask for sqldb.Writer, or query")

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (result driver.Result, err error) {
	if c.pool.access == ReadOnly {
		return nil, c.pool.wrap(&datastore.Error{Kind: datastore.ErrDenied, Err: errReaderExec})
	}
	err = c.run(ctx, func(ctx context.Context) error {
		result, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r := &rows{conn: c, ctx: ctx, one: askingOf(ctx) == askedForOne}
	err := c.run(ctx, func(ctx context.Context) (err error) {
		if r.guard, err = c.guard(ctx); err != nil {
			return err
		}
		r.Rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil {
		r.guard.release()
		return nil, err
	}
	return r, nil
}

// guard begins a read-only transaction for one statement of a reader who logs in as
// another access does, and whom the database therefore does not keep from writing; nil
// where there is no need.
func (c *conn) guard(ctx context.Context) (*tx, error) {
	s := c.pool.state.Spec.(Spec)
	if c.pool.access != ReadOnly || c.inTx || s.Reader != s.Writer && s.Reader != s.Owner {
		return nil, nil
	}
	begun, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	return &tx{c, ctx, begun, true}, nil
}

// PrepareContext prepares nothing on the server, which would keep the connection
// to one client of RDS Proxy: the statement is sent whole each time.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return &stmt{conn: c, query: query}, nil
}

func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return &stmt{conn: c, query: query}, nil
}

// Begin is not called: there is BeginTx.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx begins a transaction. That of a reader is read-only, whatever it asks
// for.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (begun driver.Tx, err error) {
	opts.ReadOnly = opts.ReadOnly || c.pool.access == ReadOnly
	err = c.run(ctx, func(ctx context.Context) error {
		begun, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		// A transaction that was begun and not used leaves nothing.
		return nil, unsent(err)
	}
	c.inTx = true
	return &tx{c, ctx, begun, opts.ReadOnly}, nil
}

// run runs one statement. The driver's own [driver.ErrSkip] is passed on.
func (c *conn) run(ctx context.Context, do func(context.Context) error) error {
	if c.ended != nil {
		return c.ended
	}
	if askingOf(ctx) != notAsked {
		return c.send(ctx, do)
	}
	if err := c.pool.grant.Check(ctx, c.pool.bit, c.pool.op); err != nil {
		return err
	}
	if c.inTx {
		return c.send(ctx, do)
	}
	ctx, done := c.pool.state.Data.Observe(ctx, c.pool.grant.Spec, c.pool.op)
	err := around(ctx, c.database, c.pool.op, func() error { return c.send(ctx, do) })
	if handle.KindOf(err, nil) != nil {
		err = c.pool.wrap(err)
	}
	done(err)
	return err
}

// send sends the statement.
func (c *conn) send(ctx context.Context, do func(context.Context) error) error {
	err := do(ctx)
	c.used = c.pool.state.Data.Now().Round(0)
	if err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// fail gives an error of a statement its meaning.
func (c *conn) fail(ctx context.Context, err error) error {
	if errors.Is(err, driver.ErrSkip) {
		return driver.ErrSkip
	}
	f := c.database.Fault(err)
	c.broken = c.broken || f.Broken
	if errors.Is(err, driver.ErrBadConn) { // nothing was sent
		c.broken = true
		if !c.inTx {
			return driver.ErrBadConn
		}
		f.Text = "the connection was lost"
		f.Kind, f.Retry, f.Lost, f.Broken = datastore.ErrUnavailable, true, false, true
	}
	switch {
	case !f.Lost:
	case c.inTx: // the database rolls back what is not committed
		f.Retry, f.Lost = ctx.Err() == nil, false
	case c.pool.access != ReadOnly:
		f.Kind = datastore.ErrUnknown
	default:
		f.Retry = ctx.Err() == nil
	}
	if ctx.Err() != nil && !f.Lost && f.Kind == datastore.ErrUnavailable || ctx.Err() != nil && c.pool.access == ReadOnly && f.Lost {
		f.Kind = datastore.ErrNoBudget
	}
	own := c.pool.wrap(newCause(err, f))
	if c.inTx && (f.Ended || c.broken) {
		c.ended = own
	}
	return own
}

// unsent is an error without doubt about its outcome.
func unsent(err error) error {
	own, ok := err.(*datastore.Error)
	c, caused := errors.AsType[*cause](err)
	if !ok || !caused || !c.fault.Lost {
		return err
	}
	f := c.fault
	f.Lost, f.Retry, f.Kind = false, true, datastore.ErrUnavailable
	again := newCause(c.native, f)
	again.Store, again.Op = own.Store, own.Op
	return again
}

// CheckNamedValue lets the driver take what types it can.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// Ping asks the server.
func (c *conn) Ping(ctx context.Context) error {
	pinger, ok := c.Conn.(driver.Pinger)
	if !ok {
		return nil
	}
	return c.run(ctx, pinger.Ping)
}

// IsValid reports whether it goes back into the pool.
func (c *conn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !c.broken && (!ok || v.IsValid())
}

// ResetSession is called before the connection is used again.
func (c *conn) ResetSession(ctx context.Context) error {
	c.inTx, c.ended = false, nil
	now := c.pool.state.Data.Now().Round(0)
	if c.broken || now.After(c.until) || !c.alive(ctx, now) {
		c.broken = true
		return driver.ErrBadConn
	}
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

// alive reports whether the other side is there. After a gap, by the wall clock,
// because the monotonic one may stand still in a frozen sandbox, it is asked.
func (c *conn) alive(ctx context.Context, now time.Time) bool {
	if c.Socket != nil && !c.Socket.Alive() {
		return false
	}
	pinger, ok := c.Conn.(driver.Pinger)
	if gap := now.Sub(c.used); !ok || gap >= 0 && gap < idleGap {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return pinger.Ping(ctx) == nil
}

// cutAfter cuts the connection when grace has passed since ctx ended, until stop is
// called. It is for what database/sql gives no context: not every client knows by
// itself that of a transaction at its end.
func (c *conn) cutAfter(ctx context.Context, grace time.Duration) (stop func()) {
	if c.Socket == nil {
		return func() {}
	}
	done := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
			c.Socket.Cut()
		}
	})
	return func() {
		unwatch()
		close(done)
	}
}

// Close ends the connection. One that is broken is not told.
func (c *conn) Close() error {
	if c.broken && c.Socket != nil {
		c.Socket.Cut()
	}
	return c.Conn.Close()
}

// Unwrap is the connection of the driver, for [sql.Conn.Raw].
//
// [sql.Conn.Raw]: https://pkg.go.dev/database/sql#Conn.Raw
func (c *conn) Unwrap() driver.Conn { return c.Conn }
