package faults_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// post sends a body and answers the status and what is read of the answer.
func post(t testing.TB, client *http.Client, url, body string) (status int, answer string, err error) {
	t.Helper()
	resp, err := client.Post(url+"/path", "text/plain", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(read), err
}

// TestScript: the same script as a transport and as a server.
func TestScript(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	answers := []faults.Answer{
		{Body: "first"},
		{Status: 503, Header: http.Header{"Retry-After": {"1"}}},
		{Err: own},
		{Body: "short", Cut: true},
		{From: func(r faults.Request) faults.Answer { return faults.Answer{Status: 202, Body: "re " + r.Body} }},
		{Body: "always", Always: true},
	}
	for _, c := range []struct {
		name  string
		start func(*testing.T, *faults.Script) (*http.Client, string)
		lost  error // nil means any
	}{
		{"transport", func(_ *testing.T, s *faults.Script) (*http.Client, string) {
			return s.Client(), "http://scripted.invalid"
		}, own},
		{"server", func(t *testing.T, s *faults.Script) (*http.Client, string) {
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			return server.Client(), server.URL
		}, io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script := faults.NewScript(t, answers...)
			client, url := c.start(t, script)
			for i, want := range []struct {
				status int
				body   string
				err    error
			}{
				{200, "first", nil}, {503, "", nil}, {0, "", c.lost}, {200, "short", io.ErrUnexpectedEOF},
				{202, "re body", nil}, {200, "always", nil}, {200, "always", nil},
			} {
				status, body, err := post(t, client, url, "body")
				if status != want.status || body != want.body || !errors.Is(err, want.err) {
					t.Errorf("request %d: %d, %q, %v, want %d, %q, %v", i+1, status, body, err, want.status, want.body, want.err)
				}
			}
			all := script.Requests()
			if len(all) != 7 {
				t.Fatalf("%d requests were kept, want 7", len(all))
			}
			got := all[6]
			if got.Method != "POST" || !strings.HasSuffix(got.URL, "/path") || got.Body != "body" ||
				got.Header.Get("Content-Type") != "text/plain" || got.At.Before(all[0].At) {
				t.Errorf("request 7 = %+v, want what was sent", got)
			}
		})
	}
}

func TestScriptHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := faults.NewScript(t, faults.Answer{Hang: true}).Client()
		client.Timeout = time.Hour
		begin := time.Now()
		if _, _, err := post(t, client, "http://scripted.invalid", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("request: error = %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(begin); took != time.Hour {
			t.Errorf("request took %v, want %v", took, time.Hour)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(faults.NewScript(t, faults.Answer{From: func(faults.Request) faults.Answer {
		cancel() // the request has come
		return faults.Answer{Hang: true}
	}}))
	defer server.Close() // waits until the handler has returned
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("request: error = %v, want %v", err, context.Canceled)
	}
	if err == nil {
		resp.Body.Close()
	}
}

func TestScriptOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		answers  []faults.Answer
		requests int
		want     string
	}{
		{"as many", []faults.Answer{{}, {}}, 2, ""},
		{"too many", []faults.Answer{{}}, 2, "request 2, POST http://scripted.invalid/path, is one too many"},
		{"too few", []faults.Answer{{}, {}, {}}, 1, "1 requests came, and 2 answers were left"},
		{"none of always", []faults.Answer{{Always: true}}, 0, ""},
		{"too few before always", []faults.Answer{{}, {Always: true}}, 0, "0 requests came, and 1 answers were left"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			client := faults.NewScript(r, c.answers...).Client()
			for i := range c.requests {
				if _, _, err := post(t, client, "http://scripted.invalid", ""); (err != nil) != (i >= len(c.answers)) {
					t.Errorf("request %d: error = %v", i+1, err)
				}
			}
			if got := r.finish(); strings.TrimPrefix(got, "faults: ") != c.want {
				t.Errorf("the test failed with %q, want %q", got, c.want)
			}
		})
	}
}
