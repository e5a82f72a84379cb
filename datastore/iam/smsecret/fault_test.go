package smsecret_test

import (
	"context"
	"encoding/base64"
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
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	secret.Getter[string]
	secret.Fresher[string]
	secret.Previous[string]
}

func handle(cfg aws.Config, id string) all {
	return datastore.Use[all](function{}, secret.New[string](dataFor(cfg, id, nil), "hush", secret.Manager, nil))
}

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, req.Header.Get("X-Amz-Target")+" "+string(body))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n)
}

func (s *script) open() all {
	return handle(config("http://scripted.invalid", &http.Client{Transport: s}), "arn:aws:secretsmanager:eu-central-1:123456789012:secret:hush-AbCdEf")
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) func(int) (*http.Response, error) {
	return func(int) (*http.Response, error) {
		return reply(status, `{"__type":"`+code+`","message":"refused"}`)
	}
}

func then(first, second func(int) (*http.Response, error)) func(int) (*http.Response, error) {
	return func(n int) (*http.Response, error) {
		if n == 1 {
			return first(n)
		}
		return second(n)
	}
}

func kindOf(err error) error {
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		return e.Kind
	}
	return err
}

func found(int) (*http.Response, error) {
	return reply(200, `{"ARN":"a","Name":"hush","SecretString":"hunter2","VersionId":"v1"}`)
}

func lost(int) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

// TestFaults: what each answer means, how often it is asked, and that the SDK's
// error is found below.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(int) (*http.Response, error)
		want   error
		calls  int
	}{
		{"found", found, nil, 1},
		{"not there", refuse(400, "ResourceNotFoundException"), datastore.ErrNotFound, 1},
		{"marked for deletion", refuse(400, "InvalidRequestException"), datastore.ErrNotFound, 1},
		{"no name", refuse(400, "InvalidParameterException"), datastore.ErrDeclaration, 1},
		{"denied", refuse(400, "AccessDeniedException"), datastore.ErrDenied, 1},
		{"expired", refuse(400, "ExpiredTokenException"), datastore.ErrDenied, 1},
		{"not decrypted", refuse(400, "DecryptionFailure"), datastore.ErrUnavailable, 1},
		{"throttled", refuse(400, "ThrottlingException"), datastore.ErrThrottled, 8},
		{"throttled once", then(refuse(400, "ThrottlingException"), found), nil, 2},
		{"failing", refuse(500, "InternalServiceError"), datastore.ErrUnavailable, 8},
		{"failing once", then(refuse(500, "InternalServiceError"), found), nil, 2},
		{"lost once", then(lost, found), nil, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				got, err := s.open().Get(t.Context())
				if kindOf(err) != tt.want || len(s.calls) != tt.calls || (got == "hunter2") != (tt.want == nil) {
					t.Errorf("Get = %q, %v after %d calls, want %v after %d", got, err, len(s.calls), tt.want, tt.calls)
				}
				var api smithy.APIError
				if tt.want != nil && !errors.As(err, &api) {
					t.Errorf("%v: the SDK's error is not found", err)
				}
			})
		})
	}
}

// TestRequests: what goes out.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(n int) (*http.Response, error) {
		if n == 2 {
			return reply(200, `{"SecretBinary":"`+base64.StdEncoding.EncodeToString([]byte("bytes"))+`"}`)
		}
		return found(n)
	}}
	hush := s.open()
	if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
		t.Errorf("Get = %q, %v", got, err)
	}
	if got, err := hush.Previous(t.Context()); err != nil || got != "bytes" {
		t.Errorf("Previous = %q, %v", got, err)
	}
	for i, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		want := `secretsmanager.GetSecretValue {"SecretId":"arn:aws:secretsmanager:eu-central-1:123456789012:secret:hush-AbCdEf","VersionStage":"` + stage + `"}`
		if len(s.calls) <= i || s.calls[i] != want {
			t.Errorf("calls = %q, want %s", s.calls, want)
		}
	}
}

// TestHidden: an answer that cannot be read leaves nothing of itself in the error,
// nor below it.
func TestHidden(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut":              `{"ARN":"a","SecretString":"hunter2","VersionId":"v1`,
		"not JSON":         `hunter2`,
		"of another type":  `{"SecretString":{"hunter2":1}}`,
		"no base64":        `{"SecretBinary":"hunter2!"}`,
		"wrong elsewhere":  `{"SecretString":"hunter2","VersionStages":"hunter2"}`,
		"a wrong date":     `{"SecretString":"hunter2","CreatedDate":"hunter2"}`,
		"an error page":    `<html>hunter2</html>`,
		"binary and wrong": `{"SecretBinary":12345678}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(int) (*http.Response, error) { return reply(200, body) }}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				got, err := s.open().Get(ctx)
				if !errors.Is(err, datastore.ErrUnavailable) || got != "" {
					t.Errorf("Get = %q, %v, want %v", got, err, datastore.ErrUnavailable)
				}
				wantHidden(t, err)
			})
		})
	}
}

// wantHidden looks for the value in every error of the tree.
func wantHidden(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v %+v %#v %s", err, err, err, err)
	if strings.Contains(text, "hunter2") || strings.Contains(text, "12345678") || strings.Contains(text, "104, 117, 110, 116") {
		t.Errorf("the error shows the answer: %s", text)
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, below := range e.Unwrap() {
			wantHidden(t, below)
		}
	case interface{ Unwrap() error }:
		wantHidden(t, e.Unwrap())
	}
}

// TestVariable: the variable must be set, and the driver opens what is in Secrets
// Manager alone.
func TestVariable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{smsecret.Driver}, nil)
	hush := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "hush", secret.Manager, nil))
	if _, err := hush.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_SECRET_HUSH is not set") {
		t.Errorf("without the variable: error = %v", err)
	}
	other := datastore.Use[secret.Getter[string]](function{}, secret.New[string](data, "other", secret.Parameter, nil))
	if _, err := other.Get(t.Context()); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "no driver") {
		t.Errorf("a parameter: error = %v, want that it has no driver", err)
	}
}
