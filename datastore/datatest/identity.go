package datatest

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// AddUser puts a user into the declared directory called name, who is a member of
// groups, and returns it. One with a Password has it for good. It needs no grant.
func AddUser(t testing.TB, data *datastore.Data, name string, user identity.NewUser, groups ...string) identity.User {
	t.Helper()
	driver, spec := directoryOf(t, data, name)
	conn, err := driver.Driver.OpenDirectory(background(t), data, spec)
	if err == nil {
		_, err = conn.Create(background(t), user)
	}
	if err == nil && user.Password != "" {
		err = conn.SetPassword(background(t), user.Name, user.Password)
	}
	for _, group := range groups {
		if err == nil {
			err = conn.AddToGroup(background(t), user.Name, group)
		}
	}
	if err != nil {
		t.Fatalf("datatest.AddUser identity %s: %v", name, cause(err))
	}
	added, err := conn.Get(background(t), user.Name)
	if err != nil {
		t.Fatalf("datatest.AddUser identity %s: %v", name, cause(err))
	}
	return added
}

// IDToken is an ID token of a user of the declared directory called name, which an
// exchange of it takes.
func IDToken(t testing.TB, data *datastore.Data, name, user string) string {
	t.Helper()
	driver, spec := directoryOf(t, data, name)
	issuer, err := driver.Issuer(data.Namespace(), spec.Logical, localidentity.IssuerSettings{
		URL: "https://issuer.test/" + name, ClientID: "datatest", Now: data.Now})
	if err != nil {
		t.Fatalf("datatest.IDToken: %v", err)
	}
	tokens, err := issuer.Tokens(user)
	if err != nil {
		t.Fatalf("datatest.IDToken identity %s: %v", name, cause(err))
	}
	return tokens.ID
}

func directoryOf(t testing.TB, data *datastore.Data, name string) (*identityDriver, identity.Spec) {
	t.Helper()
	found, err := specOf(data, "identity "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(identity.Spec)
	if !ok || spec.IsExchange() {
		t.Fatalf("datatest: identity %s is no directory", name)
	}
	driver, err := datastore.DriverOf[*identityDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: identity %s: its driver is none of this package's", name)
	}
	return driver, spec
}

// identityDriver is the embedded driver with faults.
type identityDriver struct {
	*localidentity.Driver
	faults faults
}

var (
	_ identity.Driver         = (*identityDriver)(nil)
	_ identity.ExchangeDriver = (*identityDriver)(nil)
	_ faulty                  = (*identityDriver)(nil)
)

func (d *identityDriver) faultList() *faults { return &d.faults }

func (d *identityDriver) OpenDirectory(ctx context.Context, data *datastore.Data, spec identity.Spec) (identity.Conn, error) {
	conn, err := d.Driver.OpenDirectory(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyDirectory{conn, spec, &d.faults}, nil
}

func (d *identityDriver) OpenExchange(ctx context.Context, data *datastore.Data, spec identity.Spec) (identity.ExchangeConn, error) {
	conn, err := d.Driver.OpenExchange(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyExchange{conn, spec, &d.faults}, nil
}

type faultyExchange struct {
	conn   identity.ExchangeConn
	spec   identity.Spec
	faults *faults
}

func (f *faultyExchange) Exchange(ctx context.Context, token string) (c identity.Credentials, err error) {
	err = f.faults.run(f.spec, "Exchange", func() error {
		c, err = f.conn.Exchange(ctx, token)
		return err
	})
	return c, err
}

// faultyDirectory fails where the service is called: SetGroups is "Groups",
// "AddToGroup" and "RemoveFromGroup" there.
type faultyDirectory struct {
	conn   identity.Conn
	spec   identity.Spec
	faults *faults
}

func (f *faultyDirectory) Get(ctx context.Context, name string) (user identity.User, err error) {
	err = f.faults.run(f.spec, "Get", func() error {
		user, err = f.conn.Get(ctx, name)
		return err
	})
	return user, err
}

func (f *faultyDirectory) List(ctx context.Context, q identity.Query) (page datastore.Page[identity.User], err error) {
	err = f.faults.run(f.spec, "List", func() error {
		page, err = f.conn.List(ctx, q)
		return err
	})
	return page, err
}

func (f *faultyDirectory) Create(ctx context.Context, user identity.NewUser) (made identity.User, err error) {
	err = f.faults.run(f.spec, "Create", func() error {
		made, err = f.conn.Create(ctx, user)
		return err
	})
	return made, err
}

func (f *faultyDirectory) SetAttributes(ctx context.Context, name string, attributes map[string]string) error {
	return f.faults.run(f.spec, "SetAttributes", func() error { return f.conn.SetAttributes(ctx, name, attributes) })
}

func (f *faultyDirectory) SetPassword(ctx context.Context, name, password string) error {
	return f.faults.run(f.spec, "SetPassword", func() error { return f.conn.SetPassword(ctx, name, password) })
}

func (f *faultyDirectory) Enable(ctx context.Context, name string) error {
	return f.faults.run(f.spec, "Enable", func() error { return f.conn.Enable(ctx, name) })
}

func (f *faultyDirectory) Disable(ctx context.Context, name string) error {
	return f.faults.run(f.spec, "Disable", func() error { return f.conn.Disable(ctx, name) })
}

func (f *faultyDirectory) Groups(ctx context.Context, name string) (groups []string, err error) {
	err = f.faults.runCall(ctx, f.spec, "Groups", func() error {
		groups, err = f.conn.Groups(ctx, name)
		return err
	})
	return groups, err
}

func (f *faultyDirectory) AddToGroup(ctx context.Context, name, group string) error {
	return f.faults.runCall(ctx, f.spec, "AddToGroup", func() error { return f.conn.AddToGroup(ctx, name, group) })
}

func (f *faultyDirectory) RemoveFromGroup(ctx context.Context, name, group string) error {
	return f.faults.runCall(ctx, f.spec, "RemoveFromGroup", func() error { return f.conn.RemoveFromGroup(ctx, name, group) })
}

func (f *faultyDirectory) SignOut(ctx context.Context, name string) error {
	return f.faults.run(f.spec, "SignOut", func() error { return f.conn.SignOut(ctx, name) })
}

func (f *faultyDirectory) Delete(ctx context.Context, name string) error {
	return f.faults.run(f.spec, "Delete", func() error { return f.conn.Delete(ctx, name) })
}
