package rdspostgres_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
)

// TestIAMLogin: the user's password is a token of the role, another one for each
// moment. PostgreSQL is told the one of this moment as a password.
func TestIAMLogin(t *testing.T) {
	t.Parallel()
	s := counting(t)
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	cfg := aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: strings.Repeat("session", 100)}, nil
	})}
	port, err := strconv.Atoi(s.url.Port())
	if err != nil {
		t.Fatal(err)
	}
	logins := vpc.Logins{Configure: func() (aws.Config, error) { return cfg, nil }, Now: func() time.Time { return at }}
	_, token, err := logins.Credentials(t.Context(), s.url.Hostname(), port, s.writer.user, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	run(t, open(t), "ALTER ROLE "+s.writer.user+" PASSWORD '"+token+"'")
	now := at
	data := datastore.New([]datastore.Driver{rdspostgres.With(cfg)}, &datastore.Options{
		Now:    func() time.Time { return now },
		Lookup: func(string) (string, bool) { return s.address(s.url.Host), true },
	})
	db := sqldb.New(data, "main", sqldb.Postgres, sqldb.IAMLogin(s.writer.user, s.reader.user))
	t.Cleanup(func() { db.Close() })
	h := datastore.Use[all](function{}, db)
	if err := add(t.Context(), h, "a"); err != nil {
		t.Errorf("with the token of this moment: %v", err)
	}
	now = at.Add(time.Second)
	err = h.Read().PingContext(t.Context())
	if !errors.Is(err, datastore.ErrDenied) || strings.Contains(err.Error(), "X-Amz") {
		t.Errorf("with a token that is no password: error = %v, want ErrDenied without the token", err)
	}
}

// TestOpens: what is opened, and what must be known.
func TestOpens(t *testing.T) {
	t.Parallel()
	c, ok := rdspostgres.Driver.(datastore.Chooser)
	if !ok {
		t.Fatal("the driver opens every database")
	}
	for _, tt := range []struct {
		spec datastore.Spec
		want bool
	}{
		{sqldb.Spec{Engine: sqldb.Postgres}, true},
		{sqldb.Spec{Engine: sqldb.AuroraPostgres}, true},
		{sqldb.Spec{Engine: sqldb.AuroraPostgres, DataAPI: true}, false},
		{sqldb.Spec{Engine: sqldb.DSQL}, false},
		{sqldb.Spec{Engine: sqldb.MySQL}, false},
	} {
		if got := c.Opens(tt.spec); got != tt.want {
			t.Errorf("Opens(%+v) = %v, want %v", tt.spec, got, tt.want)
		}
	}
	for value, want := range map[string]error{
		"":                                   datastore.ErrUnavailable,
		"postgres://u:secret@h/x":            datastore.ErrDeclaration,
		"postgres://h/x?sslrootcert=%2Fnone": datastore.ErrDeclaration,
	} {
		data := datastore.New([]datastore.Driver{rdspostgres.Driver}, &datastore.Options{Lookup: func(string) (string, bool) { return value, true }})
		h := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.Postgres))
		if err := h.Read().PingContext(t.Context()); !errors.Is(err, want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error = %v, want %v", value, err, want)
		}
	}
}

func ExampleWith() {
	data := datastore.New([]datastore.Driver{rdspostgres.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Lookup: func(string) (string, bool) {
			return "postgres://main.cluster-abc.eu-central-1.rds.amazonaws.com/main", true
		},
	})
	db := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.AuroraPostgres))
	_ = db.Read() // nothing is connected before the first statement
	// Output:
}
