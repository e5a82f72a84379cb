package datastore

import "context"

// Login is a user and a password that another store, a database or a cache, is
// logged in to with. [secret.Login] is one. It is asked for each new connection and
// never for each operation.
//
// [secret.Login]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/secret#Login
type Login interface {
	// Spec is the secret's, on which the other store depends ([Need.Depends]).
	Spec() Spec
	// Credentials are the user and the password. fresh does not take them from
	// what was kept: they were refused, and may have been rotated. Nobody is
	// asked for a grant: who may use the other store may log in to it.
	Credentials(ctx context.Context, fresh bool) (user, password string, err error)
}
