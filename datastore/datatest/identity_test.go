package datatest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

type directory interface {
	identity.Getter
	identity.Lister
	identity.Creator
	identity.AttributeSetter
	identity.PasswordSetter
	identity.Enabler
	identity.Disabler
	identity.Grouper
	identity.GroupSetter
	identity.SignOuter
	identity.Deleter
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	data := datatest.New(t, datatest.Namespace("shop"))
	people := identity.New(data, "people")
	users := datastore.Use[directory](function{}, people)
	ada := datatest.AddUser(t, data, "people", identity.NewUser{Name: "ada", Password: "Correct-Horse-7"}, "editors", "readers")
	if ada.ID == "" || ada.Status != "CONFIRMED" {
		t.Errorf("AddUser = %+v", ada)
	}
	if groups, err := users.Groups(t.Context(), "ada"); err != nil || len(groups) != 2 {
		t.Errorf("Groups = %q, %v", groups, err)
	}
	credentials, err := datastore.Use[identity.Exchanger](function{}, identity.NewExchange(data, "visitors", people)).
		Exchange(t.Context(), datatest.IDToken(t, data, "people", "ada"))
	if err != nil || !credentials.Expires.After(data.Now()) {
		t.Errorf("Exchange = %v, %v", credentials, err)
	}
}

// TestIdentityFaults: every call to the service can be made to fail.
func TestIdentityFaults(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	people := identity.New(data, "people")
	users := datastore.Use[directory](function{}, people)
	visitors := datastore.Use[identity.Exchanger](function{}, identity.NewExchange(data, "visitors", people))
	datatest.AddUser(t, data, "people", identity.NewUser{Name: "ada"}, "old")
	for _, c := range []struct {
		store, op string
		do        func(context.Context) error
	}{
		{"people", "Get", func(ctx context.Context) error { _, err := users.Get(ctx, "ada"); return err }},
		{"people", "List", func(ctx context.Context) error { _, err := users.List(ctx, identity.Query{}); return err }},
		{"people", "Create", func(ctx context.Context) error {
			_, err := users.Create(ctx, identity.NewUser{Name: "bob"})
			return err
		}},
		{"people", "SetAttributes", func(ctx context.Context) error {
			return users.SetAttributes(ctx, "ada", map[string]string{"name": "Ada"})
		}},
		{"people", "SetPassword", func(ctx context.Context) error { return users.SetPassword(ctx, "ada", "Correct-Horse-7") }},
		{"people", "Enable", func(ctx context.Context) error { return users.Enable(ctx, "ada") }},
		{"people", "Disable", func(ctx context.Context) error { return users.Disable(ctx, "ada") }},
		{"people", "Groups", func(ctx context.Context) error { _, err := users.Groups(ctx, "ada"); return err }},
		{"people", "AddToGroup", func(ctx context.Context) error { return users.SetGroups(ctx, "ada", []string{"old", "new"}) }},
		{"people", "RemoveFromGroup", func(ctx context.Context) error { return users.SetGroups(ctx, "ada", nil) }},
		{"people", "SignOut", func(ctx context.Context) error { return users.SignOut(ctx, "ada") }},
		{"people", "Delete", func(ctx context.Context) error { return users.Delete(ctx, "ada") }},
		{"visitors", "Exchange", func(ctx context.Context) error { _, err := visitors.Exchange(ctx, ""); return err }},
	} {
		datatest.Fail(t, data, datatest.Fault{Store: "identity " + c.store, Op: c.op, Err: datastore.ErrThrottled})
		if err := c.do(t.Context()); !errors.Is(err, datastore.ErrThrottled) {
			t.Errorf("%s: error = %v, want %v", c.op, err, datastore.ErrThrottled)
		}
		if err := c.do(t.Context()); err != nil {
			t.Errorf("%s again: %v", c.op, err)
		}
	}
}
