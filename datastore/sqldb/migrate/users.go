package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Users are the users of a database that [Grant] makes. One of them may be "".
type Users struct {
	Writer, Reader string
	// Login is how they log in. Default [LoginIAM].
	Login Login
	// Password is that of both, for [LoginPassword], or of the writer if
	// ReaderPassword is set.
	Password, ReaderPassword string
}

// account is a user with a password.
type account struct{ name, password string }

func (a account) postgresPassword() string {
	return fmt.Sprintf(`ALTER ROLE "%s" PASSWORD '%s'`, a.name, a.password)
}

func (a account) mysqlPassword() string {
	return fmt.Sprintf("ALTER USER '%s'@'%%' IDENTIFIED BY '%s'", a.name, a.password)
}

// accounts are those that are named.
func (u Users) accounts() []account {
	all := []account{{u.Writer, u.Password}, {u.Reader, u.ReaderPassword}}
	return slices.DeleteFunc(all, func(a account) bool { return a.name == "" })
}

// Login is how a user logs in.
type Login string

// The logins.
const (
	LoginIAM      Login = "iam"      // by a token of a function's role
	LoginPassword Login = "password" // by a password
	LoginKept     Login = "kept"     // they are there already, and stay as they are
)

// Grant makes the writer and the reader, if they are not there, and gives them
// their rights in the current schema (of MySQL: database), also to tables that the
// owner, who must run this, makes later: the writer selects, inserts, updates and
// deletes, the reader selects, in transactions that are read-only by default. It
// may be run again at each deployment. SQLite has no users, and needs none.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
func Grant(ctx context.Context, db Database, dialect sqldb.Dialect, u Users) error {
	if dialect == sqldb.DialectSQLite {
		return nil
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return grantOn(ctx, conn, dialect, u)
}

func grantOn(ctx context.Context, conn *sql.Conn, dialect sqldb.Dialect, u Users) error {
	if err := plainName(u.Writer + u.Reader); err != nil {
		return err
	}
	if u.Login == "" {
		u.Login = LoginIAM
	}
	if u.ReaderPassword == "" {
		u.ReaderPassword = u.Password
	}
	if err := plainPassword(u.Password + u.ReaderPassword); err != nil {
		return err
	}
	var statements []string
	switch dialect {
	case sqldb.DialectPostgres:
		statements = postgresGrants(u)
	case sqldb.DialectMySQL:
		var database string
		if err := conn.QueryRowContext(ctx, "SELECT DATABASE()").Scan(&database); err != nil {
			return err
		}
		statements = mysqlGrants(u, database)
	default:
		return fmt.Errorf("migrate.Grant: there is no dialect %q", dialect)
	}
	for i, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("grant to %s and %s, statement %d: %w", u.Writer, u.Reader, i+1, u.silent(err))
		}
	}
	return nil
}

// plainName finds what would end a name between quotes or between the dollar signs of
// a DO, and what its format would replace: names come from secrets, too, which others
// may write than the owner.
func plainName(name string) error {
	if name == "" || strings.ContainsAny(name, "\x00\\'`\"$%") {
		return errors.New("migrate.Grant: name a writer and a reader, without quotes, dollar and percent signs")
	}
	return nil
}

func plainPassword(password string) error {
	if strings.ContainsAny(password, "\x00\\'") {
		return errors.New("migrate: a password with a quote or a backslash cannot be given")
	}
	return nil
}

// silent is err, or if a server repeats a password in it, an error without its text.
func (u Users) silent(err error) error {
	for _, a := range u.accounts() {
		if a.password != "" && strings.Contains(err.Error(), a.password) {
			return errors.New("the server refused it, with words that have the password in them")
		}
	}
	return err
}

func postgresGrants(u Users) []string {
	var all []string
	for _, a := range u.accounts() {
		user := a.name
		if u.Login != LoginKept {
			all = append(all, fmt.Sprintf(
				`DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE "%[1]s" LOGIN; END IF; END $do$`, user))
		}
		switch u.Login {
		case LoginIAM:
			all = append(all, fmt.Sprintf(`GRANT rds_iam TO "%s"`, user))
		case LoginPassword:
			all = append(all, a.postgresPassword())
		}
	}
	for _, g := range []struct{ user, rights, sequences string }{
		{u.Writer, "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"},
		{u.Reader, "SELECT", "SELECT"},
	} {
		if g.user == "" {
			continue
		}
		all = append(all,
			schemaDo(`GRANT USAGE ON SCHEMA %I TO "`+g.user+`"`),
			schemaDo(`GRANT `+g.rights+` ON ALL TABLES IN SCHEMA %I TO "`+g.user+`"`),
			schemaDo(`ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT `+g.rights+` ON TABLES TO "`+g.user+`"`),
			schemaDo(`GRANT `+g.sequences+` ON ALL SEQUENCES IN SCHEMA %I TO "`+g.user+`"`),
			schemaDo(`ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT `+g.sequences+` ON SEQUENCES TO "`+g.user+`"`),
		)
	}
	if u.Reader != "" && u.Writer != u.Reader {
		all = append(all, fmt.Sprintf(`ALTER ROLE "%s" SET default_transaction_read_only = on`, u.Reader))
	}
	return all
}

// schemaDo runs a statement on the current schema.
func schemaDo(statement string) string {
	return `DO $do$ BEGIN EXECUTE format('` + statement + `', current_schema()); END $do$`
}

func mysqlGrants(u Users, database string) []string {
	var all []string
	for _, a := range u.accounts() {
		user := a.name
		switch u.Login {
		case LoginIAM:
			all = append(all, fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'", user))
		case LoginPassword:
			all = append(all,
				fmt.Sprintf("CREATE USER IF NOT EXISTS '%s'@'%%' IDENTIFIED BY '%s'", user, a.password),
				a.mysqlPassword())
		}
	}
	// In the name of a database a grant takes _ and % for others.
	scope := strings.NewReplacer("_", `\_`, "%", `\%`, "`", "``").Replace(database)
	if u.Writer != "" {
		all = append(all, fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON `%s`.* TO '%s'@'%%'", scope, u.Writer))
	}
	if u.Reader != "" {
		all = append(all, fmt.Sprintf("GRANT SELECT ON `%s`.* TO '%s'@'%%'", scope, u.Reader))
	}
	return all
}
