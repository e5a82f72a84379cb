package run_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestServeDoors starts the quickstart behind every front door.
func TestServeDoors(t *testing.T) {
	t.Parallel()
	const notFound = `{"message":"Not Found"}`
	for _, tt := range []struct {
		door, is string
		// Headers by which a client knows the front door.
		known          string
		unknown, wrong string // of the answers 404 and 405, a part of the body
		wrongStatus    int
	}{
		{"rest", "as a REST API on", "x-amz-apigw-id", "there is nothing at this path", "this path does not allow this method", 405},
		{"http", "as an HTTP API on", "apigw-requestid", notFound, notFound, 404},
		{"url", "as a function URL of function orders on", "x-amzn-requestid", "there is nothing at this path", "this path allows", 405},
		{"alb", "as a load balancer of function orders on", "", "there is nothing at this path", "this path allows", 405},
		{"alb-multi", "as a load balancer with multi-value headers of function orders on", "", "there is nothing at this path", "this path allows", 405},
	} {
		t.Run(tt.door, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-dir", t.TempDir(), "-door", tt.door)
			line := p.until(t, "http://127.0.0.1:")
			if !strings.Contains(line, "API orders "+tt.is) {
				t.Errorf("%q does not say %q", line, tt.is)
			}
			url := urlIn(line)
			if status, _ := send(t, "POST", url+"/orders", "application/json", order); status != 201 {
				t.Errorf("place: %d, want 201", status)
			}
			if status, p := send(t, "POST", url+"/orders", "application/json", order); status != 409 || p.ID == "" {
				t.Errorf("a second create: %d %+v, want 409 with the request's id", status, p)
			}
			if status, _ := send(t, "GET", url+"/orders/"+orderID, "", ""); status != 200 {
				t.Errorf("read: %d, want 200", status)
			}
			if status, body, h := fetch(t, "GET", url+"/nothing"); status != 404 || !strings.Contains(body, tt.unknown) || tt.known != "" && h.Get(tt.known) == "" {
				t.Errorf("an unknown path: %d %s %v, want 404 %s and %s", status, body, h, tt.unknown, tt.known)
			}
			if status, body, _ := fetch(t, "DELETE", url+"/orders"); status != tt.wrongStatus || !strings.Contains(body, tt.wrong) {
				t.Errorf("a wrong method: %d %s, want %d %s", status, body, tt.wrongStatus, tt.wrong)
			}
			if status := p.stop(t); status != 0 {
				t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
			}
		})
	}
}

// TestServeFunctions: a front door that does not route has a port for each
// function, and serves no other's routes.
func TestServeFunctions(t *testing.T) {
	t.Parallel()
	for _, door := range []string{"url", "alb", "alb-multi"} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, buildTool(t, "./tier/run/testdata/twofunctions"), "serve", "-port", "0", "-dir", t.TempDir(), "-door", door)
			if line := p.until(t, "API writes"); !strings.Contains(line, "does not route, so each function has its own") {
				t.Errorf("%q does not say that there are several", line)
			}
			writes, reads := urlIn(p.until(t, "function writes on http://127.0.0.1:")), urlIn(p.until(t, "function reads on http://127.0.0.1:"))
			p.until(t, "/things/{id}")
			for _, step := range []struct {
				url    string
				status int
			}{{reads + "/deadline", 200}, {writes + "/deadline", 404}, {writes + "/things", 405}, {reads + "/things", 404}} {
				if status, body, _ := fetch(t, "GET", step.url); status != step.status {
					t.Errorf("GET %s = %d %s, want %d", step.url, status, body, step.status)
				}
			}
			if status, _ := send(t, "POST", writes+"/things", "application/json", `{"id":"1"}`); status != 200 {
				t.Errorf("POST to the function that has the route: %d, want 200", status)
			}
		})
	}
}

func TestUnknownDoor(t *testing.T) {
	t.Parallel()
	_, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-door", "back")
	if want := `-door "back": write rest, http, url, alb or alb-multi`; status != 1 || !strings.Contains(stderr, want) {
		t.Errorf("status %d, %q; want %q", status, stderr, want)
	}
}

// urlIn is the address at the end of a line.
func urlIn(line string) string { return strings.TrimSpace(line[strings.Index(line, "http://"):]) }

func fetch(t *testing.T, method, url string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
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
	return resp.StatusCode, string(body), resp.Header
}
