//go:build !lambda.norpc

package run

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// child is the program that serves. Its standard input is a pipe that ends with
// this process, so that it never outlives it.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	done  chan struct{} // closed when it has ended
}

// stopTime is what a program may take to end: what serve gives its requests, and
// a little more.
const stopTime = 8 * time.Second

func startChild(bin string, args []string, stdout, stderr io.Writer) (*child, error) {
	cmd := exec.Command(bin, args...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the program: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the program: %w", err)
	}
	c := &child{cmd, stdin, make(chan struct{})}
	go func() {
		_ = cmd.Wait() // it has said itself what was wrong
		_ = os.Remove(bin)
		close(c.done)
	}()
	return c, nil
}

// stop lets the program end, and ends it if it does not.
func (c *child) stop() error {
	_ = c.stdin.Close() // it may have ended already
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-c.done:
		return nil
	case <-timer.C:
	}
	err := c.cmd.Process.Kill()
	<-c.done
	return errors.Join(fmt.Errorf("the program did not end in %v and was killed", stopTime), err)
}
