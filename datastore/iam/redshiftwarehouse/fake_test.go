package redshiftwarehouse_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// fake speaks the wire of the Data API and carries statements out by SQLite. It is
// ours, and no proof of what AWS does: it has what AWS's pages say of requests,
// statuses and errors.
type fake struct {
	t    testing.TB
	conn warehouse.Conn
	// as tells who a request runs as.
	as func(r request) (warehouse.Access, bool)
}

// request has the fields of all requests.
type request struct {
	ID                string `json:"Id"`
	SQL               *string
	Sqls              []string
	Parameters        []struct{ Name, Value string }
	ClientToken       string
	Database          string
	WorkgroupName     string
	ClusterIdentifier string
	SecretArn         string
	DbUser            string
	StatementName     string
	WithEvent         bool
	NextToken         string
}

func newFake(t testing.TB, as func(request) (warehouse.Access, bool)) *httptest.Server {
	t.Helper()
	path := filepath.ToSlash(filepath.Join(t.TempDir(), "redshift.sqlite"))
	driver := sqlwarehouse.Over(func(_ context.Context, _ warehouse.Spec, access warehouse.Access) (*sql.DB, error) {
		q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)"}}
		if access == warehouse.ReadOnly {
			q.Add("_pragma", "query_only(1)")
		}
		return sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	})
	conn, err := driver.OpenWarehouse(t.Context(), datastore.New(nil, nil), warehouse.Spec{Logical: "fake"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&fake{t, conn, as})
	t.Cleanup(func() {
		server.Close()
		if err := driver.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return server
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var r request
	if err := json.NewDecoder(req.Body).Decode(&r); err != nil {
		f.t.Errorf("body: %v", err)
	}
	if !strings.Contains(req.Header.Get("Authorization"), "/redshift-data/aws4_request") {
		f.t.Errorf("Authorization = %q, want it signed for redshift-data", req.Header.Get("Authorization"))
	}
	_, op, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	answer, err := f.answer(req.Context(), op, r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": codeOf(err), "message": err.Error() + " (" + strings.Join(r.Sqls, ";") + ")"}
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		f.t.Errorf("answer: %v", err)
	}
}

func codeOf(err error) string {
	if errors.Is(err, datastore.ErrNotFound) {
		return "ResourceNotFoundException"
	}
	return "ValidationException"
}

func (f *fake) answer(ctx context.Context, op string, r request) (map[string]any, error) {
	id := warehouse.ID(r.ID)
	switch op {
	case "ExecuteStatement":
		return f.execute(ctx, r, warehouse.Execution{SQL: []string{*r.SQL}})
	case "BatchExecuteStatement":
		return f.execute(ctx, r, warehouse.Execution{SQL: r.Sqls, Batch: true})
	case "DescribeStatement":
		return f.describe(ctx, id)
	case "GetStatementResult":
		return f.result(ctx, id, r.NextToken)
	case "CancelStatement":
		if d, err := f.conn.Describe(ctx, id); err != nil {
			return nil, err
		} else if d.Status.Ended() {
			return nil, errors.New("could not cancel a query that is already in " + string(d.Status) + " state")
		}
		return map[string]any{"Status": true}, f.conn.Cancel(ctx, id)
	}
	return nil, errors.New("no such operation: " + op)
}

func (f *fake) execute(ctx context.Context, r request, e warehouse.Execution) (map[string]any, error) {
	access, ok := f.as(r)
	if !ok || r.Database != "dev" || r.ClientToken == "" {
		f.t.Errorf("execute: wrong target, user or key: %+v", r)
	}
	if len(r.Parameters) == 0 && r.Parameters != nil {
		return nil, errors.New("the list of parameters is empty")
	}
	for _, p := range r.Parameters {
		e.Params = append(e.Params, warehouse.Param{Name: p.Name, Value: p.Value})
	}
	e.Key, e.Notify, e.Name = r.ClientToken, r.WithEvent, r.StatementName
	d, err := f.conn.Execute(ctx, access, e)
	return map[string]any{"Id": d.ID, "CreatedAt": 1.9e9}, err
}

func (f *fake) describe(ctx context.Context, id warehouse.ID) (map[string]any, error) {
	d, err := f.conn.Describe(ctx, id)
	if err != nil {
		return nil, err
	}
	m := result(d.Result)
	m["Status"], m["CreatedAt"], m["UpdatedAt"] = d.Status, float64(d.Created.UnixMilli())/1000, float64(d.Updated.UnixMilli())/1000
	if d.Message != "" {
		m["Error"] = d.Message
	}
	var subs []map[string]any
	for _, part := range d.Parts {
		sub := result(part)
		sub["Status"] = d.Status
		subs = append(subs, sub)
	}
	m["SubStatements"] = subs
	return m, nil
}

func result(r warehouse.Result) map[string]any {
	return map[string]any{"Id": r.ID, "HasResultSet": r.HasRows, "ResultRows": r.Rows, "ResultSize": r.Bytes, "Duration": r.Duration.Nanoseconds()}
}

func (f *fake) result(ctx context.Context, id warehouse.ID, token string) (map[string]any, error) {
	if d, err := f.conn.Describe(ctx, id); err == nil && d.Status == warehouse.Finished && !d.HasRows {
		return nil, &datastore.Error{Kind: datastore.ErrNotFound, Err: errors.New("query does not have result")}
	}
	page, err := f.conn.Page(ctx, id, token)
	if err != nil {
		return nil, err
	}
	var columns []map[string]any
	for _, c := range page.Columns {
		columns = append(columns, map[string]any{"name": c.Name, "label": c.Name, "typeName": c.Type})
	}
	records := [][]map[string]any{}
	for i := 0; page.Rows != nil && i < page.Rows.Len(); i++ {
		var record []map[string]any
		for j := range page.Columns {
			record = append(record, field(page.Rows.Value(i, j).Any()))
		}
		records = append(records, record)
	}
	m := map[string]any{"ColumnMetadata": columns, "Records": records, "TotalNumRows": len(records)}
	if page.Next != "" {
		m["NextToken"] = page.Next
	}
	return m, nil
}

func field(v any) map[string]any {
	switch v := v.(type) {
	case nil:
		return map[string]any{"isNull": true}
	case bool:
		return map[string]any{"booleanValue": v}
	case int64:
		return map[string]any{"longValue": v}
	case float64:
		return map[string]any{"doubleValue": v}
	case []byte:
		return map[string]any{"blobValue": v}
	}
	return map[string]any{"stringValue": v}
}
