package dynamotable_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// sent is what a script was sent last, as JSON.
func sent(t testing.TB, s *script) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(s.calls[len(s.calls)-1].Body), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestConsistentReadRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
		return reply(200, `{"Item":{"id":{"S":"1"}}}`)
	}}
	n := s.open(t)
	for _, c := range []struct {
		opts []table.ReadOption
		want bool
	}{
		{nil, false},
		{[]table.ReadOption{table.Consistent()}, true},
	} {
		if _, err := n.Get(t.Context(), table.PK("1"), c.opts...); err != nil {
			t.Fatal(err)
		}
		if got, _ := sent(t, s)["ConsistentRead"].(bool); got != c.want {
			t.Errorf("GetItem sends ConsistentRead = %v, want %v", got, c.want)
		}
		if _, err := n.GetMany(t.Context(), []table.Key{table.PK("1")}, c.opts...); err != nil {
			t.Fatal(err)
		}
		physical := sent(t, s)["RequestItems"].(map[string]any)["physical"].(map[string]any)
		if got, _ := physical["ConsistentRead"].(bool); got != c.want {
			t.Errorf("BatchGetItem sends ConsistentRead = %v, want %v", got, c.want)
		}
	}
}

// TestLimitRequests: a limit beyond the wire's 32 bits is the largest there is.
func TestLimitRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return reply(200, `{"Items":[]}`) }}
	n := s.open(t)
	for limit, want := range map[int]any{0: nil, 1: 1.0, math.MaxInt32: 2147483647.0, math.MaxInt: 2147483647.0} {
		if _, err := n.Query(t.Context(), table.Query{Key: table.PK("1"), Limit: limit}); err != nil {
			t.Fatal(err)
		}
		if got := sent(t, s)["Limit"]; got != want {
			t.Errorf("Query with the limit %d sends %v, want %v", limit, got, want)
		}
	}
}

// TestRefused: what AWS or something on the way to it refuses was not written, and
// is no mistake of the application's client.
func TestRefused(t *testing.T) {
	t.Parallel()
	html := func(status int) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			resp, err := reply(status, "<html><body>no</body></html>")
			resp.Header.Set("Content-Type", "text/html")
			return resp, err
		}
	}
	for _, c := range []struct {
		name   string
		answer func() (*http.Response, error)
		want   error
		status int
	}{
		{"page of a proxy: 403", html(403), datastore.ErrDenied, 500},
		{"page of a proxy: 404", html(404), datastore.ErrUnavailable, 503},
		{"validation", func() (*http.Response, error) { return refuse("ValidationException", "") }, datastore.ErrDeclaration, 500},
		{"key of another service", func() (*http.Response, error) { return refuse("KMSAccessDeniedException", "") }, datastore.ErrDenied, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return c.answer() }}
			_, err := s.open(t).Create(t.Context(), note{"1", ""})
			e, ok := errors.AsType[*datastore.Error](err)
			if !errors.Is(err, c.want) || !ok || e.StatusCode() != c.status || len(s.calls) != 1 {
				t.Errorf("Create = %v after %d requests, want %v, status %d, after 1", err, len(s.calls), c.want, c.status)
			}
		})
	}
}

// TestReplicatedConflict: a write that met one in another region is repeated.
func TestReplicatedConflict(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(_ context.Context, n int, _ call) (*http.Response, error) {
		if n == 1 {
			return refuse("ReplicatedWriteConflictException", "")
		}
		return reply(200, "{}")
	}}
	if _, err := s.open(t).Create(t.Context(), note{"1", ""}); err != nil || len(s.calls) != 2 {
		t.Errorf("Create = %v after %d requests, want nil after 2", err, len(s.calls))
	}
}

// TestHandshakeFails: a Create whose connection failed at the TLS handshake was
// not sent.
func TestHandshakeFails(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 4096))
			conn.Close()
		}
	}()
	data := onServer(t, config("https://"+listener.Addr().String(), nil), "physical")
	handle := datastore.Use[notes](function{}, table.New[note](data, "notes"))
	if _, err := handle.Create(t.Context(), note{"1", ""}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Create over a failed handshake: error = %v, want %v", err, datastore.ErrUnavailable)
	}
}

// TestCorruptItems: what is stored in a way that no item can have fails the items
// that have it in a field, and no others.
func TestCorruptItems(t *testing.T) {
	t.Parallel()
	type reading struct {
		ID    string `table:"id,pk"`
		Level int    `table:"level"`
		Any   table.Value
	}
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
		return reply(200, `{"Items":[
			{"id":{"S":"1"},"level":{"N":"1"},"Any":{"L":[{"SS":["a"]},{"NS":["1.50"]},{"BS":["eA=="]},{"NULL":true}]}},
			{"id":{"S":"2"},"level":{"N":"one"}},
			{"id":{"S":"3"},"level":{"N":"3"},"other":{"N":"three"}},
			{"id":{"S":"4"},"Any":{"L":[{"M":{"a":{"N":"four"}}}]}}
		]}`)
	}}
	data := onServer(t, config("http://scripted.invalid", &http.Client{Transport: s}), "physical")
	h := datastore.Use[table.Scanner[reading]](function{}, table.New[reading](data, "readings"))
	page, err := h.Scan(t.Context(), table.Scan{})
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || !errors.Is(err, datastore.ErrCorrupt) {
		t.Fatalf("Scan: error = %v, want a PartialError of %v", err, datastore.ErrCorrupt)
	}
	var failed []int
	for _, f := range partial.Failed {
		failed = append(failed, f.Index)
	}
	if want := []int{1, 3}; !slices.Equal(failed, want) || len(page.Items) != 2 || page.Items[1].Level != 3 {
		t.Fatalf("Scan: the items %v failed beside %+v, want %v beside the items 1 and 3", failed, page.Items, want)
	}
	form, err := page.Items[0].Any.MarshalJSON()
	if want := `{"L":[{"SS":["a"]},{"NS":["1.5"]},{"BS":["eA=="]},{"NULL":true}]}`; err != nil || string(form) != want {
		t.Errorf("a value that was read = %s, %v, want %s", form, err, want)
	}
}
