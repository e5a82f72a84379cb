package run_test

import (
	"strings"
	"testing"
)

// TestMocks: an API without a function is served and printed like any other,
// behind the front door that has mock integrations.
func TestMocks(t *testing.T) {
	t.Parallel()
	bin := buildTool(t, "./tier/run/testdata/mocks")
	for _, tt := range []struct {
		args        string
		status      int
		want, avoid string // in the output
	}{
		{"routes", 0, "GET  /things/{id}  (mock)  main.go:25", "thingsFunction"},
		{"template", 0, `"type": "mock"`, "AWS::Serverless::Function"},
		{"policy", 0, "", "logs:"},
		{"serve -port 0 -door url", 1, "all routes of API things are mocks, so there is no function to serve behind a function URL; write -door rest", ""},
		{"serve -port 0 -door http", 1, "an HTTP API has no way to have a mock integration", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			args := strings.Fields(tt.args)
			if args[0] == "serve" {
				args = append(args, "-dir", t.TempDir())
			}
			stdout, stderr, status := output(t, "", bin, args...)
			if text := stdout + stderr; status != tt.status || !strings.Contains(text, tt.want) || tt.avoid != "" && strings.Contains(text, tt.avoid) {
				t.Errorf("status %d, want %d with %q and without %q:\n%s", status, tt.status, tt.want, tt.avoid, text)
			}
		})
	}
	p := start(t, nil, bin, "serve", "-port", "0", "-dir", t.TempDir())
	url := urlIn(p.until(t, "http://127.0.0.1:"))
	if status, body, _ := fetch(t, "GET", url+"/things/9"); status != 200 || body != `{"id":"7"}` {
		t.Errorf("GET /things/9 = %d %s, want 200 and the example", status, body)
	}
}
