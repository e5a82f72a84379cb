package rdsdatasql_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"
	"github.com/aws/smithy-go"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/rdsdatasql"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
	sqldb.Owner
}

// login is a secret, whose value nobody but the Data API reads.
type login struct{ name string }

type loginSpec struct{ name string }

func (s loginSpec) Kind() string                    { return "secret" }
func (s loginSpec) Name() string                    { return s.name }
func (s loginSpec) Needs([]string) []datastore.Need { return nil }

func (l *login) Spec() datastore.Spec { return loginSpec{l.name} }
func (l *login) Credentials(context.Context, bool) (string, string, error) {
	return "", "", errors.New("nobody but the Data API reads it")
}

const secretARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"

func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

func newData(cfg aws.Config) *datastore.Data {
	return datastore.New([]datastore.Driver{rdsdatasql.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) {
			if secret, ok := strings.CutPrefix(variable, "TIERKIT_SECRET_"); ok {
				return secretARN + strings.ToLower(secret), true
			}
			return cluster + "/shop", true
		},
	})
}

func options() []sqldb.Option {
	return []sqldb.Option{sqldb.DataAPI(), sqldb.Secret(&login{"w"}, &login{"r"}), sqldb.OwnerSecret(&login{"o"})}
}

func open(t testing.TB, cfg aws.Config, engine sqldb.Engine) all {
	db := sqldb.New(newData(cfg), "main", engine, options()...)
	t.Cleanup(func() { db.Close() })
	return datastore.Use[all](function{}, db)
}

// Databases and users differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

const password = "not-a-secret"

// newDatabase makes a database in the server, and a Data API for it.
func newDatabase(t testing.TB, files fs.FS) (*fake, string) {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	admin := openSQL(t, u.String())
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	name := fmt.Sprintf("a%d_%d", startedAt, created.Add(1))
	run("CREATE DATABASE " + name)
	t.Cleanup(func() {
		run("DROP DATABASE "+name+" WITH (FORCE)", "DROP ROLE IF EXISTS "+name+"_w", "DROP ROLE IF EXISTS "+name+"_r")
	})
	own := *u
	own.Path = "/" + name
	db := openSQL(t, own.String())
	users := migrate.Users{Writer: name + "_w", Reader: name + "_r", Login: migrate.LoginPassword, Password: password}
	if err := migrate.Grant(t.Context(), db, sqldb.DialectPostgres, users); err != nil {
		t.Fatal(err)
	}
	if files != nil {
		if _, err := migrate.Up(t.Context(), db, migrate.Options{Dialect: sqldb.DialectPostgres, Files: files}); err != nil {
			t.Fatal(err)
		}
	}
	ownerPassword, _ := u.User.Password()
	owner := u.User.Username() + ":" + ownerPassword
	own.User = nil
	f, server := newFake(t, own.String(), map[string]string{
		secretARN + "w": name + "_w:" + password, secretARN + "r": name + "_r:" + password, secretARN + "o": owner,
	})
	return f, server.URL
}

func openSQL(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestConformance: our Data API in front of PostgreSQL.
func TestConformance(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	sqldbtest.Run(t, func(t testing.TB, files fs.FS) sqldbtest.Target {
		_, url := newDatabase(t, files)
		return sqldbtest.Target{Data: newData(config(url, nil)), Engine: sqldb.AuroraPostgres, Options: options()}
	})
}

// TestTypes: values go in and come out by the types of Go.
func TestTypes(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	_, url := newDatabase(t, nil)
	db := open(t, config(url, nil), sqldb.AuroraPostgres)
	at := time.Date(2030, time.January, 2, 3, 4, 5, 678e6, time.UTC)
	const id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	var (
		i       int
		f       float64
		b       bool
		s, n    string
		null    *string
		raw     []byte
		ts, day time.Time
		uuid    string
		numbers string
		words   string
	)
	err := db.Read().QueryRowContext(t.Context(), `SELECT $1::int, $2::float8, $3::bool, $4::text, $5::numeric, $6::text, $7::bytea, $8::timestamp, '2030-01-02'::date,
		$9::uuid::text, ARRAY[1,2,NULL]::bigint[], ARRAY['a"b','c\d']::text[], ':p1 $1 ?' /* $2 */ -- $3
		`, 7, 0.25, true, "it's $1 :p2", "12.50", nil, []byte{0, 1}, at, rdsdatasql.Hinted{Hint: types.TypeHintUuid, Value: id}).
		Scan(&i, &f, &b, &s, &n, &null, &raw, &ts, &day, &uuid, &numbers, &words, new(string))
	if err != nil {
		t.Fatal(err)
	}
	if i != 7 || f != 0.25 || !b || s != "it's $1 :p2" || n != "12.50" || null != nil || !bytes.Equal(raw, []byte{0, 1}) ||
		!ts.Equal(at) || !day.Equal(at.Truncate(24*time.Hour)) || uuid != id || numbers != "{1,2,NULL}" || words != `{"a\"b","c\\d"}` {
		t.Errorf("got %v %v %v %q %q %v %v %v %v %q %q %q", i, f, b, s, n, null, raw, ts, day, uuid, numbers, words)
	}
}

// TestLimits: what is more than the Data API answers, and what its mistakes are.
func TestLimits(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	_, url := newDatabase(t, nil)
	db := open(t, config(url, nil), sqldb.AuroraPostgres)
	_, err := db.Read().QueryContext(t.Context(), "SELECT repeat('x', 1000) FROM generate_series(1, 2000)")
	if !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("2 MB: error = %v, want %v", err, datastore.ErrTooLarge)
	}
	for name, do := range map[string]func() error{
		"too few":  func() error { _, err := db.Read().QueryContext(t.Context(), "SELECT $1::int + $2::int", 1); return err },
		"too many": func() error { _, err := db.Read().QueryContext(t.Context(), "SELECT 1", 1); return err },
		"a name": func() error {
			_, err := db.Read().QueryContext(t.Context(), "SELECT $1::int", sql.Named("x", 1))
			return err
		},
		"no type": func() error { _, err := db.Read().QueryContext(t.Context(), "SELECT $1", struct{}{}); return err },
	} {
		if err := do(); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("%s: error = %v, want %v", name, err, datastore.ErrDeclaration)
		}
	}
}

// TestMoto: moto carries out nothing, and answers what it was told to.
func TestMoto(t *testing.T) {
	t.Parallel()
	moto := servers.URL(t, "TIERKIT_TEST_MOTO")
	body := `{"account_id":"123456789012","region":"eu-central-1","results":[{"records":[[{"longValue":5},{"isNull":true}]],` +
		`"columnMetadata":[{"name":"n","typeName":"int4"},{"name":"s","typeName":"text"}],"numberOfRecordsUpdated":0}]}`
	resp, err := http.Post(moto+"/moto-api/static/rds-data/statement-results", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	db := open(t, config(moto, nil), sqldb.AuroraPostgres)
	var n int
	var s *string
	if err := db.Read().QueryRowContext(t.Context(), fmt.Sprintf("SELECT n, s FROM t%d", startedAt)).Scan(&n, &s); err != nil || n != 5 || s != nil {
		t.Errorf("row = %d, %v, %v, want 5 and NULL", n, s, err)
	}
}

// TestRefusals: what errors of the service and of databases mean, without their text.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code, message string
		status              int
		engine              sqldb.Engine
		want                error
	}{
		{"duplicate", "DatabaseErrorException", "ERROR: duplicate key value; Detail: Key (id)=(hunter2) already exists.; SQLState: 23505", 400, sqldb.AuroraPostgres, datastore.ErrConflict},
		{"duplicate of MySQL", "DatabaseErrorException", "Duplicate entry 'hunter2' for key 'PRIMARY'; Error code: 1062; SQLState: 23000", 400, sqldb.AuroraMySQL, datastore.ErrConflict},
		{"a value of MySQL", "DatabaseErrorException", "Incorrect value 'hunter2'; Error code: 1366; SQLState: HY000", 400, sqldb.AuroraMySQL, datastore.ErrInvalid},
		{"syntax", "BadRequestException", "ERROR: syntax error at or near \"hunter2\"; SQLState: 42601", 400, sqldb.AuroraPostgres, datastore.ErrDeclaration},
		{"no right", "DatabaseErrorException", "ERROR: permission denied; SQLState: 42501", 400, sqldb.AuroraPostgres, datastore.ErrDenied},
		{"unclear", "DatabaseErrorException", "hunter2", 400, sqldb.AuroraPostgres, datastore.ErrDeclaration},
		{"timeout", "StatementTimeoutException", "hunter2", 400, sqldb.AuroraPostgres, datastore.ErrUnavailable},
		{"no secret", "InvalidSecretException", "hunter2", 400, sqldb.AuroraPostgres, datastore.ErrDenied},
		{"no cluster", "NotFoundException", "hunter2", 404, sqldb.AuroraPostgres, datastore.ErrDeclaration},
		{"off", "HttpEndpointNotEnabledException", "hunter2", 400, sqldb.AuroraPostgres, datastore.ErrDeclaration},
		{"no permission", "AccessDeniedException", "hunter2", 403, sqldb.AuroraPostgres, datastore.ErrDenied},
		{"forbidden", "ForbiddenException", "hunter2", 403, sqldb.AuroraPostgres, datastore.ErrDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: func(int) (*http.Response, error) { return refuse(tt.status, tt.code, tt.message) }}
			db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), tt.engine)
			_, err := db.Write().ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
			var api smithy.APIError
			if !errors.Is(err, tt.want) || !errors.As(err, &api) || strings.Contains(err.Error(), "hunter2") || s.count() != 1 {
				t.Errorf("error = %v after %d calls, want %v after one, with the SDK's", err, s.count(), tt.want)
			}
		})
	}
}
