package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// world is a table of marks, a clock that stands, and a handler that counts.
type world struct {
	t     testing.TB
	data  *datastore.Data
	marks spied
	bare  bool // what Once has is the handle itself
	log   bytes.Buffer
	opts  middleware.OnceOptions

	mu   sync.Mutex
	now  time.Time
	runs int
}

// spied remembers the mark that was put last, and can be told to let others in between
// a read and what follows it.
type spied struct {
	middleware.Marks
	mu       sync.Mutex
	last     middleware.Mark
	afterGet func()
}

func (s *spied) Get(ctx context.Context, key table.Key, opts ...table.ReadOption) (middleware.Mark, error) {
	got, err := s.Marks.Get(ctx, key, opts...)
	if f := s.afterGet; f != nil {
		s.afterGet = nil
		f()
	}
	return got, err
}

func (s *spied) Put(ctx context.Context, m middleware.Mark, conds ...table.Cond) (middleware.Mark, error) {
	got, err := s.Marks.Put(ctx, m, conds...)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.last = m
	}
	return got, err
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, now: time.Date(2030, 1, 2, 3, 4, 5, 500e6, time.UTC)}
	w.data = datatest.New(t, datatest.Now(w.clock))
	w.marks.Marks = datastore.Use[middleware.Marks](function{}, table.New[middleware.Mark](w.data, "marks"))
	w.opts.Now, w.opts.Log = w.clock, slog.New(slog.NewTextHandler(&w.log, nil))
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// once is h behind Once, counted.
func (w *world) once(h handler.HandlerFunc) handler.Handler {
	var marks middleware.Marks = &w.marks
	if w.bare {
		marks = w.marks.Marks
	}
	return middleware.Once(marks, &w.opts)(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		w.mu.Lock()
		w.runs++
		w.mu.Unlock()
		return h(ctx, req)
	}))
}

// wantRuns checks how often the handler was begun so far.
func (w *world) wantRuns(n int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.runs != n {
		w.t.Errorf("the handler ran %d times, want %d", w.runs, n)
	}
}

func created(context.Context, *handler.Request) (*handler.Response, error) {
	return &handler.Response{Status: 201, Header: http.Header{
		"Location": {"/orders/1"}, "Set-Cookie": {"session=secret"}, "Access-Control-Allow-Origin": {"https://a.example"},
	}, Body: []byte(`{"id":"1"}`)}, nil
}

func place(key string, opts ...handlertest.Option) *handler.Request {
	all := []handlertest.Option{handlertest.JSON(map[string]int{"total": 5})}
	if key != "" {
		all = append(all, handlertest.Header("Idempotency-Key", key))
	}
	return handlertest.Request("POST", "/orders", append(all, opts...)...)
}

func do(t testing.TB, h handler.Handler, req *handler.Request) handlertest.Answer {
	t.Helper()
	a, err := handlertest.Do(t.Context(), h, req)
	if err != nil {
		t.Logf("answered %d: %v", a.Status, err)
	}
	return a
}

func wantStatus(t testing.TB, a handlertest.Answer, status int, code string) {
	t.Helper()
	var problem handler.Problem
	if status >= 400 {
		if err := a.JSON(&problem); err != nil {
			t.Error(err)
		}
	}
	if a.Status != status || problem.Code != code {
		t.Errorf("answered %d %q, want %d %q", a.Status, problem.Code, status, code)
	}
}

func TestOnceReplays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.once(created)
	first := do(t, h, place("a"))
	wantStatus(t, first, 201, "")
	if first.Header.Get("Idempotent-Replayed") != "" || len(first.Cookies) != 1 {
		t.Errorf("the first answer has headers %v and cookies %v", first.Header, first.Cookies)
	}
	for _, key := range []string{"a", `"a"`, " a "} {
		again := do(t, h, place(key))
		wantStatus(t, again, 201, "")
		if string(again.Body) != `{"id":"1"}` || again.Header.Get("Location") != "/orders/1" || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("Idempotency-Key: %s is answered %s %v", key, again.Body, again.Header)
		}
		if len(again.Cookies) > 0 || again.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("what was for the first request alone is given again: %v %v", again.Cookies, again.Header)
		}
	}
	w.wantRuns(1)
	do(t, h, place("b"))
	w.wantRuns(2)
}

// TestOnceKeepsNoSecrets: neither payload nor key nor caller is in the table, and no
// cookie.
func TestOnceKeepsNoSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	do(t, w.once(created), place("key-in-clear", handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada@example.com"}),
		handlertest.JSON(map[string]string{"card": "4242"})))
	all := datatest.Items[middleware.Mark](t, w.data, "marks", w.marks.last.Key)
	text, err := json.Marshal(all)
	if err != nil || len(all) != 1 {
		t.Fatal(err, len(all))
	}
	for _, secret := range []string{"4242", "key-in-clear", "ada@example.com", "session=secret"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the mark has %s: %s", secret, text)
		}
	}
}

// TestOnceSeparates: what differs in who or where has a key of its own.
func TestOnceSeparates(t *testing.T) {
	t.Parallel()
	ada := handler.Caller{Kind: handler.CallerJWT, ID: "ada", Claims: map[string]string{"iss": "https://one.example"}}
	as := func(change func(*handler.Caller)) handlertest.Option {
		c := ada
		change(&c)
		return handlertest.As(c)
	}
	in := t.Context()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		req  *handler.Request
	}{
		{"another caller", in, place("k", as(func(c *handler.Caller) { c.ID = "bob" }))},
		{"nobody", in, place("k")},
		{"the same id of another issuer", in, place("k", as(func(c *handler.Caller) { c.Claims = map[string]string{"iss": "https://two.example"} }))},
		{"the same id of another authorizer", in, place("k", as(func(c *handler.Caller) { c.Kind = handler.CallerLambda }))},
		{"another account", in, place("k", as(func(c *handler.Caller) { c.Account = "1" }))},
		{"an id that a middleware found", datastore.WithCallerID(in, "eve"), place("k", handlertest.As(ada))},
		{"a tenant", datastore.WithTenant(in, "acme"), place("k", handlertest.As(ada))},
		{"parts that run together", in, place("dak", as(func(c *handler.Caller) { c.ID = "a" }))},
		{"another function", datastore.WithFunction(in, "f"), place("k", handlertest.As(ada))},
		{"another stage", in, place("k", handlertest.As(ada), handlertest.Facts(func(f *handler.Facts) { f.Stage = "beta" }))},
		{"another path", in, place("k", handlertest.As(ada)).WithPath("/refunds")},
		{"another method", in, place("k", handlertest.As(ada)).WithMethod("PATCH")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := w.once(created)
			do(t, h, place("k", handlertest.As(ada)))
			if a, err := handlertest.Do(tt.ctx, h, tt.req); err != nil || a.Header.Get("Idempotent-Replayed") != "" {
				t.Errorf("got the answer of another one: %+v, %v", a, err)
			}
			w.wantRuns(2)
		})
	}
}

// TestOnceTenant: the same key is another one for each tenant, of requests and of records.
func TestOnceTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.once(created)
	for _, test := range []struct{ tenant, replayed string }{{"a", ""}, {"b", ""}, {"a", "true"}, {"b", "true"}, {"A", ""}, {"", ""}, {"", "true"}} {
		a, err := handlertest.Do(datastore.WithTenant(t.Context(), test.tenant), h, place("k"))
		if err != nil || a.Header.Get("Idempotent-Replayed") != test.replayed {
			t.Errorf("tenant %q: replayed %q, %v, want %q", test.tenant, a.Header.Get("Idempotent-Replayed"), err, test.replayed)
		}
	}
	w.wantRuns(4)
	record := datastore.Record{Service: "sqs", ID: "m", Data: []byte("x")}
	for _, test := range []struct {
		tenant string
		runs   int
	}{{"a", 5}, {"b", 6}, {"a", 6}, {"b", 6}} {
		if err := handlertest.DoRecord(datastore.WithTenant(t.Context(), test.tenant), h, record); err != nil {
			t.Error(err)
		}
		w.wantRuns(test.runs)
	}
}

func TestOnceOtherPayload(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]*handler.Request{
		"body":             place("k", handlertest.JSON(map[string]int{"total": 6})),
		"query":            place("k").WithRawQuery("free=1"),
		"content type":     place("k").WithHeader("Content-Type", "text/plain"),
		"content encoding": place("k").WithHeader("Content-Encoding", "gzip"),
		"version":          place("k").WithVersion("2"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := w.once(created)
			do(t, h, place("k"))
			wantStatus(t, do(t, h, req), 422, "key_reused")
			w.wantRuns(1)
		})
	}
}

// TestOncePayloadOfOthers: a payload is compared whatever the first one is doing, but
// not with one that had no effect.
func TestOncePayloadOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := place("k", handlertest.JSON(map[string]int{"total": 6}))
	var h handler.Handler
	fail := true
	h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if fail {
			fail = false
			_, err := h.Handle(t.Context(), other)
			if !errors.Is(err, middleware.ErrOtherPayload) {
				t.Errorf("another payload in flight: %v", err)
			}
			w.pass(time.Hour)
			if _, err := h.Handle(t.Context(), other); !errors.Is(err, middleware.ErrOtherPayload) {
				t.Errorf("another payload when the lease is over: %v", err)
			}
			return nil, errors.New("broken")
		}
		return created(ctx, req)
	})
	wantStatus(t, do(t, h, place("k")), 500, "")
	wantStatus(t, do(t, h, other), 201, "") // mended by the client
	wantStatus(t, do(t, h, place("k")), 422, "key_reused")
	w.wantRuns(2)
}

func TestOncePayloadOption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Payload = func(_ context.Context, req *handler.Request) ([]byte, error) {
		var in struct{ Total json.RawMessage }
		body, err := req.Body()
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		return in.Total, err
	}
	h := w.once(created)
	for i, body := range []string{`{"total":5,"at":1}`, `{"total":5,"at":2}`} {
		a := do(t, h, place("k", handlertest.Body("application/json", []byte(body))))
		if replayed := a.Header.Get("Idempotent-Replayed") == "true"; a.Status != 201 || replayed != (i == 1) {
			t.Errorf("%s: %d, replayed %t", body, a.Status, replayed)
		}
	}
	wantStatus(t, do(t, h, place("k", handlertest.JSON(map[string]int{"total": 6}))), 422, "key_reused")
	wantStatus(t, do(t, h, place("k", handlertest.Body("application/json", []byte("{")))), 500, "")
	w.wantRuns(1)
}

func TestOnceInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var h handler.Handler
	h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		a := do(t, h, place("k"))
		wantStatus(t, a, 409, "in_flight")
		if a.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
		}
		return created(ctx, req)
	})
	wantStatus(t, do(t, h, place("k")), 201, "")
	w.wantRuns(1)
}

func TestOnceKeyHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		values  []string
		without int
		require int
	}{
		{"none", nil, 201, 400},
		{"uuid", []string{"8e03978e-40d5-43e8-bc93-6894a57f9324"}, 201, 201},
		{"quoted", []string{`"a b,c;d"`}, 201, 201},
		{"escaped", []string{`"a\"b\\"`}, 201, 201},
		{"empty", []string{""}, 400, 400},
		{"empty string", []string{`""`}, 400, 400},
		{"two", []string{"a", "b"}, 400, 400},
		{"two in a line", []string{"a, b"}, 400, 400},
		{"no end", []string{`"a`}, 400, 400},
		{"behind the end", []string{`"a"b`}, 400, 400},
		{"parameters", []string{`"a";v=1`}, 400, 400},
		{"escape of nothing", []string{`"a\n"`}, 400, 400},
		{"escape at the end", []string{`"a\`}, 400, 400},
		{"not ASCII", []string{"ä"}, 400, 400},
		{"control character", []string{"a\x01"}, 400, 400},
		{"quote inside", []string{`a"b`}, 400, 400},
		{"255", []string{strings.Repeat("x", 255)}, 201, 201},
		{"256", []string{strings.Repeat("x", 256)}, 400, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for name, want := range map[string]int{"default": tt.without, "require": tt.require} {
				w := newWorld(t)
				if name == "require" {
					w.opts.Key = middleware.RequireKey
				}
				req := place("").WithHeader("Idempotency-Key", tt.values...)
				code := ""
				if want == 400 {
					code = "idempotency_key"
				}
				wantStatus(t, do(t, w.once(created), req), want, code)
				wantStatus(t, do(t, w.once(created), req.WithMethod("GET")), 201, "")
			}
		})
	}
}

func TestOnceFailures(t *testing.T) {
	t.Parallel()
	notFound := func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, &handler.Error{Status: 404, Code: "no_such"}
	}
	conflict := func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 409, Body: []byte("{}")}, nil
	}
	all := func(int) bool { return true }
	client := func(status int) bool { return status < 500 }
	for _, tt := range []struct {
		name   string
		fail   handler.HandlerFunc
		final  func(int) bool
		status int
		runs   int
	}{
		{"an error runs again", notFound, nil, 404, 2},
		{"an error answer runs again", conflict, nil, 409, 2},
		{"a stored error does not", notFound, client, 404, 1},
		{"a stored error answer does not", conflict, client, 409, 1},
		{"an answer that is not final runs again", created, func(int) bool { return false }, 201, 2},
		{"a failure that is final does not", func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, errors.New("secret")
		}, all, 500, 1},
		{"nothing at all", func(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }, nil, 500, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Final = tt.final
			h := w.once(tt.fail)
			first, again := do(t, h, place("k")), do(t, h, place("k"))
			if first.Status != tt.status || again.Status != tt.status || !bytes.Equal(first.Body, again.Body) || strings.Contains(string(again.Body), "secret") {
				t.Errorf("answers %d %s and %d %s, want %d twice", first.Status, first.Body, again.Status, again.Body, tt.status)
			}
			if replayed := again.Header.Get("Idempotent-Replayed") == "true"; replayed != (tt.runs == 1) {
				t.Errorf("replayed: %t", replayed)
			}
			w.wantRuns(tt.runs)
			if w.marks.last.Runs != tt.runs {
				t.Errorf("the mark counts %d runs, want %d", w.marks.last.Runs, tt.runs)
			}
		})
	}
}

// TestOnceEndsOtherwise: a handler that panics, or whose goroutine is ended under it,
// as durable executions are suspended, leaves the key free.
func TestOnceEndsOtherwise(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(){
		"panic": func() { panic(http.ErrAbortHandler) },
		"exit":  runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ends := true
			h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				if ends {
					end()
				}
				return created(ctx, req)
			})
			done := make(chan any)
			go func() {
				var panicked any
				defer func() { done <- panicked }()
				defer func() { panicked = recover() }()
				_, _ = h.Handle(t.Context(), place("k"))
			}()
			if got := <-done; (got != nil) != (name == "panic") {
				t.Errorf("recovered %v", got)
			}
			ends = false
			wantStatus(t, do(t, h, place("k")), 201, "")
			w.wantRuns(2)
		})
	}
}

// TestOnceLease: how long a delivery that does not end keeps others away.
func TestOnceLease(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		deadline time.Duration // of the invocation, 0 for none
		lease    time.Duration
		from, to time.Duration // the lease ends in between
	}{
		{"no deadline", 0, 0, 15 * time.Minute, 15 * time.Minute},
		{"no deadline, a lease", 0, time.Minute, time.Minute, time.Minute},
		{"to the deadline and a little more", time.Minute, 0, 61 * time.Second, 62 * time.Second},
		{"a deadline that is over", -time.Minute, 0, 2 * time.Second, 2 * time.Second},
		{"longer than the invocation", time.Minute, time.Hour, time.Hour, time.Hour},
		{"shorter than the invocation", time.Minute, time.Second, 61 * time.Second, 62 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Lease = tt.lease
			// A mark is forgotten after a shorter time than the lease, which must not end it.
			w.opts.Keep = time.Second
			begun, end := make(chan struct{}), make(chan struct{}, 2)
			defer close(end)
			h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				if req.Header("Probe") == "" {
					begun <- struct{}{}
					<-end
				}
				return created(ctx, req)
			})
			ctx := ignoreDeadline{t.Context(), time.Time{}}
			if tt.deadline != 0 {
				ctx.deadline = time.Now().Add(tt.deadline)
			}
			done := make(chan error, 2)
			run := func() {
				_, err := h.Handle(ctx, place("k"))
				done <- err
			}
			go run()
			<-begun
			w.pass(tt.from - 10*time.Millisecond)
			if _, err := h.Handle(t.Context(), place("k", handlertest.Header("Probe", "1"))); !errors.Is(err, middleware.ErrInFlight) {
				t.Fatalf("before the lease ends: %v", err)
			}
			w.pass(tt.to - tt.from + 20*time.Millisecond)
			go run()
			<-begun // it has died, as it seems
			end <- struct{}{}
			end <- struct{}{}
			for range 2 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			w.wantRuns(2)
			if a := do(t, h, place("k")); a.Status != 201 || a.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("afterwards: %d %v", a.Status, a.Header)
			}
			if !strings.Contains(w.log.String(), "it may run again") {
				t.Errorf("nothing tells that the first was overtaken: %s", w.log.String())
			}
		})
	}
}

// ignoreDeadline is a context whose deadline does not end it: the clock of these tests
// is another.
type ignoreDeadline struct {
	context.Context
	deadline time.Time
}

func (c ignoreDeadline) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

func TestOnceExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Keep = time.Hour
	h := w.once(created)
	do(t, h, place("k"))
	w.pass(time.Hour)
	do(t, h, place("k"))
	w.wantRuns(1)
	w.pass(3 * time.Second) // the table has not deleted it
	do(t, h, place("k"))
	do(t, h, place("k", handlertest.JSON("another payload")))
	w.wantRuns(2)
}

// TestOnceClock: without a clock of its own Once has the table's, or marks would have
// expired for one of the two.
func TestOnceClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Now, w.bare = nil, true
	h := w.once(created)
	do(t, h, place("k"))
	if a := do(t, h, place("k")); a.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("answered %d %v", a.Status, a.Header)
	}
	w.wantRuns(1)
}

// TestOnceExecution: what is suspended and taken up again finds its own lease, and
// nobody else does.
func TestOnceExecution(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	type execution struct{}
	w.opts.Execution = func(ctx context.Context) string {
		name, _ := ctx.Value(execution{}).(string)
		return name
	}
	in := func(name string) context.Context { return context.WithValue(t.Context(), execution{}, name) }
	var h handler.Handler
	depth := 0
	h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if depth++; depth == 1 {
			for _, other := range []string{"b", ""} {
				if _, err := h.Handle(in(other), place("k")); !errors.Is(err, middleware.ErrInFlight) {
					t.Errorf("execution %q: %v", other, err)
				}
			}
			if a, err := handlertest.Do(in("a"), h, place("k")); err != nil || a.Header.Get("Idempotent-Replayed") != "" {
				t.Errorf("the replay of the execution: %+v, %v", a, err)
			}
		}
		return created(ctx, req)
	})
	if _, err := handlertest.Do(in("a"), h, place("k")); err != nil {
		t.Error(err)
	}
	w.wantRuns(2)
	if a, err := handlertest.Do(in("a"), h, place("k")); err != nil || a.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("done: %+v, %v", a, err)
	}
	w.wantRuns(2)
}

// TestOnceTwice: a Once within a Once that means the same key leaves it alone.
func TestOnceTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := handler.Chain(w.once(created), middleware.Once(&w.marks, &w.opts))
	wantStatus(t, do(t, h, place("k")), 201, "")
	if a := do(t, h, place("k")); a.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%+v", a)
	}
	w.wantRuns(1)
}

func TestOnceStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var h handler.Handler
	var cut error
	h = w.once(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Stream: func(_ context.Context, out io.Writer) error {
			if _, err := h.Handle(t.Context(), place("k")); !errors.Is(err, middleware.ErrInFlight) {
				t.Errorf("while it is streamed: %v", err)
			}
			for _, part := range []string{"one ", "two"} {
				if _, err := io.WriteString(out, part); err != nil {
					return err
				}
				out.(http.Flusher).Flush()
			}
			return cut
		}}, nil
	})
	cut = errors.New("cut off")
	do(t, h, place("k"))
	cut = nil
	first, again := do(t, h, place("k")), do(t, h, place("k"))
	if string(first.Body) != "one two" || string(again.Body) != "one two" || again.Header.Get("Content-Type") != "text/plain" || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("answered %q, then %q with %v", first.Body, again.Body, again.Header)
	}
	w.wantRuns(2)
}

// TestOnceLargeAnswers: an answer that an item has no room for is not stored, and the
// handler does not run again.
func TestOnceLargeAnswers(t *testing.T) {
	t.Parallel()
	const room = 384 << 10
	for name, body := range map[string]func(n int) *handler.Response{
		"body": func(n int) *handler.Response { return &handler.Response{Body: make([]byte, n)} },
		"stream": func(n int) *handler.Response {
			return &handler.Response{Stream: func(_ context.Context, w io.Writer) error {
				for range n / 1024 {
					if _, err := w.Write(make([]byte, 1024)); err != nil {
						return err
					}
				}
				_, err := w.Write(make([]byte, n%1024))
				return err
			}}
		},
		"header": func(n int) *handler.Response {
			return &handler.Response{Header: http.Header{"X": {strings.Repeat("x", n-17)}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			n := room
			h := w.once(func(context.Context, *handler.Request) (*handler.Response, error) { return body(n), nil })
			do(t, h, place("fits"))
			if a := do(t, h, place("fits")); a.Status != 200 || a.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%d bytes are answered %d", n, a.Status)
			}
			n++
			wantStatus(t, do(t, h, place("large")), 200, "")
			wantStatus(t, do(t, h, place("large")), 409, "answer_not_stored")
			w.wantRuns(2)
		})
	}
}

// TestOnceTableFails: nothing runs without a mark, and what has run is answered.
func TestOnceTableFails(t *testing.T) {
	t.Parallel()
	fail := func(w *world, op string, err error, applied bool) {
		datatest.Fail(t, w.data, datatest.Fault{Store: "table marks", Op: op, Err: err, Applied: applied})
	}
	t.Run("claim", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		h := w.once(created)
		fail(w, "Put", datastore.ErrUnavailable, false)
		wantStatus(t, do(t, h, place("k")), 503, "")
		w.wantRuns(0)
		fail(w, "Put", datastore.ErrUnknown, true) // nobody works on it
		wantStatus(t, do(t, h, place("k")), 500, "")
		w.wantRuns(0)
		wantStatus(t, do(t, h, place("k")), 201, "")
		fail(w, "Get", datastore.ErrThrottled, false)
		wantStatus(t, do(t, h, place("k")), 503, "")
		w.wantRuns(1)
	})
	t.Run("done", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		breaks := true
		h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if breaks {
				fail(w, "Put", datastore.ErrUnavailable, false)
			}
			return created(ctx, req)
		})
		wantStatus(t, do(t, h, place("k")), 201, "")
		if !strings.Contains(w.log.String(), "could not be put") {
			t.Errorf("log: %s", w.log.String())
		}
		wantStatus(t, do(t, h, place("k")), 409, "in_flight")
		w.pass(15 * time.Minute)
		breaks = false
		wantStatus(t, do(t, h, place("k")), 201, "")
		w.wantRuns(2)
	})
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		h := w.once(func(context.Context, *handler.Request) (*handler.Response, error) {
			fail(w, "Put", datastore.ErrUnavailable, false)
			return nil, errors.New("broken")
		})
		wantStatus(t, do(t, h, place("k")), 500, "")
		if !strings.Contains(w.log.String(), "when the lease is over") {
			t.Errorf("log: %s", w.log.String())
		}
	})
	t.Run("too large after all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			fail(w, "Put", datastore.ErrTooLarge, false)
			return created(ctx, req)
		})
		wantStatus(t, do(t, h, place("k")), 201, "")
		wantStatus(t, do(t, h, place("k")), 409, "answer_not_stored")
		w.wantRuns(1)
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		wantStatus(t, do(t, middleware.Once(nil, nil)(handler.HandlerFunc(created)), place("k")), 500, "")
	})
}

// TestOnceClientGone: a mark is put also if the context has ended.
func TestOnceClientGone(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"done": nil, "failed": errors.New("broken")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx, cancel := context.WithCancel(t.Context())
			h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				cancel()
				if err != nil {
					return nil, err
				}
				return created(ctx, req)
			})
			_, _ = h.Handle(ctx, place("k"))
			if got := datatest.Items[middleware.Mark](t, w.data, "marks", w.marks.last.Key); len(got) != 1 || string(got[0].State) != name {
				t.Errorf("the table has %+v", got)
			}
		})
	}
}

func TestOnceConcurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.once(created)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			a, err := handlertest.Do(t.Context(), h, place("k"))
			if err != nil && !errors.Is(err, middleware.ErrInFlight) || err == nil && a.Status != 201 {
				t.Errorf("%d %v", a.Status, err)
			}
		})
	}
	all.Wait()
	w.wantRuns(1)
}

// TestOnceTakeover: of two deliveries that find the same mark to take over one does.
func TestOnceTakeover(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(w *world) error{
		"failed": func(*world) error { return errors.New("broken") },
		"died":   func(w *world) error { w.pass(time.Hour); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var h handler.Handler
			first := true
			race := func() { // one comes in between the other's read and its write
				w.marks.afterGet = func() { wantStatus(t, do(t, h, place("k")), 201, "") }
				if a := do(t, h, place("k")); a.Status != 201 || a.Header.Get("Idempotent-Replayed") != "true" {
					t.Errorf("the slower delivery: %d %v", a.Status, a.Header)
				}
			}
			h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				if first {
					first = false
					if err := leave(w); err != nil {
						return nil, err
					}
					race()
					return nil, errors.New("has died")
				}
				return created(ctx, req)
			})
			_, _ = h.Handle(t.Context(), place("k"))
			if name == "failed" {
				race()
			}
			w.wantRuns(2)
		})
	}
}

func FuzzRequireKey(f *testing.F) {
	for _, seed := range []string{"a", `"a"`, `"a\"b\\"`, `"`, "a, b", "", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		key, err := middleware.RequireKey(t.Context(), place("").WithHeader("Idempotency-Key", value))
		if (err == nil) != (len(key) > 0) || len(key) > 255 {
			t.Fatalf("RequireKey of %q = %q, %v", value, key, err)
		}
		if err != nil {
			return
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(key) + `"`
		if again, err := middleware.RequireKey(t.Context(), place("").WithHeader("Idempotency-Key", quoted)); again != key {
			t.Fatalf("RequireKey of %s = %q, %v; want %q", quoted, again, err, key)
		}
	})
}
