package jwt_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// server is an issuer's key set on a loopback address. It counts fetches.
type server struct {
	*httptest.Server
	fetches atomic.Int64

	mu     sync.Mutex
	set    []byte
	status int
}

func newServer(t *testing.T, set []byte) *server {
	t.Helper()
	s := &server{set: set, status: http.StatusOK}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.fetches.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.WriteHeader(s.status)
	w.Write(s.set)
}

// publish changes what the server answers.
func (s *server) publish(status int, set []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.set = status, set
}

// wantFetches fails unless there were n since the start.
func (s *server) wantFetches(t *testing.T, n int64) {
	t.Helper()
	if got := s.fetches.Load(); got != n {
		t.Fatalf("%d fetches, want %d", got, n)
	}
}

// handClock is a clock that a test moves.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *handClock { return &handClock{now: now} }

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// longLived is a token that outlives every test.
func longLived(t testing.TB, kid string) string {
	t.Helper()
	return sign(t, members{"kid": kid}, claims(members{"exp": now.Add(1000 * time.Hour).Unix()}))
}

// with is a verifier whose keys come by the settings.
func with(t testing.TB, k jwt.KeySettings) *jwt.Verifier {
	t.Helper()
	keys, err := jwt.NewKeySet(k)
	if err != nil {
		t.Fatal(err)
	}
	s := standard(t)
	s.Keys = keys
	return verifier(t, s)
}

func verifyCode(t testing.TB, v *jwt.Verifier, token string, want jwt.Code) {
	t.Helper()
	_, err := v.Verify(context.Background(), token)
	wantCode(t, err, want)
}

// roundTrip is a transport that a test writes.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}
