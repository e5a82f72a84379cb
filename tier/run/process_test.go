package run_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// stripped leaves out what only a debugger reads, which is a third of the
// linker's work. What a panic prints is whole without it.
const stripped = "-ldflags=-s -w"

// buildTool builds a package with the tools, once for all tests.
func buildTool(t *testing.T, pkg string) string {
	t.Helper()
	return built(t, "tool "+pkg, func(bin string) *exec.Cmd {
		return exec.Command("go", "build", stripped, "-o", bin, pkg)
	})
}

// buildFunction builds a package for Lambda on this machine, once for all tests.
func buildFunction(t *testing.T, pkg string) string {
	t.Helper()
	return built(t, "function "+pkg, func(bin string) *exec.Cmd {
		return exec.Command("go", "build", stripped, "-tags", lambdaTags, "-o", bin, pkg)
	})
}

var binaries struct {
	sync.Mutex
	dir   string
	paths map[string]string
}

// built is the program of that key, built on first use. A program is a process of
// its own that the race detector does not reach, so its test is not run again
// under it.
func built(t *testing.T, key string, command func(bin string) *exec.Cmd) string {
	t.Helper()
	if underRace {
		t.Skip("a process of its own, which -race does not reach")
	}
	binaries.Lock()
	defer binaries.Unlock()
	if path, ok := binaries.paths[key]; ok {
		return path
	}
	path := filepath.Join(binaries.dir, strings.NewReplacer("/", "_", " ", "_").Replace(key))
	cmd := command(path)
	if cmd.Dir == "" {
		cmd.Dir = root(t)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	binaries.paths[key] = path
	return path
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tierkit-run-*")
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	binaries.dir, binaries.paths = dir, map[string]string{}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// process is a program that runs beside a test.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *lockedBuffer
}

// lockedBuffer can be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a program until the test ends, in a folder of its own.
func start(t *testing.T, env []string, bin string, args ...string) *process {
	t.Helper()
	return startIn(t, t.TempDir(), env, bin, args...)
}

// startIn runs a program until the test ends.
func startIn(t *testing.T, dir string, env []string, bin string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(bin, args...), stderr: &lockedBuffer{}}
	p.cmd.Env = append(cleanEnv(), env...)
	p.cmd.Dir = dir
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// cleanEnv is the environment without what would make a program a function.
func cleanEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") && !strings.HasPrefix(v, "_HANDLER") && !strings.HasPrefix(v, "TIERKIT_") {
			env = append(env, v)
		}
	}
	return env
}

// until reads stdout up to a line with the text, and returns that line.
func (p *process) until(t *testing.T, text string) string {
	t.Helper()
	var seen strings.Builder
	for {
		line, err := p.stdout.ReadString('\n')
		seen.WriteString(line)
		if line != "" && strings.Contains(line, text) {
			return line
		}
		if err != nil {
			t.Fatalf("no line with %q in the output:\n%s\nstderr:\n%s", text, &seen, p.stderr)
		}
	}
}

// stop interrupts the program and returns its exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, p.stdout)
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// end kills the program and returns all that it said on stderr: what a process
// says can arrive after what it answers.
func (p *process) end() string {
	_ = p.cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, p.stdout)
	_ = p.cmd.Wait()
	return p.stderr.String()
}

// output runs a program to its end.
func output(t *testing.T, stdin string, bin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return outputWith(t, nil, stdin, bin, args...)
}

// outputWith is output with further variables.
func outputWith(t *testing.T, env []string, stdin string, bin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append(cleanEnv(), env...)
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
