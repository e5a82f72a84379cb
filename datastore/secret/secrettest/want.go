package secrettest

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

func wantValue(t testing.TB, call string, get func(context.Context) (string, error), want string) {
	t.Helper()
	if got, err := get(t.Context()); err != nil || got != want {
		t.Errorf("%s = %q, %v, want %q", call, got, err, want)
	}
}

func wantLogin(t testing.TB, login *secret.Login, fresh bool, wantUser, wantPassword string) {
	t.Helper()
	user, password, err := login.Credentials(t.Context(), fresh)
	if err != nil || user != wantUser || password != wantPassword {
		t.Errorf("Credentials(fresh %v) = %q, %q, %v, want %q, %q", fresh, user, password, err, wantUser, wantPassword)
	}
}
