package identity

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens directories. Most code should not read on: it is for those who write a
// driver, and [identitytest] is how they test it.
//
// [identitytest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/identity/identitytest
type Driver interface {
	datastore.Driver
	// OpenDirectory prepares the use of a directory that data declares. It is called
	// by the first operation, and again by the next one if it failed. The context is
	// the operation's: what is opened outlives it.
	OpenDirectory(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a directory that is open. It takes what has been checked. A user that is
// not there answers [datastore.ErrNotFound], except to Delete. Its errors are
// [*datastore.Error] with Kind, Code and Attempts set, and no attributes and
// passwords in them; the handle fills in the rest. It is safe for concurrent use.
type Conn interface {
	Get(ctx context.Context, name string) (User, error)
	// List has a query with a Limit of 1 to 60, and the driver's own token.
	List(ctx context.Context, q Query) (datastore.Page[User], error)
	Create(ctx context.Context, user NewUser) (User, error)
	SetAttributes(ctx context.Context, name string, attributes map[string]string) error
	SetPassword(ctx context.Context, name, password string) error
	Enable(ctx context.Context, name string) error
	Disable(ctx context.Context, name string) error
	// Groups are in order.
	Groups(ctx context.Context, name string) ([]string, error)
	// AddToGroup of a group that is not there answers [datastore.ErrNotFound]. To be a
	// member already is no error, nor is it for RemoveFromGroup to be none.
	AddToGroup(ctx context.Context, name, group string) error
	RemoveFromGroup(ctx context.Context, name, group string) error
	SignOut(ctx context.Context, name string) error
	Delete(ctx context.Context, name string) error
}

// ExchangeDriver opens identity pools.
type ExchangeDriver interface {
	datastore.Driver
	// OpenExchange is like OpenDirectory of [Driver].
	OpenExchange(ctx context.Context, data *datastore.Data, spec Spec) (ExchangeConn, error)
}

// ExchangeConn is an identity pool that is open, with the errors of a [Conn].
type ExchangeConn interface {
	Exchange(ctx context.Context, token string) (Credentials, error)
}
