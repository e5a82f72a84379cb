package sigv4_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// sdkSign signs as aws-sdk-go-v2 does, in the header or in the URL.
func sdkSign(t testing.TB, service string, c sigv4.Credentials, r *http.Request, body string, inURL bool) *sigv4.Request {
	t.Helper()
	ctx := context.Background()
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	credentials := aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: c.Secret, SessionToken: c.SessionToken}
	hash := sigv4.Hash([]byte(body))
	if !inURL {
		if service == "s3" {
			r.Header.Set("X-Amz-Content-Sha256", hash)
		}
		if err := signer.SignHTTP(ctx, credentials, r, hash, service, "eu-central-1", at(t, signedAt)()); err != nil {
			t.Fatal(err)
		}
		return sigv4.FromHTTP(r, []byte(body))
	}
	if service == "s3" {
		hash = sigv4.UnsignedPayload
	}
	q := r.URL.Query()
	q.Set("X-Amz-Expires", "900")
	r.URL.RawQuery = q.Encode()
	signed, header, err := signer.PresignHTTP(ctx, credentials, r, hash, service, "eu-central-1", at(t, signedAt)())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	sent := &http.Request{Method: r.Method, URL: u, Host: header.Get("Host"), Header: header, ContentLength: r.ContentLength}
	header.Del("Host")
	return sigv4.FromHTTP(sent, []byte(body))
}

// TestSDK: what aws-sdk-go-v2 signs is accepted, and not when it was changed.
func TestSDK(t *testing.T) {
	t.Parallel()
	targets := []string{
		"https://h/", "http://localhost:3000/live/orders", "https://h:443/x", "http://h:80/x",
		"https://h/a%20b/%E1%88%B4/x%2Fy", "https://h/a+b/(c)", "https://h/?a=2&a=1&A=3", "https://h/?valueless&empty=",
		"https://h/?q=a%20b%2Bc&%E1%88%B4=1", "https://h/?q=a+b", "https://h/x?prefix=J&max-keys=2", "https://h/tail/",
	}
	for _, service := range []string{"execute-api", "lambda", "s3"} {
		for _, target := range targets {
			if service == "s3" && strings.ContainsAny(target, "+(") {
				continue // a path that the S3 client would not send: it escapes keys strictly
			}
			for _, c := range []sigv4.Credentials{lasting, temporary} {
				for _, body := range []string{"", `{"a":1}`} {
					for _, inURL := range []bool{false, true} {
						r, err := http.NewRequest("POST", target, strings.NewReader(body))
						if err != nil {
							t.Fatal(err)
						}
						r.Header["X-Probe"] = []string{"b", " a  a "}
						r.Header.Set("User-Agent", "not signed")
						r.Header.Set("X-Amz-Meta-Tag", "moves into the URL, or not")
						req := sdkSign(t, service, c, r, body, inURL)
						if service == "s3" {
							// x%2Fy is one segment for the signer, two for S3.
							req.Path = strings.ReplaceAll(req.Path, "%2F", "/")
							if strings.Contains(target, "%2F") {
								continue
							}
						}
						got, err := verify(verifier(t, service, signedAt), req)
						if err != nil {
							t.Errorf("%s %s in URL %t: %v\n%s", service, target, inURL, err, detail(err))
							continue
						}
						if got.AccessKey != c.AccessKey || got.Presigned != inURL {
							t.Errorf("Verify = %+v", got)
						}
						req.Header["X-Probe"] = []string{"b", "aa"}
						_, err = verify(verifier(t, service, signedAt), req)
						wantRefusal(t, err, sigv4.InvalidSignature, "does not match")
					}
				}
			}
		}
	}
}

// TestSameAsSDK: our signer and that of aws-sdk-go-v2 give the same signature
// for the same request.
func TestSameAsSDK(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		target := "https://h/" + randomPath(rnd) + "?" + randomQuery(rnd)
		ours, err := http.NewRequest("GET", target, nil)
		if err != nil {
			t.Fatalf("%q: %v", target, err)
		}
		ours.Header["X-Probe"] = []string{"b", " a  a "}
		theirs := ours.Clone(context.Background())
		signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
		if err := signer.Sign(ours, sigv4.Hash(nil), temporary); err != nil {
			t.Fatal(err)
		}
		sdkSign(t, "execute-api", temporary, theirs, "", false)
		if got, want := ours.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
			t.Fatalf("%s:\n got %s\nwant %s", target, got, want)
		}
	}
}

func randomPath(rnd *rand.Rand) string {
	var b strings.Builder
	for range rnd.IntN(8) {
		b.WriteString([]string{"a", "B9", "%20", "%E1%88%B4", "~", "-", "+", "%2F", "(", ":", "/x", "%25", "@", "."}[rnd.IntN(14)])
	}
	path := b.String()
	for _, segment := range strings.Split(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "x" // the SDK does not normalise
		}
	}
	return path
}

func randomQuery(rnd *rand.Rand) string {
	var params []string
	for range rnd.IntN(5) {
		p := []string{"a", "b", "A", "a%20b", "%E1%88%B4", "a-", "a+"}[rnd.IntN(7)]
		if rnd.IntN(4) > 0 {
			p += "=" + []string{"", "1", "2", "%2B", "+", "x%20y", "~*", "%3D=", "%FF"}[rnd.IntN(9)]
		}
		params = append(params, p)
	}
	return strings.Join(params, "&")
}

// TestDifferencesFromSDK pins where we follow AWS's rules and the SDK's signer
// does not.
func TestDifferencesFromSDK(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"https://h//a//b", "https://h/a/../b", "https://h/./a"} {
		r, err := http.NewRequest("GET", target, nil)
		if err != nil {
			t.Fatal(err)
		}
		req := sdkSign(t, "execute-api", lasting, r, "", false)
		_, err = verify(verifier(t, "execute-api", signedAt), req)
		wantRefusal(t, err, sigv4.InvalidSignature, "does not match") // SIG-02: the path is normalised
	}
}

// TestOverTheWire signs with both signers and verifies what a server of net/http
// received.
func TestOverTheWire(t *testing.T) {
	t.Parallel()
	var seen error
	server := newServer(t, func(r *http.Request, body []byte) {
		_, seen = verify(verifier(t, "execute-api", signedAt), sigv4.FromHTTP(r, body))
	})
	for _, sign := range []func(*http.Request, string){
		func(r *http.Request, body string) { sdkSign(t, "execute-api", temporary, r, body, false) },
		func(r *http.Request, body string) {
			signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
			if err := signer.Sign(r, sigv4.Hash([]byte(body)), temporary); err != nil {
				t.Error(err)
			}
		},
		func(r *http.Request, _ string) {
			signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: at(t, signedAt)})
			u, err := signer.Presign(r, time.Minute, temporary)
			if err != nil {
				t.Error(err)
				return
			}
			r.URL, r.Body, r.ContentLength = u, nil, 0
		},
	} {
		const body = `{"name":"Ada"}`
		r, err := http.NewRequest("POST", server+"/live/a%2Fb%20c/ሴ/?b=1&a=x+y&a=%2B&z", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header["X-Probe"] = []string{"b", " a  a "}
		sign(r, body)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if seen != nil {
			t.Errorf("Verify: %v\n%s", seen, detail(seen))
		}
	}
}
