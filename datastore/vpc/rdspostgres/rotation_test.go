package rdspostgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filesecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret/secrettest"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
)

// passwords rotates the login of a user of a database.
type passwords struct {
	data *datastore.Data
	db   sqldb.Spec
}

func (passwords) Create(_ context.Context, current *secret.Credentials) (secret.Credentials, error) {
	return secret.Credentials{Username: current.Username, Password: current.Password + "2"}, nil
}

func (p passwords) Set(ctx context.Context, next secret.Credentials, _ *secret.Credentials) error {
	return migrate.SetPassword(ctx, p.data, p.db, string(next.Username), string(next.Password))
}

func (p passwords) Test(ctx context.Context, next secret.Credentials) error {
	return migrate.CheckLogin(ctx, p.data, p.db, string(next.Username), string(next.Password))
}

// TestRotatedLogin: the login of a user is rotated, by steps of which each can come again. Who
// has connections goes on; who logs in between setSecret and finishSecret is refused, and
// after that finds the new password by itself.
func TestRotatedLogin(t *testing.T) {
	t.Parallel()
	s, files := newServer(t, migrate.Options{}), filesecret.Memory()
	put := func(name, user, password string) {
		t.Helper()
		value, err := json.Marshal(map[string]string{"username": user, "password": password})
		if err == nil {
			err = files.Set("", name, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ownerPassword, _ := s.url.User.Password()
	put("writer", s.writer.user, password)
	put("reader", s.reader.user, password)
	put("owner", s.url.User.Username(), ownerPassword)
	begin := func(token string) {
		t.Helper()
		if err := files.BeginRotation("", "writer", token); err != nil {
			t.Fatal(err)
		}
	}
	data := datastore.New([]datastore.Driver{files, rdspostgres.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Lookup: func(name string) (string, bool) { return s.address(s.url.Host), name == "TIERKIT_SQLDB_MAIN" },
	})
	writer := secret.NewLogin(data, "writer", nil)
	main := sqldb.New(data, "main", sqldb.Postgres, sqldb.Secret(writer, secret.NewLogin(data, "reader", nil)), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil)))
	t.Cleanup(func() { main.Close() })
	db := datastore.Use[sqldb.Writer](function{}, main)
	works := func(when string, want error) {
		t.Helper()
		var who string
		err := db.Write().QueryRowContext(t.Context(), "SELECT current_user").Scan(&who)
		if !errors.Is(err, want) || want == nil && (err != nil || who != s.writer.user) {
			t.Errorf("%s: the writer is %q, %v, want %v", when, who, err, want)
		}
	}
	works("before", nil)
	r := passwords{data, main.Spec().(sqldb.Spec)}
	// In the first rotation a connection stays, in the second each statement logs in.
	for _, c := range []struct {
		token  string
		during error
	}{{"one", nil}, {"two", datastore.ErrDenied}} {
		begin(c.token)
		for _, step := range secret.RotationSteps() {
			for range 2 {
				if err := secrettest.Step(t, writer.Rotation(24*time.Hour), r, step, c.token); err != nil {
					t.Errorf("%s: %v", step, err)
				}
			}
			want := c.during
			if step == "createSecret" || step == "finishSecret" {
				want = nil
			}
			works(c.token+" "+step, want)
		}
		db.Write().SetMaxIdleConns(-1)
		works("after "+c.token, nil)
	}
	if err := migrate.CheckLogin(t.Context(), data, r.db, s.writer.user, password); !errors.Is(err, migrate.ErrLogin) || !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("the first password: error = %v, want %v", err, migrate.ErrLogin)
	}
	if err := migrate.SetPassword(t.Context(), data, r.db, "nobody", "hush-hush"); err == nil || strings.Contains(err.Error(), "hush-hush") {
		t.Errorf("a user who is not there: error = %v, want one without the password", err)
	}
}
