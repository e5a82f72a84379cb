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

// detail is what a refusal tells beside its message.
func detail(err error) string {
	var refusal *sigv4.Refusal
	if !errors.As(err, &refusal) {
		return ""
	}
	return refusal.CanonicalRequest + "\n--\n" + refusal.StringToSign
}

// signedAt is when the requests of these tests are signed.
const signedAt = "20260130T110000Z"

var (
	lasting   = sigv4.Credentials{AccessKey: "AKIAALICE", Secret: "alice-secret"}
	temporary = sigv4.Credentials{AccessKey: "ASIABOB", Secret: "bob-secret", SessionToken: "bob/token+=="}
	known     = sigv4.Static(lasting, temporary,
		sigv4.Credentials{AccessKey: "ASIAOLD", Secret: "old-secret", SessionToken: "old", Expires: time.Date(2026, 1, 30, 11, 0, 0, 0, time.UTC)})
)

func verifier(t testing.TB, service, now string) *sigv4.Verifier {
	t.Helper()
	return sigv4.NewVerifier(service, "eu-central-1", known, &sigv4.Options{Now: at(t, now)})
}

// httpRequest is one that the tests sign: each part of it has something in it.
func httpRequest(t testing.TB, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header["X-Probe"] = []string{"first", "  second   value "}
	return r
}

const testURL = "https://api.example.com:8443/live/a%20b/%E1%88%B4?b=2&a=1&a=%2B+%20&empty=&valueless"

// signed is a request as a server sees it, signed by our signer.
func signed(t testing.TB, service string, c sigv4.Credentials, body string) *sigv4.Request {
	t.Helper()
	r := httpRequest(t, testURL)
	signer := sigv4.NewSigner(service, "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	if err := signer.Sign(r, sigv4.Hash([]byte(body)), c); err != nil {
		t.Fatal(err)
	}
	return sigv4.FromHTTP(r, []byte(body))
}

// presigned is one with its signature in the URL.
func presigned(t testing.TB, service string, c sigv4.Credentials) *sigv4.Request {
	t.Helper()
	r := httpRequest(t, testURL)
	signer := sigv4.NewSigner(service, "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
	url, err := signer.Presign(r, time.Hour, c)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = url
	return sigv4.FromHTTP(r, nil)
}

func verify(v *sigv4.Verifier, r *sigv4.Request) (*sigv4.Signature, error) {
	return v.Verify(context.Background(), r)
}

// wantRefusal fails unless err is a refusal of that code whose message has text.
func wantRefusal(t testing.TB, err error, code sigv4.Code, text string) {
	t.Helper()
	var refusal *sigv4.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("Verify = %v, want a refusal %s", err, code)
	}
	if refusal.Code != code || !strings.Contains(refusal.Message, text) {
		t.Errorf("Verify = %v, want %s with %q", err, code, text)
	}
	for _, secret := range []string{lasting.Secret, temporary.Secret, temporary.SessionToken, "bob%2Ftoken", "hunter2"} {
		if all := refusal.Error() + detail(err); strings.Contains(all, secret) {
			t.Errorf("refusal tells %q:\n%s", secret, all)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"execute-api", "lambda", "s3"} {
		for _, c := range []sigv4.Credentials{lasting, temporary} {
			for _, body := range []string{"", `{"a":1}`} {
				got, err := verify(verifier(t, service, signedAt), signed(t, service, c, body))
				if err != nil {
					t.Fatalf("%s: %v\n%s", service, err, detail(err))
				}
				if got.AccessKey != c.AccessKey || got.Presigned || !got.PayloadSigned {
					t.Errorf("%s: %+v", service, got)
				}
			}
			got, err := verify(verifier(t, service, signedAt), presigned(t, service, c))
			if err != nil {
				t.Fatalf("%s presigned: %v\n%s", service, err, detail(err))
			}
			if got.AccessKey != c.AccessKey || !got.Presigned || got.PayloadSigned != (service != "s3") || !got.Expires.Equal(got.At.Add(time.Hour)) {
				t.Errorf("%s presigned: %+v", service, got)
			}
		}
	}
}

// TestTampering changes every signed part of a request: none may pass.
func TestTampering(t *testing.T) {
	t.Parallel()
	setHeader := func(name, value string) func(*sigv4.Request) {
		return func(r *sigv4.Request) { r.Header.Set(name, value) }
	}
	inAuthorization := func(old, changed string) func(*sigv4.Request) {
		return func(r *sigv4.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, changed, 1))
		}
	}
	tests := []struct {
		name   string
		change func(*sigv4.Request)
	}{
		{"method", func(r *sigv4.Request) { r.Method = "PUT" }},
		{"method in another case", func(r *sigv4.Request) { r.Method = "post" }},
		{"host", func(r *sigv4.Request) { r.Host = "evil.example.com:8443" }},
		{"port", func(r *sigv4.Request) { r.Host = "api.example.com:8444" }},
		{"path", func(r *sigv4.Request) { r.Path += "x" }},
		{"path with a slash at the end", func(r *sigv4.Request) { r.Path += "/" }},
		{"path decoded", func(r *sigv4.Request) { r.Path = "/live/a b/%E1%88%B4" }},
		{"case of an escape", func(r *sigv4.Request) { r.Path = strings.ReplaceAll(r.Path, "%E1", "%e1") }},
		{"parameter added", func(r *sigv4.Request) { r.Query += "&c=3" }},
		{"parameter repeated", func(r *sigv4.Request) { r.Query += "&a=1" }},
		{"parameter removed", func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, "b=2&", "", 1) }},
		{"value of a parameter", func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, "b=2", "b=3", 1) }},
		{"name of a parameter", func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, "b=2", "B=2", 1) }},
		{"plus for an encoded plus", func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, "%2B", "+", 1) }},
		{"value where there was none", func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, "valueless", "valueless=1", 1) }},
		{"header", setHeader("Content-Type", "text/plain")},
		{"header removed", func(r *sigv4.Request) { r.Header.Del("X-Probe") }},
		{"repeated header in another order", func(r *sigv4.Request) { r.Header["X-Probe"] = []string{"second value", "first"} }},
		{"repeated header joined with a space", func(r *sigv4.Request) { r.Header["X-Probe"] = []string{"first, second value"} }},
		{"repeated header once more", func(r *sigv4.Request) { r.Header.Add("X-Probe", "third") }},
		{"body", func(r *sigv4.Request) { r.Body = []byte(`{"a":2}`) }},
		{"body removed", func(r *sigv4.Request) { r.Body = nil }},
		{"time", setHeader("X-Amz-Date", "20260130T110001Z")},
		{"token", setHeader("X-Amz-Security-Token", "other")},
		{"token removed", func(r *sigv4.Request) { r.Header.Del("X-Amz-Security-Token") }},
		{"access key", inAuthorization("ASIABOB", "AKIAALICE")},
		{"day", inAuthorization("/20260130/", "/20260131/")},
		{"Region", inAuthorization("/eu-central-1/", "/eu-central-2/")},
		{"service", inAuthorization("/execute-api/", "/lambda/")},
		{"terminator", inAuthorization("aws4_request", "aws5_request")},
		{"signed headers without one", inAuthorization("content-type;", "")},
		{"signed headers without host", inAuthorization(";host;", ";")},
		{"signed headers without the token", inAuthorization(";x-amz-security-token", "")},
		{"signature", inAuthorization("Signature=", "Signature=0")},
		{"signature of zeros", func(r *sigv4.Request) {
			a := r.Header.Get("Authorization")
			r.Header.Set("Authorization", a[:len(a)-64]+strings.Repeat("0", 64))
		}},
		{"an unsigned x-amz header", setHeader("X-Amz-Meta-Role", "admin")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, "execute-api", temporary, `{"a":1}`)
			if _, err := verify(verifier(t, "execute-api", signedAt), r); err != nil {
				t.Fatalf("untouched: %v", err)
			}
			tt.change(r)
			got, err := verify(verifier(t, "execute-api", signedAt), r)
			if err == nil {
				t.Fatalf("Verify = %+v, want a refusal", got)
			}
			var refusal *sigv4.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("Verify = %v, want a refusal", err)
			}
			wantRefusal(t, err, refusal.Code, "")
		})
	}
}

// TestTamperedSignature flips each digit of a signature.
func TestTamperedSignature(t *testing.T) {
	t.Parallel()
	v := verifier(t, "execute-api", signedAt)
	r := signed(t, "execute-api", lasting, "")
	good := r.Header.Get("Authorization")
	for i := range 64 {
		bad := []byte(good)
		digit := &bad[len(bad)-1-i]
		if *digit == '0' {
			*digit = '1'
		} else {
			*digit = '0'
		}
		r.Header.Set("Authorization", string(bad))
		if _, err := verify(v, r); err == nil {
			t.Errorf("digit %d changed, and accepted", i)
		}
	}
}

// TestTamperingOfURL changes every parameter of a presigned URL.
func TestTamperingOfURL(t *testing.T) {
	t.Parallel()
	replace := func(old, changed string) func(*sigv4.Request) {
		return func(r *sigv4.Request) { r.Query = strings.Replace(r.Query, old, changed, 1) }
	}
	tests := []struct {
		name   string
		change func(*sigv4.Request)
		code   sigv4.Code
		text   string
	}{
		{"method", func(r *sigv4.Request) { r.Method = "DELETE" }, sigv4.InvalidSignature, "does not match"},
		{"path", func(r *sigv4.Request) { r.Path = "/other" }, sigv4.InvalidSignature, "does not match"},
		{"parameter", replace("b=2", "b=3"), sigv4.InvalidSignature, "does not match"},
		{"parameter added", func(r *sigv4.Request) { r.Query += "&c=3" }, sigv4.InvalidSignature, "does not match"},
		{"longer life", replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"), sigv4.InvalidSignature, "does not match"},
		{"time", replace("Date=20260130T110000Z", "Date=20260130T105900Z"), sigv4.InvalidSignature, "does not match"},
		{"signed headers", replace("content-type%3B", ""), sigv4.InvalidSignature, "does not match"},
		{"header", func(r *sigv4.Request) { r.Header.Set("Content-Type", "text/html") }, sigv4.InvalidSignature, "does not match"},
		{"token", replace("X-Amz-Security-Token=bob", "X-Amz-Security-Token=eve"), sigv4.UnrecognizedClient, "invalid"}, // T239
		{"body", func(r *sigv4.Request) { r.Body = []byte("x") }, sigv4.InvalidSignature, "does not match"},
		{"a parameter twice", func(r *sigv4.Request) { r.Query += "&X-Amz-Date=20260130T110000Z" }, sigv4.IncompleteSignature, "Only one"},
		{"a header beside the URL", func(r *sigv4.Request) { r.Header.Set("Authorization", "Bearer x") }, sigv4.IncompleteSignature, "Only one"},
		{"a second token", func(r *sigv4.Request) { r.Header.Set("X-Amz-Security-Token", temporary.SessionToken) }, sigv4.IncompleteSignature, "Only one"},
		{"an unsigned x-amz header", func(r *sigv4.Request) { r.Header.Set("X-Amz-Acl", "public-read") }, sigv4.InvalidSignature, "'x-amz-acl' must be a 'SignedHeader'"},
		{"without its algorithm", replace("X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), sigv4.IncompleteSignature, "requires the X-Amz-Algorithm"},
		{"without its date", replace("X-Amz-Date=20260130T110000Z&", ""), sigv4.IncompleteSignature, "requires the X-Amz-Algorithm"},
		{"another algorithm", replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), sigv4.IncompleteSignature, "only supports"},
		{"several Regions", replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), sigv4.InvalidSignature, "SigV4a"}, // SIG-09
		{"eight days", replace("X-Amz-Expires=3600", "X-Amz-Expires=604801"), sigv4.IncompleteSignature, "604800"},   // T239
		{"no time at all", replace("X-Amz-Expires=3600", "X-Amz-Expires=0"), sigv4.IncompleteSignature, "604800"},
		{"negative time", replace("X-Amz-Expires=3600", "X-Amz-Expires=-1"), sigv4.IncompleteSignature, "604800"},
		{"no number", replace("X-Amz-Expires=3600", "X-Amz-Expires=1h"), sigv4.IncompleteSignature, "604800"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := presigned(t, "execute-api", temporary)
			tt.change(r)
			_, err := verify(verifier(t, "execute-api", signedAt), r)
			wantRefusal(t, err, tt.code, tt.text)
		})
	}
}
