package kmskey_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kmskey"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
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

// scripted is a handle on a key that client serves.
func scripted(client *http.Client) all {
	return handle(config("http://scripted.invalid", client), "k-1")
}

const found = `{"KeyId":"k-1","Plaintext":"aHVudGVyMg==","CiphertextBlob":"Y2lwaGVy"}`

// TestRefusals: what each error means, and how often it is asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[sealed]{
		Open:       func(_ *testing.T, client *http.Client) sealed { return sealed{scripted(client), []byte("x")} },
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: found},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "InvalidCiphertextException", Want: datastore.ErrCorrupt},
			{Code: "IncorrectKeyException", Want: datastore.ErrCorrupt},
			{Code: "InvalidKeyUsageException", Want: datastore.ErrDeclaration}, // a key for signatures
			{Code: "NotFoundException", Want: datastore.ErrUnavailable},
			{Code: "DisabledException", Want: datastore.ErrUnavailable},
			{Code: "KMSInvalidStateException", Want: datastore.ErrUnavailable}, // to be deleted
			{Status: 500, Code: "KMSInternalException", Want: datastore.ErrUnavailable, Again: true, Lost: true},
			{Status: 503, Code: "DependencyTimeoutException", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
		Secret: "hunter2",
	}.Run(t)
}

// TestRequests: what goes out names the key and the context.
func TestRequests(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Body: found}, faults.Answer{Body: found},
		faults.Answer{Body: `{"Plaintext":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","CiphertextBlob":"Y2lwaGVy"}`})
	k, ctx, bound := scripted(s.Client()), t.Context(), key.Context{"customer": "c1"}
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
	for i, r := range s.Requests() {
		if got := r.Header.Get("X-Amz-Target") + " " + r.Body; got != want[i] {
			t.Errorf("request %d:\n%s\nwant:\n%s", i, got, want[i])
		}
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
				s := faults.NewScript(t, faults.Answer{Body: body, Always: true})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				for op, do := range map[string]func() ([]byte, error){
					"Decrypt": func() ([]byte, error) { return scripted(s.Client()).Decrypt(ctx, []byte("x"), nil) },
					"Seal":    func() ([]byte, error) { return scripted(s.Client()).Seal(ctx, []byte("x"), nil) },
				} {
					got, err := do()
					if err == nil || got != nil {
						t.Errorf("%s = %q, %v, want an error", op, got, err)
					}
					faults.Hidden(t, err, "hunter2", "aHVudGVyMg", "12345678")
				}
			})
		})
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
