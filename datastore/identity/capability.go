package identity

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Getter reads one user.
type Getter interface {
	Get(ctx context.Context, name string) (User, error)
}

// Lister reads one page of the users. A token of another query answers
// [datastore.ErrInvalid]. [All] reads all pages.
type Lister interface {
	List(ctx context.Context, q Query) (datastore.Page[User], error)
}

// Creator creates a user, who is enabled and must choose a password at the first
// sign-in. A name that is there, or an alias, answers [datastore.ErrConflict]. A
// Create whose answer was lost is not repeated: [datastore.ErrUnknown].
type Creator interface {
	Create(ctx context.Context, user NewUser) (User, error)
}

// AttributeSetter changes the attributes that are named; "" removes one. Those that
// are not named stay.
type AttributeSetter interface {
	SetAttributes(ctx context.Context, name string, attributes map[string]string) error
}

// PasswordSetter sets a password that the user need not change. One that the pool
// does not allow answers [datastore.ErrInvalid].
type PasswordSetter interface {
	SetPassword(ctx context.Context, name, password string) error
}

// Enabler lets a user sign in again.
type Enabler interface {
	Enable(ctx context.Context, name string) error
}

// Disabler keeps a user from signing in and from new tokens. Tokens that the user
// has are good until they end.
type Disabler interface {
	Disable(ctx context.Context, name string) error
}

// Grouper tells the groups of a user, in order.
type Grouper interface {
	Groups(ctx context.Context, name string) ([]string, error)
}

// GroupSetter makes a user a member of exactly these groups, one after the other:
// first of the new ones, then no more of the others. A group that is not there
// answers [datastore.ErrNotFound] and leaves what was done before it. Tokens that the
// user has keep the groups that they have.
type GroupSetter interface {
	SetGroups(ctx context.Context, name string, groups []string) error
}

// SignOuter ends all sessions of a user: nothing is renewed any more. Tokens of
// access are refused by Cognito itself and good elsewhere until they end.
type SignOuter interface {
	SignOut(ctx context.Context, name string) error
}

// Deleter deletes a user. One that is not there is no error.
type Deleter interface {
	Delete(ctx context.Context, name string) error
}

// The places of the operations among the capabilities.
const (
	bitGet datastore.Bit = iota
	bitList
	bitCreate
	bitSetAttributes
	bitSetPassword
	bitEnable
	bitDisable
	bitGroups
	bitSetGroups
	bitSignOut
	bitDelete
)
