package secret

import (
	"context"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Login is the user and the password of a database or a cache, in a secret of AWS
// Secrets Manager of the form that RDS and the rotation functions of AWS write:
// {"username": "…", "password": "…"}; other members are not read.
//
// With rotation by alternating users the one that is kept goes on working until
// the rotation after the next, so that MaxAge costs nothing. With a single user it
// is refused once it was rotated: who is refused asks once more, with fresh.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
// and https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotation-strategy.html
type Login struct{ state *state }

var _ datastore.Login = (*Login)(nil)

// NewLogin declares the login called name. opts may be nil. Nothing is opened
// before it is needed. It is given to the store that is logged in to, which has a
// grant for it; the application needs none. Panics with a
// [*datastore.DeclarationError] if data is nil.
func NewLogin(data *datastore.Data, name string, opts *Options) *Login {
	return &Login{newState(data, Spec{Logical: name, Source: Manager, Login: true}, opts, loginDecoder.fetched, nil)}
}

// Credentials are the value of a [Login].
type Credentials struct {
	Username Text `json:"username"`
	Password Text `json:"password"`
}

var loginDecoder = decoder[Credentials]{shared: true, read: func(raw []byte) (Credentials, error) {
	c, err := fromJSON[Credentials](raw)
	if err == nil && (c.Username == "" || c.Password == "") {
		err = &datastore.Error{Kind: datastore.ErrCorrupt, Err: errors.New(`the value has no "username" or no "password"`)}
	}
	return c, err
}}

// Rotation has the login rotated once in a while, as [Secret.Rotation] says. Whose
// password RDS keeps is rotated by RDS, each 7 days, and is no matter of the application.
func (l *Login) Rotation(every time.Duration) *Rotation[Credentials] {
	return newRotation(l.state, loginDecoder, every)
}

// Spec is a [Spec].
func (l *Login) Spec() datastore.Spec { return l.state.Spec }

// Credentials implements [datastore.Login]. fresh asks the service, whatever is
// kept, and does not serve what is kept if the service fails. Calls at the same
// time share one fetch.
func (l *Login) Credentials(ctx context.Context, fresh bool) (user, password string, err error) {
	op := "Get"
	if fresh {
		op = "Fresh"
	}
	if err := l.state.Usable(); err != nil {
		return "", "", l.state.Wrap(op, err, nil)
	}
	ctx, done := l.state.Data.Observe(ctx, l.state.Spec, op)
	k, err := l.read(ctx, fresh)
	err = l.state.Wrap(op, err, datastore.ErrUnavailable)
	done(err)
	if err != nil {
		return "", "", err
	}
	c, _ := k.value.(Credentials)
	return string(c.Username), string(c.Password), nil
}

func (l *Login) read(ctx context.Context, fresh bool) (*kept, error) {
	conn, err := l.state.Open(ctx)
	if err != nil {
		return nil, err
	}
	return l.state.value(ctx, conn, Current, fresh)
}
