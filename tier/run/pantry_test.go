package run_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const pantryPackage = "./tier/run/testdata/pantry"

// pantry is the program that uses every kind of store, while it is served.
type pantry struct {
	*process
	shelf, scale string // the URLs of its APIs
}

// servePantry serves it with the data of a folder.
func servePantry(t *testing.T, dir string, env []string, args ...string) pantry {
	t.Helper()
	args = append([]string{"serve", "-port", "0", "-dir", dir}, args...)
	p := pantry{process: start(t, env, buildTool(t, pantryPackage), args...)}
	p.shelf = urlIn(p.until(t, "API shelf as a REST API on"))
	p.scale = urlIn(p.until(t, "API scale as a REST API on"))
	return p
}

// ask sends JSON, and reads a JSON answer into one if it is not nil.
func ask(t *testing.T, method, url, body string, answer any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer != nil && len(text) > 0 {
		if err := json.Unmarshal(text, answer); err != nil {
			t.Fatalf("%s %s = %d %s: %v", method, url, resp.StatusCode, text, err)
		}
	}
	return resp.StatusCode
}

// TestDataPersists: what each kind of store keeps is there when the program is
// started again.
func TestDataPersists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bin := buildTool(t, pantryPackage)
	if _, stderr, status := output(t, "sk_live\n", bin, "secret", "set", "-dir", dir, "stripe"); status != 0 {
		t.Fatalf("secret set: %d %s", status, stderr)
	}
	first := servePantry(t, dir, nil)
	for _, step := range []struct{ path, body string }{
		{"/notes/a", `{"text":"salt"}`},
		{"/photos/a", `{"text":"a picture"}`},
		{"/users/ann", ""},
		{"/jars/a", `{"grams":7}`},
	} {
		if status := ask(t, "PUT", first.shelf+step.path, step.body, nil); status/100 != 2 {
			t.Fatalf("PUT %s = %d\n%s", step.path, status, first.stderr)
		}
	}
	if status := first.stop(t); status != 0 {
		t.Fatalf("exit status %d\n%s", status, first.stderr)
	}
	second := servePantry(t, dir, nil)
	for _, step := range []struct{ kind, path, want string }{
		{"table", "/notes/a", "salt"},
		{"blob and key", "/photos/a", "a picture"},
		{"identity", "/users/ann", "ann@shop.example"},
		{"secret", "/secret", "SK_LIVE"},
	} {
		var got struct{ Text string }
		if status := ask(t, "GET", second.shelf+step.path, "", &got); status != 200 || got.Text != step.want {
			t.Errorf("%s: GET %s after a restart = %d %q, want %q\n%s", step.kind, step.path, status, got.Text, step.want, second.stderr)
		}
	}
	var jar struct{ Grams int }
	if status := ask(t, "GET", second.shelf+"/jars/a", "", &jar); status != 200 || jar.Grams != 7 {
		t.Errorf("sqldb: GET /jars/a after a restart = %d %+v, want 7 grams\n%s", status, jar, second.stderr)
	}
	if status := second.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, second.stderr)
	}
}

// outcome is what the API scale answers.
type outcome struct {
	Grams         int
	Error, Remote string
}

// TestServeCalls: functions call each other, wait for the answer or not, and tell
// the error of a function from that of a call.
func TestServeCalls(t *testing.T) {
	t.Parallel()
	p := servePantry(t, t.TempDir(), nil)
	for _, tt := range []struct {
		name, path, body string
		want             outcome
	}{
		{"answer", "/weigh", `{"id":"a","grams":3}`, outcome{Grams: 3}},
		{"error of the function", "/weigh", `{"id":"a"}`, outcome{
			Error:  "call weigh: call: outcome unknown: Unhandled: the function failed with an error of type Internal Server Error",
			Remote: "Internal Server Error: Internal Server Error"}},
		{"unknown function", "/ghost", `{"id":"a"}`, outcome{
			Error: "call ghost: call: unavailable: ResourceNotFoundException: there is no such function"}},
		{"later", "/weigh/later", `{"id":"b","grams":3}`, outcome{}},
	} {
		var got outcome
		if status := ask(t, "POST", p.scale+tt.path, tt.body, &got); status != 200 || got != tt.want {
			t.Errorf("%s: POST %s %s = %d %+v, want %+v", tt.name, tt.path, tt.body, status, got, tt.want)
		}
	}
	for _, want := range []string{"a", "b"} {
		if _, got, _ := fetch(t, "GET", p.scale+"/weighed"); got != want {
			t.Errorf("the function weigh was given %q, want %q", got, want)
		}
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, p.stderr)
	}
}

// TestServeService: a web service is called by the URL in its variable, also on
// localhost; without one the error names the variable.
func TestServeService(t *testing.T) {
	t.Parallel()
	billing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/bills/7" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"grams":42}`)
			return
		}
		w.WriteHeader(http.StatusGone)
	}))
	t.Cleanup(billing.Close)
	for _, tt := range []struct {
		name string
		env  []string
		path string
		want outcome
	}{
		{"served", []string{"TIERKIT_SERVICE_BILLING=" + billing.URL + "/v1"}, "/bills/7", outcome{Grams: 42}},
		{"refused", []string{"TIERKIT_SERVICE_BILLING=" + billing.URL + "/v1"}, "/bills/8", outcome{Error: "410"}},
		{"unset", nil, "/bills/7", outcome{Error: "TIERKIT_SERVICE_BILLING is not set; it holds the URL of the service"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := servePantry(t, t.TempDir(), tt.env)
			var got outcome
			status := ask(t, "GET", p.scale+tt.path, "", &got)
			if status != 200 || got.Grams != tt.want.Grams || !strings.Contains(got.Error, tt.want.Error) || (got.Error == "") != (tt.want.Error == "") {
				t.Errorf("GET %s = %d %+v, want %+v", tt.path, status, got, tt.want)
			}
		})
	}
}

// TestLocalDriversStayHome: the Lambda binary of a program that names a local
// driver links neither it nor any other embedded driver.
func TestLocalDriversStayHome(t *testing.T) {
	t.Parallel()
	heavy := func(path string) bool {
		return whole(`modernc\.org/.*|`+module+`datastore/embedded/.*|`+module+`datastore/sqldb/migrate`, path)
	}
	linked := func(args ...string) (found []string) {
		for _, p := range list(t, append(args, pantryPackage)...) {
			if heavy(p.ImportPath) {
				found = append(found, p.ImportPath)
			}
		}
		return found
	}
	if found := linked("-deps", "-tags", lambdaTags); len(found) > 0 {
		t.Errorf("the Lambda binary links %v", found)
	}
	if found := linked("-deps"); len(found) < 10 {
		t.Errorf("the tool links only %v: the test finds nothing", found)
	}
	_, rt := function(t, buildFunction(t, pantryPackage), "_HANDLER=weigh")
	result, err := rt.Invoke(t.Context(), []byte(`{"id":"a","grams":3}`))
	if err != nil || string(result.Payload) != `{"grams":3}` {
		t.Errorf("the function weigh of the Lambda binary = %s, %v", result.Payload, err)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExplainCalls: functions call each other also behind a single request.
func TestExplainCalls(t *testing.T) {
	t.Parallel()
	stdout, stderr, status := output(t, "", buildTool(t, pantryPackage),
		"explain", "-api", "scale", "-dir", t.TempDir(), "-json", "-H", "Content-Type: application/json", "-d", `{"id":"a","grams":3}`, "POST", "/weigh")
	var explained struct {
		Answer struct {
			Status int
			Body   string
		}
	}
	if err := json.Unmarshal([]byte(stdout), &explained); err != nil || status != 0 {
		t.Fatalf("explain = %d %s%s: %v", status, stdout, stderr, err)
	}
	var got outcome
	if err := json.Unmarshal([]byte(explained.Answer.Body), &got); err != nil || got != (outcome{Grams: 3}) {
		t.Errorf("POST /weigh = %d %s, want the 3 grams that the called function answers", explained.Answer.Status, explained.Answer.Body)
	}
}
