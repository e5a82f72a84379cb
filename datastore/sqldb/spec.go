package sqldb

import (
	"io/fs"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Engine is the product that keeps a database in AWS.
type Engine string

// The engines.
const (
	Postgres       Engine = "postgres"          // Amazon RDS for PostgreSQL
	AuroraPostgres Engine = "aurora-postgresql" // Amazon Aurora PostgreSQL
	MySQL          Engine = "mysql"             // Amazon RDS for MySQL, or MariaDB
	AuroraMySQL    Engine = "aurora-mysql"      // Amazon Aurora MySQL
	DSQL           Engine = "dsql"              // Amazon Aurora DSQL
)

// Dialect is the language in which a database is spoken to.
type Dialect string

// The dialects. SQLite is spoken by the embedded database alone.
const (
	DialectPostgres Dialect = "postgres"
	DialectMySQL    Dialect = "mysql"
	DialectSQLite   Dialect = "sqlite"
)

// Dialect of the engine; "" for what is no engine.
func (e Engine) Dialect() Dialect {
	switch e {
	case Postgres, AuroraPostgres, DSQL:
		return DialectPostgres
	case MySQL, AuroraMySQL:
		return DialectMySQL
	}
	return ""
}

// Port is the TCP port of the dialect's protocol.
func (d Dialect) Port() int {
	if d == DialectMySQL {
		return 3306
	}
	return 5432
}

// Access is what a connection may do.
type Access string

// The accesses. Each has a database user of its own.
const (
	ReadOnly  Access = "reader"
	ReadWrite Access = "writer"
	Ownership Access = "owner"
)

// Spec says what a database is. It is comparable.
type Spec struct {
	Logical  string // the name in the program: "main"
	Engine   Engine
	Portable bool // the SQL also runs on SQLite
	// DataAPI says that it is reached over HTTPS and not in the private network.
	DataAPI bool
	// Proxy says that all but the owner reach it by RDS Proxy.
	Proxy  bool
	Writer User // who is logged in for Write and Tx
	Reader User // who is logged in for Read
	Owner  User // who is logged in for Own
	// Migrations make its tables; nil for none.
	Migrations *Files
}

// User is a user of the database. It has either a name, and is logged in by the
// function's role, or a Login.
type User struct {
	Name  string
	Login datastore.Login
}

// Files are files of migrations.
type Files struct{ FS fs.FS }

// Deployer is an optional interface of the files of [Migrations]: they are applied at
// each deployment. migrate.OnDeploy makes such files; what applies them is then
// linked into the program.
type Deployer interface {
	fs.FS
	// Deployment is how they are applied to a database.
	Deployment(Spec) *datastore.Deployment
}

var _ datastore.Deployable = Spec{}

// Deployment implements [datastore.Deployable].
func (s Spec) Deployment() *datastore.Deployment {
	if s.Migrations == nil {
		return nil
	}
	if d, ok := s.Migrations.FS.(Deployer); ok {
		return d.Deployment(s)
	}
	return nil
}

// Kind is "sqldb".
func (s Spec) Kind() string { return "sqldb" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// Aurora reports whether it is a cluster of Aurora PostgreSQL or Aurora MySQL.
func (s Spec) Aurora() bool { return s.Engine == AuroraPostgres || s.Engine == AuroraMySQL }

// Dialect is that of the engine.
func (s Spec) Dialect() Dialect { return s.Engine.Dialect() }

// System is what speaks the dialect, as OpenTelemetry names it: "postgresql", "mysql".
func (s Spec) System() string {
	if s.Dialect() == DialectPostgres {
		return "postgresql"
	}
	return string(s.Dialect())
}

// User is who is logged in for an access.
func (s Spec) User(a Access) User {
	switch a {
	case ReadOnly:
		return s.Reader
	case Ownership:
		return s.Owner
	}
	return s.Writer
}

// ResourceID stands, in the Resource of a [datastore.Need], for the resource id of
// the instance ("db-ABC") or the cluster ("cluster-ABC"), which is not its name, and
// ProxyID for that of the proxy ("prx-abc").
const (
	ResourceID = "{resource}"
	ProxyID    = "{proxy}"
)

// Needs are, for a database in the private network, its port, and by whom it is
// logged in to: rds-db:connect on exactly the users of ops, or the secrets of
// these. For Aurora DSQL it is dsql:DbConnect, for the Data API the actions of
// rds-data and the secrets. By a [Proxy] it is rds-db:connect on the proxy, but for the
// owner, who does not go by it.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html
// and https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connecting.html
func (s Spec) Needs(ops []string) []datastore.Need {
	users := s.users(ops)
	if len(users) == 0 {
		return nil
	}
	switch {
	case s.Engine == DSQL:
		return []datastore.Need{{Service: "dsql", Actions: connectActions(ops), Resource: "cluster/{name}"}}
	case s.DataAPI:
		return []datastore.Need{{
			Service: "rds-data", Actions: slices.Clone(dataActions), Resource: "cluster:{name}", Depends: logins(users),
		}}
	}
	needs := []datastore.Need{{Port: s.Dialect().Port(), Depends: logins(users)}}
	for _, u := range users {
		if u.Login == nil && slices.Contains(s.direct(ops), u) {
			needs = append(needs, connect(ResourceID, u))
		}
		if u.Login == nil && slices.Contains(s.proxied(ops), u) {
			needs = append(needs, connect(ProxyID, u))
		}
	}
	return needs
}

// connect is logging in as a user by a token of one's role.
func connect(at string, u User) datastore.Need {
	return datastore.Need{Service: "rds-db", Actions: []string{"connect"}, Resource: "dbuser:" + at + "/" + u.Name}
}

// Proxied reports whether one of ops reaches the database by its proxy, and Direct
// whether one reaches it without: all that the owner does, whose locks and settings
// would keep a connection of the proxy for him alone.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
func (s Spec) Proxied(ops []string) bool { return len(s.proxied(ops)) > 0 }

// Direct is the other half of [Spec.Proxied].
func (s Spec) Direct(ops []string) bool { return len(s.direct(ops)) > 0 }

// proxied are the users of ops who log in to the proxy.
func (s Spec) proxied(ops []string) []User {
	if !s.Proxy {
		return nil
	}
	return s.users(slices.DeleteFunc(slices.Clone(ops), isOwning))
}

// direct are the users of ops who log in to the database.
func (s Spec) direct(ops []string) []User {
	if !s.Proxy {
		return s.users(ops)
	}
	return s.users(slices.DeleteFunc(slices.Clone(ops), func(op string) bool { return !isOwning(op) }))
}

func isOwning(op string) bool { return op == opOwn }

// ProxyNeeds are what the role of the proxy needs for the functions that do ops to the
// database: to log in to it as the users of these, or to read their secrets.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
func (s Spec) ProxyNeeds(ops []string) []datastore.Need {
	var needs []datastore.Need
	users := s.proxied(ops)
	if depends := logins(users); len(depends) > 0 {
		needs = append(needs, datastore.Need{Depends: depends})
	}
	for _, u := range users {
		if u.Login == nil {
			needs = append(needs, connect(ResourceID, u))
		}
	}
	return needs
}

// users are those of ops, the writer first, each once.
func (s Spec) users(ops []string) []User {
	var users []User
	if slices.Contains(ops, opWrite) || slices.Contains(ops, opTx) {
		users = append(users, s.Writer)
	}
	if slices.Contains(ops, opRead) && !slices.Contains(users, s.Reader) {
		users = append(users, s.Reader)
	}
	if slices.Contains(ops, opOwn) && !slices.Contains(users, s.Owner) {
		users = append(users, s.Owner)
	}
	return users
}

// dataActions are the actions of the Data API, in which reading needs what
// writing does.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrdsdataapi.html
var dataActions = []string{"BeginTransaction", "CommitTransaction", "ExecuteStatement", "RollbackTransaction"}

// connectActions are those of Aurora DSQL, whose owner is its admin. Who else
// logs in is decided in the database, which maps roles of IAM to its own.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/authentication-authorization.html
func connectActions(ops []string) []string {
	var actions []string
	if slices.Contains(ops, opRead) || slices.Contains(ops, opWrite) || slices.Contains(ops, opTx) {
		actions = append(actions, "DbConnect")
	}
	if slices.Contains(ops, opOwn) {
		actions = append(actions, "DbConnectAdmin")
	}
	return actions
}

func logins(users []User) []datastore.Dependence {
	var all []datastore.Dependence
	for _, u := range users {
		if u.Login != nil {
			all = append(all, datastore.Dependence{Spec: u.Login.Spec(), Ops: []string{opLogin}})
		}
	}
	return all
}

// opLogin is the operation of a secret that a login needs: reading its value.
const opLogin = "Get"
