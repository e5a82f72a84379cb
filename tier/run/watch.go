//go:build !lambda.norpc

package run

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// watch serves the program of p.folder in a process of its own, and when its
// source changes builds it and puts the new one in the place of the old, on the
// same ports and with the same data. A program that cannot be built, or whose
// declaration is wrong, replaces nothing. flags are those of serve.
func (p *program) watch(ctx context.Context, flags *flag.FlagSet) error {
	if !filepath.IsAbs(p.folder) {
		return errors.New("serve -watch: this program was built with -trimpath, so where its source is is not known; start it with go run")
	}
	args, err := childArgs(flags)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "tierkit-watch-*")
	if err != nil {
		return fmt.Errorf("serve -watch: %w", err)
	}
	s := &supervisor{folder: p.folder, work: work, args: args, build: buildFlags(), stdout: p.stdout, stderr: p.stderr}
	w, err := newSourceWatcher()
	if err != nil {
		return errors.Join(fmt.Errorf("serve -watch: %w", err), os.RemoveAll(work))
	}
	err = s.run(ctx, w)
	return errors.Join(err, w.close(), os.RemoveAll(work))
}

// childArgs are the arguments of the program that serves: those of the
// supervisor, on ports that are the same each time.
func childArgs(flags *flag.FlagSet) ([]string, error) {
	args := []string{"serve", "-stdin"}
	var err error
	flags.VisitAll(func(f *flag.Flag) {
		value := f.Value.String()
		switch f.Name {
		case "watch", "check", "stdin":
			return
		case "port", "lambda":
			if value == "0" {
				value, err = freePorts(flags.Lookup("port") == f)
			}
		}
		if value != f.DefValue || f.Name == "port" {
			args = append(args, "-"+f.Name+"="+value)
		}
	})
	return args, err
}

// freePorts is a port that is free, if so with some after it for further APIs.
func freePorts(several bool) (string, error) {
	for try := 0; ; try++ {
		first, err := local.Listen(0)
		if err != nil {
			return "", err
		}
		port := first.Addr().(*net.TCPAddr).Port
		listeners := []net.Listener{first}
		for i := 1; several && i < 10 && err == nil; i++ {
			var next net.Listener
			if next, err = local.Listen(port + i); err == nil {
				listeners = append(listeners, next)
			}
		}
		for _, l := range listeners {
			l.Close()
		}
		if err == nil || try == 20 {
			return strconv.Itoa(port), nil // the child says so if one is taken
		}
	}
}

// buildFlags are what this program was built with.
func buildFlags() []string {
	flags := []string{"-buildvcs=false"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-tags" || s.Key == "-race" {
				flags = append(flags, s.Key+"="+s.Value)
			}
		}
	}
	return flags
}

// supervisor keeps the newest program that works running.
type supervisor struct {
	folder         string // of the main package
	work           string // of the programs that are built
	args           []string
	build          []string
	stdout, stderr io.Writer

	builds int
	child  *child // nil while none runs
	sum    [sha256.Size]byte
}

// run serves until ctx ends.
func (s *supervisor) run(ctx context.Context, w *sourceWatcher) error {
	for {
		if err := w.follow(ctx, s.folder, s.build); err != nil && ctx.Err() == nil {
			s.say("%v", err)
		}
		s.reload(ctx)
		// Once more: what was built may import what was not watched.
		if err := w.follow(ctx, s.folder, s.build); err != nil && ctx.Err() == nil && w.watchesNothing() {
			return fmt.Errorf("serve -watch: %w", err)
		}
		if !s.await(ctx, w.changes) {
			return s.stop()
		}
	}
}

// await waits for a change and reports false if ctx ended first.
func (s *supervisor) await(ctx context.Context, changes <-chan struct{}) bool {
	for {
		var ended <-chan struct{}
		if s.child != nil {
			ended = s.child.done
		}
		select {
		case <-ctx.Done():
			return false
		case <-changes:
			return true
		case <-ended:
			s.child = nil
			if ctx.Err() == nil {
				s.say("the program ended; it is started again when its source changes")
			}
		}
	}
}

// reload builds the program and, if it is another and nothing is wrong with it,
// puts it in the place of the running one.
func (s *supervisor) reload(ctx context.Context) {
	s.builds++
	bin := filepath.Join(s.work, "program-"+strconv.Itoa(s.builds))
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	keeps := "waiting for a change"
	if s.child != nil {
		keeps = "the old program keeps serving"
	}
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", bin}, s.build...), ".")...)
	build.Dir = s.folder
	if !s.succeeds(ctx, build, "the build failed; "+keeps) {
		return
	}
	sum, err := sumOf(bin)
	if err != nil || s.child != nil && sum == s.sum {
		_ = os.Remove(bin) // and with the folder at the end
		return
	}
	if !s.succeeds(ctx, exec.CommandContext(ctx, bin, append(s.args, "-check")...), "the declaration is wrong; "+keeps) {
		_ = os.Remove(bin)
		return
	}
	if err := s.stop(); err != nil {
		s.say("%v", err)
	}
	if s.builds > 1 {
		s.say("the program has changed")
	}
	if s.child, err = startChild(bin, s.args, s.stdout, s.stderr); err != nil {
		s.say("%v; waiting for a change", err)
		return
	}
	s.sum = sum
}

// succeeds runs a command, which says itself what is wrong.
func (s *supervisor) succeeds(ctx context.Context, cmd *exec.Cmd, otherwise string) bool {
	cmd.Stdout, cmd.Stderr = s.stderr, s.stderr
	err := cmd.Run()
	if err == nil || ctx.Err() != nil {
		return err == nil
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
		s.say("%v", err)
	}
	s.say("%s", otherwise)
	return false
}

func (s *supervisor) say(format string, args ...any) {
	fmt.Fprintf(s.stdout, "watch: "+format+"\n", args...)
}

// stop ends the running program, if one runs.
func (s *supervisor) stop() error {
	if s.child == nil {
		return nil
	}
	err := s.child.stop()
	s.child = nil
	return err
}

func sumOf(file string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}
