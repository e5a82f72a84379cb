// Package rdsmysql opens databases of Amazon RDS for MySQL and for MariaDB, and of
// Amazon Aurora MySQL, directly or by RDS Proxy.
//
//	func main() { run.Main(newApp, rdsmysql.Driver) }
//
// The address is in the variable TIERKIT_SQLDB_<NAME>, which the generated
// template sets: mysql://HOST:PORT/NAME, as [vpc.Address] has it, with the
// cluster's reader endpoint as reader. Of a database with [sqldb.Proxy] the hosts are
// endpoints of the proxy, and owner is the database itself. Nothing is read and nothing
// is connected before the first statement. TLS is required, and the server's certificate must
// be for its name and by Amazon.
//
// A statement is sent in one round trip, with its parameters as escaped text in
// it; nothing is prepared on the server and nothing is set in its session, so that
// RDS Proxy shares its connections. It keeps one for a client whose statement has more
// than 16 KB, or who begins a transaction with a level of isolation, which is a SET.
// Times are in UTC. The rows that an UPDATE found are counted, also where it changed
// nothing.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
//
// # Permissions
//
// A function whose database is declared with the default login needs
// rds-db:connect on the users that it logs in as, and no network but the
// database's port: tokens are signed in the function. The users are made by
// package migrate, with AWSAuthenticationPlugin. With a secret it needs what the
// secret needs.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
//
// # Consistency
//
// Reads by the reader endpoint are behind those of the writer. A function that
// must read its own writes reads by Write.
//
// # Limits
//
// Tables that are not of InnoDB have no transactions. A statement that makes or
// changes a table commits the transaction it stands in. A statement whose context
// ended goes on to its end on the server: MySQL learns of it only when it answers.
//
// # Time and faults
//
// A deadlock rolls the transaction back, and so does here a lock that was waited
// for in vain: what follows in it is refused, because MySQL would carry it out
// outside of it. A token or a password is asked for with each new connection. A
// login that is refused is asked for anew and tried once more, so that a secret
// may be rotated. The error of the client, a *mysql.MySQLError mostly, is found by
// errors.As. The client, github.com/go-sql-driver/mysql, is under the Mozilla
// Public License 2.0.
package rdsmysql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-sql-driver/mysql"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/socket"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc"
)

// Driver opens databases, and logs in with the region and the credentials that
// Lambda puts into a function's environment.
var Driver datastore.Driver = product

// With opens databases, and logs in with cfg.
func With(cfg aws.Config) datastore.Driver { return product.WithConfig(cfg) }

var product = sqldb.NewProduct("rdsmysql", func(s sqldb.Spec) bool {
	return (s.Engine == sqldb.MySQL || s.Engine == sqldb.AuroraMySQL) && !s.DataAPI
}, open, func() (aws.Config, error) { return iam.Config("RDS", os.LookupEnv) })

// open connects to nothing.
func open(d *sqldb.Configured[aws.Config]) (sqldb.Connector, error) {
	address, err := vpc.Physical(d.Data, d.Spec, "mysql", d.Spec.Dialect().Port())
	if err != nil {
		return nil, err
	}
	c := &connector{spec: d.Spec, address: address, logins: vpc.Logins{Configure: d.Configure, Now: d.Data.Now}}
	if c.writer, err = trust(address.Host, address.RootCert); err != nil {
		return nil, err
	}
	if c.reader, err = trust(address.Reader, address.RootCert); err != nil {
		return nil, err
	}
	if c.owner, err = trust(address.Owner, address.RootCert); err != nil {
		return nil, err
	}
	return c, nil
}

func trust(host, rootCert string) (*tls.Config, error) {
	cfg, err := vpc.TLS(host, rootCert)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("trust of %s: %w", host, err)}
	}
	return cfg, nil
}

// connector connects to one database.
type connector struct {
	spec                  sqldb.Spec
	address               vpc.Address
	logins                vpc.Logins
	writer, reader, owner *tls.Config
}

var _ sqldb.Connector = (*connector)(nil)

// Connect implements [sqldb.Connector]. A login that is refused is asked for anew,
// and tried once more.
func (c *connector) Connect(ctx context.Context, access sqldb.Access) (sqldb.Session, error) {
	s, err := c.connect(ctx, access, false)
	if own, ok := errors.AsType[*mysql.MySQLError](err); ok && (own.Number == 1045 || own.Number == 1698) {
		s, err = c.connect(ctx, access, true)
	}
	return s, err
}

func (c *connector) connect(ctx context.Context, access sqldb.Access, fresh bool) (sqldb.Session, error) {
	host, trusted := c.address.Host, c.writer
	switch access {
	case sqldb.ReadOnly:
		host, trusted = c.address.Reader, c.reader
	case sqldb.Ownership:
		host, trusted = c.address.Owner, c.owner
	}
	who := c.spec.User(access)
	user, password, err := c.logins.Credentials(ctx, host, c.address.Port, who.Name, who.Login, fresh)
	if err != nil {
		return sqldb.Session{}, err
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = user, password
	cfg.Net, cfg.Addr = "tcp", net.JoinHostPort(host, strconv.Itoa(c.address.Port))
	cfg.DBName, cfg.TLS = c.address.Name, trusted
	cfg.AllowCleartextPasswords = true // tokens; inside of TLS
	cfg.InterpolateParams, cfg.ParseTime, cfg.ClientFoundRows = true, true, true
	cfg.Loc, cfg.Logger = time.UTC, &mysql.NopLogger{}
	cfg.DialFunc = socket.Dialer{}.DialContext
	cfg.CheckConnLiveness = false // package sqldb does, by the Socket
	client, err := mysql.NewConnector(cfg)
	if err != nil {
		return sqldb.Session{}, err
	}
	ctx, captured := socket.Capture(ctx)
	conn, err := client.Connect(ctx)
	if err != nil {
		return sqldb.Session{}, err
	}
	return sqldb.Session{Conn: conn, Socket: captured}, nil
}
