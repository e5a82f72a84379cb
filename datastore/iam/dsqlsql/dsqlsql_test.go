package dsqlsql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dsqlsql"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// TestMain lets the system trust the server's certificate: the driver takes no
// file of its own.
func TestMain(m *testing.M) {
	if u, err := url.Parse(os.Getenv("TIERKIT_TEST_POSTGRES")); err == nil && u.Query().Get("sslrootcert") != "" {
		if err := os.Setenv("SSL_CERT_FILE", u.Query().Get("sslrootcert")); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type store interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
}

var keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
})

// TestConflicts: a transaction whose commit fails because of another one is run
// again. PostgreSQL stands in for the cluster: it is told the token as a password,
// and a trigger fails the first commits as DSQL does.
func TestConflicts(t *testing.T) {
	t.Parallel()
	server := servers.URL(t, "TIERKIT_TEST_POSTGRES")
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	token, err := iam.Signer{Region: "eu-central-1", Credentials: keys}.Token(t.Context(), iam.TokenRequest{
		Service: "dsql", Host: u.Hostname(), Query: url.Values{"Action": {"DbConnect"}}, Expires: 15 * time.Minute,
	}, at)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("dsql%d", time.Now().UnixNano())
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	run("CREATE ROLE "+name+" LOGIN PASSWORD '"+token+"'",
		"CREATE SCHEMA AUTHORIZATION "+name,
		"CREATE SEQUENCE "+name+".commits",
		"CREATE TABLE "+name+".counters (n INTEGER)",
		"INSERT INTO "+name+".counters VALUES (0)",
		"CREATE FUNCTION "+name+`.conflict() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
			IF nextval('`+name+`.commits') <= 2 THEN RAISE EXCEPTION 'change conflicts with another transaction, please retry: (OC000)' USING ERRCODE = '40001'; END IF;
			RETURN NULL; END $$`,
		"CREATE CONSTRAINT TRIGGER t AFTER UPDATE ON "+name+".counters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "+name+".conflict()",
		"GRANT SELECT, UPDATE ON "+name+".counters TO "+name)
	t.Cleanup(func() { run("DROP SCHEMA "+name+" CASCADE", "DROP ROLE "+name) })
	cfg := aws.Config{Region: "eu-central-1", Credentials: keys, BaseEndpoint: aws.String("https://" + u.Host)}
	data := datastore.New([]datastore.Driver{dsqlsql.With(cfg)}, &datastore.Options{
		Now: func() time.Time { return at }, Lookup: func(string) (string, bool) { return "abcdef", true },
	})
	declared := sqldb.New(data, "main", sqldb.DSQL, sqldb.IAMLogin(name, name+"_r"))
	t.Cleanup(func() { declared.Close() })
	db := datastore.Use[store](function{}, declared)
	calls := 0
	err = db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
		calls++
		_, err := tx.ExecContext(ctx, "UPDATE "+name+".counters SET n = n + 1")
		return err
	})
	if err != nil || calls != 3 {
		t.Errorf("Tx = %v after %d calls, want success after 3", err, calls)
	}
	var n int
	if err := db.Write().QueryRowContext(t.Context(), "SELECT n FROM "+name+".counters").Scan(&n); err != nil || n != 1 {
		t.Errorf("n = %d, %v, want 1", n, err)
	}
	if err := db.Read().PingContext(t.Context()); !errors.Is(err, datastore.ErrDenied) || strings.Contains(err.Error(), "X-Amz") {
		t.Errorf("as a user that there is not: error = %v, want ErrDenied without the token", err)
	}
}

// TestOpens: what is opened, and what must be known.
func TestOpens(t *testing.T) {
	t.Parallel()
	c, ok := dsqlsql.Driver.(datastore.Chooser)
	if !ok || !c.Opens(sqldb.Spec{Engine: sqldb.DSQL}) || c.Opens(sqldb.Spec{Engine: sqldb.AuroraPostgres}) {
		t.Error("the driver opens other databases than those of Aurora DSQL")
	}
	for _, tt := range []struct {
		value, endpoint string
		want            error
	}{
		{"", "", datastore.ErrUnavailable},
		{"Not-An-Identifier", "", datastore.ErrDeclaration},
		{"abcdef", "nothing", datastore.ErrDeclaration},
		{"abcdef", "https://h:99999", datastore.ErrDeclaration},
	} {
		cfg := aws.Config{Region: "eu-central-1", Credentials: keys}
		if tt.endpoint != "" {
			cfg.BaseEndpoint = &tt.endpoint
		}
		data := datastore.New([]datastore.Driver{dsqlsql.With(cfg)}, &datastore.Options{Lookup: func(string) (string, bool) { return tt.value, true }})
		h := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.DSQL))
		if err := h.Read().PingContext(t.Context()); !errors.Is(err, tt.want) {
			t.Errorf("%q at %q: error = %v, want %v", tt.value, tt.endpoint, err, tt.want)
		}
	}
}

func ExampleWith() {
	data := datastore.New([]datastore.Driver{dsqlsql.With(aws.Config{Region: "eu-central-1", Credentials: keys})}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "abcdefghijklmnopqrstuvwxyz", true },
	})
	db := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.DSQL))
	_ = db.Read() // nothing is connected before the first statement
	// Output:
}
