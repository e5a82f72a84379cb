package identitytest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

var userRules = []rule{
	{"create", "a user that was created is found, with the same id, enabled, and must change the password", func(t *testing.T, on target) {
		users := start(t, on)
		made, err := users.Create(t.Context(), identity.NewUser{
			Name: "ada", Attributes: map[string]string{"email": "ada@example.com", "name": "Ada"}, Password: password,
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := users.Get(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for what, user := range map[string]identity.User{"Create": made, "Get": got} {
			if user.Name != "ada" || user.ID == "" || !user.Enabled || user.Status != "FORCE_CHANGE_PASSWORD" ||
				user.Attributes["email"] != "ada@example.com" || user.Attributes["name"] != "Ada" || user.Attributes["sub"] != "" {
				t.Errorf("%s = %+v", what, user)
			}
			if user.Created.IsZero() || user.Modified.Before(user.Created.Add(-time.Second)) {
				t.Errorf("%s: created %v, modified %v", what, user.Created, user.Modified)
			}
		}
		if made.ID != got.ID {
			t.Errorf("the ids are %q and %q", made.ID, got.ID)
		}
	}},
	{"exists", "Create of a name that is there answers ErrConflict and changes nothing", func(t *testing.T, on target) {
		users := start(t, on, "ada")
		_, err := users.Create(t.Context(), identity.NewUser{Name: "ada", Attributes: map[string]string{"email": "eve@example.com"}, Password: password})
		wantError(t, "Create of a name that is there", err, datastore.ErrConflict)
		if got, err := users.Get(t.Context(), "ada"); err != nil || got.Attributes["email"] != "ada@example.com" {
			t.Errorf("Get = %+v, %v", got, err)
		}
	}},
	{"missing", "what is done to a user that is not there answers ErrNotFound, but for Delete", func(t *testing.T, on target) {
		users, ctx := start(t, on), t.Context()
		_, getErr := users.Get(ctx, "none")
		_, groupsErr := users.Groups(ctx, "none")
		for call, err := range map[string]error{
			"Get": getErr, "Groups": groupsErr,
			"SetPassword": users.SetPassword(ctx, "none", password),
			"Enable":      users.Enable(ctx, "none"),
			"Disable":     users.Disable(ctx, "none"),
			"SetGroups":   users.SetGroups(ctx, "none", []string{"editors"}),
		} {
			wantError(t, call+" of a user that is not there", err, datastore.ErrNotFound)
			if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "identity people" {
				t.Errorf("%s: error = %#v, want one of identity people", call, err)
			}
		}
		attributes := datastore.ErrNotFound
		if on.has(MissingDenied) {
			attributes = datastore.ErrDenied
		}
		wantError(t, "SetAttributes of a user that is not there", users.SetAttributes(ctx, "none", map[string]string{"name": "x"}), attributes)
		wantError(t, "Delete of a user that is not there", users.Delete(ctx, "none"), nil)
	}},
	{"attributes", "those that are named are changed, and removed by an empty value", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		wantError(t, "SetAttributes", users.SetAttributes(ctx, "ada", map[string]string{"name": "Ada", "given_name": "A"}), nil)
		wantError(t, "SetAttributes", users.SetAttributes(ctx, "ada", map[string]string{"name": "Ada L.", "given_name": ""}), nil)
		got, err := users.Get(ctx, "ada")
		if err != nil || got.Attributes["name"] != "Ada L." || got.Attributes["email"] != "ada@example.com" {
			t.Errorf("Get = %+v, %v", got, err)
		}
		if _, there := got.Attributes["given_name"]; there != on.has(BlankStays) {
			t.Errorf("the attribute that was removed is there: %v", there)
		}
	}},
	{"schema", "an attribute that is not in the schema answers ErrInvalid and changes nothing; a declared one is kept", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		wantError(t, "SetAttributes of a declared one", users.SetAttributes(ctx, "ada", map[string]string{"custom:" + custom: "free"}), nil)
		for _, name := range []string{"plan", "custom:nobody", "cognito:groups", "exp"} {
			attributes := map[string]string{"name": "Ada", name: "x"}
			err := users.SetAttributes(ctx, "ada", attributes)
			_, made := users.Create(ctx, identity.NewUser{Name: "eve", Attributes: attributes})
			wantError(t, "SetAttributes of "+name, err, refusedUnless(on.has(AnyAttribute)))
			wantError(t, "Create with "+name, made, refusedUnless(on.has(AnyNewAttribute)))
			wantError(t, "Delete", users.Delete(ctx, "eve"), nil)
		}
		got, err := users.Get(ctx, "ada")
		if err != nil || got.Attributes["custom:"+custom] != "free" || (got.Attributes["name"] == "Ada") != on.has(AnyAttribute) {
			t.Errorf("Get = %+v, %v, want custom:%s and nothing of what was refused", got, err, custom)
		}
	}},
	{"password", "a password that was set is not to be changed; one that the pool does not allow answers ErrInvalid", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		err := users.SetPassword(ctx, "ada", "hunter2")
		if on.has(AnyPassword) {
			wantError(t, "SetPassword of a weak one, which this server takes", err, nil)
		} else {
			wantError(t, "SetPassword of a weak one", err, datastore.ErrInvalid)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error has the password: %v", err)
		}
		wantError(t, "SetPassword", users.SetPassword(ctx, "ada", password+"x"), nil)
		if got, err := users.Get(ctx, "ada"); err != nil || got.Status != "CONFIRMED" {
			t.Errorf("Get = %+v, %v, want the status CONFIRMED", got, err)
		}
	}},
	{"disable", "a user is disabled and enabled, once or twice", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		for _, enabled := range []bool{false, false, true, true} {
			change := users.Disable
			if enabled {
				change = users.Enable
			}
			wantError(t, "Enable or Disable", change(ctx, "ada"), nil)
			if got, err := users.Get(ctx, "ada"); err != nil || got.Enabled != enabled {
				t.Errorf("Get = %+v, %v, want enabled %v", got, err, enabled)
			}
		}
	}},
	{"sign out", "a user is signed out, also one that never signed in, and not one that is not there", func(t *testing.T, on target) {
		users := start(t, on, "ada")
		if on.has(NoSignOut) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := users.SignOut(ctx, "ada"); err == nil {
				t.Error("this server can sign out")
			}
			return
		}
		for range 2 {
			wantError(t, "SignOut", users.SignOut(t.Context(), "ada"), nil)
		}
		wantError(t, "SignOut of a user that is not there", users.SignOut(t.Context(), "none"), datastore.ErrNotFound)
	}},
	{"delete", "a user that was deleted is gone, and may come again as another one", func(t *testing.T, on target) {
		users, ctx := start(t, on, "ada"), t.Context()
		before, err := users.Get(ctx, "ada")
		wantError(t, "Get", err, nil)
		for range 2 {
			wantError(t, "Delete", users.Delete(ctx, "ada"), nil)
		}
		_, err = users.Get(ctx, "ada")
		wantError(t, "Get of who was deleted", err, datastore.ErrNotFound)
		after, err := users.Create(ctx, identity.NewUser{Name: "ada", Password: password})
		if err != nil || after.ID == before.ID {
			t.Errorf("Create again = %+v, %v, want another id than %s", after, err, before.ID)
		}
	}},
	{"refused", "names, attributes and passwords that are none answer ErrInvalid", func(t *testing.T, on target) {
		users, ctx := start(t, on), t.Context()
		_, spaced := users.Get(ctx, "a b")
		_, empty := users.Get(ctx, "")
		_, long := users.Get(ctx, strings.Repeat("x", 129))
		_, sub := users.Create(ctx, identity.NewUser{Name: "a", Attributes: map[string]string{"sub": "1"}})
		for call, err := range map[string]error{
			"a space": spaced, "no name": empty, "a long name": long, "sub": sub,
			"no attribute": users.SetAttributes(ctx, "a", nil),
			"no password":  users.SetPassword(ctx, "a", ""),
			"a group":      users.SetGroups(ctx, "a", []string{""}),
		} {
			wantError(t, call, err, datastore.ErrInvalid)
		}
	}},
	{"late", "an operation after the deadline answers ErrNoBudget", func(t *testing.T, on target) {
		users := start(t, on)
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		_, err := users.Get(ctx, "ada")
		wantError(t, "Get after the deadline", err, datastore.ErrNoBudget)
		wantError(t, "Delete after the deadline", users.Delete(ctx, "ada"), datastore.ErrNoBudget)
	}},
}

// refusedUnless is the error of what should be refused, on a server that takes it or
// does not.
func refusedUnless(taken bool) error {
	if taken {
		return nil
	}
	return datastore.ErrInvalid
}
