package redshiftwarehouse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/redshiftwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/warehousetest"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	warehouse.Querier
	warehouse.Runner
	warehouse.Starter
	warehouse.Stater
	warehouse.Reader
	warehouse.Canceller
}

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

// newData is a Data whose warehouse is called sales-wg, and whose secrets have ARNs.
func newData(cfg aws.Config) *datastore.Data {
	return datastore.New([]datastore.Driver{redshiftwarehouse.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) {
			if secret, ok := strings.CutPrefix(variable, "TIERKIT_SECRET_"); ok {
				return "arn:aws:secretsmanager:eu-central-1:123456789012:secret:" + strings.ToLower(secret), true
			}
			return "sales-wg", strings.HasPrefix(variable, "TIERKIT_WAREHOUSE_")
		},
	})
}

func open(cfg aws.Config) all {
	return datastore.Use[all](function{}, warehouse.New(newData(cfg), "sales", warehouse.Serverless))
}

// login is a secret, whose value nobody but the Data API reads.
type login struct{ name string }

type loginSpec struct{ name string }

func (s loginSpec) Kind() string                        { return "secret" }
func (s loginSpec) Name() string                        { return s.name }
func (s loginSpec) Needs(ops []string) []datastore.Need { return nil }

func (l *login) Spec() datastore.Spec { return loginSpec{l.name} }
func (l *login) Credentials(context.Context, bool) (string, string, error) {
	return "", "", errors.New("nobody but the Data API reads it")
}

const slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) SELECT count(*) FROM n"

// TestConformanceFake: secrets, for a workgroup.
func TestConformanceFake(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
	by := map[string]warehouse.Access{arn + "sales_w": warehouse.ReadWrite, arn + "sales_r": warehouse.ReadOnly}
	warehousetest.Run(t, func(t testing.TB) warehousetest.Target {
		server := newFake(t, func(r request) (warehouse.Access, bool) {
			access, ok := by[r.SecretArn]
			return access, ok && r.WorkgroupName == "sales-wg" && r.ClusterIdentifier == "" && r.DbUser == ""
		})
		return warehousetest.Target{
			Data: newData(config(server.URL, nil)), Product: warehouse.Serverless, Slow: slow,
			Options: []warehouse.Option{warehouse.Secret(&login{"sales-w"}, &login{"sales-r"})},
		}
	})
}

// TestConformanceFakeProvisioned: database users, for a cluster.
func TestConformanceFakeProvisioned(t *testing.T) {
	t.Parallel()
	by := map[string]warehouse.Access{"suite_writer": warehouse.ReadWrite, "suite_reader": warehouse.ReadOnly}
	warehousetest.Run(t, func(t testing.TB) warehousetest.Target {
		server := newFake(t, func(r request) (warehouse.Access, bool) {
			access, ok := by[r.DbUser]
			return access, ok && r.ClusterIdentifier == "sales-wg" && r.WorkgroupName == "" && r.SecretArn == ""
		})
		return warehousetest.Target{Data: newData(config(server.URL, nil)), Product: warehouse.Provisioned, Slow: slow}
	})
}

// motoTimes mends answers of moto, which writes times as text, and "nullable" as a
// boolean; AWS writes numbers, and the SDK reads nothing else.
type motoTimes struct{}

var timesOfMoto = regexp.MustCompile(`"(CreatedAt|UpdatedAt)": "[^"]*"`)

func (motoTimes) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	body = timesOfMoto.ReplaceAll(body, []byte(`"$1": 1900000000`))
	body = bytes.ReplaceAll(body, []byte(`"nullable": false`), []byte(`"nullable": 0`))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, err
}

// TestMoto: moto carries out nothing, and has one answer for every statement.
func TestMoto(t *testing.T) {
	t.Parallel()
	w, ctx := open(config(servers.URL(t, "TIERKIT_TEST_MOTO"), &http.Client{Transport: motoTimes{}})), t.Context()
	id, err := w.Start(ctx, warehouse.Statement{SQL: "SELECT :a", Params: []warehouse.Param{warehouse.Bind("a", 1)}})
	if err != nil || id == "" {
		t.Fatalf("Start = %q, %v", id, err)
	}
	if state, err := w.State(ctx, id); err != nil || state.Status != warehouse.Started {
		t.Errorf("State = %+v, %v, want it started", state, err)
	}
	type address struct {
		Number       int
		Street, City string
	}
	var got []address
	for a, err := range warehouse.Scan[address](w.Rows(ctx, id)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if text := fmt.Sprint(got); text != "[{10 Alpha st Vancouver} {50 Beta st Toronto} {100 Gamma av Seattle}]" {
		t.Errorf("Rows = %s", text)
	}
	for range 2 { // moto refuses the second
		if err := w.Cancel(ctx, id); err != nil {
			t.Errorf("Cancel: %v", err)
		}
	}
	if state, err := w.State(ctx, id); err != nil || state.Status != warehouse.Aborted || !errors.Is(state.Err, datastore.ErrUnavailable) {
		t.Errorf("State = %+v, %v, want it aborted", state, err)
	}
	const nowhere = "d9b6c0c9-0747-4bf4-b142-e8883122f766"
	var api smithy.APIError
	if _, err := w.State(ctx, nowhere); !errors.Is(err, datastore.ErrNotFound) || !errors.As(err, &api) {
		t.Errorf("State of nothing: %v, want %v", err, datastore.ErrNotFound)
	}
	if err := w.Cancel(ctx, nowhere); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Cancel of nothing: %v, want %v", err, datastore.ErrNotFound)
	}
	for _, err := range w.Rows(ctx, nowhere) {
		if !errors.Is(err, datastore.ErrNotFound) {
			t.Errorf("Rows of nothing: %v, want %v", err, datastore.ErrNotFound)
		}
	}
}

// TestVariables: what is not deployed is told.
func TestVariables(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{redshiftwarehouse.With(config("http://127.0.0.1:1", nil))}, &datastore.Options{
		Lookup: func(variable string) (string, bool) { return "wg", variable == "TIERKIT_WAREHOUSE_SALES" },
	})
	for want, w := range map[string]*warehouse.Warehouse{
		"TIERKIT_WAREHOUSE_OTHER is not set": warehouse.New(data, "other", warehouse.Serverless),
		"TIERKIT_SECRET_R is not set":        warehouse.New(data, "sales", warehouse.Serverless, warehouse.Secret(&login{"w"}, &login{"r"})),
	} {
		_, err := datastore.Use[warehouse.Querier](function{}, w).Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %q", err, want)
		}
	}
}
