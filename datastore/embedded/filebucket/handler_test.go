package filebucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

var at = time.Date(2030, time.January, 2, 3, 4, 5, 0, time.UTC)

func get(t testing.TB, method, url string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		if req.Header.Set(name, value); name == "Host" {
			req.Host = value
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func signGet(t testing.TB, f files, key string, ttl time.Duration) string {
	t.Helper()
	signed, err := f.SignGet(t.Context(), key, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return signed.URL
}

// TestNoServer: without a server nothing is signed, and the error says what to do.
func TestNoServer(t *testing.T) {
	t.Parallel()
	f := use(datastore.New([]datastore.Driver{filebucket.Memory()}, nil))
	_, err := f.SignGet(t.Context(), "a", time.Minute)
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "Handler") {
		t.Errorf("SignGet without a server = %v", err)
	}
	for _, base := range []string{"", "/_blob", "ftp://x/", "http://x/?a=b", ":"} {
		if _, err := filebucket.Memory().Handler(base); err == nil {
			t.Errorf("Handler(%q): error = nil, want one", base)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(at.Unix())
	f := use(serve(t, filebucket.Memory(), &datastore.Options{Now: func() time.Time { return time.Unix(now.Load(), 0) }}))
	put(t, f, "a", "text")
	url := signGet(t, f, "a", time.Minute)
	form, err := f.SignPost(t.Context(), "b", blob.PostPolicy{TTL: time.Minute, MaxSize: 10})
	if err != nil || !form.Expires.Equal(at.Add(time.Minute)) {
		t.Fatalf("SignPost = %+v, %v", form, err)
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 200}, {time.Minute, 200}, {time.Minute + time.Second, 403}, {-16 * time.Minute, 403}} {
		now.Store(at.Add(c.after).Unix())
		if resp, body := get(t, "GET", url, nil); resp.StatusCode != c.want {
			t.Errorf("GET after %v = %s %s, want %d", c.after, resp.Status, body, c.want)
		}
	}
	now.Store(at.Add(time.Minute + time.Second).Unix())
	if status, body := postForm(t, form, "text"); status != 403 || !strings.Contains(body, "expired") {
		t.Errorf("POST after its time = %d %s, want 403", status, body)
	}
}

func postForm(t testing.TB, form blob.Signed, content string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range form.Fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, content); err != nil {
		t.Fatal(err)
	}
	w.Close()
	resp, err := http.Post(form.URL, w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestRefused: what is not signed, or not as S3 takes it, is answered as S3 does.
func TestRefused(t *testing.T) {
	t.Parallel()
	data := serve(t, filebucket.Memory(), nil)
	f := use(data)
	put(t, f, "a", "text")
	put(t, f, "empty", "")
	signed := signGet(t, f, "a", time.Minute)
	bare, _, _ := strings.Cut(signed, "?")
	upload, err := f.SignPut(t.Context(), "up", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, url string
		headers           map[string]string
		status            int
		code              string
	}{
		{"no signature", "GET", bare, nil, 403, "SignatureDoesNotMatch"},
		{"a HEAD by the URL of a GET", "HEAD", signed, nil, 403, ""},
		{"another host", "GET", signed, map[string]string{"Host": "evil.example"}, 403, "SignatureDoesNotMatch"},
		{"another bucket", "GET", strings.Replace(signed, "files/a", "other/a", 1), nil, 404, "NoSuchBucket"},
		{"no bucket", "GET", strings.Replace(signed, "/_blob/%3Afiles/a", "/x", 1), nil, 404, "NoSuchBucket"},
		{"what is missing", "GET", signGet(t, f, "none", time.Minute), nil, 404, "NoSuchKey"},
		{"a method that is none", "DELETE", signed, nil, 405, "MethodNotAllowed"},
		{"a range behind the end", "GET", signed, map[string]string{"Range": "bytes=4-"}, 416, "InvalidRange"},
		{"a range of nothing", "GET", signGet(t, f, "empty", time.Minute), map[string]string{"Range": "bytes=0-"}, 416, "InvalidRange"},
		{"another ETag", "GET", signed, map[string]string{"If-Match": `"x"`}, 412, "PreconditionFailed"},
		{"a form that is none", "POST", bare[:len(bare)-1], nil, 400, "MalformedPOSTRequest"},
		{"a doubled parameter", "GET", signed + "&X-Amz-Date=x", nil, 403, "SignatureDoesNotMatch"},
	} {
		resp, body := get(t, c.method, c.url, c.headers)
		if resp.StatusCode != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s: %s %s, want %d %s", c.name, resp.Status, body, c.status, c.code)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "PUT", upload.URL, io.MultiReader(strings.NewReader("x")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusLengthRequired {
		t.Errorf("PUT without a length = %s, want 411", resp.Status)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	data := serve(t, filebucket.Memory(), nil)
	f := use(data, blob.Origins("https://app.example"))
	put(t, f, "a", "text")
	url := signGet(t, f, "a", time.Minute)
	ask := map[string]string{"Origin": "https://app.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-amz-meta-a"}
	resp, _ := get(t, "OPTIONS", url, ask)
	h := resp.Header
	if resp.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") ||
		h.Get("Access-Control-Allow-Headers") != "content-type,x-amz-meta-a" || h.Get("Vary") == "" {
		t.Errorf("OPTIONS = %s %v", resp.Status, h)
	}
	resp, body := get(t, "GET", url, map[string]string{"Origin": "https://app.example"})
	if body != "text" || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("GET = %s %q %v", resp.Status, body, resp.Header)
	}
	ask["Origin"] = "https://evil.example"
	if resp, _ := get(t, "OPTIONS", url, ask); resp.StatusCode != 403 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("OPTIONS of another origin = %s %v", resp.Status, resp.Header)
	}
	if resp, body := get(t, "GET", url, map[string]string{"Origin": "https://evil.example"}); body != "text" || resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("GET of another origin = %s %q %v", resp.Status, body, resp.Header)
	}
}

// TestRestart: what was signed before a restart can be used after it.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filebucket.In(dir, nil), filebucket.In(dir, nil)
	handler, err := first.Handler("http://files.example/_blob")
	if err != nil || handler == nil {
		t.Fatal(err)
	}
	before := use(datastore.New([]datastore.Driver{first}, nil))
	put(t, before, "a", "text")
	signed := signGet(t, before, "a", time.Minute)
	data := serve(t, second, nil)
	use(data)
	after := signGet(t, use(serve(t, filebucket.In(dir, nil), nil)), "a", time.Minute)
	target, err := url.Parse(after)
	if err != nil {
		t.Fatal(err)
	}
	old, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	old.Host = target.Host
	resp, body := get(t, "GET", old.String(), map[string]string{"Host": "files.example"})
	if resp.StatusCode != 200 || body != "text" {
		t.Errorf("GET = %s %s", resp.Status, body)
	}
}

// TestSDKSignature: the server takes what the SDK of AWS signs with the same
// secret: both compute Signature Version 4.
func TestSDKSignature(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := use(serve(t, filebucket.In(dir, nil), nil))
	for _, key := range []string{"a", "dir/a b+ü%20&c=d/~x", "a:b@c,d;e'f(g)*!"} {
		put(t, f, key, "text")
		ours, err := url.Parse(signGet(t, f, key, time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		secret, err := os.ReadFile(filepath.Join(dir, ".blob-secret"))
		if err != nil {
			t.Fatal(err)
		}
		ours.RawQuery = url.Values{"X-Amz-Expires": {"60"}, "response-content-type": {"a/b c"}}.Encode()
		req, err := http.NewRequestWithContext(t.Context(), "GET", ours.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		signed, _, err := signer.PresignHTTP(context.Background(), aws.Credentials{AccessKeyID: "tierkit", SecretAccessKey: string(secret)},
			req, "UNSIGNED-PAYLOAD", "s3", "local", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if resp, body := get(t, "GET", signed, nil); resp.StatusCode != 200 || body != "text" || resp.Header.Get("Content-Type") != "a/b c" {
			t.Errorf("%q: GET of what the SDK signed = %s %s", key, resp.Status, body)
		}
	}
}

func ExampleDriver_Handler() {
	driver := filebucket.Memory()
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: func() time.Time { return at }})
	files := datastore.Use[files](function{}, blob.New(data, "files"))
	handler, err := driver.Handler("http://127.0.0.1:8080/_blob", data)
	if err != nil {
		fmt.Println(err)
	}
	http.Handle("/_blob/", handler) // in a program, before a mux that cleans paths
	signed, err := files.SignGet(context.Background(), "in/cat.jpg", time.Minute)
	before, _, _ := strings.Cut(signed.URL, "?")
	fmt.Println(signed.Method, before, signed.Expires, err)
	// Output: GET http://127.0.0.1:8080/_blob/%3Afiles/in/cat.jpg 2030-01-02 03:05:05 +0000 UTC <nil>
}
