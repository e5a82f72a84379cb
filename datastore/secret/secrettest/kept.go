package secrettest

import (
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

var keptRules = []rule{
	{"age", "a value is kept for MaxAge and fetched again by the Get after that", func(t *testing.T, on target) {
		hush, put, clock := start[string](t, on)
		put(t, []byte("one"))
		wantValue(t, "the first Get", hush.Get, "one")
		put(t, []byte("two"))
		clock.pass(5*time.Minute - 1)
		wantValue(t, "Get before MaxAge", hush.Get, "one")
		clock.pass(1)
		wantValue(t, "Get after MaxAge", hush.Get, "two")
	}},
	{"fresh", "Fresh gives the value that the service has, and Get does so afterwards", func(t *testing.T, on target) {
		hush, put, _ := start[string](t, on)
		put(t, []byte("one"))
		wantValue(t, "the first Get", hush.Get, "one")
		put(t, []byte("two"))
		wantValue(t, "Get of what is kept", hush.Get, "one")
		wantValue(t, "Fresh", hush.Fresh, "two")
		wantValue(t, "Get after Fresh", hush.Get, "two")
	}},
	{"previous", "the value before the current one is found, and none before the first", func(t *testing.T, on target) {
		hush, put, clock := start[string](t, on)
		put(t, []byte("one"))
		_, err := hush.Previous(t.Context())
		wantError(t, "Previous of the first value", err, datastore.ErrNotFound)
		put(t, []byte("two"))
		wantValue(t, "Previous of the second value", hush.Previous, "one")
		put(t, []byte("three"))
		wantValue(t, "Previous of what is kept", hush.Previous, "one")
		clock.pass(5 * time.Minute)
		wantValue(t, "Previous after MaxAge", hush.Previous, "two")
		wantValue(t, "Get", hush.Get, "three")
	}},
	{"version", "a version is that of the value Get gives, and another one for each value", func(t *testing.T, on target) {
		hush, put, _ := start[string](t, on)
		put(t, []byte("one"))
		first, err := hush.Version(t.Context())
		if err != nil || first == "" {
			t.Fatalf("Version = %q, %v, want one", first, err)
		}
		put(t, []byte("two"))
		if again, err := hush.Version(t.Context()); err != nil || again != first {
			t.Errorf("Version of what is kept = %q, %v, want %q", again, err, first)
		}
		wantValue(t, "Fresh", hush.Fresh, "two")
		if second, err := hush.Version(t.Context()); err != nil || second == first {
			t.Errorf("Version after a new value = %q, %v, want another one than before", second, err)
		}
	}},
}

var loginRules = []rule{
	{"rotated", "who is refused with a login asks with fresh and has the new one", func(t *testing.T, on target) {
		clock := newClock()
		data, put := on.open(t, secret.Spec{Logical: "login", Source: secret.Manager, Login: true}, clock.now)
		login := secret.NewLogin(data, "login", nil)
		put(t, []byte(`{"engine":"postgres","username":"app","password":"one","port":5432}`))
		wantLogin(t, login, false, "app", "one")
		put(t, []byte(`{"engine":"postgres","username":"app_clone","password":"two","port":5432}`))
		wantLogin(t, login, false, "app", "one")
		wantLogin(t, login, true, "app_clone", "two")
		wantLogin(t, login, false, "app_clone", "two")
	}},
	{"incomplete", "a login without a user or a password answers ErrCorrupt", func(t *testing.T, on target) {
		data, put := on.open(t, secret.Spec{Logical: "login", Source: secret.Manager, Login: true}, newClock().now)
		login := secret.NewLogin(data, "login", nil)
		for _, value := range []string{`{"username":"app"}`, `{"password":"hunter2"}`, `hunter2`, `[]`} {
			put(t, []byte(value))
			_, _, err := login.Credentials(t.Context(), true)
			wantError(t, "Credentials of "+value, err, datastore.ErrCorrupt)
		}
	}},
}
