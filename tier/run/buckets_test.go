package run_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// signed asks the API for a signed request.
func (p pantry) signed(t *testing.T, key, way string) blob.Signed {
	t.Helper()
	var s blob.Signed
	if status := ask(t, "POST", p.shelf+"/photos/"+key+"/"+way, "", &s); status != 200 || s.URL == "" {
		t.Fatalf("POST /photos/%s/%s = %d %+v\n%s", key, way, status, s, p.stderr)
	}
	return s
}

// curl runs curl, and returns what the server answered behind its status.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("curl")
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("TIERKIT_TEST_SERVERS") != "require" {
		t.Skip("curl is not installed: buckets are not tried with it")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, append([]string{"-q", "-s", "-w", " %{http_code}"}, args...)...).Output()
	if err != nil {
		t.Fatalf("curl %q: %v", args, err)
	}
	body, status := out[:bytes.LastIndexByte(out, ' ')], out[bytes.LastIndexByte(out, ' ')+1:]
	return string(status) + " " + string(body)
}

// formOf are the fields of a form for curl, in any order but before the file.
func formOf(s blob.Signed, file string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		args = append(args, "--form-string", name+"="+s.Fields[name])
	}
	return append(args, "-F", "file=@"+file, s.URL)
}

// TestServeBuckets: what a function signs works for who sends it, and for nothing
// else.
func TestServeBuckets(t *testing.T) {
	t.Parallel()
	p := servePantry(t, t.TempDir(), nil)
	base := strings.TrimSuffix(urlIn(p.until(t, "buckets on http://127.0.0.1:")), ", for signed URLs")
	small, large := filepath.Join(t.TempDir(), "small"), filepath.Join(t.TempDir(), "large")
	for file, text := range map[string]string{small: "pepper", large: "eleven byte"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put, form := p.signed(t, "a", "put"), p.signed(t, "b", "post")
	if !strings.HasPrefix(put.URL, base+"/") {
		t.Errorf("the signed URL %s is not at %s", put.URL, base)
	}
	other := form
	other.Fields = maps.Clone(form.Fields)
	other.Fields["key"] = "c"
	wrong := strings.Replace(put.URL, "X-Amz-Signature=", "X-Amz-Signature=0", 1)
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"PUT", []string{"-T", small, "-H", "Content-Type: text/plain", put.URL}, "200 "},
		{"PUT of another type", []string{"-T", small, "-H", "Content-Type: text/html", put.URL}, "403 <?xml"},
		{"PUT with a wrong signature", []string{"-T", small, "-H", "Content-Type: text/plain", wrong}, "403 <?xml"},
		{"PUT without a signature", []string{"-T", small, strings.Split(put.URL, "?")[0]}, "403 <?xml"},
		{"GET", []string{p.signed(t, "a", "get").URL}, "200 pepper"},
		{"GET of a part", []string{"-r", "1-3", p.signed(t, "a", "get").URL}, "206 epp"},
		{"GET by the URL of PUT", []string{put.URL}, "403 <?xml"},
		{"form over the limit", formOf(form, large), "400 <?xml"},
		{"GET of what was too large", []string{p.signed(t, "b", "get").URL}, "404 <?xml"},
		{"form", formOf(form, small), "204 "},
		{"form for another key", formOf(other, small), "403 <?xml"},
		{"GET of the form's file", []string{p.signed(t, "b", "get").URL}, "200 pepper"},
		{"another bucket", []string{strings.Replace(p.signed(t, "a", "get").URL, "photos", "others", 1)}, "404 <?xml"},
	} {
		if got := curl(t, tt.args...); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s = %s, want %s", tt.name, got, tt.want)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, p.stderr)
	}
}

// upload is a page that stores and reads objects by signed requests.
const upload = `<!DOCTYPE html><pre id="seen"></pre><script>
const signed = SIGNED;
(async () => {
  const seen = [];
  const note = async (name, url, init) => {
    try { const r = await fetch(url, init); seen.push(name + " " + r.status + " " + (r.ok ? await r.text() : "") + (r.headers.get("etag") ? "tagged" : "")); }
    catch (e) { seen.push(name + " blocked"); }
  };
  const form = (content) => {
    const f = new FormData();
    for (const [name, value] of Object.entries(signed.post.fields)) f.append(name, value);
    f.append("file", new Blob([content]));
    return {method: "POST", body: f};
  };
  await note("put", signed.put.url, {method: "PUT", headers: signed.put.headers, body: "by fetch"});
  await note("get", signed.get.url, {});
  await note("post", signed.post.url, form("by form"));
  await note("large", signed.post.url, form("eleven byte"));
  await note("read", signed.read.url, {});
  document.getElementById("seen").textContent = "[" + seen.join("; ") + "]";
})();
</script>`

// TestBrowserBuckets: a page of an origin that the bucket names stores and reads
// objects by signed requests.
func TestBrowserBuckets(t *testing.T) {
	t.Parallel()
	chromium := os.Getenv("TIERKIT_TEST_CHROMIUM")
	if chromium == "" && os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatal("TIERKIT_TEST_CHROMIUM is not set and TIERKIT_TEST_SERVERS is require")
	}
	if chromium == "" {
		t.Skip("TIERKIT_TEST_CHROMIUM is not set: buckets are not tried in a browser")
	}
	p := servePantry(t, t.TempDir(), nil)
	requests := mustJSON(t, map[string]blob.Signed{
		"put": p.signed(t, "web", "put"), "get": p.signed(t, "web", "get"),
		"post": p.signed(t, "form", "post"), "read": p.signed(t, "form", "get"),
	})
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(strings.Replace(upload, "SIGNED", requests, 1)))
	}))
	defer page.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", page.URL).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const want = "[put 200 tagged; get 200 by fetchtagged; post 204 tagged; large 400 ; read 200 by formtagged]"
	if !strings.Contains(string(out), want) {
		t.Errorf("the page saw %s\nwant %s", out, want)
	}
}
