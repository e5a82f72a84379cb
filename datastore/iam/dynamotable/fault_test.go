package dynamotable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type note struct {
	ID   string `table:"id,pk"`
	Text string `table:"text"`
}

type notes interface {
	table.Getter[note]
	table.ManyGetter[note]
	table.Creator[note]
	table.Putter[note]
	table.Deleter[note]
	table.Querier[note]
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// call is a request as the server gets it.
type call struct {
	Op   string // "PutItem"
	Body string
}

// script is an HTTP client that answers by a function, and keeps the calls.
type script struct {
	answer func(ctx context.Context, n int, c call) (*http.Response, error)

	mu    sync.Mutex
	calls []call
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	c := call{op, string(body)}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(req.Context(), n, c)
}

// open is a handle on a table that s serves.
func (s *script) open(t testing.TB) notes {
	t.Helper()
	data := onServer(t, config("http://scripted.invalid", &http.Client{Transport: s}), "physical")
	return datastore.Use[notes](function{}, table.New[note](data, "notes"))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(code, more string) (*http.Response, error) {
	return reply(400, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"refused"`+more+`}`)
}

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// itemOf is the item of a PutItem, as JSON.
func itemOf(t testing.TB, c call) string {
	t.Helper()
	var in struct{ Item json.RawMessage }
	if err := json.Unmarshal([]byte(c.Body), &in); err != nil {
		t.Fatalf("body of %s: %v", c.Op, err)
	}
	return string(in.Item)
}

func parsed(t testing.TB, c call) (body any) {
	t.Helper()
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		t.Fatalf("body of %s: %v", c.Op, err)
	}
	return body
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	create := func(ctx context.Context, n notes) error { _, err := n.Create(ctx, note{"1", "mine"}); return err }
	put := func(ctx context.Context, n notes) error { _, err := n.Put(ctx, note{"1", "mine"}); return err }
	for _, c := range []struct {
		name   string
		do     func(context.Context, notes) error
		second string // the error code of the second attempt
		stored string // what it says is stored; "own" for what the first one sent
		calls  int
		want   error
	}{
		{"create, carried out", create, "ConditionalCheckFailedException", "own", 2, nil},
		{"create, another was quicker", create, "ConditionalCheckFailedException", `{"id":{"S":"1"},"_w":{"B":"AAAA"}}`, 2, datastore.ErrUnknown},
		{"create, the server does not say what is stored", create, "ConditionalCheckFailedException", "", 2, datastore.ErrUnknown},
		{"create, not carried out", create, "", "", 2, nil},
		{"create, then denied", create, "AccessDeniedException", "", 2, datastore.ErrUnknown},
		{"put", put, "", "", 2, nil},
		{"delete", func(ctx context.Context, n notes) error { return n.Delete(ctx, table.PK("1")) }, "", "", 2, nil},
		{"conditional delete", func(ctx context.Context, n notes) error {
			return n.Delete(ctx, table.PK("1"), table.Exists("text"))
		}, "", "", 1, datastore.ErrUnknown},
		{"get", func(ctx context.Context, n notes) error { _, err := n.Get(ctx, table.PK("1")); return err }, "", "", 2, datastore.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &script{}
			s.answer = func(_ context.Context, n int, now call) (*http.Response, error) {
				switch {
				case n == 1:
					return nil, errLost
				case c.second == "":
					return reply(200, "{}")
				case c.stored == "own":
					return refuse(c.second, `,"Item":`+itemOf(t, s.calls[0]))
				case c.stored != "":
					return refuse(c.second, `,"Item":`+c.stored)
				}
				return refuse(c.second, "")
			}
			err := c.do(t.Context(), s.open(t))
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if len(s.calls) != c.calls {
				t.Errorf("%d requests were sent, want %d", len(s.calls), c.calls)
			}
			if len(s.calls) == 2 {
				if diff := cmp.Diff(parsed(t, s.calls[0]), parsed(t, s.calls[1])); diff != "" {
					t.Errorf("the second request is not the first one again (-first +second):\n%s", diff)
				}
			}
			if err != nil && strings.Contains(err.Error(), "mine") {
				t.Errorf("error = %q, want no item in it", err)
			}
		})
	}
}

func TestConflictWithoutLoss(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
		return refuse("ConditionalCheckFailedException", `,"Item":{"id":{"S":"1"},"text":{"S":"secret"}}`)
	}}
	_, err := s.open(t).Create(t.Context(), note{"1", ""})
	if !errors.Is(err, datastore.ErrConflict) || len(s.calls) != 1 {
		t.Errorf("Create of an existing key: error = %v after %d requests, want %v after 1", err, len(s.calls), datastore.ErrConflict)
	}
	var native *types.ConditionalCheckFailedException
	if !errors.As(err, &native) || native.Item != nil {
		t.Errorf("Create of an existing key: native error = %+v, want the SDK's without the item", native)
	}
}

func TestThrottled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		budget   time.Duration
		min, max int // attempts
	}{
		{30 * time.Millisecond, 1, 1},
		{200 * time.Millisecond, 2, 8},
		{2 * time.Second, 4, 8},
		{time.Hour, 8, 8},
	} {
		t.Run(c.budget.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
					return refuse("ProvisionedThroughputExceededException", "")
				}}
				notes := s.open(t)
				ctx, cancel := context.WithTimeout(t.Context(), c.budget)
				defer cancel()
				begin := time.Now()
				_, err := notes.Get(ctx, table.PK("1"))
				if !errors.Is(err, datastore.ErrThrottled) {
					t.Errorf("Get: error = %v, want %v", err, datastore.ErrThrottled)
				}
				e, ok := errors.AsType[*datastore.Error](err)
				if !ok || e.Code != "ProvisionedThroughputExceededException" || e.Attempts != len(s.calls) {
					t.Errorf("Get: error = %+v, want the service's code and %d attempts", e, len(s.calls))
				}
				var native *types.ProvisionedThroughputExceededException
				if !errors.As(err, &native) {
					t.Errorf("Get: error = %v, want the SDK's error below it", err)
				}
				if n := len(s.calls); n < c.min || n > c.max {
					t.Errorf("Get within %v was tried %d times, want %d to %d", c.budget, n, c.min, c.max)
				}
				if took := time.Since(begin); took > c.budget {
					t.Errorf("Get within %v took %v", c.budget, took)
				}
			})
		})
	}
}

func TestBlackHole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(ctx context.Context, n int, _ call) (*http.Response, error) {
			if n == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return reply(200, `{"Item":{"id":{"S":"1"},"text":{"S":"x"}}}`)
		}}
		notes := s.open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if got, err := notes.Get(ctx, table.PK("1")); err != nil || got.Text != "x" {
			t.Errorf("Get after an attempt without an answer = %+v, %v, want the item", got, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(ctx context.Context, _ int, _ call) (*http.Response, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		notes := s.open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		begin := time.Now()
		_, err := notes.Put(ctx, note{"1", ""})
		if took := time.Since(begin); !errors.Is(err, datastore.ErrUnknown) || took > 200*time.Millisecond {
			t.Errorf("Put without any answer: error = %v after %v, want %v within 200ms", err, took, datastore.ErrUnknown)
		}
	})
}

func TestNotSent(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}}
	notes := s.open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := notes.Delete(ctx, table.PK("1"), table.Exists("text")); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Delete without a connection: error = %v, want %v", err, datastore.ErrUnavailable)
	}
	sent := len(s.calls)
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := notes.Put(ctx, note{"1", ""}); !errors.Is(err, datastore.ErrNoBudget) || len(s.calls) != sent {
		t.Errorf("Put with 1 ms left: error = %v after %d requests, want %v after none", err, len(s.calls)-sent, datastore.ErrNoBudget)
	}
}

func TestDeniedIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return reply(200, "{}") }}
	data := onServer(t, config("http://scripted.invalid", &http.Client{Transport: s}), "physical")
	getter := datastore.Use[table.Getter[note]](function{}, table.New[note](data, "notes"))
	wider, ok := getter.(notes)
	if !ok {
		t.Fatal("the handle has only the granted methods: nothing to test")
	}
	ctx := t.Context()
	_, getMany := wider.GetMany(ctx, []table.Key{table.PK("1")})
	_, create := wider.Create(ctx, note{"1", ""})
	_, put := wider.Put(ctx, note{"1", ""})
	_, query := wider.Query(ctx, table.Query{Key: table.PK("1")})
	_, other := getter.Get(datastore.WithFunction(ctx, "g"), table.PK("1"))
	for op, err := range map[string]error{
		"GetMany": getMany, "Create": create, "Put": put, "Query": query,
		"Delete": wider.Delete(ctx, table.PK("1")), "Get by another function": other,
	} {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s without a grant: error = %v, want %v", op, err, datastore.ErrDenied)
		}
	}
	if len(s.calls) != 0 {
		t.Errorf("without a grant %d requests were sent, want none", len(s.calls))
	}
}

func TestUnprocessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ context.Context, _ int, c call) (*http.Response, error) {
			var found, left []string
			for _, id := range []string{"a", "b", "stuck1", "c", "stuck2"} {
				key := `{"id":{"S":"` + id + `"}}`
				switch {
				case !strings.Contains(c.Body, key):
				case strings.HasPrefix(id, "stuck"):
					left = append(left, key)
				default:
					found = append(found, key)
				}
			}
			return reply(200, fmt.Sprintf(`{"Responses":{"physical":[%s]},"UnprocessedKeys":{"physical":{"Keys":[%s]}}}`,
				strings.Join(found, ","), strings.Join(left, ",")))
		}}
		got, err := s.open(t).GetMany(t.Context(), []table.Key{
			table.PK("stuck2"), table.PK("c"), table.PK("stuck1"), table.PK("a"), table.PK("b"),
		})
		if len(got) != 3 || got[0].ID != "c" || got[1].ID != "a" || got[2].ID != "b" {
			t.Errorf("GetMany = %+v, want c, a and b", got)
		}
		var partial *datastore.PartialError
		if !errors.Is(err, datastore.ErrThrottled) || !errors.As(err, &partial) || len(partial.Failed) != 2 ||
			partial.Failed[0].Index != 0 || partial.Failed[1].Index != 2 {
			t.Errorf("GetMany: error = %v, want keys 0 and 2 throttled", err)
		}
		if len(s.calls) < 3 || strings.Contains(s.calls[1].Body, `"a"`) {
			t.Errorf("GetMany sent %d requests, want several, and after the first only for what is left", len(s.calls))
		}
	})
}

func TestQueryRequest(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return reply(200, `{"Items":[]}`) }}
	filter := table.And(
		table.Or(table.Exists("text"), table.Not(table.Eq("text", "x"))),
		table.In("text", "a", "b"), table.Between("text", "a", "b"), table.BeginsWith("text", "a"), table.Contains("text", "a"),
	)
	if _, err := s.open(t).Query(t.Context(), table.Query{Key: table.PK("1"), Filter: filter, Desc: true, Limit: 7, Consistent: true}); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(s.calls[0].Body), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"TableName": "physical", "Limit": 7.0, "ScanIndexForward": false, "ConsistentRead": true,
		"KeyConditionExpression": "#0 = :0",
		"FilterExpression": "((attribute_exists(#1) OR (NOT #1 = :1)) AND #1 IN (:2, :3) AND #1 BETWEEN :4 AND :5" +
			" AND begins_with(#1, :6) AND contains(#1, :7))",
	} {
		if got[name] != want {
			t.Errorf("Query sends %s = %v, want %v", name, got[name], want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{dynamotable.With(config("http://scripted.invalid", nil))}, nil)
	handle := datastore.Use[table.Getter[note]](function{}, table.New[note](data, "my-notes"))
	_, err := handle.Get(t.Context(), table.PK("1"))
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_TABLE_MY_NOTES") {
		t.Errorf("Get without the name of the table: error = %v, want %v naming TIERKIT_TABLE_MY_NOTES", err, datastore.ErrUnavailable)
	}
}

func TestDriverReadsTheEnvironmentAtOpen(t *testing.T) {
	data := datastore.New([]datastore.Driver{dynamotable.Driver}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "physical", true },
	})
	handle := datastore.Use[table.Getter[note]](function{}, table.New[note](data, "notes"))
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	_, err := handle.Get(t.Context(), table.PK("1"))
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Fatalf("Get without a region: error = %v, want %v naming AWS_REGION", err, datastore.ErrUnavailable)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth := r.Header.Get("Authorization"); !strings.Contains(auth, "AKIDEXAMPLE") || !strings.Contains(auth, "/eu-west-3/dynamodb/") ||
			r.Header.Get("X-Amz-Security-Token") != "session" {
			t.Errorf("request signed by %q, token %q, want the environment's", auth, r.Header.Get("X-Amz-Security-Token"))
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		fmt.Fprint(w, `{"Item":{"id":{"S":"1"},"text":{"S":"from the server"}}}`)
	})}
	go server.Serve(listener)
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-west-3", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "session", "AWS_ENDPOINT_URL_DYNAMODB": "http://" + listener.Addr().String(),
	} {
		t.Setenv(name, value)
	}
	if got, err := handle.Get(t.Context(), table.PK("1")); err != nil || got.Text != "from the server" {
		t.Errorf("Get after the environment was set = %+v, %v, want the server's item: a failed open is tried again", got, err)
	}
}
