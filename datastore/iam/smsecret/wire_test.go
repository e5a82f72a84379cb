package smsecret_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// newSecret makes a secret with the value "hunter2" in the server at url.
func newSecret(t testing.TB, url string) (name string) {
	t.Helper()
	name = fmt.Sprintf("tierkit/%d-%d", startedAt, created.Add(1))
	_, err := secretsmanager.NewFromConfig(config(url, nil)).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: &name, SecretString: aws.String("hunter2")})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// TestThawPastMaxAge: the first call after a freeze succeeds, also one that what is
// kept is too old for.
func TestThawPastMaxAge(t *testing.T) {
	faults.Frozen{
		Idle: 10 * time.Minute,
		Serve: func(t *testing.T) (upstream, told string) {
			url := servers.URL(t, "TIERKIT_TEST_MOTO")
			return faults.Keeping(t, url), newSecret(t, url)
		},
		Open: func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error {
			data := dataFor(config(url, iam.HTTPClientAt(now)), told, now)
			hush := datastore.Use[all](function{}, secret.New[string](data, "hush", secret.Manager, nil))
			return func(ctx context.Context) error { _, err := hush.Get(ctx); return err }
		},
	}.Run(t)
}

// TestBlackHole: without a value no call outlives its deadline; with one that is old
// it is served after a second, and at once while the service rests.
func TestBlackHole(t *testing.T) {
	faults.NoGoroutines(t)
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	name := newSecret(t, url)
	proxy := faults.NewProxy(t, url)
	now := time.Now()
	data := dataFor(config(proxy.URL(), iam.HTTPClient()), name, func() time.Time { return now })
	hush := datastore.Use[all](function{}, secret.New[string](data, "hush", secret.Manager, nil))
	if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
		t.Fatalf("Get = %q, %v", got, err)
	}
	proxy.BlackHoleAll()
	const late = 150 * time.Millisecond // of a busy machine
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := hush.Fresh(ctx); !errors.Is(err, datastore.ErrUnavailable) || time.Since(begin) > 200*time.Millisecond+late {
		t.Errorf("Fresh: error = %v after %v, want %v within 200 ms", err, time.Since(begin), datastore.ErrUnavailable)
	}
	now = now.Add(10 * time.Minute)
	for i, limit := range []time.Duration{time.Second, 0} {
		begin := time.Now()
		if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" || time.Since(begin) > limit+late {
			t.Errorf("Get %d = %q, %v after %v, want what is kept within %v", i, got, err, time.Since(begin), limit)
		}
	}
	proxy.Pass()
	now = now.Add(10 * time.Second)
	if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
		t.Errorf("Get afterwards = %q, %v", got, err)
	}
}

// TestCut: an answer that ends before its end is asked for again, and no error has a
// part of it.
func TestCut(t *testing.T) {
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	name := newSecret(t, url)
	for _, at := range []int{1, 100, 260, 320} {
		proxy := faults.NewProxy(t, url)
		hush := handle(config(proxy.URL(), iam.HTTPClient()), name)
		proxy.CutNext(at)
		if got, err := hush.Get(t.Context()); err != nil || got != "hunter2" {
			t.Errorf("Get with an answer cut after %d bytes = %q, %v", at, got, err)
		}
		proxy.CutAfter(at)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := hush.Fresh(ctx)
		cancel()
		if !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("Fresh with answers cut after %d bytes: error = %v, want %v", at, err, datastore.ErrUnavailable)
		}
		faults.Hidden(t, err, "hunter2")
	}
}
