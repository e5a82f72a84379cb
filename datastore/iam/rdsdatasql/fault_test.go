package rdsdatasql_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, req.URL.Path+" "+string(body))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code, message string) (*http.Response, error) {
	resp, err := reply(status, `{"message":"`+strings.ReplaceAll(message, `"`, `\"`)+`"}`)
	resp.Header.Set("X-Amzn-Errortype", code)
	return resp, err
}

func lost() (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

// TestLost: reads are sent again, writes are not.
func TestLost(t *testing.T) {
	t.Parallel()
	once := func(fail func() (*http.Response, error)) func(int) (*http.Response, error) {
		return func(n int) (*http.Response, error) {
			if n == 1 {
				return fail()
			}
			return reply(200, `{"records":[],"numberOfRecordsUpdated":1}`)
		}
	}
	resuming := func() (*http.Response, error) { return refuse(400, "DatabaseResumingException", "") }
	failing := func() (*http.Response, error) { return refuse(500, "InternalServerErrorException", "") }
	for _, tt := range []struct {
		name        string
		fail        func() (*http.Response, error)
		read, write error
		writes      int
	}{
		{"lost", lost, nil, datastore.ErrUnknown, 1},
		{"failing", failing, nil, datastore.ErrUnknown, 1},
		{"resuming", resuming, nil, nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: once(tt.fail)}
				db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
				rows, err := db.Read().QueryContext(t.Context(), "SELECT 1")
				if !errors.Is(err, tt.read) || s.count() != 2 {
					t.Errorf("read: %v after %d calls", err, s.count())
				}
				if err == nil {
					rows.Close()
				}
				s = &script{answer: once(tt.fail)}
				db = open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
				_, err = db.Write().ExecContext(t.Context(), "UPDATE t SET a = 1")
				if !errors.Is(err, tt.write) || (err == nil) != (tt.write == nil) || s.count() != tt.writes {
					t.Errorf("write: %v after %d calls, want %v after %d", err, s.count(), tt.write, tt.writes)
				}
			})
		})
	}
}

// TestTransactions: one whose statement was lost, or that ended by itself, is run
// again; a commit whose answer was lost is not.
func TestTransactions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   int // the call that fails
		fail func() (*http.Response, error)
		want error
		runs int
	}{
		{"a statement is lost", 2, lost, nil, 2},
		{"it has ended by itself", 2, func() (*http.Response, error) { return refuse(404, "TransactionNotFoundException", "") }, nil, 2},
		{"a conflict", 2, func() (*http.Response, error) { return refuse(400, "DatabaseErrorException", "SQLState: 40001") }, nil, 2},
		{"the commit is lost", 3, lost, datastore.ErrUnknown, 1},
		{"the beginning is lost", 1, lost, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int) (*http.Response, error) {
					if n == tt.at {
						return tt.fail()
					}
					return reply(200, `{"transactionId":"tx-1","records":[],"transactionStatus":"ok"}`)
				}}
				db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
				runs := 0
				err := db.Tx(t.Context(), nil, func(ctx context.Context, tx *sql.Tx) error {
					runs++
					_, err := tx.ExecContext(ctx, "UPDATE t SET a = 1")
					return err
				})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || runs != tt.runs {
					t.Errorf("Tx = %v after %d runs, want %v after %d; sent %q", err, runs, tt.want, tt.runs, s.calls)
				}
			})
		})
	}
}

// TestBudget: a service that does not answer is left when the time is over.
func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		db := open(t, config("http://scripted.invalid", &http.Client{Transport: hang}), sqldb.AuroraPostgres)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := db.Read().QueryContext(ctx, "SELECT 1")
		if !errors.Is(err, datastore.ErrNoBudget) || time.Since(begun) > 1020*time.Millisecond {
			t.Errorf("read: %v after %v, want %v", err, time.Since(begun), datastore.ErrNoBudget)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestRequests: what goes out, for both dialects.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		engine      sqldb.Engine
		query, want string
	}{
		{sqldb.AuroraPostgres, `SELECT '$1', "$1", $tag$ $1 $tag$, E'\'$1', $2::int, a$1, $1 -- $1`, `SELECT '$1', \"$1\", $tag$ $1 $tag$, E'\\'$1', :p2::int, a$1, :p1 -- $1`},
		{sqldb.AuroraMySQL, "SELECT '?', `?`, 'it\\'s ?', ?, ? # ?", "SELECT '?', `?`, 'it\\\\'s ?', :p1, :p2 # ?"},
	} {
		s := &script{answer: func(int) (*http.Response, error) { return reply(200, `{"records":[],"columnMetadata":[]}`) }}
		db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), tt.engine)
		rows, err := db.Read().QueryContext(t.Context(), tt.query, 1, "x")
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		want := `/Execute {"database":"shop","includeResultMetadata":true,"parameters":[{"name":"p1","value":{"longValue":1}},{"name":"p2","value":{"stringValue":"x"}}],"resourceArn":"` +
			cluster + `","resultSetOptions":{"decimalReturnType":"STRING","longReturnType":"LONG"},"secretArn":"` + secretARN + `r","sql":"` + tt.want + `"}`
		if s.calls[0] != want {
			t.Errorf("%s: sent\n%s\nwant\n%s", tt.engine, s.calls[0], want)
		}
	}
}

// FuzzAnswers: no answer of the network breaks the reading of rows.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"columnMetadata":[{"name":"a","typeName":"_int4"}],"records":[[{"arrayValue":{"longValues":[1,null]}}],[{"isNull":true}]]}`,
		`{"columnMetadata":[{"name":"a"}],"records":[[{"arrayValue":{"arrayValues":[{"stringValues":["x"]},{}]}}]]}`,
		`{"columnMetadata":[{"typeName":"timestamp"}],"records":[[{"stringValue":"infinity"}],[{"stringValue":"2030-01-02"}]]}`,
		`{"columnMetadata":[{}],"records":[[],[{},{}],[null]]}`,
		`{"records":[[{"longValue":1}]]}`, `{}`, `[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := &script{answer: func(int) (*http.Response, error) { return reply(200, body) }}
		db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		rows, err := db.Read().QueryContext(ctx, "SELECT 1")
		if err != nil {
			return
		}
		defer rows.Close()
		types, err := rows.ColumnTypes()
		if err != nil && ctx.Err() == nil { // the rows end with the context
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(types))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil && ctx.Err() == nil {
				t.Errorf("Scan: %v", err)
			}
		}
	})
}

// FuzzStatements: a statement without parameters goes out as it is.
func FuzzStatements(f *testing.F) {
	for _, seed := range []string{"SELECT 1", "'", "$", "$$", "$tag$", "/*", "--", "E'", "?", "a$1", "$1", "$0", "\xff$1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		s := &script{answer: func(int) (*http.Response, error) { return reply(200, `{}`) }}
		db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
		_, err := db.Write().ExecContext(t.Context(), query)
		if err == nil && strings.Contains(s.calls[0], `"parameters"`) {
			t.Errorf("%q: sent %s", query, s.calls[0])
		}
		if err != nil && !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("%q: %v", query, err)
		}
	})
}

// TestNoTimeToCommit: a transaction that there is no time to commit is rolled back.
func TestNoTimeToCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(int) (*http.Response, error) { return reply(200, `{"transactionId":"tx-1","records":[]}`) }}
		db := open(t, config("http://scripted.invalid", &http.Client{Transport: s}), sqldb.AuroraPostgres)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := db.Tx(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE t SET a = 1")
			time.Sleep(999 * time.Millisecond)
			return err
		})
		if !errors.Is(err, datastore.ErrNoBudget) || s.count() != 3 || !strings.HasPrefix(s.calls[2], "/RollbackTransaction") {
			t.Errorf("Tx = %v, want %v; sent %q", err, datastore.ErrNoBudget, s.calls)
		}
	})
}
