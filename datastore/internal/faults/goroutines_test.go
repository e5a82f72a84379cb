package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

func leaked(stop chan struct{}) { <-stop }

func TestNoGoroutines(t *testing.T) {
	earlier := make(chan struct{})
	go leaked(earlier)
	defer close(earlier)
	for _, c := range []struct {
		name  string
		do    func(stop chan struct{})
		limit time.Duration
		want  bool // that the test fails
	}{
		{"none", func(chan struct{}) {}, time.Minute, false},
		{"one ends a little later", func(chan struct{}) {
			begin := make(chan struct{})
			time.AfterFunc(20*time.Millisecond, func() { close(begin) })
			go leaked(begin)
		}, time.Minute, false},
		{"one stays", func(stop chan struct{}) { go leaked(stop) }, 30 * time.Millisecond, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			stop := make(chan struct{})
			defer close(stop)
			r := &recorder{TB: t}
			faults.NoGoroutinesWithin(r, c.limit)
			c.do(stop)
			got := r.finish()
			if (got != "") != c.want || c.want && strings.Count(got, "faults_test.leaked(") != 1 {
				t.Errorf("the test failed with %q, want failed = %v and the one stack that is new", got, c.want)
			}
		})
	}
}

// TestNoGoroutinesParallel: others' goroutines cannot be told from one's own.
func TestNoGoroutinesParallel(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("NoGoroutines in a parallel test: no panic, want one")
		}
	}()
	faults.NoGoroutines(t)
}
