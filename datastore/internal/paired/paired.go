// Package paired is how the benchmarks beside the drivers compare: the driver with
// the client that it uses, on the same call to the same server, in turns. What else
// the machine does meanwhile then meets both.
package paired

import (
	"math"
	"runtime"
	"testing"
	"time"
)

// slice is about how long one of the two runs before it is the other's turn. It has
// collections of garbage in it, which the calls of both have to pay for.
const slice = 20 * time.Millisecond

// Compare is a benchmark of its own, called name, of a call made by bare, which has
// the client alone, and by driver. It reports, for each call:
//
//	bare-ns, driver-ns           the time, of the quickest slice
//	ratio                        of the two
//	bare-allocs, driver-allocs   with those of a server in this process
//
// A loaded machine makes the times of single runs vary: take the smallest of
// several (-count 6). Allocations do not vary.
func Compare(b *testing.B, name string, bare, driver func() error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.Helper()
		both := [2]*side{{call: bare}, {call: driver}}
		for _, s := range both {
			s.warm(b)
		}
		first := 0
		for b.Loop() {
			both[first].run(b)
			both[1-first].run(b)
			first = 1 - first
		}
		b.ReportMetric(0, "ns/op") // of a slice, which says nothing
		for i, who := range [2]string{"bare", "driver"} {
			b.ReportMetric(both[i].best, who+"-ns")
			b.ReportMetric(math.Round(float64(both[i].allocs)/float64(both[i].calls)), who+"-allocs")
		}
		b.ReportMetric(both[1].best/both[0].best, "ratio")
	})
}

// side is one of the two.
type side struct {
	call   func() error
	n      int     // calls in a slice
	best   float64 // nanoseconds of a call, in the quickest slice
	allocs uint64
	calls  uint64
}

// warm opens the connections, and finds out how many calls a slice has.
func (s *side) warm(b *testing.B) {
	b.Helper()
	s.n, s.best = 1, math.Inf(1)
	for {
		took := s.time(b)
		if took >= slice/4 || s.n >= 1<<20 {
			s.n = max(1, int(float64(s.n)*float64(slice)/float64(took)))
			return
		}
		s.n *= 2
	}
}

// time is that of one slice.
func (s *side) time(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	for range s.n {
		if err := s.call(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func (s *side) run(b *testing.B) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	took := s.time(b)
	runtime.ReadMemStats(&after)
	s.best = min(s.best, float64(took)/float64(s.n))
	s.allocs += after.Mallocs - before.Mallocs
	s.calls += uint64(s.n)
}
