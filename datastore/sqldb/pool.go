package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// The rules of connections.
const (
	// MaxConns is how many connections a pool has at most: a sandbox runs one
	// invocation at a time.
	MaxConns       = 2
	connectTimeout = 5 * time.Second // an attempt takes no more of the time that is left than two fifths
	minConnect     = 100 * time.Millisecond
	lifetime       = 30 * time.Minute
	jitter         = 5 * time.Minute // by which some live shorter
	idleGap        = 5 * time.Second // after which a connection is asked whether it is there
	probeTimeout   = 250 * time.Millisecond
)

// pool makes the connections of one function and one user. It is below the
// [*sql.DB].
type pool struct {
	state  *handle.State[Connector]
	grant  *datastore.Grant
	bit    datastore.Bit
	op     string
	access Access
	rules  *retry.Rules
}

func newDB(p *pool) *DB {
	p.rules = retry.New(nil)
	db := sql.OpenDB(&connector{p})
	db.SetMaxOpenConns(MaxConns)
	db.SetMaxIdleConns(MaxConns)
	return &DB{db, p}
}

// connector implements [driver.Connector] for a pool.
type connector struct{ *pool }

var _ driver.Connector = (*connector)(nil)

// Connect makes a connection. database/sql may call it without the caller's
// context, to replace a connection for which others wait.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.grant.Check(ctx, c.bit, c.op); err != nil {
		return nil, err
	}
	if err := c.state.Usable(); err != nil {
		return nil, c.wrap(err)
	}
	database, err := c.state.Open(ctx)
	if err != nil {
		return nil, c.wrap(err)
	}
	limit := connectTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(time.Until(deadline)*2/5, minConnect))
	}
	attempt, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	session, err := database.Connect(attempt, c.access)
	if err != nil {
		f := database.Fault(err)
		f.Retry, f.Lost = f.Retry || f.Lost, false // nothing of the statement was sent
		return nil, c.wrap(newCause(err, f))
	}
	now := c.state.Data.Now().Round(0)
	return &conn{
		Session: session, pool: c.pool, database: database,
		used: now, until: now.Add(lifetime - c.jitter()),
	}, nil
}

// jitter keeps the connections of many sandboxes from ending together.
func (c *connector) jitter() time.Duration {
	var b [8]byte
	if _, err := io.ReadFull(c.state.Data.Rand(), b[:]); err != nil {
		return 0
	}
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(jitter))
}

// Driver is for database/sql, which asks nothing of it.
func (c *connector) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("a database of tierkit is opened by its declaration")
}

// wrap gives an error its store and operation.
func (p *pool) wrap(err error) error { return p.state.Wrap(p.op, err, datastore.ErrUnavailable) }
