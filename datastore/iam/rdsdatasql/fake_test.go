package rdsdatasql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// fake speaks the wire of the RDS Data API, and behind it is a real PostgreSQL. It is
// ours, and no proof of what AWS does: it has what AWS's pages say of values, of
// transactions and of errors.
type fake struct {
	t     testing.TB
	base  string            // URL of the database, without a user
	users map[string]string // ARN of the secret -> user:password

	mu    sync.Mutex
	txs   map[string]*pgx.Conn
	next  int
	sent  []request
	plain map[string]*pgx.Conn // by secret
}

type request struct {
	op               string
	ResourceArn      string
	SecretArn        string
	Database         string
	SQL              string `json:"sql"`
	TransactionID    string `json:"transactionId"`
	Parameters       []parameter
	ResultSetOptions struct{ DecimalReturnType string }
}

type parameter struct {
	Name, TypeHint string
	Value          struct {
		IsNull       bool
		LongValue    *int64
		DoubleValue  *float64
		BooleanValue *bool
		StringValue  *string
		BlobValue    []byte
	}
}

const cluster = "arn:aws:rds:eu-central-1:123456789012:cluster:main"

func newFake(t testing.TB, base string, users map[string]string) (*fake, *httptest.Server) {
	t.Helper()
	f := &fake{t: t, base: base, users: users, txs: map[string]*pgx.Conn{}, plain: map[string]*pgx.Conn{}}
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		server.Close()
		for _, c := range f.txs {
			c.Close(context.WithoutCancel(t.Context()))
		}
	})
	return f, server
}

// refusal is an error of the service.
type refusal struct {
	status        int
	code, message string
}

func (r *refusal) Error() string { return r.message }

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var r request
	if err := json.NewDecoder(req.Body).Decode(&r); err != nil {
		f.t.Errorf("body: %v", err)
	}
	r.op = strings.TrimPrefix(req.URL.Path, "/")
	if !strings.Contains(req.Header.Get("Authorization"), "/rds-data/aws4_request") || r.ResourceArn != cluster {
		f.t.Errorf("%s: wrong signature or cluster %q", r.op, r.ResourceArn)
	}
	f.mu.Lock()
	f.sent = append(f.sent, r)
	f.mu.Unlock()
	answer, err := f.answer(context.WithoutCancel(req.Context()), r)
	w.Header().Set("Content-Type", "application/json")
	if refused, ok := errors.AsType[*refusal](err); ok {
		w.Header().Set("X-Amzn-Errortype", refused.code)
		w.WriteHeader(refused.status)
		answer = map[string]any{"message": refused.message}
	} else if err != nil {
		f.t.Errorf("%s: %v", r.op, err)
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		f.t.Errorf("answer: %v", err)
	}
}

func (f *fake) answer(ctx context.Context, r request) (map[string]any, error) {
	switch r.op {
	case "Execute":
		return f.execute(ctx, r)
	case "BeginTransaction":
		conn, err := f.connect(ctx, r.SecretArn)
		if err != nil {
			return nil, err
		}
		if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
			return nil, err
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.next++
		id := "tx-" + strconv.Itoa(f.next)
		f.txs[id] = conn
		return map[string]any{"transactionId": id}, nil
	case "CommitTransaction", "RollbackTransaction":
		conn, err := f.take(r.TransactionID)
		if err != nil {
			return nil, err
		}
		defer conn.Close(ctx)
		if r.op == "RollbackTransaction" {
			return map[string]any{"transactionStatus": "Rollback Complete"}, nil
		}
		if _, err := conn.Exec(ctx, "COMMIT"); err != nil {
			return nil, refusalOf(err)
		}
		return map[string]any{"transactionStatus": "Transaction Committed"}, nil
	}
	return nil, fmt.Errorf("no such operation")
}

func (f *fake) take(id string) (*pgx.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	conn, ok := f.txs[id]
	if !ok {
		return nil, &refusal{404, "TransactionNotFoundException", "Transaction " + id + " is not found"}
	}
	delete(f.txs, id)
	return conn, nil
}

func (f *fake) connect(ctx context.Context, secret string) (*pgx.Conn, error) {
	login, ok := f.users[secret]
	if !ok {
		return nil, &refusal{400, "InvalidSecretException", "no such secret " + secret}
	}
	u, err := url.Parse(f.base)
	if err != nil {
		return nil, err
	}
	name, password, _ := strings.Cut(login, ":")
	u.User = url.UserPassword(name, password)
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, err
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	return pgx.ConnectConfig(ctx, cfg)
}

func (f *fake) execute(ctx context.Context, r request) (map[string]any, error) {
	if r.TransactionID != "" {
		f.mu.Lock()
		conn, ok := f.txs[r.TransactionID]
		f.mu.Unlock()
		if !ok {
			return nil, &refusal{404, "TransactionNotFoundException", "Transaction " + r.TransactionID + " is not found"}
		}
		answer, err := run(ctx, conn, r)
		if err != nil { // a transaction ends with the first error
			if own, err := f.take(r.TransactionID); err == nil {
				own.Close(ctx)
			}
		}
		return answer, err
	}
	conn, err := f.connect(ctx, r.SecretArn)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	return run(ctx, conn, r)
}

var named = regexp.MustCompile(`:p([0-9]+)`)

func run(ctx context.Context, conn *pgx.Conn, r request) (map[string]any, error) {
	args := make([]any, len(r.Parameters))
	for i, p := range r.Parameters {
		args[i] = argument(p)
	}
	rows, err := conn.Query(ctx, named.ReplaceAllString(r.SQL, "$$$1"), args...)
	if err != nil {
		return nil, refusalOf(err)
	}
	defer rows.Close()
	var columns []map[string]any
	for _, c := range rows.FieldDescriptions() {
		typ, ok := pgtype.NewMap().TypeForOID(c.DataTypeOID)
		name := "unknown"
		if ok {
			name = typ.Name
		}
		columns = append(columns, map[string]any{"name": c.Name, "label": c.Name, "typeName": name, "nullable": 2})
	}
	records := [][]map[string]any{}
	size := 0
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		var record []map[string]any
		for i, v := range values {
			size += len(rows.RawValues()[i])
			record = append(record, field(v, columns[i]["typeName"].(string)))
		}
		records = append(records, record)
	}
	if err := rows.Err(); err != nil {
		return nil, refusalOf(err)
	}
	if size > 1<<20 {
		return nil, &refusal{400, "DatabaseErrorException", "Database returned more than the allowed response size limit"}
	}
	answer := map[string]any{"numberOfRecordsUpdated": 0, "generatedFields": []any{}}
	if len(columns) == 0 {
		answer["numberOfRecordsUpdated"] = rows.CommandTag().RowsAffected()
	} else {
		answer["columnMetadata"], answer["records"] = columns, records
	}
	return answer, nil
}

func argument(p parameter) any {
	switch v := p.Value; {
	case v.IsNull:
		return nil
	case v.LongValue != nil:
		return *v.LongValue
	case v.DoubleValue != nil:
		return *v.DoubleValue
	case v.BooleanValue != nil:
		return *v.BooleanValue
	case v.StringValue != nil && p.TypeHint == "TIMESTAMP":
		t, err := time.Parse("2006-01-02 15:04:05.999", *v.StringValue)
		if err != nil {
			return err.Error()
		}
		return t
	case v.StringValue != nil && p.TypeHint == "UUID":
		var id pgtype.UUID
		if err := id.Scan(*v.StringValue); err != nil {
			return err.Error()
		}
		return id
	case v.StringValue != nil:
		return *v.StringValue
	}
	return p.Value.BlobValue
}

func field(v any, typeName string) map[string]any {
	switch v := v.(type) {
	case nil:
		return map[string]any{"isNull": true}
	case bool:
		return map[string]any{"booleanValue": v}
	case int16, int32, int64:
		return map[string]any{"longValue": v}
	case float64:
		return map[string]any{"doubleValue": v}
	case []byte:
		return map[string]any{"blobValue": v}
	case time.Time:
		if typeName == "date" {
			return map[string]any{"stringValue": v.Format(time.DateOnly)}
		}
		return map[string]any{"stringValue": v.UTC().Format("2006-01-02 15:04:05.999999")}
	case pgtype.Numeric:
		text, _ := v.Value()
		return map[string]any{"stringValue": text}
	case []any:
		return map[string]any{"arrayValue": array(v)}
	}
	return map[string]any{"stringValue": fmt.Sprint(v)}
}

func array(values []any) map[string]any {
	if len(values) > 0 {
		if _, ok := values[0].(string); ok {
			return map[string]any{"stringValues": values}
		}
	}
	return map[string]any{"longValues": values}
}

// refusalOf writes an error of PostgreSQL as the Data API does.
func refusalOf(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	return &refusal{400, "DatabaseErrorException", fmt.Sprintf("%s: %s; Detail: %s; SQLState: %s", pg.Severity, pg.Message, pg.Detail, pg.Code)}
}
