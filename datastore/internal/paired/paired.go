// Package paired is how the benchmarks beside the drivers compare: the driver with
// the client that it uses, on the same call to the same server, in turns. What else
// the machine does meanwhile then meets both.
package paired

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"
)

// turn is about how long one of the two runs before it is the other's.
const turn = 5 * time.Millisecond

// Compare is a benchmark, called name, of a call that bare makes with the client
// alone, and driver by the driver. It reports, for one call:
//
//	bare-ns, driver-ns           the median time
//	ratio                        the median of those of a turn and the next
//	bare-allocs, driver-allocs   with those of a server in this process
//
// On a machine that has other things to do, ratios of several runs differ (-count
// 6); allocations do not.
func Compare(b *testing.B, name string, bare, driver func() error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.Helper()
		both := [2]*side{{call: bare}, {call: driver}}
		for _, s := range both {
			s.warm(b)
		}
		for first := 0; b.Loop(); first = 1 - first {
			both[first].turn(b)
			both[1-first].turn(b)
		}
		b.ReportMetric(0, "ns/op") // of two turns, which says nothing
		ratios := make([]float64, len(both[0].times))
		for i := range ratios {
			ratios[i] = both[1].times[i] / both[0].times[i]
		}
		for i, who := range [2]string{"bare", "driver"} {
			b.ReportMetric(median(both[i].times), who+"-ns")
			b.ReportMetric(math.Round(float64(both[i].allocs)/float64(both[i].n*len(both[i].times))), who+"-allocs")
		}
		b.ReportMetric(median(ratios), "ratio")
	})
}

// side is one of the two.
type side struct {
	call   func() error
	n      int       // calls in a turn
	times  []float64 // of a call in nanoseconds, turn by turn
	allocs uint64
}

// warm opens the connections, and finds out how many calls a turn has.
func (s *side) warm(b *testing.B) {
	b.Helper()
	for s.n = 1; s.n < 1<<20; s.n *= 2 {
		if took := s.run(b); took >= turn/2 {
			s.n = max(1, int(float64(s.n)*float64(turn)/float64(took)))
			return
		}
	}
}

func (s *side) turn(b *testing.B) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	took := s.run(b)
	runtime.ReadMemStats(&after)
	s.times = append(s.times, float64(took)/float64(s.n))
	s.allocs += after.Mallocs - before.Mallocs
}

func (s *side) run(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	for range s.n {
		if err := s.call(); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
