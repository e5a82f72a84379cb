package kmskey_test

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
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kmskey"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/key/keytest"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	key.Encrypter
	key.Decrypter
	key.Sealer
	key.Opener
}

func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// newKey makes a key in the server at url.
func newKey(t testing.TB, url string) string {
	t.Helper()
	client := kms.NewFromConfig(config(url, nil))
	made, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := client.ScheduleKeyDeletion(context.WithoutCancel(t.Context()), &kms.ScheduleKeyDeletionInput{
			KeyId: made.KeyMetadata.KeyId, PendingWindowInDays: aws.Int32(7)})
		if err != nil {
			t.Logf("ScheduleKeyDeletion: %v", err)
		}
	})
	return *made.KeyMetadata.KeyId
}

// handle is one of the key with the given id.
func handle(cfg aws.Config, id string) all {
	data := datastore.New([]datastore.Driver{kmskey.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return id, true },
	})
	return datastore.Use[all](function{}, key.New(data, "pii", nil))
}

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	keytest.Run(t, func(t testing.TB, names ...string) *datastore.Data {
		ids := map[string]string{}
		for _, name := range names {
			ids[datastore.Variable(key.Spec{Logical: name})] = newKey(t, url)
		}
		return datastore.New([]datastore.Driver{kmskey.With(config(url, nil))}, &datastore.Options{
			Lookup: func(variable string) (string, bool) { id, ok := ids[variable]; return id, ok },
		})
	}, keytest.ForeignDenied, keytest.JoinedContext)
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
	return handle(config("http://scripted.invalid", &http.Client{Transport: s}), "k-1")
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

func found(int) (*http.Response, error) {
	return reply(200, `{"KeyId":"k-1","Plaintext":"aHVudGVyMg==","CiphertextBlob":"Y2lwaGVy"}`)
}

func lost(int) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

// TestFaults: what each answer means, and how often it is asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(int) (*http.Response, error)
		want   error
		calls  int
	}{
		{"found", found, nil, 1},
		{"not its ciphertext", refuse(400, "InvalidCiphertextException"), datastore.ErrCorrupt, 1},
		{"of another key", refuse(400, "IncorrectKeyException"), datastore.ErrCorrupt, 1},
		{"a key for signatures", refuse(400, "InvalidKeyUsageException"), datastore.ErrDeclaration, 1},
		{"no key", refuse(400, "NotFoundException"), datastore.ErrUnavailable, 1},
		{"disabled", refuse(400, "DisabledException"), datastore.ErrUnavailable, 1},
		{"to be deleted", refuse(400, "KMSInvalidStateException"), datastore.ErrUnavailable, 1},
		{"denied", refuse(400, "AccessDeniedException"), datastore.ErrDenied, 1},
		{"throttled", refuse(400, "ThrottlingException"), datastore.ErrThrottled, 8},
		{"throttled once", then(refuse(400, "ThrottlingException"), found), nil, 2},
		{"failing", refuse(500, "KMSInternalException"), datastore.ErrUnavailable, 8},
		{"slow once", then(refuse(503, "DependencyTimeoutException"), found), nil, 2},
		{"lost once", then(lost, found), nil, 2},
	} {
		for op, do := range map[string]func(context.Context, all) error{
			"Encrypt": func(ctx context.Context, k all) error { _, err := k.Encrypt(ctx, []byte("hunter2"), nil); return err },
			"Decrypt": func(ctx context.Context, k all) error { _, err := k.Decrypt(ctx, []byte("x"), nil); return err },
		} {
			t.Run(op+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{answer: tt.answer}
					err := do(t.Context(), s.open())
					if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(s.calls) != tt.calls {
						t.Errorf("error = %v after %d calls, want %v after %d", err, len(s.calls), tt.want, tt.calls)
					}
					var api smithy.APIError
					if tt.want != nil && !errors.As(err, &api) {
						t.Errorf("%v: the SDK's error is not found", err)
					}
					wantHidden(t, err)
				})
			})
		}
	}
}

// TestRequests: what goes out names the key and the context.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(n int) (*http.Response, error) {
		if n == 3 {
			return reply(200, `{"Plaintext":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","CiphertextBlob":"Y2lwaGVy"}`)
		}
		return found(n)
	}}
	k, ctx, bound := s.open(), t.Context(), key.Context{"customer": "c1"}
	if got, err := k.Encrypt(ctx, []byte("x"), bound); err != nil || string(got) != "cipher" {
		t.Errorf("Encrypt = %q, %v", got, err)
	}
	if got, err := k.Decrypt(ctx, []byte("cipher"), bound); err != nil || string(got) != "hunter2" {
		t.Errorf("Decrypt = %q, %v", got, err)
	}
	for range 2 {
		if got, err := k.Seal(ctx, []byte("x"), bound); err != nil || string(got[:9]) != "\x01\x00\x06cipher" {
			t.Errorf("Seal = %q, %v", got, err)
		}
	}
	want := []string{
		`TrentService.Encrypt {"EncryptionContext":{"customer":"c1"},"KeyId":"k-1","Plaintext":"eA=="}`,
		`TrentService.Decrypt {"CiphertextBlob":"Y2lwaGVy","EncryptionContext":{"customer":"c1"},"KeyId":"k-1"}`,
		`TrentService.GenerateDataKey {"EncryptionContext":{"tierkit:envelope":"1"},"KeyId":"k-1","KeySpec":"AES_256"}`,
	}
	if got := strings.Join(s.calls, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("calls:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

// TestHidden: an answer that cannot be read leaves nothing of itself in the error.
func TestHidden(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"cut":       `{"Plaintext":"aHVudGVyMg==","KeyId":"k`,
		"no base64": `{"Plaintext":"hunter2!"}`,
		"a number":  `{"Plaintext":12345678}`,
		"elsewhere": `{"Plaintext":"aHVudGVyMg==","KeyId":["hunter2"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(int) (*http.Response, error) { return reply(200, body) }}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				for op, do := range map[string]func() ([]byte, error){
					"Decrypt": func() ([]byte, error) { return s.open().Decrypt(ctx, []byte("x"), nil) },
					"Seal":    func() ([]byte, error) { return s.open().Seal(ctx, []byte("x"), nil) },
				} {
					got, err := do()
					if err == nil || got != nil {
						t.Errorf("%s = %q, %v, want an error", op, got, err)
					}
					wantHidden(t, err)
				}
			})
		})
	}
}

// wantHidden looks for a plaintext in every error of the tree.
func wantHidden(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, part := range []string{"hunter2", "aHVudGVyMg", "12345678", "104, 117, 110, 116", "0x68, 0x75, 0x6e"} {
		if strings.Contains(text, part) {
			t.Errorf("the error shows the answer: %s", text)
		}
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

// TestVariable: the variable must be set.
func TestVariable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{kmskey.Driver}, nil)
	_, err := datastore.Use[key.Encrypter](function{}, key.New(data, "pii", nil)).Encrypt(t.Context(), []byte("x"), nil)
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_KEY_PII is not set") {
		t.Errorf("error = %v", err)
	}
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := kmskey.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := key.New(data, "pii", nil).Spec()
	fmt.Println(driver.Name(), "opens the", spec.Kind(), spec.Name(), "by the id in", datastore.Variable(spec))
	// Output: kmskey opens the key pii by the id in TIERKIT_KEY_PII
}
