package run_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

const streamType = "application/vnd.awslambda.http-integration-response"

// TestServeStreams: curl sees each piece of an answer while the handler still
// runs, and the end of one that broke off.
func TestServeStreams(t *testing.T) {
	t.Parallel()
	curl, err := exec.LookPath("curl")
	switch {
	case err == nil:
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatal("curl is not installed, and TIERKIT_TEST_SERVERS=require")
	default:
		t.Skip("curl is not installed")
	}
	for _, door := range []string{"rest", "url"} {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, buildTool(t, "./tier/run/testdata/streams"), "serve", "-port", "0", "-dir", t.TempDir(), "-door", door)
			url := urlIn(p.until(t, "http://127.0.0.1:"))
			for _, tt := range []struct {
				path, last string
				status     int // of curl: 18 says that the transfer ended too early
				line       func(text string) string
			}{
				{"/rows", "end", 0, func(text string) string { return `{"text":"` + text + `"}` + "\n" }},
				{"/rows", "fail", 18, func(text string) string { return `{"text":"` + text + `"}` + "\n" }},
				{"/events", "end", 0, func(text string) string { return "data: " + text + "\n\n" }},
				{"/events", "fail", 18, func(text string) string { return "data: " + text + "\n\n" }},
			} {
				cmd := exec.Command(curl, "--silent", "--no-buffer", "--max-time", "60", url+tt.path)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				lines := bufio.NewReader(out)
				for _, text := range []string{"ready", "one", "two"} {
					if text != "ready" {
						step(t, url, text)
					}
					got := make([]byte, len(tt.line(text)))
					if _, err := io.ReadFull(lines, got); err != nil || string(got) != tt.line(text) {
						t.Fatalf("GET %s: %q, %v, want %q while the handler runs", tt.path, got, err, tt.line(text))
					}
				}
				step(t, url, tt.last)
				rest, err := io.ReadAll(lines)
				_ = cmd.Wait() // the status is what counts
				if status := cmd.ProcessState.ExitCode(); status != tt.status || err != nil || len(rest) > 0 {
					t.Errorf("GET %s, %s: curl ended with %d, %q, %v; want %d", tt.path, tt.last, status, rest, err, tt.status)
				}
			}
			if status := p.stop(t); status != 0 {
				t.Errorf("exit status after an interrupt: %d\n%s", status, p.stderr)
			}
			if log := p.stderr.String(); !strings.Contains(log, "cursor lost") {
				t.Errorf("log %s, want what cut the answers off", log)
			}
		})
	}
}

// step lets the handler that streams go on.
func step(t *testing.T, url, text string) {
	t.Helper()
	if status, _ := send(t, "POST", url+"/steps", "application/json", `{"text":"`+text+`"}`); status != http.StatusNoContent {
		t.Fatalf("POST /steps = %d", status)
	}
}

// TestFunctionStreams: the Lambda binary answers each front door in its mode.
func TestFunctionStreams(t *testing.T) {
	t.Parallel()
	_, rt := function(t, buildFunction(t, "./tier/run/testdata/streams"))
	rest := func(path string) []byte {
		return handlertest.RESTEvent(handlertest.Request("GET", path, handlertest.Facts(func(f *handler.Facts) { f.Resource = path })))
	}
	for _, tt := range []struct {
		name    string
		payload []byte
		streams bool
	}{
		{"a route in stream mode", rest("/few"), true},
		{"another", rest("/buffered"), false},
		{"the URL", handlertest.URLEvent(handlertest.Request("GET", "/buffered")), true},
		{"an HTTP API", handlertest.HTTPEvent(handlertest.Request("GET", "/few")), false},
	} {
		result, err := rt.Invoke(t.Context(), tt.payload)
		if err != nil || result.FunctionError != "" {
			t.Fatalf("%s: %+v, %v", tt.name, result, err)
		}
		read := handlertest.ReadAnswer
		if tt.streams {
			read = handlertest.ReadStreamed
		}
		answer, err := read(result.Payload)
		if err != nil || string(answer.Body) != `{"text":"a"}`+"\n"+`{"text":"b"}`+"\n" || (result.ContentType == streamType) != tt.streams {
			t.Errorf("%s: %s, %q, %v", tt.name, result.ContentType, result.Payload, err)
		}
	}
}

// TestInvokeStreams: a line break stands for the NUL bytes of a streamed answer.
func TestInvokeStreams(t *testing.T) {
	t.Parallel()
	event := string(handlertest.URLEvent(handlertest.Request("GET", "/few")))
	stdout, stderr, status := output(t, event, buildTool(t, "./tier/run/testdata/streams"), "invoke", "streams")
	want := `{"statusCode":200,"headers":{"Content-Type":"application/x-ndjson"}}` + "\n" + `{"text":"a"}` + "\n" + `{"text":"b"}` + "\n\n"
	if status != 0 || stdout != want {
		t.Errorf("invoke = %d %q, %s; want %q", status, stdout, stderr, want)
	}
}
