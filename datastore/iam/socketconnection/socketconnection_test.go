package socketconnection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/socketconnection"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

type note struct {
	Text string `json:"text"`
}

type all interface {
	connection.Sender[note]
	connection.Stater
	connection.Closer
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
	auth  []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	s.calls = append(s.calls, strings.TrimSpace(req.Method+" "+req.URL.String()+" "+string(body)))
	s.auth = append(s.auth, req.Header.Get("Authorization"))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n)
}

func (s *script) open() all {
	return openAt(&http.Client{Transport: s}, "https://a1.execute-api.eu-central-1.amazonaws.com/live")
}

// openAt is a handle on the connections of the API at endpoint, reached by client.
func openAt(client *http.Client, endpoint string) all {
	cfg := configOf(client)
	cfg.BaseEndpoint = aws.String("http://other.invalid") // the API's endpoint counts
	driver := socketconnection.With(cfg)
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Lookup: func(name string) (string, bool) {
		return endpoint, name == "TIERKIT_CONNECTION_CHAT"
	}})
	return datastore.Use[all](function{}, connection.New[note](data, "chat"))
}

func configOf(client *http.Client) aws.Config {
	return aws.Config{
		Region: "eu-central-1", HTTPClient: client,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
}

func reply(status int, errorType, body string) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	if errorType != "" {
		h.Set("X-Amzn-ErrorType", errorType)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
}

const api = "https://a1.execute-api.eu-central-1.amazonaws.com/live/@connections/"

// TestRequests: what goes out. WSK-12, T191: the id is escaped.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(n int) (*http.Response, error) {
		if n == 2 {
			return reply(200, "", `{"connectedAt":"2026-01-02T03:04:05Z","identity":{"sourceIp":"192.0.2.1","userAgent":"x/1"},"lastActiveAt":"2026-01-02T03:05:05.5Z"}`)
		}
		return reply(200, "", "")
	}}
	chat := s.open()
	if err := chat.Send(t.Context(), "L0SM9cOFvHcCIhw=", note{"<hi>"}); err != nil {
		t.Error(err)
	}
	state, err := chat.State(t.Context(), "L0SM9cOFvHcCIhw=")
	want := connection.State{ConnectedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		LastActiveAt: time.Date(2026, 1, 2, 3, 5, 5, 5e8, time.UTC), IP: "192.0.2.1", UserAgent: "x/1"}
	if d := cmp.Diff(want, state); err != nil || d != "" {
		t.Errorf("State: %v (-want +got):\n%s", err, d)
	}
	if err := chat.Close(t.Context(), "a/b+="); err != nil {
		t.Error(err)
	}
	wantCalls := []string{
		"POST " + api + `L0SM9cOFvHcCIhw%3D {"text":"<hi>"}`,
		"GET " + api + "L0SM9cOFvHcCIhw%3D",
		"DELETE " + api + "a%2Fb%2B%3D",
	}
	if d := cmp.Diff(wantCalls, s.calls); d != "" {
		t.Errorf("requests (-want +got):\n%s", d)
	}
	for _, a := range s.auth {
		if !strings.Contains(a, "/eu-central-1/execute-api/aws4_request") {
			t.Errorf("signed as %q, want for execute-api", a)
		}
	}
}

// TestCloseAgain: a connection that has gone when it is closed again, after an answer
// that was lost, was closed by the first attempt.
func TestCloseAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := faults.NewScript(t, faults.Answer{Err: errors.New("connection reset by peer")}, faults.RefuseJSON(410, "GoneException"))
		if err := openAt(s.Client(), "https://a1.execute-api.eu-central-1.amazonaws.com/live").Close(t.Context(), "x"); err != nil {
			t.Errorf("Close = %v, want none", err)
		}
	})
}

// TestNative: the SDK's error is found below.
func TestNative(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.RefuseJSON(410, "GoneException"))
	err := openAt(s.Client(), "https://a1.execute-api.eu-central-1.amazonaws.com/live").Send(t.Context(), "x", note{})
	if gone, ok := errors.AsType[*types.GoneException](err); !ok || gone == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestEndpoint: the variable must be set, and be an endpoint.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":           "TIERKIT_CONNECTION_CHAT is not set",
		"chat":       "TIERKIT_CONNECTION_CHAT is no endpoint",
		"wss://h/x":  "TIERKIT_CONNECTION_CHAT is no endpoint",
		"https:///x": "TIERKIT_CONNECTION_CHAT is no endpoint",
	} {
		data := datastore.New([]datastore.Driver{socketconnection.With(aws.Config{})}, &datastore.Options{
			Lookup: func(string) (string, bool) { return endpoint, endpoint != "" },
		})
		chat := datastore.Use[connection.Closer](function{}, connection.New[note](data, "chat"))
		err := chat.Close(t.Context(), "x")
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), want) {
			t.Errorf("endpoint %q: error = %v, want %q", endpoint, err, want)
		}
	}
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's
// own package config loads, or one by hand.
func ExampleWith() {
	driver := socketconnection.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := connection.New[note](data, "chat").Spec()
	fmt.Println(driver.Name(), "reaches the", spec.Kind(), spec.Name(), "at the endpoint in", datastore.Variable(spec))
	// Output: socketconnection reaches the connection chat at the endpoint in TIERKIT_CONNECTION_CHAT
}
