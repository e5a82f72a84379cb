package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// DeployOptions configures [Deploy]. The zero value of each field is usable.
type DeployOptions struct {
	// Owner is who logs in: the secret that RDS keeps for the master user, say.
	// Default: the owner of the declaration.
	Owner datastore.Login
	// DryRun finds out what is to be done, and does nothing.
	DryRun bool
	// Behind is [Options].Behind.
	Behind bool
	// Writers and Readers are the ARNs of the roles of IAM that log in as the writer
	// and as the reader to a database of Aurora DSQL, which keeps a list of them. A
	// role in one list alone is taken from the other user; roles in none stay.
	Writers, Readers []string
}

// Deployment is what [Deploy] did to a database, or would do.
type Deployment struct {
	Before []string // the files that had been applied, in order
	Done   []string // those that were applied now, or are to be applied
	Users  []string // who was given their rights: the writer and the reader
}

// ErrLogin is the error of a [Deploy], a [SetPassword] or a [CheckLogin] that could not log
// in: nothing was done. It is also a [datastore.ErrDenied] if the login was refused.
var ErrLogin = errors.New("log in")

// loginTime is how long a login may take: a cluster that sleeps needs some time.
const loginTime = time.Minute

// Deploy brings a declared database up to date, as its owner: the writer and the
// reader of the declaration are made and given their rights by [Grant], and the
// migrations are applied by [Up]. It may be run again at each deployment, and by
// several at once. What was done is returned with an error, too.
//
// Users that log in with a secret get its password; one that is the owner itself
// stays as it is. SQLite has no users. Those of Aurora DSQL are tied to the roles in
// the options, and have their rights on the tables that there are at the end.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/using-database-and-iam-roles.html
func Deploy(ctx context.Context, data *datastore.Data, spec sqldb.Spec, o DeployOptions) (d Deployment, err error) {
	if o.Owner != nil {
		spec.Owner = sqldb.User{Login: o.Owner}
	}
	db, connector, dialect, err := logIn(ctx, data, spec, "the owner")
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if spec.Engine == sqldb.DSQL && dialect == sqldb.DialectPostgres && !o.DryRun {
		err = withRoles(ctx, db, connector.Fault, spec, o, &d, func() error { return deployTo(ctx, db, connector.Fault, dialect, spec, o, &d) })
	} else {
		err = deployTo(ctx, db, nil, dialect, spec, o, &d)
	}
	return d, err
}

// deployTo brings a database up to date that was logged in to.
func deployTo(ctx context.Context, db *sql.DB, fault func(error) sqldb.Fault, dialect sqldb.Dialect, spec sqldb.Spec, o DeployOptions, d *Deployment) (err error) {
	if spec.Migrations == nil {
		if o.DryRun {
			return nil
		}
		users, err := grant(ctx, spec, dialect, func(u Users) error { return Grant(ctx, db, dialect, u) })
		d.Users = append(d.Users, users...)
		return err
	}
	files := Of(spec)
	files.Dialect, files.Behind, files.fault = dialect, o.Behind, fault
	if d.Before, err = Applied(ctx, db, files); err != nil {
		return err
	}
	var done []Migration
	if o.DryRun {
		done, err = Pending(ctx, db, files)
	} else {
		err = locked(ctx, db, files, func(s *session) error {
			users, err := grant(ctx, spec, dialect, func(u Users) error { return grantOn(ctx, s.conn, dialect, u) })
			d.Users = append(d.Users, users...)
			if err == nil {
				done, err = s.up(ctx)
			}
			return err
		})
	}
	for _, m := range done {
		d.Done = append(d.Done, m.File)
	}
	return err
}

// logIn logs in as the owner of spec, whom errors call who, and answers what is spoken
// there.
func logIn(ctx context.Context, data *datastore.Data, spec sqldb.Spec, who string) (*sql.DB, sqldb.Connector, sqldb.Dialect, error) {
	driver, err := datastore.DriverOf[sqldb.Driver](data, spec)
	if err != nil {
		return nil, nil, "", err
	}
	connector, err := driver.OpenDatabase(ctx, data, spec)
	if err != nil {
		return nil, nil, "", opening(spec, err)
	}
	dialect := spec.Dialect()
	if s, ok := connector.(sqldb.Speaker); ok {
		dialect = s.Dialect()
	}
	db := Own(connector)
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		if _, own := errors.AsType[*datastore.Error](err); !own {
			f := connector.Fault(err)
			if f.Kind == nil {
				f.Kind = datastore.ErrUnavailable
			}
			err = &datastore.Error{Store: "sqldb " + spec.Logical, Op: "open", Kind: f.Kind, Code: f.Code, Err: err}
		}
		return nil, nil, "", errors.Join(fmt.Errorf("%w as %s: %w", ErrLogin, who, err), db.Close())
	}
	return db, connector, dialect, nil
}

// opening is an error of a driver, to which it leaves to say of what it is.
func opening(spec sqldb.Spec, err error) error {
	own := &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	if known, ok := errors.AsType[*datastore.Error](err); ok {
		own = &datastore.Error{Kind: known.Kind, Code: known.Code, Attempts: known.Attempts, Err: known.Err}
	}
	own.Store, own.Op = "sqldb "+spec.Logical, "open"
	return own
}

// grant gives the users of the declaration their rights.
func grant(ctx context.Context, spec sqldb.Spec, dialect sqldb.Dialect, give func(Users) error) ([]string, error) {
	if spec.Engine == sqldb.DSQL || dialect == sqldb.DialectSQLite {
		return nil, nil
	}
	u, err := usersOf(ctx, spec)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, user := range []string{u.Writer, u.Reader} {
		if user != "" && (len(all) == 0 || all[0] != user) {
			all = append(all, user)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	if err := give(u); err != nil {
		return nil, err
	}
	return all, nil
}

// usersOf are the users of the declaration, without those that are its owner.
func usersOf(ctx context.Context, spec sqldb.Spec) (u Users, err error) {
	owner, _, err := credentials(ctx, spec.Owner)
	if err != nil {
		return u, fmt.Errorf("the owner's secret: %w", err)
	}
	if u.Writer, u.Password, err = credentials(ctx, spec.Writer); err != nil {
		return u, fmt.Errorf("the writer's secret: %w", err)
	}
	if u.Reader, u.ReaderPassword, err = credentials(ctx, spec.Reader); err != nil {
		return u, fmt.Errorf("the reader's secret: %w", err)
	}
	if spec.Writer.Login != nil {
		u.Login = LoginPassword
	}
	if u.Writer == owner {
		u.Writer = ""
	}
	if u.Reader == owner {
		u.Reader = ""
	}
	return u, nil
}

// credentials are the name and the password of a user; the password is "" for one
// that logs in by a token.
func credentials(ctx context.Context, u sqldb.User) (name, password string, err error) {
	if u.Login == nil {
		return u.Name, "", nil
	}
	return u.Login.Credentials(ctx, true)
}
