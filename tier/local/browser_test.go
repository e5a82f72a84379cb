package local_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// browser is the path of Chromium. Without it the test says what it skips, or
// fails where servers are required.
func browser(t *testing.T) string {
	t.Helper()
	const variable = "TIERKIT_TEST_CHROMIUM"
	path := os.Getenv(variable)
	if path == "" && os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatalf("%s is not set and TIERKIT_TEST_SERVERS is require", variable)
	}
	if path == "" {
		t.Skipf("%s is not set: CORS is not tried in a browser", variable)
	}
	return path
}

// script calls the API as pages do, and writes what it could see.
const script = `<!DOCTYPE html><pre id="seen"></pre><script>
const api = "API";
const calls = [
  ["simple", "/a", {}],
  ["preflighted", "/a", {method: "PUT", headers: {"content-type": "application/json"}, body: "{}"}],
  ["wrong method", "/a", {method: "DELETE"}],
  ["not found", "/nothing", {}],
  ["preflight not found", "/nothing", {headers: {"x-api-key": "k"}}],
];
(async () => {
  const seen = [];
  for (const [name, path, init] of calls) {
    try { seen.push(name + " " + (await fetch(api + path, init)).status); }
    catch { seen.push(name + " blocked"); }
  }
  document.getElementById("seen").textContent = "[" + seen.join(", ") + "]";
})();
</script>`

// TestBrowser: a page of the declared origin can call the API and read its
// errors, and one of another origin cannot; behind both kinds of API.
func TestBrowser(t *testing.T) {
	t.Parallel()
	chromium := browser(t)
	var allowed, foreign *httptest.Server
	for _, server := range []**httptest.Server{&allowed, &foreign} {
		*server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(strings.ReplaceAll(script, "API", r.URL.Query().Get("api"))))
		}))
		defer (*server).Close()
	}
	for _, tt := range []struct {
		door local.Door
		want string // for the allowed page
	}{
		{local.REST{}, "[simple 204, preflighted 204, wrong method blocked, not found 404, preflight not found blocked]"},
		{local.HTTP{}, "[simple 204, preflighted 204, wrong method 404, not found 404, preflight not found 404]"},
	} {
		invoked := 0
		api := httptest.NewServer(corsGateway(t, tt.door, handler.CORS{Origins: []string{allowed.URL}}, &invoked))
		defer api.Close()
		if got := visit(t, chromium, allowed.URL+"/?api="+api.URL); !strings.Contains(got, tt.want) {
			t.Errorf("%s: the allowed page saw %s, want %s", tt.door, got, tt.want)
		}
		const blocked = "[simple blocked, preflighted blocked, wrong method blocked, not found blocked, preflight not found blocked]"
		if got := visit(t, chromium, foreign.URL+"/?api="+api.URL); !strings.Contains(got, blocked) {
			t.Errorf("%s: the foreign page saw %s, want %s", tt.door, got, blocked)
		}
	}
}

// visit returns the page as it is when its script has run.
func visit(t *testing.T, chromium, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--virtual-time-budget=10000", "--dump-dom", url)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := string(out)
	if i := strings.Index(seen, "["); i >= 0 {
		seen = seen[strings.Index(seen, `<pre id="seen">`):]
	}
	return strings.SplitN(seen, "</pre>", 2)[0]
}
