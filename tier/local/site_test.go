package local_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const (
	frontPage  = "<h1>Shop</h1>"
	appScript  = "console.log('shop')"
	notFound   = "<h1>Nothing here</h1>"
	outOfReach = "secret"
)

// siteFolder has the files of a site, and some that it must not serve.
func siteFolder(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	web := filepath.Join(folder, "web")
	for name, text := range map[string]string{
		"web/index.html": frontPage, "web/404.html": notFound, "web/docs/index.html": "docs", "web/assets/app-3f9ac1.js": appScript,
		"web/a b.txt": "space", "web/.env": outOfReach, "web/.git/config": outOfReach, "web/.well-known/security.txt": "Contact: x",
		"secret.txt": outOfReach, "web/no-ending": "x",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join("..", "secret.txt"), filepath.Join(web, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("index.html", filepath.Join(web, "copy.html")); err != nil {
		t.Fatal(err)
	}
	return web
}

// shopSite is a site of an App that has two APIs.
func shopSite(t *testing.T, options tier.SiteOptions, paths ...string) (*tier.Site, *tier.API) {
	t.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /{path...}", handler.New(func(context.Context, struct {
		Path string `path:"path"`
	}) (struct{}, error) {
		return struct{}{}, nil
	}))
	options.Folder = "web"
	site := app.Site("web", options)
	for _, path := range paths {
		site.API(path, api)
	}
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	return site, api
}

func ask(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "/", nil)
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = parsed
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func textOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSiteFiles(t *testing.T) {
	t.Parallel()
	folder := siteFolder(t)
	plain, _ := shopSite(t, tier.SiteOptions{NotFound: "404.html", Immutable: []string{"assets"}, MaxAge: time.Minute})
	spa, _ := shopSite(t, tier.SiteOptions{SPA: true})
	missing := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>`
	for _, c := range []struct {
		site           *tier.Site
		method, target string
		status         int
		want, kind     string
		kept           string
	}{
		{plain, "GET", "/", 200, frontPage, "text/html; charset=utf-8", "no-cache"},
		{plain, "HEAD", "/", 200, "", "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/index.html", 200, frontPage, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/docs", 200, "docs", "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/docs/", 200, "docs", "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/docs/?list-type=2", 200, "docs", "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/assets/app-3f9ac1.js", 200, appScript, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{plain, "GET", "/a%20b.txt", 200, "space", "text/plain; charset=utf-8", "public, max-age=60"},
		{plain, "GET", "/copy.html", 200, frontPage, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/.well-known/security.txt", 200, "Contact: x", "text/plain; charset=utf-8", "public, max-age=60"},
		{plain, "GET", "/no-ending", 404, notFound, "text/html; charset=utf-8", "no-cache"}, // it is no-ending/index.html
		{plain, "GET", "/assets/", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "HEAD", "/assets/", 404, "", "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/.env", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/.git/config", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/%2egit/config", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/../secret.txt", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/%2e%2e/secret.txt", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/..%2fsecret.txt", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", `/..%5csecret.txt`, 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/docs//index.html", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "//index.html", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/index.html%00.js", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "GET", "/link.txt", 404, notFound, "text/html; charset=utf-8", "no-cache"},
		{plain, "POST", "/index.html", 403, "a site takes GET and HEAD requests; others are for its APIs\n", "text/plain; charset=utf-8", ""},
		{plain, "OPTIONS", "/", 403, "a site takes GET and HEAD requests; others are for its APIs\n", "text/plain; charset=utf-8", ""},
		{spa, "GET", "/orders/7", 200, frontPage, "text/html; charset=utf-8", "no-cache"},
		{spa, "GET", "/docs/", 200, frontPage, "text/html; charset=utf-8", "no-cache"},
		{spa, "GET", "/assets/gone.js", 404, missing, "application/xml", ""},
		{spa, "GET", "/.well-known/gone", 404, missing, "application/xml", ""},
	} {
		server, err := local.NewSite(c.site, folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp := ask(t, server, c.method, c.target)
		got := []any{resp.StatusCode, textOf(t, resp), resp.Header.Get("Content-Type"), resp.Header.Get("Cache-Control")}
		if d := cmp.Diff([]any{c.status, c.want, c.kind, c.kept}, got); d != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.target, d)
		}
		for _, h := range c.site.Headers() {
			if got := resp.Header.Get(h.Name); got != h.Value {
				t.Errorf("%s %s: %s: %q, want %q", c.method, c.target, h.Name, got, h.Value)
			}
		}
	}
}

// TestSiteAccept: what asks for data is not given the page of the application.
func TestSiteAccept(t *testing.T) {
	t.Parallel()
	site, _ := shopSite(t, tier.SiteOptions{SPA: true})
	server, err := local.NewSite(site, siteFolder(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]int{"application/json": 404, "text/html,*/*;q=0.8": 200, "*/*": 200} {
		if resp := ask(t, server, "GET", "/orders/7", "Accept", accept); resp.StatusCode != want {
			t.Errorf("Accept: %s = %d, want %d", accept, resp.StatusCode, want)
		}
	}
}

// TestSiteConditions: a file is sent once, and in parts to who asks for them.
func TestSiteConditions(t *testing.T) {
	t.Parallel()
	site, _ := shopSite(t, tier.SiteOptions{})
	server, err := local.NewSite(site, siteFolder(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	tag := fmt.Sprintf(`"%x"`, md5.Sum([]byte(appScript))) // as S3 makes it
	for _, c := range []struct {
		header, value string
		status        int
		want          string
	}{
		{"If-None-Match", tag, 304, ""},
		{"If-None-Match", `W/` + tag, 304, ""},
		{"If-None-Match", `"other"`, 200, appScript},
		{"If-Match", `"other"`, 412, ""},
		{"Range", "bytes=0-6", 206, appScript[:7]},
		{"Range", "bytes=999-", 416, "invalid range: failed to overlap\n"},
	} {
		resp := ask(t, server, "GET", "/assets/app-3f9ac1.js", c.header, c.value)
		if got := textOf(t, resp); resp.StatusCode != c.status || got != c.want {
			t.Errorf("%s: %s = %d %q, want %d %q", c.header, c.value, resp.StatusCode, got, c.status, c.want)
		}
		if resp.StatusCode < 400 && resp.Header.Get("ETag") != tag {
			t.Errorf("%s: %s: ETag %s, want %s", c.header, c.value, resp.Header.Get("ETag"), tag)
		}
	}
}

// TestSiteAPIs: an API gets the path without that of the site, the query, and its own
// host; the longest path counts.
func TestSiteAPIs(t *testing.T) {
	t.Parallel()
	site, api := shopSite(t, tier.SiteOptions{SPA: true}, "/api", "/api/v2")
	gateway := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.Host, " ", r.URL.EscapedPath(), " ", r.URL.RawQuery)
	})
	server, err := local.NewSite(site, siteFolder(t), map[*tier.API]local.SiteAPI{api: {Gateway: gateway, Host: "127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"/api/orders/a%2Fb?x=1": "POST 127.0.0.1:1 /orders/a%2Fb x=1",
		"/api/":                 "POST 127.0.0.1:1 / ",
		"/api/v2/orders":        "POST 127.0.0.1:1 /orders ",
		"/api/v22":              "POST 127.0.0.1:1 /v22 ",
	} {
		resp := ask(t, server, "POST", target)
		if got := textOf(t, resp); got != want {
			t.Errorf("%s = %q, want %q", target, got, want)
		}
		if resp.Header.Get("Content-Security-Policy") != "" {
			t.Errorf("%s has the headers of files", target)
		}
	}
	if resp := ask(t, server, "GET", "/api"); textOf(t, resp) != frontPage {
		t.Error("/api itself is a page of the site")
	}
	if _, err := local.NewSite(site, "web", nil); err == nil || !strings.Contains(err.Error(), "API orders is not served as a whole") {
		t.Errorf("NewSite without the API = %v", err)
	}
}

// TestSiteBuiltLater: the folder may come, and be built anew, while it is served.
func TestSiteBuiltLater(t *testing.T) {
	t.Parallel()
	site, _ := shopSite(t, tier.SiteOptions{})
	folder := filepath.Join(t.TempDir(), "web")
	server, err := local.NewSite(site, folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp := ask(t, server, "GET", "/"); resp.StatusCode != 404 || !strings.Contains(textOf(t, resp), "build the site") {
		t.Errorf("before = %d", resp.StatusCode)
	}
	for _, text := range []string{"first", "second"} {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "index.html"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := textOf(t, ask(t, server, "GET", "/")); got != text {
			t.Errorf("GET / = %q, want %q", got, text)
		}
	}
}

// TestSiteFilesList: what is uploaded is what is served.
func TestSiteFilesList(t *testing.T) {
	t.Parallel()
	site, _ := shopSite(t, tier.SiteOptions{NotFound: "404.html", Immutable: []string{"assets"}})
	folder := siteFolder(t)
	list := func() ([]local.SiteFile, error) {
		root, err := os.OpenRoot(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		return local.SiteFiles(site, root)
	}
	if _, err := list(); err == nil || !strings.Contains(err.Error(), "link.txt is no file") {
		t.Errorf("a link out of the folder: %v", err)
	}
	if err := os.Remove(filepath.Join(folder, "link.txt")); err != nil {
		t.Fatal(err)
	}
	files, err := list()
	if err != nil {
		t.Fatal(err)
	}
	server, err := local.NewSite(site, folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, f := range files {
		keys = append(keys, f.Key)
		if f.Key == "no-ending" { // a path without a dot is that of a folder
			continue
		}
		resp := ask(t, server, "GET", "/"+url.PathEscape(f.Key))
		if resp.StatusCode != 200 && !strings.Contains(f.Key, "/") || resp.StatusCode == 200 && (resp.Header.Get("Content-Type") != f.ContentType || resp.Header.Get("Cache-Control") != f.CacheControl) {
			t.Errorf("%+v is served as %d %v", f, resp.StatusCode, resp.Header)
		}
	}
	want := []string{".well-known/security.txt", "404.html", "a b.txt", "assets/app-3f9ac1.js", "copy.html", "docs/index.html", "index.html", "no-ending"}
	if d := cmp.Diff(want, keys); d != "" {
		t.Error(d)
	}
	if err := os.Remove(filepath.Join(folder, "404.html")); err != nil {
		t.Fatal(err)
	}
	if _, err := list(); err == nil || !strings.Contains(err.Error(), "there is no 404.html") {
		t.Errorf("without the page = %v", err)
	}
}

func ExampleNewSite() {
	folder, err := os.MkdirTemp("", "site")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, "index.html"), []byte("<h1>Shop</h1>"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	site := tier.New("shop").Site("web", tier.SiteOptions{Folder: "web/dist", SPA: true})
	server, err := local.NewSite(site, folder, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest("GET", "/orders/7", nil))
	fmt.Println(w.Code, w.Body, w.Header().Get("Cache-Control"))
	// Output: 200 <h1>Shop</h1> no-cache
}

// FuzzSite: whatever is asked for, what a site must not serve stays where it is.
func FuzzSite(f *testing.F) {
	for _, seed := range []string{"/", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2f..%5csecret.txt", "//.env", "/.well-known/../.env", "/%2Eenv", "/link.txt", "/assets/./../.git/config", "/api/../.env", "/a\x00b"} {
		f.Add("GET", seed, "text/html")
	}
	app := tier.New("shop")
	plain := app.Site("plain", tier.SiteOptions{Folder: "web", NotFound: "404.html"})
	spa := app.Site("spa", tier.SiteOptions{Folder: "web", SPA: true})
	folder := siteFolder(f)
	f.Fuzz(func(t *testing.T, method, path, accept string) {
		target, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		for _, site := range []*tier.Site{plain, spa} {
			server, err := local.NewSite(site, folder, nil)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			server.ServeHTTP(w, &http.Request{Method: method, URL: target, Header: http.Header{"Accept": {accept}}, Host: "localhost"})
			if body := w.Body.String(); strings.Contains(body, outOfReach) || w.Code != 200 && w.Code != 403 && w.Code != 404 {
				t.Errorf("%s %q = %d %s", method, path, w.Code, body)
			}
		}
	})
}
