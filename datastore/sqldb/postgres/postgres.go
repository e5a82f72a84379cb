// Package postgres connects to databases that speak PostgreSQL's protocol, for the
// drivers of package sqldb. Applications use those.
//
// A statement is sent in one round trip, with its parameters as text and without a
// name: nothing is prepared on the server and nothing is set in its session, so
// that RDS Proxy shares its connections and a change of a table surprises no
// statement that was described before.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
package postgres

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/socket"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Server says where a database is.
type Server struct {
	Host     string // a name, an address, or the folder of a Unix socket
	Port     uint16
	Database string
	TLS      *tls.Config // nil for none
}

// Login is the user and the password of a new connection. fresh says that those
// of before were refused.
type Login func(ctx context.Context, access sqldb.Access, fresh bool) (user, password string, err error)

// Connector connects to a server for each access. It is safe for concurrent use.
type Connector struct {
	reader, writer, owner Server
	login                 Login
}

var _ sqldb.Connector = (*Connector)(nil)

// New is a Connector for the servers: reader for those who only read, owner for the
// one who makes the tables, and writer for all others. It does no I/O.
func New(reader, writer, owner Server, login Login) *Connector {
	return &Connector{reader, writer, owner, login}
}

// Connect implements [sqldb.Connector]. A login that is refused is asked for anew,
// and tried once more.
func (c *Connector) Connect(ctx context.Context, access sqldb.Access) (sqldb.Session, error) {
	s, err := c.connect(ctx, access, false)
	if refused(err) {
		s, err = c.connect(ctx, access, true)
	}
	return s, err
}

func (c *Connector) connect(ctx context.Context, access sqldb.Access, fresh bool) (sqldb.Session, error) {
	user, password, err := c.login(ctx, access, fresh)
	if err != nil {
		return sqldb.Session{}, err
	}
	server := c.writer
	switch access {
	case sqldb.ReadOnly:
		server = c.reader
	case sqldb.Ownership:
		server = c.owner
	}
	cfg, err := config(server)
	if err != nil {
		return sqldb.Session{}, err
	}
	cfg.User, cfg.Password = user, password
	ctx, captured := socket.Capture(ctx)
	made, err := stdlib.GetConnector(*cfg, stdlib.OptionShouldPing(never)).Connect(ctx)
	if err != nil {
		return sqldb.Session{}, err
	}
	own, ok := made.(*stdlib.Conn)
	if !ok {
		return sqldb.Session{}, errors.Join(fmt.Errorf("pgx made a %T", made), made.Close())
	}
	return sqldb.Session{Conn: &conn{own}, Socket: captured}, nil
}

// never: package sqldb asks, with a limit of time.
func never(context.Context, stdlib.ShouldPingParams) bool { return false }

// config is for a server, and takes nothing from the PG variables of the
// environment.
func config(s Server) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	cfg.Host, cfg.Port, cfg.Database, cfg.TLSConfig = s.Host, s.Port, s.Database, s.TLS
	cfg.Fallbacks, cfg.RuntimeParams = nil, map[string]string{}
	cfg.ConnectTimeout = 0 // the context has one
	cfg.ValidateConnect, cfg.AfterConnect = nil, nil
	cfg.DialFunc = socket.Dialer{}.DialContext
	cfg.LookupFunc = lookup
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.StatementCacheCapacity, cfg.DescriptionCacheCapacity = 0, 0
	return cfg, nil
}

// lookup leaves names to the dialer, which tries the addresses of a name.
func lookup(_ context.Context, host string) ([]string, error) { return []string{host}, nil }

// refused reports whether the login was not accepted.
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "28P01" || pg.Code == "28000")
}

// Conn is the connection of pgx below a driver connection that [sql.Conn.Raw]
// gives, for what database/sql has no words for, such as COPY. What it does to the
// session is the caller's to undo.
//
// [sql.Conn.Raw]: https://pkg.go.dev/database/sql#Conn.Raw
func Conn(driverConn any) (*pgx.Conn, bool) {
	if u, ok := driverConn.(interface{ Unwrap() driver.Conn }); ok {
		driverConn = u.Unwrap()
	}
	own, ok := driverConn.(*conn)
	if !ok {
		return nil, false
	}
	return own.Conn.Conn(), true
}

// Address is host and port of a server, as a TCP address.
func (s Server) Address() string { return net.JoinHostPort(s.Host, portText(s.Port)) }
