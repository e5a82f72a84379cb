package run_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// homepage is a folder with a built site below web/dist.
func homepage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"index.html": "<h1>Shop</h1>", "about.html": "about", "docs/index.html": "docs", "zebra.html": "stripes",
		"assets/app-3f9ac1.js": "app()", "assets/app-77b0de.css": "body{}", "favicon.svg": "<svg/>", ".env": "SECRET=1",
	} {
		putFile(t, dir, name, text)
	}
	return dir
}

func putFile(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, "web", "dist", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// site runs the command site in a folder.
func site(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), buildTool(t, "./tier/run/testdata/homepage"), append([]string{"site"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(cleanEnv(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	return out.String(), errs.String(), err != nil
}

func s3Env(address, key, secret string) []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + address, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_MAX_ATTEMPTS=1",
	}
}

// versity is an S3 server of somebody else, with an empty bucket.
func versity(t *testing.T) (client *s3.Client, env []string, bucket string) {
	t.Helper()
	u, err := url.Parse(serverURL(t, "TIERKIT_TEST_VERSITYGW"))
	if err != nil {
		t.Fatal(err)
	}
	key := u.User.Username()
	secret, _ := u.User.Password()
	u.User = nil
	address := u.String()
	client = s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &address, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})
	bucket = strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")) + fmt.Sprintf("-%d", os.Getpid())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for key := range objects(t, ctx, client, bucket) {
			if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key}); err != nil {
				t.Error(err)
			}
		}
		if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket}); err != nil {
			t.Error(err)
		}
	})
	return client, s3Env(address, key, secret), bucket
}

// objects are the headers of the objects in a bucket, by key.
func objects(t *testing.T, ctx context.Context, client *s3.Client, bucket string) map[string]string {
	t.Helper()
	page, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, o := range page.Contents {
		head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		all[*o.Key] = aws.ToString(head.ContentType) + " | " + aws.ToString(head.CacheControl)
	}
	return all
}

// TestSiteUpload: what changed is uploaded with its headers, and nothing else; what is
// gone stays until it is asked for.
func TestSiteUpload(t *testing.T) {
	t.Parallel()
	client, env, bucket := versity(t)
	dir := homepage(t)
	run := func(args ...string) string {
		t.Helper()
		out, errs, failed := site(t, dir, env, append([]string{"-bucket", bucket}, args...)...)
		if failed || errs != "" {
			t.Fatalf("site %v: %s", args, errs)
		}
		return out
	}
	if out := run("-dry-run"); !strings.Contains(out, "added index.html") || !strings.Contains(out, "nothing was changed") || len(objects(t, t.Context(), client, bucket)) != 0 {
		t.Errorf("site -dry-run:\n%s", out)
	}
	first := run()
	want := map[string]string{
		"index.html": "text/html; charset=utf-8 | no-cache", "about.html": "text/html; charset=utf-8 | no-cache",
		"docs/index.html": "text/html; charset=utf-8 | no-cache", "zebra.html": "text/html; charset=utf-8 | no-cache",
		"assets/app-3f9ac1.js":  "text/javascript; charset=utf-8 | public, max-age=31536000, immutable",
		"assets/app-77b0de.css": "text/css; charset=utf-8 | public, max-age=31536000, immutable",
		"favicon.svg":           "image/svg+xml | public, max-age=3600",
	}
	if d := cmp.Diff(want, objects(t, t.Context(), client, bucket)); d != "" {
		t.Error(d)
	}
	if !strings.HasSuffix(first, "added index.html  text/html; charset=utf-8  no-cache\nsite web: 7 files, 7 uploaded, 0 as they were\n") {
		t.Errorf("the first upload:\n%s", first)
	}
	if again := run(); again != "site web: 7 files, 0 uploaded, 7 as they were\n" {
		t.Errorf("a second upload:\n%s", again)
	}

	putFile(t, dir, "favicon.svg", "<svg></svg>")
	if err := os.Remove(filepath.Join(dir, "web", "dist", "about.html")); err != nil {
		t.Fatal(err)
	}
	key, old := "assets/app-77b0de.css", "max-age=5"
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("body{}"), CacheControl: &old}); err != nil {
		t.Fatal(err)
	}
	const changed = `replaced assets/app-77b0de.css  text/css; charset=utf-8  public, max-age=31536000, immutable
replaced favicon.svg  image/svg+xml  public, max-age=3600
site web: 6 files, 2 uploaded, 4 as they were
1 in the bucket are not in web/dist; -delete removes them
CloudFront may have others for 1h0m0s; to have it ask now, with the output WebSiteDistribution of the stack:
  aws cloudfront create-invalidation --distribution-id ID --paths '/assets/app-77b0de.css' '/favicon.svg'
`
	if d := cmp.Diff(changed, run()); d != "" {
		t.Errorf("after a change (-want +got):\n%s", d)
	}
	if out := run("-delete"); out != "deleted about.html\nsite web: 6 files, 0 uploaded, 6 as they were\n" {
		t.Errorf("site -delete:\n%s", out)
	}
	delete(want, "about.html")
	if d := cmp.Diff(want, objects(t, t.Context(), client, bucket)); d != "" {
		t.Error(d)
	}
}

// bucketOfNothing is an S3 that takes everything but what it refuses, and keeps the order.
type bucketOfNothing struct {
	refuses string
	mu      sync.Mutex
	put     []string
}

func (b *bucketOfNothing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if r.Method == http.MethodGet {
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
		return
	}
	key := strings.TrimPrefix(r.URL.Path, "/files/")
	if key == b.refuses {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.put = append(b.put, key)
}

// TestSiteOrder: pages come after what they refer to, that at the root last, and none if
// something else failed.
func TestSiteOrder(t *testing.T) {
	t.Parallel()
	for refused, want := range map[string][]string{
		"":                     {"docs/index.html", "about.html", "zebra.html", "index.html"},
		"assets/app-3f9ac1.js": nil,
		"about.html":           {"docs/index.html"},
	} {
		bucket := &bucketOfNothing{refuses: refused}
		server := httptest.NewServer(bucket)
		defer server.Close()
		_, errs, failed := site(t, homepage(t), s3Env(server.URL, "key", "secret"), "-bucket", "files")
		if failed != (refused != "") || refused != "" && !strings.Contains(errs, "site web: "+refused) {
			t.Errorf("%s is refused: %s", refused, errs)
		}
		isPage := func(key string) bool { return strings.HasSuffix(key, ".html") }
		if i := slices.IndexFunc(bucket.put, isPage); i >= 0 && slices.ContainsFunc(bucket.put[i:], func(key string) bool { return !isPage(key) }) {
			t.Errorf("%v: something comes after a page", bucket.put)
		}
		if d := cmp.Diff(want, slices.DeleteFunc(bucket.put, func(key string) bool { return !isPage(key) })); d != "" && len(want) > 0 {
			t.Errorf("pages, when %q is refused (-want +got):\n%s", refused, d)
		} else if want == nil && slices.ContainsFunc(bucket.put, isPage) {
			t.Errorf("pages, when %q is refused: %v", refused, bucket.put)
		}
	}
}

func TestSiteRefuses(t *testing.T) {
	t.Parallel()
	empty, noIndex := t.TempDir(), t.TempDir()
	putFile(t, noIndex, "about.html", "about")
	nowhere := s3Env("http://127.0.0.1:1", "key", "secret")
	for name, c := range map[string]struct {
		dir  string
		args []string
		want string
	}{
		"no bucket":   {homepage(t), nil, "which the stack puts out as WebSiteBucketName"},
		"no folder":   {empty, []string{"-bucket", "b"}, "there is no folder web/dist; build the site first"},
		"no index":    {noIndex, []string{"-bucket", "b"}, "there is no index.html in web/dist"},
		"no such":     {homepage(t), []string{"-bucket", "b", "docs"}, "has the sites web; name one of them"},
		"unreachable": {homepage(t), []string{"-bucket", "b"}, "list bucket b: "},
		"two names":   {homepage(t), []string{"-bucket", "b", "web", "docs"}, "usage: site -bucket BUCKET"},
	} {
		if _, errs, failed := site(t, c.dir, nowhere, c.args...); !failed || !strings.Contains(errs, c.want) {
			t.Errorf("%s: %q, want %q", name, errs, c.want)
		}
	}
}

// TestSiteRoutes: routes names the sites.
func TestSiteRoutes(t *testing.T) {
	t.Parallel()
	out, errs, _ := output(t, "", buildTool(t, "./tier/run/testdata/homepage"), "routes")
	const want = "site web of web/dist  main.go:30\n  /api/  API greetings  main.go:31\n"
	if !strings.HasSuffix(out, want) {
		t.Errorf("routes = %s%s, want %s at the end", out, errs, want)
	}
}

// TestServeSite: the site and its API on one port, with the gateway's own refusals.
func TestServeSite(t *testing.T) {
	t.Parallel()
	dir := homepage(t)
	p := startIn(t, dir, nil, buildTool(t, "./tier/run/testdata/homepage"), "serve", "-port", "0")
	address := urlIn(p.until(t, "site web of web/dist on http://127.0.0.1:"))
	p.until(t, "/api/")
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/orders/7", 200, "<h1>Shop</h1>"},
		{"GET", "/assets/app-3f9ac1.js", 200, "app()"},
		{"GET", "/api/hello?name=ada", 200, `{"text":"hello ada"}`},
		{"POST", "/api/hello?name=bob", 200, `{"text":"hello bob"}`},
		{"GET", "/api/signed", 403, "Missing Authentication Token"},
		{"GET", "/api/gone", 403, "Missing Authentication Token"},
		{"POST", "/orders", 403, "a site takes GET and HEAD requests"},
		{"GET", "/.env", 404, "NoSuchKey"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, address+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || !strings.Contains(string(text), c.want) {
			t.Errorf("%s %s = %d %s (%v), want %d %s", c.method, c.path, resp.StatusCode, text, err, c.status, c.want)
		}
	}
	p.stop(t)
}
