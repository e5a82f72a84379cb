package sigv4_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

func TestSign(t *testing.T) {
	t.Parallel()
	r := httpRequest(t, testURL)
	r.Header.Set("Authorization", "Bearer of another scheme")
	r.Header.Set("X-Amz-Security-Token", "of another time")
	r.Header.Set("User-Agent", "may change")
	signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	if err := signer.Sign(r, sigv4.Hash(nil), lasting); err != nil {
		t.Fatal(err)
	}
	const want = "AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-probe, Signature="
	if got := r.Header.Get("Authorization"); !strings.HasPrefix(got, want) || len(got) != len(want)+64 {
		t.Errorf("Authorization = %q", got)
	}
	if got := r.Header.Get("X-Amz-Date"); got != signedAt {
		t.Errorf("X-Amz-Date = %q", got)
	}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		t.Error("the old token was kept")
	}
	if r.URL.RawQuery != "b=2&a=1&a=%2B%20%20&empty=&valueless" {
		t.Errorf("query %q: want spaces as %%20, and nothing else changed", r.URL.RawQuery)
	}
}

// TestSignTwice: a retry is signed anew.
func TestSignTwice(t *testing.T) {
	t.Parallel()
	r := httpRequest(t, testURL)
	for _, now := range []string{signedAt, "20260130T110100Z"} {
		signer := sigv4.NewSigner("s3", "eu-central-1", &sigv4.SignerOptions{Now: at(t, now)})
		if err := signer.Sign(r, sigv4.Hash(nil), temporary); err != nil {
			t.Fatal(err)
		}
		if _, err := verify(verifier(t, "s3", now), sigv4.FromHTTP(r, nil)); err != nil {
			t.Errorf("signed at %s: %v", now, err)
		}
	}
}

// TestSignReceived: a proxy signs what it received for its own journey.
func TestSignReceived(t *testing.T) {
	t.Parallel()
	r := httpRequest(t, testURL)
	r.RequestURI = "/as/it/came"
	signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	if err := signer.Sign(r, sigv4.Hash(nil), lasting); err != nil {
		t.Fatal(err)
	}
	r.RequestURI = ""
	if _, err := verify(verifier(t, "execute-api", signedAt), sigv4.FromHTTP(r, nil)); err != nil {
		t.Error(err)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	expired := sigv4.Credentials{AccessKey: "A", Secret: "s", Expires: at(t, signedAt)()}
	request := func(url string) *http.Request { return httpRequest(t, url) }
	tests := []struct {
		name    string
		request *http.Request
		c       sigv4.Credentials
		hash    string
		want    string
	}{
		{"no URL", &http.Request{}, lasting, "", "no host"},
		{"no host", &http.Request{URL: &url.URL{Path: "/x"}}, lasting, "", "no host"},
		{"no access key", request("https://h/x"), sigv4.Credentials{Secret: "hunter2"}, "", "no access key"},
		{"no secret", request("https://h/x"), sigv4.Credentials{AccessKey: "A"}, "", "no secret"},
		{"expired", request("https://h/x"), expired, "", "ended at 2026-01-30T11:00:00Z"},
		{"presigned already", request("https://h/x?X-Amz-Signature=hunter2"), lasting, "", "has X-Amz-Signature already"},
		{"unsigned payload", request("https://h/x"), lasting, sigv4.UnsignedPayload, "only s3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
			err := signer.Sign(tt.request, tt.hash, tt.c)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Sign = %v, want %q", err, tt.want)
			}
			if tt.hash != "" {
				return
			}
			if _, err := signer.Presign(tt.request, time.Minute, tt.c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Presign = %v, want %q", err, tt.want)
			}
		})
	}
	for _, expires := range []time.Duration{0, -time.Second, time.Millisecond, 1500 * time.Millisecond, 169 * time.Hour} {
		signer := sigv4.NewSigner("execute-api", "eu-central-1", nil)
		if _, err := signer.Presign(request("https://h/x"), expires, lasting); err == nil || !strings.Contains(err.Error(), "168h") {
			t.Errorf("Presign for %v = %v", expires, err)
		}
	}
	r := request("https://h/x")
	r.Header.Set("X-Amz-Content-Sha256", sigv4.Hash(nil))
	if _, err := sigv4.NewSigner("s3", "eu-central-1", nil).Presign(r, time.Minute, lasting); err == nil || !strings.Contains(err.Error(), "remove the header X-Amz-Content-Sha256") {
		t.Errorf("Presign with the hash as a header = %v", err)
	}
}

// TestPresignKeepsTheRequest: Presign changes nothing of it.
func TestPresignKeepsTheRequest(t *testing.T) {
	t.Parallel()
	r := httpRequest(t, testURL)
	before := r.URL.String()
	u, err := sigv4.NewSigner("execute-api", "eu-central-1", nil).Presign(r, time.Minute, temporary)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL.String() != before || r.Header.Get("Authorization") != "" || u.String() == before {
		t.Errorf("before %s\nafter %s\npresigned %s", before, r.URL, u)
	}
}

// TestConcurrent uses one verifier and one signer from many goroutines, with
// more keys than are kept (SIG-08).
func TestConcurrent(t *testing.T) {
	t.Parallel()
	keys := sigv4.KeysFunc(func(_ context.Context, accessKey string) (sigv4.Credentials, error) {
		return sigv4.Credentials{AccessKey: accessKey, Secret: "secret of " + accessKey}, nil
	})
	v := sigv4.NewVerifier("execute-api", "eu-central-1", keys, &sigv4.Options{Now: at(t, signedAt)})
	signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				r, err := http.NewRequest("GET", "https://h/x", nil)
				if err != nil {
					t.Error(err)
					return
				}
				key := "K" + strings.Repeat("x", g) + strings.Repeat("y", i)
				if err := signer.Sign(r, sigv4.Hash(nil), sigv4.Credentials{AccessKey: key, Secret: "secret of " + key}); err != nil {
					t.Error(err)
				}
				if _, err := verify(v, sigv4.FromHTTP(r, nil)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
