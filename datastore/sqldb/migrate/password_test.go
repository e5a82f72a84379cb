package migrate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlitedb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// TestSetPassword: the owner changes the password and nothing else; what would be another
// statement is refused.
func TestSetPassword(t *testing.T) {
	t.Parallel()
	users := []sqldb.Option{sqldb.Secret(&login{"w", "pw"}, &login{"r", "pr"}), sqldb.OwnerSecret(&login{"master", "pm"})}
	for _, c := range []struct {
		name           string
		engine         sqldb.Engine
		user, password string
		want           []string
	}{
		{"PostgreSQL", sqldb.Postgres, "w", "next", []string{`ALTER ROLE "w" PASSWORD 'next'`}},
		{"MySQL", sqldb.MySQL, "r", "next", []string{"ALTER USER 'r'@'%' IDENTIFIED BY 'next'"}},
		{"a quote", sqldb.Postgres, "w", "x'; DROP ROLE w; --", nil},
		{"a backslash", sqldb.MySQL, "w", `x\`, nil},
		{"no plain user", sqldb.Postgres, `w" SUPERUSER --`, "next", nil},
		{"no password", sqldb.MySQL, "w", "", nil},
		{"no user", sqldb.Postgres, "", "next", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			data, spec := declared(t, r, c.engine, users...)
			err := migrate.SetPassword(t.Context(), data, spec, c.user, c.password)
			if (err == nil) != (c.want != nil) || !slices.Equal(r.sent, c.want) || err != nil && strings.Contains(err.Error(), "DROP") {
				t.Errorf("SetPassword = %v, sent %q, want %q", err, r.sent, c.want)
			}
			if c.want != nil && r.as != sqldb.Ownership {
				t.Errorf("logged in as %q, want %q", r.as, sqldb.Ownership)
			}
		})
	}
}

// TestCheckLogin: a login that is refused is told from one that is not.
func TestCheckLogin(t *testing.T) {
	t.Parallel()
	for _, refuses := range []error{nil, errors.New("password authentication failed")} {
		data, spec := declared(t, &recorder{refuses: refuses}, sqldb.Postgres)
		err := migrate.CheckLogin(t.Context(), data, spec, "w", "next")
		if refuses == nil && err != nil || refuses != nil && (!errors.Is(err, migrate.ErrLogin) || !errors.Is(err, datastore.ErrDenied)) {
			t.Errorf("CheckLogin where %v: %v", refuses, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "log in as w: ") {
			t.Errorf("CheckLogin says %q, and not who could not log in", err)
		}
	}
	d := sqlitedb.Memory()
	t.Cleanup(func() { d.Close() })
	data, spec := declared(t, d, sqldb.Postgres, sqldb.Portable())
	if err := errors.Join(migrate.SetPassword(t.Context(), data, spec, "w", "x"), migrate.CheckLogin(t.Context(), data, spec, "w", "x")); err != nil {
		t.Errorf("SQLite: %v", err)
	}
}
