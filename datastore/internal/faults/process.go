package faults

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// process is the process of a frozen client, as the test sees it.
type process struct {
	cmd    *exec.Cmd
	lines  *bufio.Reader  // what it says
	from   *os.File       // that comes from here
	to     io.WriteCloser // its standard input
	output bytes.Buffer   // to be read when it has ended
	ended  bool
}

// patience is how long a process may take to say something.
const patience = 30 * time.Second

// start runs the test t again, in a process that finds j. It ends with the test.
func start(t *testing.T, j job) *process {
	t.Helper()
	told, err := json.Marshal(j)
	if err != nil {
		t.Fatalf("faults: %v", err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatalf("faults: find the test's binary: %v", err)
	}
	from, says, err := os.Pipe()
	if err != nil {
		t.Fatalf("faults: %v", err)
	}
	t.Cleanup(func() { from.Close() })
	defer says.Close()

	p := &process{from: from, lines: bufio.NewReader(from)}
	p.cmd = exec.CommandContext(t.Context(), binary, "-test.run="+only(t.Name()), "-test.timeout=1m")
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(told),
		"GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0") // the race detector's is a second
	p.cmd.ExtraFiles = []*os.File{says}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	if p.to, err = p.cmd.StdinPipe(); err != nil {
		t.Fatalf("faults: %v", err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("faults: start the client's process: %v", err)
	}
	t.Cleanup(p.kill)
	return p
}

// only is the pattern of one test's name.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// line is the next thing that the process says.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if err := p.from.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatalf("faults: %v", err)
	}
	line, err := p.lines.ReadString('\n')
	if errors.Is(err, io.EOF) {
		p.wait(t)
		t.Fatalf("faults: the client's process ended early:\n%s", p.output.Bytes())
	}
	if err != nil {
		p.kill()
		t.Fatalf("faults: wait for the client's process: %v\n%s", err, p.output.Bytes())
	}
	return strings.TrimSpace(line)
}

// goOn lets the stopped process go on, with its clock moved by idle. That is
// told before, so that the call is made while the process learns what became of
// its connections.
func (p *process) goOn(t *testing.T, idle time.Duration) {
	t.Helper()
	if _, err := fmt.Fprintln(p.to, idle); err != nil {
		t.Fatalf("faults: tell the client how long it was frozen: %v", err)
	}
	if err := p.resume(); err != nil {
		t.Fatalf("faults: let the client's process go on: %v", err)
	}
}

// wait fails t unless the process ends well.
func (p *process) wait(t *testing.T) {
	t.Helper()
	p.ended = true
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("faults: the client's process: %v\n%s", err, p.output.Bytes())
	}
}

func (p *process) kill() {
	if !p.ended {
		p.ended = true
		_ = p.cmd.Process.Kill() // a stopped one ends too
		_ = p.cmd.Wait()
	}
}
