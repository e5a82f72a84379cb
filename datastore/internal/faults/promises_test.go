package faults_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

const whole = "the whole answer"

// notes is a small driver, which can be a bad one.
type notes struct {
	client *http.Client
	retry  *iam.Retry
	url    string
	bad    string
}

// badVariable says what is wrong with the driver of this process; "" for nothing.
const badVariable = "TIERKIT_TEST_BAD"

func openNotes(client *http.Client, url string) notes {
	n := notes{client: client, retry: iam.NewRetry(nil), url: url, bad: os.Getenv(badVariable)}
	if n.bad == "never thaws" {
		n.client = &http.Client{Transport: &http.Transport{}}
	}
	return n
}

func (n notes) get(ctx context.Context) error { return n.do(ctx, http.MethodGet, iam.Call{}) }

func (n notes) add(ctx context.Context) error {
	return n.do(ctx, http.MethodPost, iam.Call{Write: true, Repeatable: n.bad == "repeats"})
}

func (n notes) do(ctx context.Context, method string, call iam.Call) error {
	if _, other := datastore.FunctionFrom(ctx); other && n.bad != "grants" {
		return datastore.ErrDenied
	}
	if n.bad == "outlives" {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		ctx = own
	}
	return n.retry.Do(ctx, call, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, method, n.url, strings.NewReader("hunter2"))
		if err != nil {
			return err
		}
		resp, err := n.client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if n.bad == "believes" {
			return nil
		}
		if err == nil && string(body) != whole {
			err = refusal{&smithy.GenericAPIError{Code: resp.Header.Get("X-Amzn-Errortype")}, resp.StatusCode}
			if n.bad == "tells" {
				err = errors.Join(err, errors.New("hunter2"))
			}
		}
		return err
	})
}

// refusal is an answer that is no success.
type refusal struct {
	*smithy.GenericAPIError
	status int
}

func (r refusal) HTTPStatusCode() int { return r.status }

var operations = []faults.Operation[notes]{
	{Name: "get", Do: func(ctx context.Context, n notes) error { return n.get(ctx) }},
	{Name: "add", Write: true, Do: func(ctx context.Context, n notes) error { return n.add(ctx) }},
}

// TestPromisesKept: a driver that keeps all promises passes, on a server that closes
// its connections.
func TestPromisesKept(t *testing.T) {
	faults.Promises[notes]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", "close")
				_, _ = io.WriteString(w, whole)
			}))
			t.Cleanup(server.Close)
			return faults.Keeping(t, server.URL+"/notes"), "told"
		},
		Open: func(t *testing.T, url, told string, now func() time.Time) notes {
			if told != "told" || !strings.HasSuffix(url, "/notes") {
				t.Errorf("Open(%q, %q), want the URL of notes, and told", url, told)
			}
			return openNotes(iam.HTTPClientAt(now), url)
		},
		Operations: operations,
	}.Run(t)
}

// TestRefusalsUnderstood: the same for what errors mean.
func TestRefusalsUnderstood(t *testing.T) {
	faults.Refusals[notes]{
		Open:       func(_ *testing.T, client *http.Client) notes { return openNotes(client, "http://scripted.invalid") },
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: whole},
		Operations: operations,
		Service:    []faults.Refusal{{Status: 404, Code: "ResourceNotFoundException", Want: datastore.ErrUnavailable}},
		Secret:     "hunter2",
	}.Run(t)
}

// TestBroken: a driver that breaks one is found, by the very test of it.
func TestBroken(t *testing.T) {
	t.Parallel()
	if os.Getenv(badVariable) != "" {
		t.Skip("this is the bad driver's process")
	}
	for _, c := range []struct{ bad, test string }{
		{"grants", "TestPromisesKept/not_granted"},
		{"outlives", "TestPromisesKept/deadline,_new_connections"},
		{"repeats", "TestPromisesKept/lost_answer/add"},
		{"repeats", "TestPromisesKept/black_hole/add"},
		{"repeats", "TestPromisesKept/cut/add"},
		{"repeats", "TestPromisesKept/always_cut/add"},
		{"believes", "TestPromisesKept/cut/get"},
		{"never thaws", "TestPromisesKept/freeze/black_hole"},
		{"repeats", "TestRefusalsUnderstood/InternalFailure/add"},
		{"believes", "TestRefusalsUnderstood/AccessDeniedException/get"},
		{"tells", "TestRefusalsUnderstood/AccessDeniedException/get"},
	} {
		t.Run(c.bad+"/"+c.test, func(t *testing.T) {
			t.Parallel()
			pattern := "^" + strings.ReplaceAll(c.test, "/", "$/^") + "$"
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern)
			cmd.Env = append(os.Environ(), badVariable+"="+c.bad)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+c.test) {
				t.Errorf("a driver that %s: %v, want it to fail %s:\n%s", c.bad, err, c.test, out)
			}
		})
	}
}
