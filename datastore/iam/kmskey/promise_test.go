package kmskey_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kmskey"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
)

// sealed is a key, and something that it has encrypted.
type sealed struct {
	all
	ciphertext []byte
}

// operations are one of each sort, with a secret.
var operations = []faults.Operation[sealed]{
	{Name: "Encrypt", Do: func(ctx context.Context, k sealed) error {
		_, err := k.Encrypt(ctx, []byte("hunter2"), nil)
		return err
	}},
	{Name: "Decrypt", Do: func(ctx context.Context, k sealed) error { _, err := k.Decrypt(ctx, k.ciphertext, nil); return err }},
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[sealed]{
		Serve: func(t *testing.T) (upstream, told string) {
			url := servers.URL(t, "TIERKIT_TEST_MOTO")
			id := newKey(t, url)
			ciphertext, err := handle(config(url, nil), id).Encrypt(t.Context(), []byte("hunter2"), nil)
			if err != nil {
				t.Fatal(err)
			}
			return faults.Keeping(t, url), id + " " + base64.StdEncoding.EncodeToString(ciphertext)
		},
		Open: func(t *testing.T, url, told string, now func() time.Time) sealed {
			id, text, _ := strings.Cut(told, " ")
			ciphertext, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			data := datastore.New([]datastore.Driver{kmskey.With(config(url, iam.HTTPClientAt(now)))}, &datastore.Options{
				Lookup: func(string) (string, bool) { return id, true },
			})
			return sealed{datastore.Use[all](function{}, key.New(data, "pii", nil)), ciphertext}
		},
		Operations: operations,
	}.Run(t)
}
