package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recorder is a testing.TB that notes failures instead of failing, and whose
// test ends when its finish is called.
type recorder struct {
	testing.TB

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

// finish ends the test and answers how it failed.
func (r *recorder) finish() string {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	r.cleanups = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.failures, "\n")
}
