//go:build unix

package faults

import (
	"errors"
	"syscall"
	"testing"
)

const canStop = true

// stop stops the process and waits until it stands still.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatalf("faults: stop the client's process: %v", err)
	}
	for {
		var status syscall.WaitStatus
		_, err := syscall.Wait4(p.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			t.Fatalf("faults: wait until the client's process is stopped: %v", err)
		case !status.Stopped():
			p.ended = true
			t.Fatalf("faults: the client's process ended with status %d when it should be stopped", status.ExitStatus())
		}
		return
	}
}

func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }
