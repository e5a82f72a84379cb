package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Frozen is a client that is frozen between two calls while its connections
// break, as a sandbox of Lambda is.
//
//	func TestThaw(t *testing.T) {
//		faults.Frozen{
//			Serve: func(t *testing.T) (upstream, told string) {
//				return servers.URL(t, "TIERKIT_TEST_REDIS"), ""
//			},
//			Open: func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error {
//				store := open(t, url, now)
//				return func(ctx context.Context) error { _, err := store.Get(ctx, "key"); return err }
//			},
//		}.Run(t)
//	}
//
// The client runs in a process of its own: the test's binary once more, with
// -test.run for this very test. In that process everything in the test before
// Run or Thaw runs too, and nothing after it.
//
// That process is stopped by SIGSTOP. Unlike a sandbox's freeze, this leaves the
// clocks running, and it lasts some milliseconds, not minutes. So the client
// gets a clock: after the freeze its now is Idle later than the time is. It has
// the wall clock's reading alone, since a monotonic clock may have stood still.
type Frozen struct {
	// Serve finds or starts the server, makes there what Open needs, and answers
	// the server's address, for [NewProxy]. told is handed to Open as it is. Serve
	// runs in the test's own process only.
	Serve func(t *testing.T) (upstream, told string)
	// Open makes the client of the server at url, which is a proxy's, and answers
	// what is called before and after the freeze. It runs in the other process.
	Open func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error
	// Idle is how long the freeze lasts by the client's clock; 0 means a minute.
	Idle time.Duration
	// Limit is how long the call after it may take, in Run; 0 means 500 ms: what a
	// driver promises, 300 ms, and some for a busy machine.
	Limit time.Duration
}

// Thawed is what became of the call after the freeze.
type Thawed struct {
	Err         string        // of the call; "" for none
	Took        time.Duration // the call alone
	Connections int           // were made in all, before and after the freeze
}

// callDeadline is the time a call has, before and after the freeze. It is far
// from what drivers promise, so that a call that only ends with it stands out.
const callDeadline = 5 * time.Second

// Run fails t unless the call after a freeze succeeds in time, whether the
// connections were closed meanwhile, reset, or went into a black hole. It is
// skipped where processes cannot be stopped.
func (f Frozen) Run(t *testing.T) {
	limit := f.Limit
	if limit == 0 {
		limit = 500 * time.Millisecond
	}
	for _, how := range []struct {
		name  string
		fault func(*Proxy)
	}{{"FIN", (*Proxy).FIN}, {"reset", (*Proxy).Reset}, {"black hole", (*Proxy).BlackHole}} {
		t.Run(how.name, func(t *testing.T) {
			got := f.Thaw(t, how.fault)
			t.Logf("the first call after the freeze took %v", got.Took)
			if got.Err != "" || got.Took > limit {
				t.Errorf("the first call after the freeze: error = %q after %v, want none within %v", got.Err, got.Took, limit)
			}
		})
	}
}

// Thaw freezes the client once, calls fault meanwhile, and answers what became of
// the call after it.
func (f Frozen) Thaw(t *testing.T, fault func(*Proxy)) Thawed {
	t.Helper()
	if text := os.Getenv(childVariable); text != "" {
		f.child(t, text)
		t.SkipNow() // the rest of the test is the other process's
	}
	if !canStop {
		t.Skip("processes cannot be stopped on this system")
	}
	upstream, told := f.Serve(t)
	p := NewProxy(t, upstream)
	client := start(t, job{URL: p.URL(), Told: told})
	if got := client.line(t); got != "ready" {
		t.Fatalf("faults: the client says %q, want ready", got)
	}
	client.stop(t)
	fault(p)
	idle := f.Idle
	if idle == 0 {
		idle = time.Minute
	}
	client.goOn(t, idle)
	var thawed Thawed
	if err := json.Unmarshal([]byte(client.line(t)), &thawed); err != nil {
		t.Fatalf("faults: the client's answer: %v", err)
	}
	client.wait(t)
	thawed.Connections = p.Connections()
	return thawed
}

// childVariable holds the job, in the client's process.
const childVariable = "TIERKIT_TEST_FROZEN"

// job is what the client's process is to do.
type job struct{ URL, Told string }

// child is the client's process: it says that it is ready on file 3, waits for
// the freeze's length on its standard input, and tells what came then.
func (f Frozen) child(t *testing.T, text string) {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		t.Fatalf("faults: %s: %v", childVariable, err)
	}
	var idle atomic.Int64
	now := func() time.Time { return time.Now().Round(0).Add(time.Duration(idle.Load())) }
	call := f.Open(t, j.URL, j.Told, now)
	if _, err := timed(t, call); err != nil {
		t.Fatalf("faults: the call before the freeze: %v", err)
	}
	out := os.NewFile(3, "answers")
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		t.Fatalf("faults: say that the client is ready: %v", err)
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		t.Fatalf("faults: wait for the freeze: %v", err)
	}
	slept, err := time.ParseDuration(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("faults: length of the freeze: %v", err)
	}
	idle.Store(int64(slept))
	var thawed Thawed
	if thawed.Took, err = timed(t, call); err != nil {
		thawed.Err = err.Error()
	}
	if err := json.NewEncoder(out).Encode(thawed); err != nil {
		t.Fatalf("faults: tell what came: %v", err)
	}
}

func timed(t *testing.T, call func(context.Context) error) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), callDeadline)
	defer cancel()
	begin := time.Now()
	err = call(ctx)
	return time.Since(begin), err
}
