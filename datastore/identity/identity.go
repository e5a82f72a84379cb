// Package identity is the store of the people who use an application: Amazon
// Cognito in AWS, a directory on this machine elsewhere. [Directory] are the users,
// a user pool; [Exchange] gives who has signed in temporary credentials of AWS, an
// identity pool.
//
//	type people interface { // what this function may do, and no more
//		identity.Getter
//		identity.GroupSetter
//	}
//
//	users := datastore.Use[people](api, identity.New(data, "users"))
//	user, err := users.Get(ctx, name)
//	err = users.SetGroups(ctx, name, []string{"editors"})
//
// Who calls is known from the token of the request (handler.Caller), which an
// authorizer or package handler/jwt verifies: nothing here signs in or verifies.
//
// # Names
//
// A user is named by the user name, as tokens have it ("username",
// "cognito:username"), by the id ("sub") where names are not aliases, or by an alias
// where the pool has them.
//
// # Attributes
//
// A user has the standard attributes of OpenID Connect, such as "email", and those that
// [Custom] declares, under "custom:NAME". Others are refused.
//
// # Outcomes
//
//	no such user, no such group                          datastore.ErrNotFound
//	Create of a user that is there, or of an alias       datastore.ErrConflict
//	an address or a password that the pool refuses       datastore.ErrInvalid
//	an attribute that the pool does not have             datastore.ErrInvalid
//	a token that Exchange does not take                  datastore.ErrInvalid
//	a Create whose answer was lost                       datastore.ErrUnknown; it is not sent again
//	an operation the function was not granted            datastore.ErrDenied; nothing was sent
//
// ErrNotFound and ErrConflict become 404 and 409 where a handler returns them. An API
// that anybody can call must answer alike whether there is such a user or not, or it
// tells who has an account: return one answer for both.
//
// No error has attributes, passwords or tokens in its text.
//
// Everything here is safe for concurrent use.
package identity

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Directory is a declared directory of users. It is used through the handles that
// [datastore.Use] makes of it.
type Directory struct{ state *handle.State[Conn] }

// New declares the directory called name. Mistakes in the options are declaration
// errors of data. Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New(data *datastore.Data, name string, opts ...Option) *Directory {
	spec, errs := specOf(name, opts)
	return &Directory{handle.New(data, spec, func(ctx context.Context, driver Driver) (Conn, error) {
		return driver.OpenDirectory(ctx, data, spec)
	}, errs...)}
}

// Spec is a [Spec].
func (d *Directory) Spec() datastore.Spec { return d.state.Spec }

// Capabilities are [Getter], [Lister], [Creator], [AttributeSetter],
// [PasswordSetter], [Enabler], [Disabler], [Grouper], [GroupSetter], [SignOuter] and
// [Deleter].
func (d *Directory) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitGet:           {Op: "Get", Type: reflect.TypeFor[Getter]()},
		bitList:          {Op: "List", Type: reflect.TypeFor[Lister]()},
		bitCreate:        {Op: "Create", Type: reflect.TypeFor[Creator]()},
		bitSetAttributes: {Op: "SetAttributes", Type: reflect.TypeFor[AttributeSetter]()},
		bitSetPassword:   {Op: "SetPassword", Type: reflect.TypeFor[PasswordSetter]()},
		bitEnable:        {Op: "Enable", Type: reflect.TypeFor[Enabler]()},
		bitDisable:       {Op: "Disable", Type: reflect.TypeFor[Disabler]()},
		bitGroups:        {Op: "Groups", Type: reflect.TypeFor[Grouper]()},
		bitSetGroups:     {Op: "SetGroups", Type: reflect.TypeFor[GroupSetter]()},
		bitSignOut:       {Op: "SignOut", Type: reflect.TypeFor[SignOuter]()},
		bitDelete:        {Op: "Delete", Type: reflect.TypeFor[Deleter]()},
	}
}

// Handle is for [datastore.Use].
func (d *Directory) Handle(g *datastore.Grant) any { return &granted{d.state, g} }

var _ datastore.Store = (*Directory)(nil)

// granted has the operations of one grant.
type granted struct {
	state *handle.State[Conn]
	grant *datastore.Grant
}

var (
	_ Getter          = (*granted)(nil)
	_ Lister          = (*granted)(nil)
	_ Creator         = (*granted)(nil)
	_ AttributeSetter = (*granted)(nil)
	_ PasswordSetter  = (*granted)(nil)
	_ Enabler         = (*granted)(nil)
	_ Disabler        = (*granted)(nil)
	_ Grouper         = (*granted)(nil)
	_ GroupSetter     = (*granted)(nil)
	_ SignOuter       = (*granted)(nil)
	_ Deleter         = (*granted)(nil)
)

func (h *granted) Get(ctx context.Context, name string) (user User, err error) {
	err = h.read(ctx, bitGet, "Get", func() error { return checkName(name) }, func(ctx context.Context, conn Conn) (err error) {
		user, err = conn.Get(ctx, name)
		return err
	})
	return orZero(user, err)
}

func (h *granted) List(ctx context.Context, q Query) (page datastore.Page[User], err error) {
	err = h.read(ctx, bitList, "List", func() (err error) {
		q, err = q.open()
		return err
	}, func(ctx context.Context, conn Conn) (err error) {
		page, err = conn.List(ctx, q)
		page.Next = q.seal(page.Next)
		return err
	})
	return orZero(page, err)
}

func (h *granted) Create(ctx context.Context, user NewUser) (made User, err error) {
	err = h.write(ctx, bitCreate, "Create", user.check, func(ctx context.Context, conn Conn) (err error) {
		made, err = conn.Create(ctx, user)
		return err
	})
	return orZero(made, err)
}

func (h *granted) SetAttributes(ctx context.Context, name string, attributes map[string]string) error {
	return h.write(ctx, bitSetAttributes, "SetAttributes", func() error {
		if err := checkName(name); err != nil {
			return err
		}
		return checkAttributes(attributes)
	}, func(ctx context.Context, conn Conn) error { return conn.SetAttributes(ctx, name, attributes) })
}

func (h *granted) SetPassword(ctx context.Context, name, password string) error {
	return h.write(ctx, bitSetPassword, "SetPassword", func() error {
		if err := checkName(name); err != nil {
			return err
		}
		return checkPassword(password)
	}, func(ctx context.Context, conn Conn) error { return conn.SetPassword(ctx, name, password) })
}

func (h *granted) Enable(ctx context.Context, name string) error {
	return h.change(ctx, bitEnable, "Enable", name, Conn.Enable)
}

func (h *granted) Disable(ctx context.Context, name string) error {
	return h.change(ctx, bitDisable, "Disable", name, Conn.Disable)
}

func (h *granted) Groups(ctx context.Context, name string) (groups []string, err error) {
	err = h.read(ctx, bitGroups, "Groups", func() error { return checkName(name) }, func(ctx context.Context, conn Conn) (err error) {
		groups, err = conn.Groups(ctx, name)
		return err
	})
	return orZero(groups, err)
}

func (h *granted) SetGroups(ctx context.Context, name string, groups []string) error {
	return h.write(ctx, bitSetGroups, "SetGroups", func() error {
		if err := checkName(name); err != nil {
			return err
		}
		return checkGroups(groups)
	}, func(ctx context.Context, conn Conn) error { return setGroups(ctx, conn, name, groups) })
}

func (h *granted) SignOut(ctx context.Context, name string) error {
	return h.change(ctx, bitSignOut, "SignOut", name, Conn.SignOut)
}

func (h *granted) Delete(ctx context.Context, name string) error {
	return h.change(ctx, bitDelete, "Delete", name, Conn.Delete)
}

func (h *granted) change(ctx context.Context, bit datastore.Bit, op, name string, do func(Conn, context.Context, string) error) error {
	return h.write(ctx, bit, op, func() error { return checkName(name) }, func(ctx context.Context, conn Conn) error {
		return do(conn, ctx, name)
	})
}

func (h *granted) read(ctx context.Context, bit datastore.Bit, op string, prepare func() error, do func(context.Context, Conn) error) error {
	return h.state.Run(ctx, handle.Op{Grant: h.grant, Bit: bit, Name: op, Fallback: datastore.ErrUnavailable}, prepare, do)
}

func (h *granted) write(ctx context.Context, bit datastore.Bit, op string, prepare func() error, do func(context.Context, Conn) error) error {
	return h.state.Run(ctx, handle.Op{Grant: h.grant, Bit: bit, Name: op, Fallback: datastore.ErrUnknown}, prepare, do)
}

func orZero[V any](v V, err error) (V, error) {
	if err != nil {
		var none V
		return none, err
	}
	return v, nil
}
