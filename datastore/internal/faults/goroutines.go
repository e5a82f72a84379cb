package faults

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// goroutinesEnd is how long goroutines may take to end after a test.
const goroutinesEnd = 2 * time.Second

// NoGoroutines fails t if goroutines that began during it have not ended soon
// after it, and prints their stacks. Call it first, so that what the test cleans
// up is gone by then; a client that keeps idle connections must close them.
//
// Goroutines do not say whose they are, so t and the tests around it must not be
// parallel; a parallel test panics.
func NoGoroutines(t testing.TB) {
	t.Helper()
	t.Setenv("TIERKIT_TEST_GOROUTINES", "counted") // panics in parallel tests
	before := goroutines()
	t.Cleanup(func() {
		t.Helper()
		deadline := time.Now().Add(goroutinesEnd)
		for {
			left := begun(before)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("%d goroutines are left after the test:\n\n%s", len(left), strings.Join(left, "\n\n"))
				return
			}
			runtime.Gosched()
		}
	})
}

// begun are the stacks of the goroutines that are not in before.
func begun(before map[string]string) []string {
	if runtime.NumGoroutine() < len(before) {
		return nil // fewer than before: no need to stop the world for their stacks
	}
	var left []string
	for id, stack := range goroutines() {
		if _, old := before[id]; !old {
			left = append(left, stack)
		}
	}
	return left
}

// goroutines are the stacks of all goroutines, by "goroutine 7".
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	all := map[string]string{}
	for stack := range bytes.SplitSeq(buf, []byte("\n\n")) {
		id, _, _ := bytes.Cut(stack, []byte(" ["))
		if !bytes.Contains(stack, []byte("os/signal.loop")) { // which lives as long as the process
			all[string(id)] = string(bytes.TrimSpace(stack))
		}
	}
	return all
}
