package valkeycache_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// certificate is one for 127.0.0.1, and a file with whom to trust for it.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	must(t, os.WriteFile(file, block, 0o600))
	return &tls.Config{Certificates: s.TLS.Certificates}, file
}

var keys = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret key", SessionToken: "session"}, nil
})

// TestIAMLogin: each connection is logged in with a token of its own, which is a
// signed request to connect this user to this cache.
func TestIAMLogin(t *testing.T) {
	t.Parallel()
	for _, serverless := range []bool{false, true} {
		server, ca := certificate(t)
		s := newScripted(t, map[string][]string{"GET": {"$1\r\n5"}})
		addr := secured(t, s, server)
		var ahead atomic.Int64
		now := func() time.Time { return time.Unix(1_900_000_000, 0).Add(time.Duration(ahead.Load())) }
		data := datastore.New([]datastore.Driver{valkeycache.With(aws.Config{Region: "eu-central-1", Credentials: keys})}, &datastore.Options{
			Lookup: func(string) (string, bool) {
				return "rediss://app@" + addr + "?iam=Sessions-1&cluster=0&ca=" + ca, true
			},
			Now: now,
		})
		var opts []cache.Option
		if serverless {
			opts = append(opts, cache.Serverless())
		}
		c := datastore.Use[counters](function{}, cache.New[int64](data, "counters", opts...))
		wantCount(t, c, "k", 5)
		ahead.Add(int64(12 * time.Hour))
		wantCount(t, c, "k", 5)

		s.mu.Lock()
		var tokens []string
		for _, line := range s.commands {
			if rest, ok := strings.CutPrefix(line, "HELLO 3 AUTH app "); ok {
				tokens = append(tokens, rest)
			}
		}
		s.mu.Unlock()
		if len(tokens) != 2 || tokens[0] == tokens[1] {
			t.Fatalf("tokens %q, want two", tokens)
		}
		ahead.Add(int64(14 * time.Minute))
		wantToken(t, tokens[1], serverless, now)
	}
}

func wantToken(t *testing.T, token string, serverless bool, now func() time.Time) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+token, nil)
	must(t, err)
	q := req.URL.Query()
	resource := ""
	if serverless {
		resource = "ServerlessCache"
	}
	if req.Host != "sessions-1" || q.Get("Action") != "connect" || q.Get("User") != "app" || q.Get("ResourceType") != resource || q.Get("X-Amz-Expires") != "900" {
		t.Errorf("the token is %s", token)
	}
	verifier := sigv4.NewVerifier("elasticache", "eu-central-1", sigv4.Static(sigv4.Credentials{
		AccessKey: "AKIDEXAMPLE", Secret: "secret key", SessionToken: "session",
	}), &sigv4.Options{Now: now})
	if _, err := verifier.Verify(t.Context(), sigv4.FromHTTP(req, nil)); err != nil {
		t.Errorf("the signature of the token: %v", err)
	}
}

// secured is the address at which s speaks TLS.
func secured(t *testing.T, s *scripted, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp4", "127.0.0.1:0", config)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(t.Context(), func() { conn.Close() })
			go func(conn net.Conn) { defer stop(); s.serve(conn) }(conn)
		}
	}()
	return l.Addr().String()
}

// TestOpening: what is wrong with the deployment is said, and nothing secret.
func TestOpening(t *testing.T) {
	t.Parallel()
	broken := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no role")
	})
	server, ca := certificate(t)
	addr := secured(t, newScripted(t, nil), server)
	empty := filepath.Join(t.TempDir(), "empty")
	must(t, os.WriteFile(empty, nil, 0o600))
	for _, tt := range []struct {
		name, url string
		cfg       aws.Config
		text      string
		want      error // nil: ErrUnavailable
	}{
		{"no variable", "", aws.Config{}, "TIERKIT_CACHE_COUNTERS is not set", nil},
		{"no URL", "redis://u:secret@h/5", aws.Config{}, "TIERKIT_CACHE_COUNTERS: it is no URL", nil},
		{"no file", "rediss://u:secret@h?ca=/none", aws.Config{}, "read the certificates", nil},
		{"no certificates", "rediss://u:secret@h?ca=" + empty, aws.Config{}, "no certificates", nil},
		{"no credentials", "rediss://app@" + addr + "?iam=c&ca=" + ca, aws.Config{}, "no credentials to sign with", nil},
		{"broken credentials", "rediss://app@" + addr + "?iam=c&ca=" + ca, aws.Config{Credentials: broken}, "credentials of the role: no role", datastore.ErrDenied},
		{"untrusted", "rediss://u:secret@" + addr, aws.Config{}, "certificate", nil},
	} {
		data := datastore.New([]datastore.Driver{valkeycache.With(tt.cfg)}, &datastore.Options{
			Lookup: func(string) (string, bool) { return tt.url, true },
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := use(data).Incr(ctx, "k", 1, 0)
		cancel()
		want := tt.want
		if want == nil {
			want = datastore.ErrUnavailable
		}
		if !errors.Is(err, want) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error = %v, want %v with %q", tt.name, err, want, tt.text)
		}
	}
}

// A function needs no configuration. Elsewhere With takes what an IAM login is
// signed with.
func ExampleWith() {
	driver := valkeycache.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := cache.New[string](data, "sessions").Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by the URL in", datastore.Variable(spec))
	// Output: valkeycache opens the cache sessions by the URL in TIERKIT_CACHE_SESSIONS
}
