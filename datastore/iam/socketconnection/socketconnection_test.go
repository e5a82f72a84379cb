package socketconnection_test

import (
	"context"
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

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/socketconnection"
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
	driver := socketconnection.With(aws.Config{
		Region: "eu-central-1", HTTPClient: &http.Client{Transport: s},
		BaseEndpoint: aws.String("http://other.invalid"), // the API's endpoint counts
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	})
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Lookup: func(name string) (string, bool) {
		return "https://a1.execute-api.eu-central-1.amazonaws.com/live", name == "TIERKIT_CONNECTION_CHAT"
	}})
	return datastore.Use[all](function{}, connection.New[note](data, "chat"))
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

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// TestFaults: what each answer means, and how often it is asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	lost := func(int) (*http.Response, error) { return nil, errLost }
	always := func(status int, code string) func(int) (*http.Response, error) {
		return func(int) (*http.Response, error) { return reply(status, code, `{"message":"x"}`) }
	}
	then := func(first, second func(int) (*http.Response, error)) func(int) (*http.Response, error) {
		return func(n int) (*http.Response, error) {
			if n == 1 {
				return first(n)
			}
			return second(n)
		}
	}
	send := func(ctx context.Context, c all) error { return c.Send(ctx, "x", note{}) }
	state := func(ctx context.Context, c all) error { _, err := c.State(ctx, "x"); return err }
	closing := func(ctx context.Context, c all) error { return c.Close(ctx, "x") }
	for _, tt := range []struct {
		name   string
		answer func(int) (*http.Response, error)
		do     func(context.Context, all) error
		want   error
		calls  int
	}{
		{"send to who has gone", always(410, "GoneException"), send, datastore.ErrNotFound, 1},
		{"send is not allowed", always(403, "ForbiddenException"), send, datastore.ErrDenied, 1},
		{"send too much", always(413, "PayloadTooLargeException"), send, datastore.ErrTooLarge, 1},
		{"send too often once", then(always(429, "LimitExceededException"), always(200, "")), send, nil, 2},
		{"send too often", always(429, "LimitExceededException"), send, datastore.ErrThrottled, 8},
		{"send, the answer is lost", lost, send, datastore.ErrUnknown, 1},
		{"send, the service fails", always(500, "InternalServerError"), send, datastore.ErrUnknown, 1},
		{"send, nobody there", func(int) (*http.Response, error) { return nil, &net.OpError{Op: "dial", Err: errors.New("refused")} }, send, datastore.ErrUnavailable, 8},
		{"state, the answer is lost", then(lost, always(200, "")), state, nil, 2},
		{"close, the answer is lost", then(lost, always(200, "")), closing, nil, 2},
		{"close, the lost answer closed it", then(lost, always(410, "GoneException")), closing, nil, 2},
		{"close what has gone", always(410, "GoneException"), closing, datastore.ErrNotFound, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				err := tt.do(t.Context(), s.open())
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(s.calls) != tt.calls {
					t.Errorf("error = %v after %d calls, want %v after %d", err, len(s.calls), tt.want, tt.calls)
				}
				var gone *types.GoneException
				if tt.want == datastore.ErrNotFound && !errors.As(err, &gone) {
					t.Errorf("%v: the SDK's error is not found", err)
				}
			})
		})
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
