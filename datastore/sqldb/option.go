package sqldb

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Option says more about a database.
type Option interface{ apply(*Spec) error }

type optionFunc func(*Spec) error

func (f optionFunc) apply(s *Spec) error { return f(s) }

// Portable says that all of the SQL, the migrations too, also runs on SQLite: the
// service then runs on localhost, and its tests run, without a database server.
// What differs between the two is for the real database to prove.
func Portable() Option {
	return optionFunc(func(s *Spec) error {
		s.Portable = true
		return nil
	})
}

// Migrations are the files that make the tables; package migrate says how they
// are named. The embedded databases apply them when they are opened. In AWS the
// command migrate applies them, and each deployment does so if they are a [Deployer]:
//
//	sqldb.Migrations(migrate.OnDeploy(files))
func Migrations(files fs.FS) Option {
	return optionFunc(func(s *Spec) error {
		if files == nil {
			return errors.New("sqldb.Migrations: there are no files; give it an embed.FS")
		}
		s.Migrations = &Files{files}
		return nil
	})
}

// IAMLogin names the users as whom a function's role logs in. It is the default,
// with the names NAME_writer and NAME_reader (and NAME_owner for [Owner]). They cannot be the same.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
func IAMLogin(writer, reader string) Option {
	return optionFunc(func(s *Spec) error {
		if writer == "" || writer == reader || reader == "" {
			return fmt.Errorf("sqldb.IAMLogin(%q, %q): name two users, of which the second can only read", writer, reader)
		}
		s.Writer, s.Reader = User{Name: writer}, User{Name: reader}
		return nil
	})
}

// Secret logs in with user and password from two secrets. The reader's user must
// be one who can only read. If there is but one secret, give it twice: what keeps
// a reader from writing is then that each of its statements stands in a transaction
// that is read-only, which costs two more round trips, and not the database's
// permissions.
func Secret(writer, reader datastore.Login) Option {
	return optionFunc(func(s *Spec) error {
		for _, l := range []datastore.Login{writer, reader} {
			if err := checkLogin(l); err != nil {
				return fmt.Errorf("sqldb.Secret: %w", err)
			}
		}
		s.Writer, s.Reader = User{Login: writer}, User{Login: reader}
		return nil
	})
}

// OwnerSecret logs the owner in with a secret: the one that RDS keeps for the master
// user of a database, which is what the generated template takes for it. Two databases
// have a secret each. Default: the function's role logs in as NAME_owner.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
func OwnerSecret(owner datastore.Login) Option {
	return optionFunc(func(s *Spec) error {
		if err := checkLogin(owner); err != nil {
			return fmt.Errorf("sqldb.OwnerSecret: %w", err)
		}
		s.Owner = User{Login: owner}
		return nil
	})
}

func checkLogin(l datastore.Login) error {
	if !datastore.Declared(l) || !reflect.TypeOf(l).Comparable() {
		return errors.New("a login is missing or is no pointer; give it the login of a secret")
	}
	return nil
}

// DataAPI reaches an Aurora cluster over HTTPS by the RDS Data API, outside of the
// private network and without a pool. It needs [Secret].
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.html
func DataAPI() Option {
	return optionFunc(func(s *Spec) error {
		s.DataAPI = true
		return nil
	})
}

// specOf is the Spec of a declaration, and the mistakes in it.
func specOf(name string, engine Engine, opts []Option) (Spec, []error) {
	s := Spec{
		Logical: name, Engine: engine,
		Writer: User{Name: name + "_writer"}, Reader: User{Name: name + "_reader"}, Owner: User{Name: name + "_owner"},
	}
	if engine == DSQL {
		s.Owner.Name = "admin" // it has no other
	}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.apply(&s); err != nil {
			errs = append(errs, err)
		}
	})
	if wrong != nil {
		errs = append(errs, wrong)
	}
	return s, append(errs, s.mistakes()...)
}

// The length of a user's name, which in PostgreSQL is also that of a database's.
//
// See https://dev.mysql.com/doc/refman/8.4/en/user-names.html
// and https://www.postgresql.org/docs/current/limits.html
var maxIdentifier = map[Dialect]int{DialectPostgres: 63, DialectMySQL: 32}

func (s Spec) mistakes() []error {
	if s.Dialect() == "" {
		return []error{fmt.Errorf("there is no engine %q; write sqldb.Postgres, AuroraPostgres, MySQL, AuroraMySQL or DSQL", s.Engine)}
	}
	var errs []error
	for _, u := range []User{s.Writer, s.Reader, s.Owner} {
		limit, instead := maxIdentifier[s.Dialect()], "name writer and reader with sqldb.IAMLogin"
		if u == s.Owner {
			instead = "give the database a shorter name, or its owner a secret with sqldb.OwnerSecret"
		}
		if len(u.Name) > limit {
			errs = append(errs, fmt.Errorf("the user %q has more than the %d letters that %s takes; %s", u.Name, limit, s.Engine, instead))
		}
	}
	if s.Dialect() == DialectPostgres && s.Engine != DSQL && len(s.Logical) > maxIdentifier[DialectPostgres] {
		errs = append(errs, fmt.Errorf("the database %q has more than the %d letters that %s takes; give it a shorter name", s.Logical, maxIdentifier[DialectPostgres], s.Engine))
	}
	secret := s.Writer.Login != nil
	switch {
	case s.DataAPI && s.Engine != AuroraPostgres && s.Engine != AuroraMySQL:
		errs = append(errs, fmt.Errorf("the Data API is one of Aurora, not of %s; leave out sqldb.DataAPI or write sqldb.AuroraPostgres", s.Engine))
	case s.DataAPI && !secret:
		errs = append(errs, errors.New("the Data API logs in with secrets; add sqldb.Secret"))
	case s.Engine == DSQL && (secret || s.Owner.Login != nil):
		errs = append(errs, errors.New("a database of Aurora DSQL is logged in to by the function's role alone; leave out sqldb.Secret and sqldb.OwnerSecret"))
	}
	return errs
}
