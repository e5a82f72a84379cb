package sigv4_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// TestAuthorizationHeader: what is not a signature, or not for here, says what it
// lacks (SIG-10).
func TestAuthorizationHeader(t *testing.T) {
	t.Parallel()
	const credential = "Credential=AKIAALICE/20260130/eu-central-1/execute-api/aws4_request"
	signature := "Signature=" + strings.Repeat("ab", 32)
	tests := []struct {
		name          string
		authorization []string
		date          string
		code          sigv4.Code
		text          string
	}{
		{"none", nil, signedAt, sigv4.MissingAuthenticationToken, "Missing Authentication Token"}, // GWR-02
		{"empty", []string{""}, signedAt, sigv4.IncompleteSignature, "requires 'Credential'"},
		{"bearer", []string{"Bearer hunter2"}, signedAt, sigv4.IncompleteSignature, "Invalid key=value pair"}, // GWR-34
		{"basic", []string{"Basic aHVudGVyMg=="}, "", sigv4.IncompleteSignature, "'X-Amz-Date' or a 'Date' header"},
		{"two", []string{"AWS4-HMAC-SHA256 x", "AWS4-HMAC-SHA256 y"}, signedAt, sigv4.IncompleteSignature, "Only one"},
		{"no date", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, " + signature}, "", sigv4.IncompleteSignature, "'X-Amz-Date' or a 'Date' header"},
		{"bad date", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, " + signature}, "2026-01-30T11:00:00Z", sigv4.IncompleteSignature, "ISO-8601 'basic format'"},
		{"date with a fraction", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, " + signature}, "20260130T110000.5Z", sigv4.IncompleteSignature, "ISO-8601 'basic format'"},
		{"no signature", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host"}, signedAt, sigv4.IncompleteSignature, "requires 'Signature'"},
		{"no signed headers", []string{"AWS4-HMAC-SHA256 " + credential + ", " + signature}, signedAt, sigv4.IncompleteSignature, "requires 'SignedHeaders'"},
		{"twice a part", []string{"AWS4-HMAC-SHA256 " + credential + ", " + credential + ", SignedHeaders=host, " + signature}, signedAt, sigv4.IncompleteSignature, "twice"},
		{"short credential", []string{"AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/eu-central-1, SignedHeaders=host, " + signature}, signedAt, sigv4.IncompleteSignature, "5 slash-delimited"},
		{"no key", []string{"AWS4-HMAC-SHA256 Credential=/20260130/eu-central-1/execute-api/aws4_request, SignedHeaders=host, " + signature}, signedAt, sigv4.IncompleteSignature, "5 slash-delimited"},
		{"short signature", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=abc"}, signedAt, sigv4.IncompleteSignature, "64 lower-case"},
		{"signature in capitals", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=" + strings.Repeat("AB", 32)}, signedAt, sigv4.IncompleteSignature, "64 lower-case"},
		{"signed headers in capitals", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=Host, " + signature}, signedAt, sigv4.IncompleteSignature, "lower case"},
		{"signed headers not sorted", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=x-amz-date;host, " + signature}, signedAt, sigv4.IncompleteSignature, "sorted"},
		{"a signed header twice", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host;host;x-amz-date, " + signature}, signedAt, sigv4.IncompleteSignature, "each name once"},
		{"a signed header with no name", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=;host, " + signature}, signedAt, sigv4.IncompleteSignature, "names of headers"},
		{"a signed header that is absent", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host;x-absent;x-amz-date, " + signature}, signedAt, sigv4.InvalidSignature, "'x-absent' is not in the request"},
		{"host not signed", []string{"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=x-amz-date, " + signature}, signedAt, sigv4.InvalidSignature, "'Host' or ':authority'"},
		{"SigV2", []string{"AWS AKIAALICE:frJIUN8DYpKDtOLCwo//yllqDzg="}, signedAt, sigv4.IncompleteSignature, "requires 'Credential'"},
		{"another hash", []string{"AWS4-HMAC-SHA512 " + credential + ", SignedHeaders=host, " + signature}, signedAt, sigv4.IncompleteSignature, "Unsupported AWS 'algorithm'"},
		{"several Regions", []string{"AWS4-ECDSA-P256-SHA256 Credential=AKIAALICE/20260130/execute-api/aws4_request, SignedHeaders=host, Signature=3045"}, signedAt, sigv4.InvalidSignature, "SigV4a"}, // SIG-09
		{"another service", []string{"AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/eu-central-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, " + signature}, signedAt, sigv4.InvalidSignature, "correct service: 'execute-api'"},
		{"another Region", []string{"AWS4-HMAC-SHA256 Credential=AKIAALICE/20260130/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, " + signature}, signedAt, sigv4.InvalidSignature, "valid Region, here 'eu-central-1'"},
		{"another day", []string{"AWS4-HMAC-SHA256 Credential=AKIAALICE/20260129/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, " + signature}, signedAt, sigv4.InvalidSignature, "does not match YYYYMMDD"},
		{"unknown key", []string{"AWS4-HMAC-SHA256 Credential=AKIAEVE/20260130/eu-central-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, " + signature}, signedAt, sigv4.UnrecognizedClient, "security token included in the request is invalid"},
		{"right but for the signature", []string{"AWS4-HMAC-SHA256 " + credential + ",SignedHeaders=host;x-amz-date," + signature}, signedAt, sigv4.InvalidSignature, "does not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &sigv4.Request{Method: "GET", Host: "h", Path: "/", Header: http.Header{}}
			if tt.authorization != nil {
				r.Header["Authorization"] = tt.authorization
			}
			if tt.date != "" {
				r.Header.Set("X-Amz-Date", tt.date)
			}
			_, err := verify(verifier(t, "execute-api", signedAt), r)
			wantRefusal(t, err, tt.code, tt.text)
		})
	}
}

// TestTime: T236, SIG-07, GWR-18. Signed at 11:00.
func TestTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		service   string
		presigned bool
		now       string
		want      string // of the message; "" is accepted
	}{
		{"execute-api", false, "20260130T105500Z", ""},
		{"execute-api", false, "20260130T105459Z", "Signature not yet current: 20260130T110000Z is still later than 20260130T105959Z (20260130T105459Z + 5 min.)"},
		{"execute-api", false, "20260130T110400Z", ""},
		{"execute-api", false, "20260130T110500Z", ""},
		{"execute-api", false, "20260130T110501Z", "Signature expired: 20260130T110000Z is now earlier than 20260130T110001Z (20260130T110501Z - 5 min.)"},
		{"s3", false, "20260130T111500Z", ""},
		{"s3", false, "20260130T111501Z", "- 15 min."},
		{"execute-api", true, "20260130T110000Z", ""},
		{"execute-api", true, "20260130T120000Z", ""},
		{"execute-api", true, "20260130T120001Z", "Signature expired: 20260130T120000Z is now earlier than 20260130T120001Z$"}, // T239
		{"execute-api", true, "20260130T105959Z", "Signature not yet current: 20260130T110000Z is still later than 20260130T105959Z$"},
		{"s3", true, "20260130T120001Z", "Signature expired: 20260130T120000Z is now earlier than 20260130T120001Z$"},
	}
	for _, tt := range tests {
		r := signed(t, tt.service, lasting, "")
		if tt.presigned {
			r = presigned(t, tt.service, lasting)
		}
		_, err := verify(verifier(t, tt.service, tt.now), r)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s presigned %t at %s: %v", tt.service, tt.presigned, tt.now, err)
			}
			continue
		}
		want, whole := strings.CutSuffix(tt.want, "$")
		wantRefusal(t, err, sigv4.InvalidSignature, want)
		if whole && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v, want %q and no more", err, want)
		}
	}
}

func TestMaxSkew(t *testing.T) {
	t.Parallel()
	v := sigv4.NewVerifier("execute-api", "eu-central-1", known, &sigv4.Options{Now: at(t, "20260130T130000Z"), MaxSkew: 2 * time.Hour})
	if _, err := verify(v, signed(t, "execute-api", lasting, "")); err != nil {
		t.Error(err)
	}
}

// TestSessionToken: the token is a part of what is signed, and of the key it
// came with (SIG-06).
func TestSessionToken(t *testing.T) {
	t.Parallel()
	t.Run("a lasting key with a token", func(t *testing.T) {
		t.Parallel()
		c := lasting
		c.SessionToken = "invented"
		_, err := verify(verifier(t, "execute-api", signedAt), signed(t, "execute-api", c, ""))
		wantRefusal(t, err, sigv4.UnrecognizedClient, "invalid")
	})
	t.Run("a temporary key without", func(t *testing.T) {
		t.Parallel()
		c := temporary
		c.SessionToken = ""
		_, err := verify(verifier(t, "execute-api", signedAt), signed(t, "execute-api", c, ""))
		wantRefusal(t, err, sigv4.UnrecognizedClient, "invalid")
	})
	t.Run("expired", func(t *testing.T) { // GWR-19
		t.Parallel()
		c := sigv4.Credentials{AccessKey: "ASIAOLD", Secret: "old-secret", SessionToken: "old"}
		r := signed(t, "execute-api", c, "")
		_, err := verify(verifier(t, "execute-api", signedAt), r)
		wantRefusal(t, err, sigv4.ExpiredToken, "The security token included in the request is expired")
		if _, err := verify(verifier(t, "execute-api", "20260130T105959Z"), r); err != nil {
			t.Errorf("a second before: %v", err)
		}
	})
	t.Run("two tokens", func(t *testing.T) {
		t.Parallel()
		r := signed(t, "execute-api", temporary, "")
		r.Header.Add("X-Amz-Security-Token", temporary.SessionToken)
		_, err := verify(verifier(t, "execute-api", signedAt), r)
		wantRefusal(t, err, sigv4.IncompleteSignature, "sent once")
	})
}

// TestPayload: SIG-05.
func TestPayload(t *testing.T) {
	t.Parallel()
	sign := func(t *testing.T, service, sha string) *sigv4.Request {
		r := httpRequest(t, testURL)
		if sha != "" {
			r.Header.Set("X-Amz-Content-Sha256", sha)
		}
		signer := sigv4.NewSigner(service, "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
		if err := signer.Sign(r, sigv4.Hash([]byte("body")), lasting); err != nil {
			t.Fatal(err)
		}
		return sigv4.FromHTTP(r, []byte("body"))
	}
	tests := []struct {
		name, service string
		change        func(*sigv4.Request)
		want          string
	}{
		{"s3 without the hash", "s3", func(r *sigv4.Request) {
			r.Header.Del("X-Amz-Content-Sha256")
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "x-amz-content-sha256;", "", 1))
		}, "Missing required header for this request: x-amz-content-sha256"},
		{"another hash", "s3", func(r *sigv4.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.Hash(nil)) }, "does not match what was computed"},
		{"another hash", "execute-api", func(r *sigv4.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.Hash(nil)) }, "does not match what was computed"},
		{"hash in capitals", "execute-api", func(r *sigv4.Request) {
			r.Header.Set("X-Amz-Content-Sha256", strings.ToUpper(sigv4.Hash([]byte("body"))))
		}, "does not match what was computed"},
		{"another body", "s3", func(r *sigv4.Request) { r.Body = []byte("other") }, "does not match what was computed"},
		{"unsigned", "execute-api", func(r *sigv4.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.UnsignedPayload) }, "UNSIGNED-PAYLOAD is allowed"},
		{"unsigned", "lambda", func(r *sigv4.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.UnsignedPayload) }, "UNSIGNED-PAYLOAD is allowed"},
		{"unsigned after all", "s3", func(r *sigv4.Request) { r.Header.Set("X-Amz-Content-Sha256", sigv4.UnsignedPayload) }, "does not match the signature"},
		{"chunked", "s3", func(r *sigv4.Request) {
			r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		}, "Chunked payload signing"},
		{"two hashes", "s3", func(r *sigv4.Request) { r.Header.Add("X-Amz-Content-Sha256", sigv4.UnsignedPayload) }, "sent once"},
	}
	for _, tt := range tests {
		t.Run(tt.service+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			r := sign(t, tt.service, "any")
			if _, err := verify(verifier(t, tt.service, signedAt), r); err != nil {
				t.Fatalf("untouched: %v", err)
			}
			tt.change(r)
			_, err := verify(verifier(t, tt.service, signedAt), r)
			code := sigv4.InvalidSignature
			if tt.name == "two hashes" {
				code = sigv4.IncompleteSignature
			}
			wantRefusal(t, err, code, tt.want)
		})
	}
}

// TestPayloadElsewhere: the hash without the body, and a body that nobody signs.
func TestPayloadElsewhere(t *testing.T) {
	t.Parallel()
	t.Run("hash instead of the body", func(t *testing.T) {
		t.Parallel()
		r := signed(t, "execute-api", lasting, "body")
		r.Body, r.BodyHash = nil, sigv4.Hash([]byte("body"))
		if _, err := verify(verifier(t, "execute-api", signedAt), r); err != nil {
			t.Error(err)
		}
	})
	t.Run("unsigned for s3", func(t *testing.T) {
		t.Parallel()
		hr := httpRequest(t, testURL)
		signer := sigv4.NewSigner("s3", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
		if err := signer.Sign(hr, sigv4.UnsignedPayload, lasting); err != nil {
			t.Fatal(err)
		}
		got, err := verify(verifier(t, "s3", signedAt), sigv4.FromHTTP(hr, []byte("anything")))
		if err != nil || got.PayloadSigned {
			t.Errorf("Verify = %+v, %v", got, err)
		}
	})
}

// TestExpiresMissing: S3 wants it, the others take the URL within the skew.
func TestExpiresMissing(t *testing.T) {
	t.Parallel()
	strip := func(service string) *sigv4.Request {
		r := presigned(t, service, lasting)
		r.Query = strings.Replace(r.Query, "X-Amz-Expires=3600&", "", 1)
		return r
	}
	_, err := verify(verifier(t, "s3", signedAt), strip("s3"))
	wantRefusal(t, err, sigv4.IncompleteSignature, "X-Amz-Expires")
	_, err = verify(verifier(t, "execute-api", "20260130T110501Z"), strip("execute-api"))
	wantRefusal(t, err, sigv4.InvalidSignature, "- 5 min.")
}

// TestKeysFail: trouble of the keys is no verdict.
func TestKeysFail(t *testing.T) {
	t.Parallel()
	down := errors.New("file is locked")
	keys := sigv4.KeysFunc(func(context.Context, string) (sigv4.Credentials, error) { return sigv4.Credentials{}, down })
	v := sigv4.NewVerifier("execute-api", "eu-central-1", keys, &sigv4.Options{Now: at(t, signedAt)})
	_, err := verify(v, signed(t, "execute-api", lasting, ""))
	var refusal *sigv4.Refusal
	if !errors.Is(err, down) || errors.As(err, &refusal) {
		t.Errorf("Verify = %v, want the error of the keys", err)
	}
}

// TestRedaction: what a developer compares has no credentials in it.
func TestRedaction(t *testing.T) {
	t.Parallel()
	r := httpRequest(t, testURL)
	r.Header.Set("Cookie", "session=hunter2")
	r.Header.Set("X-Api-Key", "hunter2")
	signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	c := temporary
	c.Secret = "another"
	if err := signer.Sign(r, sigv4.Hash(nil), c); err != nil {
		t.Fatal(err)
	}
	_, err := verify(verifier(t, "execute-api", signedAt), sigv4.FromHTTP(r, nil))
	wantRefusal(t, err, sigv4.InvalidSignature, "does not match")
	for _, want := range []string{"cookie:(redacted)\n", "x-api-key:(redacted)\n", "x-amz-security-token:(redacted)\n", "/live/a%2520b/%25E1%2588%25B4\n", "\nAWS4-HMAC-SHA256\n20260130T110000Z\n20260130/eu-central-1/execute-api/aws4_request\n"} {
		if !strings.Contains(detail(err), want) {
			t.Errorf("no %q in\n%s", want, detail(err))
		}
	}
}
