package migrate

import (
	"context"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// SetPassword gives a user of a declared database another password, as its owner: the
// Set of a secret.Rotator for a login of [sqldb.Secret]. The function that rotates needs
// [sqldb.Owner]. The user must be there; connections that are open stay. A password has no
// quotes and no backslashes. SQLite has no users.
//
//	migrate.SetPassword(ctx, data, db.Spec().(sqldb.Spec), string(next.Username), string(next.Password))
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotation-strategy.html
func SetPassword(ctx context.Context, data *datastore.Data, spec sqldb.Spec, user, password string) (err error) {
	if err := errors.Join(plainName(user), plainPassword(password)); err != nil {
		return err
	}
	if password == "" { // with which MySQL lets everybody in
		return errors.New("migrate.SetPassword: there is no password")
	}
	db, connector, dialect, err := logIn(ctx, data, spec, "the owner")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	a := account{user, password}
	switch {
	case dialect == sqldb.DialectSQLite:
		return nil
	case spec.Engine == sqldb.DSQL:
		return errors.New("migrate.SetPassword: users of Aurora DSQL have no passwords")
	case dialect == sqldb.DialectMySQL:
		_, err = db.ExecContext(ctx, a.mysqlPassword())
	default:
		_, err = db.ExecContext(ctx, a.postgresPassword())
	}
	if err == nil {
		return nil
	}
	f := connector.Fault(err)
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	return &datastore.Error{Store: "sqldb " + spec.Logical, Op: "set password", Kind: f.Kind, Code: f.Code,
		Err: Users{Writer: user, Password: password}.silent(err)}
}

// CheckLogin logs in to a declared database with a password, past what its secrets have:
// the Test of a secret.Rotator. The error is [ErrLogin] if it could not. SQLite asks for no
// login.
func CheckLogin(ctx context.Context, data *datastore.Data, spec sqldb.Spec, user, password string) error {
	spec.Owner = sqldb.User{Login: given{user, password}}
	db, _, _, err := logIn(ctx, data, spec, user)
	if err != nil {
		return err
	}
	return db.Close()
}

// given is a login without a secret.
type given struct{ user, password string }

var _ datastore.Login = given{}

// Spec is that of no store.
func (given) Spec() datastore.Spec { return nil }

// Credentials implements [datastore.Login].
func (g given) Credentials(context.Context, bool) (user, password string, err error) {
	return g.user, g.password, nil
}
