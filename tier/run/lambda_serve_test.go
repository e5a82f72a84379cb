package run_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// postPayload sends a payload to a local Lambda.
func postPayload(t *testing.T, url, function, payload string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url+"/2015-03-31/functions/"+function+"/invocations", strings.NewReader(payload))
	if err != nil {
		t.Fatal(err)
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
	return resp.StatusCode, resp.Header, string(body)
}

// TestServeLambda: functions can be invoked on localhost as on AWS, next to the
// APIs.
func TestServeLambda(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./tier/run/testdata/direct"), "serve", "-port", "0", "-dir", t.TempDir())
	api := urlIn(p.until(t, "API quotes as a REST API"))
	line := p.until(t, ": Lambda on http://127.0.0.1:")
	url := strings.TrimSuffix(strings.Fields(line[strings.Index(line, "http://"):])[0], ",")
	if line := p.until(t, "function price"); !strings.Contains(line, "main.go:32") {
		t.Errorf("%q does not name the Go line", line)
	}
	p.until(t, "function quotes")
	for _, step := range []struct {
		function, payload, failed, want string
	}{
		{"price", `{"cents":[40,2]}`, "", `{"cents":42}`},
		{"quotes", `{"cents":[40,2]}`, "", `{"cents":42}`},
		{"price", `{"cents":[]}`, "Unhandled", `"errorType":"Bad Request"`},
		{"quotes", string(handlertest.RESTEvent(handlertest.Request("POST", "/quotes", handlertest.Body("application/json", []byte(`{"cents":[1]}`))))), "", `"statusCode":200`},
		{"price", string(handlertest.RESTEvent(handlertest.Request("POST", "/quotes"))), "Unhandled", "has no routes"},
	} {
		status, header, body := postPayload(t, url, step.function, step.payload)
		if status != 200 || header.Get("X-Amz-Function-Error") != step.failed || !strings.Contains(body, step.want) {
			t.Errorf("invoke %s %.80s = %d %s %v; want %s %s", step.function, step.payload, status, body, header, step.failed, step.want)
		}
	}
	if status, _, body := postPayload(t, url, "nobody", "{}"); status != 404 {
		t.Errorf("an unknown function: %d %s", status, body)
	}
	if status, body, _ := fetch(t, "GET", api+"/quotes"); status != 405 {
		t.Errorf("the API beside it: %d %s", status, body)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status %d\n%s", status, p.stderr)
	}
}

// TestServeLambdaOnRequest: without a function for it there is no local Lambda,
// unless it is asked for.
func TestServeLambdaOnRequest(t *testing.T) {
	t.Parallel()
	p := start(t, nil, buildTool(t, "./tier/run/testdata/twofunctions"), "serve", "-port", "0", "-dir", t.TempDir(), "-lambda", "0")
	line := p.until(t, ": Lambda on http://127.0.0.1:")
	url := strings.TrimSuffix(strings.Fields(line[strings.Index(line, "http://"):])[0], ",")
	event := handlertest.RESTEvent(handlertest.Request("GET", "/things/1"))
	if status, _, body := postPayload(t, url, "reads", string(event)); status != 200 || !strings.Contains(body, `"statusCode":404`) {
		t.Errorf("invoke reads = %d %s, want the answer of the route", status, body)
	}
	if status, _, body := postPayload(t, url, "writes", string(event)); status != 200 || !strings.Contains(body, `"statusCode":404`) {
		t.Errorf("invoke writes = %d %s, want its mux's 404", status, body)
	}
	q, _ := serve(t, t.TempDir())
	var all strings.Builder
	for !strings.Contains(all.String(), "Ctrl-C") {
		all.WriteString(q.until(t, ""))
	}
	if strings.Contains(all.String(), "Lambda on") {
		t.Errorf("a local Lambda that nobody asked for:\n%s", &all)
	}
}

// TestDirectCommands: the commands know functions without an API.
func TestDirectCommands(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/direct")
	for _, tt := range []struct {
		args, stdin string
		status      int
		want        string
	}{
		{"routes", "", 0, "function price   invoked directly  main.go:32"},
		{"template", "", 0, `"PriceFunction"`},
		{"policy", "", 0, "function price (PriceRole)"},
		{"invoke price", `{"cents":[40,2]}`, 0, `{"cents":42}`},
		{"invoke price", `{"cents":[]}`, 1, "function error: Bad Request: the request is not valid: body.cents"},
	} {
		stdout, stderr, status := output(t, tt.stdin, bin, strings.Fields(tt.args)...)
		if status != tt.status || !strings.Contains(stdout+stderr, tt.want) {
			t.Errorf("%s: status %d\n%s%s\nwant %d %s", tt.args, status, stdout, stderr, tt.status, tt.want)
		}
	}
}

// TestDirectFunction: the Lambda binary answers payloads as function price, and
// both payloads and events as function quotes.
func TestDirectFunction(t *testing.T) {
	t.Parallel()
	bin := buildFunction(t, "./tier/run/testdata/direct")
	event := handlertest.RESTEvent(handlertest.Request("POST", "/quotes", handlertest.Body("application/json", []byte(`{"cents":[1]}`))))
	for _, tt := range []struct{ function, payload, failed, want string }{
		{"price", `{"cents":[40,2]}`, "", `{"cents":42}`},
		{"price", `{"cents":[]}`, "Bad Request", `"errorMessage":"the request is not valid: body.cents`},
		{"price", string(event), "EventError", "has no routes"},
		{"quotes", `{"cents":[40,2]}`, "", `{"cents":42}`},
		{"quotes", string(event), "", `"statusCode":200`},
	} {
		t.Run(tt.function, func(t *testing.T) {
			t.Parallel()
			_, rt := function(t, bin, "_HANDLER="+tt.function)
			result, err := rt.Invoke(t.Context(), []byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			failed := result.FunctionError != ""
			if failed != (tt.failed != "") || !strings.Contains(string(result.Payload), tt.want) || !strings.Contains(string(result.Payload), tt.failed) {
				t.Errorf("%.60s = %s (%s), want %s %s", tt.payload, result.Payload, result.FunctionError, tt.failed, tt.want)
			}
		})
	}
}
