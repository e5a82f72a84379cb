package run_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

const (
	orderID = "0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"
	order   = `{"id":"` + orderID + `","email":"ada@shop.example","total":42}`
)

// serve starts the quickstart on a free port.
func serve(t *testing.T, dir string) (p *process, url string) {
	t.Helper()
	p = start(t, nil, buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-dir", dir)
	line := p.until(t, "http://127.0.0.1:")
	return p, urlIn(line)
}

// TestServe is the first promise of the README, as a user tries it.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, dir)
	p.until(t, "/orders/{id}")
	p.until(t, "POST")
	if line := p.until(t, "data:"); !strings.Contains(line, dir) {
		t.Errorf("%q does not say where the data is: %s", line, dir)
	}
	for _, step := range []struct {
		name, method, path, contentType, body string
		status                                int
		fields                                []string
	}{
		{"an unknown id", "GET", "/orders/" + orderID, "", "", 404, nil},
		{"place", "POST", "/orders", "application/json", order, 201, nil},
		{"read", "GET", "/orders/" + orderID, "", "", 200, nil},
		{"a second create", "POST", "/orders", "application/json", order, 409, nil},
		{"every failing field", "POST", "/orders", "application/json", `{"id":"7","total":-1}`, 400, []string{"body.email", "body.id", "body.total"}},
		{"a wrong type beside others", "POST", "/orders", "application/json", `{"id":7,"email":"no","total":"x"}`, 400, []string{"body.email", "body.id", "body.total"}},
		{"wrong JSON", "POST", "/orders", "application/json", `{"id":`, 400, []string{"body"}},
		{"no body", "POST", "/orders", "application/json", "", 400, []string{"body"}},
		{"a bad id", "GET", "/orders/7", "", "", 400, []string{"path.id"}},
		{"a wrong content type", "POST", "/orders", "text/xml", "<order/>", 415, nil},
		{"an oversized body", "POST", "/orders", "application/json", `{"id":"` + strings.Repeat("x", 2<<20) + `"}`, 413, nil},
		{"an unknown route", "GET", "/nothing", "", "", 404, nil},
		{"a wrong method", "DELETE", "/orders/" + orderID, "", "", 405, nil},
	} {
		t.Run(step.name, func(t *testing.T) {
			status, problem := send(t, step.method, url+step.path, step.contentType, step.body)
			if status != step.status {
				t.Fatalf("%s %s = %d %+v, want %d", step.method, step.path, status, problem, step.status)
			}
			if status < 400 {
				return
			}
			if problem.Status != status || problem.ID == "" || problem.Title == "" {
				t.Errorf("no problem document: %+v", problem)
			}
			var fields []string
			for _, f := range problem.Errors {
				fields = append(fields, f.Location)
			}
			slices.Sort(fields)
			if fmt.Sprint(fields) != fmt.Sprint(step.fields) {
				t.Errorf("failing fields %v, want %v", fields, step.fields)
			}
		})
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
	}
	for _, why := range []string{"table orders: create: conflict", "table orders: get: not found"} {
		if !strings.Contains(p.stderr.String(), why) {
			t.Errorf("the log does not say %q:\n%s", why, p.stderr)
		}
	}
	again, url := serve(t, dir)
	if status, _ := send(t, "GET", url+"/orders/"+orderID, "", ""); status != 200 {
		t.Errorf("after a restart: %d, want what was stored", status)
	}
	again.stop(t)
}

// send returns the status and, for an error, the problem document.
func send(t *testing.T, method, url, contentType, body string) (int, handler.Problem) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
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
	var p handler.Problem
	if resp.StatusCode >= 400 {
		if got := resp.Header.Get("Content-Type"); got != handler.ProblemType {
			t.Errorf("content type %q", got)
		}
		if err := json.Unmarshal(text, &p); err != nil {
			t.Errorf("%v in %s", err, text)
		}
	}
	if resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	return resp.StatusCode, p
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	_, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "serve", "-port", port)
	if status != 1 || !strings.Contains(stderr, port) || !strings.Contains(stderr, "-port") {
		t.Errorf("status %d, %q; want the port and the flag", status, stderr)
	}
}

func TestFolderInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, url := serve(t, dir)
	if status, _ := send(t, "POST", url+"/orders", "application/json", order); status != 201 {
		t.Fatal(status)
	}
	event := `{"resource":"/orders/{id}","path":"/orders/` + orderID + `","httpMethod":"GET","requestContext":{"resourceId":"x","resourcePath":"/orders/{id}","httpMethod":"GET","requestId":"r","stage":"live"},"isBase64Encoded":false}`
	_, stderr, _ := output(t, event, buildTool(t, "./examples/quickstart"), "invoke", "-dir", dir, "orders")
	if !strings.Contains(stderr, dir) {
		t.Errorf("stderr %q; want the folder that is in use", stderr)
	}
	_, stderr, status := output(t, "", buildTool(t, "./examples/quickstart"), "serve", "-port", "0", "-dir", dir)
	if status != 1 || !strings.Contains(stderr, dir) || !strings.Contains(stderr, "in use") {
		t.Errorf("a second serve: status %d, %q; want the folder that is in use", status, stderr)
	}
	p.stop(t)
	stdout, stderr, status := output(t, event, buildTool(t, "./examples/quickstart"), "invoke", "-dir", dir, "orders")
	if status != 0 || !strings.Contains(stdout, "ada@shop.example") {
		t.Errorf("invoke after the stop: %d %s %s", status, stdout, stderr)
	}
}
