package faults

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// NoGoroutines fails t if goroutines that began during it have not ended within
// 2 seconds after it, and prints their stacks. Call it first, so that what the
// test cleans up is gone by then; a client that keeps idle connections must close
// them.
//
// Goroutines do not say whose they are, so t must not be a parallel test; a
// parallel one panics.
func NoGoroutines(t testing.TB) {
	t.Helper()
	NoGoroutinesWithin(t, 2*time.Second)
}

// NoGoroutinesWithin is [NoGoroutines] with another limit than 2 seconds.
func NoGoroutinesWithin(t testing.TB, limit time.Duration) {
	t.Helper()
	t.Setenv("TIERKIT_TEST_GOROUTINES", "counted") // panics in parallel tests
	before := goroutines()
	t.Cleanup(func() {
		t.Helper()
		left := begun(before)
		for deadline := time.Now().Add(limit); len(left) > 0 && time.Now().Before(deadline); left = begun(before) {
			runtime.Gosched()
		}
		if len(left) > 0 {
			t.Errorf("%d goroutines are left after the test:\n\n%s", len(left), strings.Join(left, "\n\n"))
		}
	})
}

// begun are the stacks of the goroutines that are not in before. A count alone
// would not do: one that ended would hide one that stays.
func begun(before map[string]string) []string {
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
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	all := map[string]string{}
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		id, _, _ := bytes.Cut(stack, []byte(" ["))
		if !bytes.Contains(stack, []byte("os/signal.loop")) { // which lives as long as the process
			all[string(id)] = string(bytes.TrimSpace(stack))
		}
	}
	return all
}
