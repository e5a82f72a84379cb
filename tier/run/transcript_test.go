package run_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// transcript types in what a page shows of its program, and compares what comes.
// The first port that is served stands for 8080, the next for 8081.
//
//	$ go run . serve            the program, until the next serve or the end
//	$ go run . routes           another command of it
//	$ curl localhost:8080/      any other command line, in the folder of the program
//	$ wscat -c ws://localhost:8081/    a WebSocket client; "> " sends, "< " has come
//
// In what is shown, "…" stands for the rest of a line up to what follows, and a
// line "..." for any lines. Lines of the log may come earlier or later among the
// others than the page has them.
type transcript struct {
	bin, dir string
	env      []string
	server   *process
	ports    *strings.Replacer // of what a page says to what is
	pages    *strings.Replacer // and back
	client   *websocket.Conn
}

// typeIn runs the transcripts of a page's program, in order.
func typeIn(t *testing.T, bin, dir string, h *howto) {
	t.Helper()
	r := &transcript{bin: bin, dir: dir, ports: strings.NewReplacer(), pages: strings.NewReplacer()}
	r.env = howtoEnv(t, h)
	for name, text := range h.files {
		if filepath.Ext(name) != ".go" {
			writeFile(t, dir, name, text)
		}
	}
	for _, console := range h.consoles {
		line, command, shown := console.line, "", ""
		end := func() {
			if command != "" {
				r.run(t, line, command, shown)
			}
		}
		for i, text := range strings.SplitAfter(console.text, "\n") {
			next, is := strings.CutPrefix(text, "$ ")
			dialog := strings.HasPrefix(text, "> ") || strings.HasPrefix(text, "< ")
			switch {
			case is:
				end()
				line, command, shown = console.line+i+1, strings.TrimSpace(next), ""
			case strings.HasSuffix(command, "\\"):
				command = strings.TrimSuffix(command, "\\") + strings.TrimSpace(text)
			case dialog && (command == "" || strings.HasPrefix(command, "wscat")):
				end()
				command, shown = "", ""
				r.talk(t, console.line+i+1, strings.TrimSpace(text))
			default:
				shown += text
			}
		}
		end()
	}
}

// run types in one command.
func (r *transcript) run(t *testing.T, line int, command, shown string) {
	t.Helper()
	var got string
	arguments, own := strings.CutPrefix(command, "go run . ")
	switch {
	case own && strings.HasPrefix(arguments, "serve"):
		got = r.serve(t, strings.Fields(arguments))
	case strings.HasPrefix(command, "wscat -c "):
		got = r.connect(t, strings.TrimPrefix(command, "wscat -c "))
	case strings.Contains(command, "aws lambda ") && !r.hasAWS(t, command):
		return
	case own:
		got = r.shell(t, r.bin+" "+arguments)
	default:
		got = r.shell(t, strings.Replace(command, "| go run . ", "| "+r.bin+" ", 1))
	}
	if !shows(shown, got) && !shows(logLast(shown), logLast(got)) {
		t.Errorf("line %d: $ %s\nprinted:\n%s\nand the page shows:\n%s", line, command, got, shown)
	}
}

// logLast puts the lines of the log behind the others: where records are worked
// off side by side, a line of the log has no place of its own among what the
// application prints.
func logLast(text string) string {
	var printed, log strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, `{"time":`) {
			log.WriteString(line)
		} else {
			printed.WriteString(line)
		}
	}
	return printed.String() + log.String()
}

// hasAWS reports whether the AWS CLI is there, and puts it on the path.
func (r *transcript) hasAWS(t *testing.T, command string) bool {
	t.Helper()
	aws := os.Getenv("TIERKIT_TEST_AWS")
	switch {
	case aws != "":
		r.env = append(r.env, "PATH="+filepath.Dir(aws)+string(os.PathListSeparator)+os.Getenv("PATH"))
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatal("TIERKIT_TEST_AWS is not set, and TIERKIT_TEST_SERVERS=require: name the AWS CLI")
	default:
		t.Logf("TIERKIT_TEST_AWS is not set: not run: %s", command)
	}
	return aws != ""
}

// shell runs a command line, whatever its status, and returns what it printed.
func (r *transcript) shell(t *testing.T, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", r.ports.Replace(command))
	cmd.Dir, cmd.Env = r.dir, append(cleanEnv(), r.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stdout
	if strings.HasPrefix(command, "curl ") { // which shows a progress meter where its output is no terminal
		cmd.Stderr = &stderr
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("%s: %v", command, err)
	}
	if stdout.Len() == 0 && cmd.ProcessState.ExitCode() != 0 {
		t.Logf("%s: status %d: %s", command, cmd.ProcessState.ExitCode(), &stderr)
	}
	return r.pages.Replace(stdout.String())
}

// address is one of this machine in what serve says.
var address = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// serve starts the program, on ports that are free, and returns what it says
// until it serves or ends.
func (r *transcript) serve(t *testing.T, args []string) string {
	t.Helper()
	if r.server != nil {
		r.server.stop(t) // the next one has the same data
	}
	r.server = startIn(t, r.dir, nil, r.bin, append(args, "-port", "0")...)
	var said strings.Builder
	for line := ""; !strings.Contains(line, "Ctrl-C"); {
		var err error
		line, err = r.server.stdout.ReadString('\n')
		said.WriteString(line)
		if err != nil { // it does not serve, and says why
			said.WriteString(r.server.end())
			r.server = nil
			return said.String()
		}
	}
	var there, back, known []string
	for _, m := range address.FindAllStringSubmatch(said.String(), -1) {
		if !strings.Contains(strings.Join(known, " "), m[1]) {
			port := strconv.Itoa(8080 + len(known))
			known = append(known, m[1])
			there = append(there, "localhost:"+port, "localhost:"+m[1], "127.0.0.1:"+port, "127.0.0.1:"+m[1])
			back = append(back, ":"+m[1], ":"+port)
		}
	}
	r.ports, r.pages = strings.NewReplacer(there...), strings.NewReplacer(back...)
	return r.pages.Replace(said.String())
}

// connect is wscat -c. It prints what wscat does if the handshake is refused.
func (r *transcript) connect(t *testing.T, target string) string {
	t.Helper()
	c, resp, err := websocket.Dial(t.Context(), r.ports.Replace(strings.Trim(target, `'"`)), nil)
	switch {
	case err == nil:
		t.Cleanup(func() { _ = c.CloseNow() })
		r.client = c
		return ""
	case resp == nil:
		t.Fatalf("%s: %v", target, err)
	}
	return "error: Unexpected server response: " + strconv.Itoa(resp.StatusCode)
}

// talk sends a message, or waits for one.
func (r *transcript) talk(t *testing.T, line int, text string) {
	t.Helper()
	if r.client == nil {
		t.Fatalf("line %d: nobody is connected", line)
	}
	if message, is := strings.CutPrefix(text, "> "); is {
		say(t, r.client, message)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, got, err := r.client.Read(ctx)
	if want := strings.TrimPrefix(text, "< "); err != nil || !shows(want, string(got)) {
		t.Fatalf("line %d: received %s, %v; the page shows %s", line, got, err, want)
	}
}

// shows reports whether the page shows what was printed.
func shows(shown, got string) bool {
	var expr strings.Builder
	for line := range strings.SplitSeq(strings.TrimRight(shown, "\n"), "\n") {
		if line == "..." {
			expr.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		expr.WriteString(strings.ReplaceAll(regexp.QuoteMeta(strings.TrimRight(line, " ")), "…", `[^\n]*`) + `[ \r]*\n`)
	}
	return regexp.MustCompile(`^(?:` + expr.String() + `)$`).MatchString(strings.TrimRight(got, "\r\n") + "\n")
}

// TestShows: what a page may leave out, and what not.
func TestShows(t *testing.T) {
	t.Parallel()
	const got = "HTTP/1.1 200 OK\r\nDate: today\r\nServer: x\r\n\r\nhello\n"
	for shown, want := range map[string]bool{
		"HTTP/1.1 200 OK\n...\n\nhello\n":             true,
		"...\nhello":                                  true,
		"HTTP/1.1 200 OK\nDate: …\n...\n":             true,
		"HTTP/1.1 200 OK\nDate: …\nServer: x\n\n…llo": true,
		"HTTP/1.1 200 OK\n\nhello\n":                  false,
		"HTTP/1.1 201 Created\n...\n":                 false,
		"...\nhell\n":                                 false,
		"":                                            false,
	} {
		if shows(shown, got) != want {
			t.Errorf("shows(%q) = %v", shown, !want)
		}
	}
	if !shows("", "") {
		t.Error("nothing is not shown as nothing")
	}
}
