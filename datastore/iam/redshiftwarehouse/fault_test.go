package redshiftwarehouse_test

import (
	"context"
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
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(op string, n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
	at    []time.Time
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	s.calls, s.at = append(s.calls, op+" "+string(body)), append(s.at, time.Now())
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(op, n)
}

func (s *script) open() all {
	return open(config("http://scripted.invalid", &http.Client{Transport: s}))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) (*http.Response, error) {
	return reply(status, `{"__type":"`+code+`","message":"near 'hunter2'","Message":"near 'hunter2'"}`)
}

const someID = "d9b6c0c9-0747-4bf4-b142-e8883122f766"

// ends is a service in which a statement ends so.
func ends(status, message string) func(string, int) (*http.Response, error) {
	return func(op string, _ int) (*http.Response, error) {
		if op == "ExecuteStatement" {
			return reply(200, `{"Id":"`+someID+`"}`)
		}
		return reply(200, `{"Id":"`+someID+`","Status":"`+status+`","Error":"`+message+`","ResultRows":-1}`)
	}
}

// first answers the first request by one, and the others by another.
func first(one func() (*http.Response, error), then func(string, int) (*http.Response, error)) func(string, int) (*http.Response, error) {
	return func(op string, n int) (*http.Response, error) {
		if n == 1 {
			return one()
		}
		return then(op, n)
	}
}

func always(status int, code string) func(string, int) (*http.Response, error) {
	return func(string, int) (*http.Response, error) { return refuse(status, code) }
}

func lost() (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

// TestFaults: what each answer means, and how often it is asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	fine := ends("FINISHED", "")
	for _, tt := range []struct {
		name   string
		answer func(string, int) (*http.Response, error)
		want   error
		calls  int
	}{
		{"finished", fine, nil, 2},
		{"lost once", first(lost, fine), nil, 3},
		{"lost always", func(string, int) (*http.Response, error) { return lost() }, datastore.ErrUnknown, 8},
		{"failing once", first(func() (*http.Response, error) { return refuse(500, "ExecuteStatementException") }, fine), nil, 3},
		{"too many", always(400, "ActiveStatementsExceededException"), datastore.ErrThrottled, 8},
		{"throttled", always(400, "ThrottlingException"), datastore.ErrThrottled, 8},
		{"no workgroup", always(400, "ResourceNotFoundException"), datastore.ErrUnavailable, 1},
		{"denied", always(400, "AccessDeniedException"), datastore.ErrDenied, 1},
		{"wrong", always(400, "ValidationException"), datastore.ErrDeclaration, 1},
		{"no id", func(string, int) (*http.Response, error) { return reply(200, `{}`) }, datastore.ErrUnknown, 1},
		{"no right", ends("FAILED", "ERROR: permission denied for relation orders 'hunter2'"), datastore.ErrDenied, 2},
		{"lost against another", ends("FAILED", "ERROR: 1023 Detail: Serializable isolation violation on table"), datastore.ErrConflict, 2},
		{"a wrong value", ends("FAILED", "ERROR: invalid input syntax for integer: hunter2"), datastore.ErrInvalid, 2},
		{"no memory", ends("FAILED", "ERROR: Insufficient memory to run query"), datastore.ErrUnavailable, 2},
		{"a large result", ends("FAILED", "Database response exceeded size limit"), datastore.ErrTooLarge, 2},
		{"wrong SQL", ends("FAILED", "ERROR: syntax error at or near hunter2"), datastore.ErrDeclaration, 2},
		{"aborted", ends("ABORTED", ""), datastore.ErrUnavailable, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				_, err := s.open().Run(t.Context(), warehouse.Statement{SQL: "INSERT", Params: []warehouse.Param{warehouse.Bind("p", "hunter2")}})
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(s.calls) != tt.calls {
					t.Errorf("Run: %v after %d calls, want %v after %d", err, len(s.calls), tt.want, tt.calls)
				}
				if err != nil && strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the error shows a value: %v", err)
				}
				for _, call := range s.calls[1:] { // the same key each time
					if strings.HasPrefix(call, "Execute") && call != s.calls[0] {
						t.Errorf("sent %s, and before %s", call, s.calls[0])
					}
				}
			})
		})
	}
}

// TestWaiting: a statement is asked for less and less often, and its ID is told
// while there is time to keep it.
func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: ends("STARTED", "")}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := s.open().Query(ctx, warehouse.Statement{SQL: "SELECT 1"})
		pending, ok := errors.AsType[*warehouse.PendingError](err)
		if !ok || pending.ID != someID || pending.Status != warehouse.Started || !errors.Is(err, datastore.ErrNoBudget) {
			t.Errorf("Query: %v, want a PendingError", err)
		}
		if took := time.Since(begun); took > 29*time.Second || took < 20*time.Second {
			t.Errorf("it waited for %v, want up to a second before the deadline", took)
		}
		if n := len(s.calls); n < 12 || n > 30 {
			t.Errorf("%d calls in 30 seconds", n)
		}
		last := s.at[len(s.at)-1].Sub(s.at[len(s.at)-2])
		if first := s.at[1].Sub(s.at[0]); first < 50*time.Millisecond || first > 100*time.Millisecond || last < 1500*time.Millisecond || last > 3*time.Second {
			t.Errorf("the first pause is %v, the last %v", first, last)
		}
	})
}

// TestAskingFails: who cannot be told how a statement goes is told its ID.
func TestAskingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(op string, n int) (*http.Response, error) {
			if op == "DescribeStatement" {
				return refuse(400, "AccessDeniedException")
			}
			return ends("", "")(op, n)
		}}
		w := s.open()
		_, err := w.Query(t.Context(), warehouse.Statement{SQL: "SELECT 1"})
		if pending, ok := errors.AsType[*warehouse.PendingError](err); !ok || pending.ID != someID || !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("Query: %v, want a PendingError of kind %v", err, datastore.ErrDenied)
		}
		_, err = w.Run(t.Context(), warehouse.Statement{SQL: "DELETE FROM orders"})
		if pending, ok := errors.AsType[*warehouse.PendingError](err); !ok || pending.ID != someID || !errors.Is(err, datastore.ErrUnknown) {
			t.Errorf("Run: %v, want a PendingError of kind %v", err, datastore.ErrUnknown)
		}
	})
}

// TestRequests: what goes out.
func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: ends("FINISHED", "")}
		_, err := s.open().Start(t.Context(), warehouse.Statement{
			SQL: "DELETE FROM orders WHERE id = :id", Params: []warehouse.Param{warehouse.Bind("id", 5)}, Key: "k-1", Notify: true, Name: "clean",
		})
		want := `ExecuteStatement {"ClientToken":"k-1","Database":"dev","Parameters":[{"name":"id","value":"5"}],"Sql":"DELETE FROM orders WHERE id = :id","StatementName":"clean","WithEvent":true,"WorkgroupName":"sales-wg"}`
		if err != nil || len(s.calls) != 1 || s.calls[0] != want {
			t.Errorf("Start = %v, sent\n%s\nwant\n%s", err, strings.Join(s.calls, "\n"), want)
		}
	})
}

// FuzzAnswers: no answer of the network breaks the reading of rows.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"ColumnMetadata":[{"name":"a","typeName":"int4"}],"Records":[[{"longValue":1}],[{"isNull":true}]],"TotalNumRows":2}`,
		`{"ColumnMetadata":[],"Records":[[{"longValue":1}]]}`,
		`{"Records":[[]],"NextToken":""}`,
		`{"ColumnMetadata":[{}],"Records":[[{"blobValue":"AA=="}],[{"stringValue":"x"}],[{"doubleValue":1e300}],[{"elseValue":1}],[null]]}`,
		`{}`, ``, `[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := &script{answer: func(string, int) (*http.Response, error) { return reply(200, body) }}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		rows := 0
		for row, err := range s.open().Rows(ctx, someID) {
			if err == nil && len(row.Columns()) != len(row.Values()) {
				t.Errorf("%d columns, %d values", len(row.Columns()), len(row.Values()))
			}
			if rows++; rows > 1000 { // a token that leads to itself
				break
			}
		}
	})
}
