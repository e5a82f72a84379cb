// Package paired is how the benchmarks beside the drivers compare: the driver with
// the client that it uses, on the same call to the same server, in turns. What else
// the machine does meanwhile then meets both.
package paired

import (
	"context"
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
//	ratio                        of the times: the median of those of two turns
//	cpu-ratio                    of the processor time of this process, of all turns together
//	bare-allocs, driver-allocs   with those of a server in this process
//
// On a machine that has other things to do, the ratio of times differs from run to
// run (-count 6), that of processor times less, and allocations hardly.
func Compare(b *testing.B, name string, bare, driver func() error) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		b.Helper()
		both := [2]*side{{call: bare}, {call: driver}}
		for _, s := range both {
			s.warm(b)
		}
		both[0].n = max(both[0].n, both[1].n) // of turns of one length: a call in a short one costs more
		both[1].n = both[0].n
		for first := 0; b.Loop(); first = 1 - first {
			both[first].turn(b)
			both[1-first].turn(b)
		}
		b.ReportMetric(0, "ns/op") // of two turns, which says nothing
		b.ReportMetric(ratio(both[1].times, both[0].times), "ratio")
		b.ReportMetric(both[1].cpuOfCall()/both[0].cpuOfCall(), "cpu-ratio")
		for i, who := range [2]string{"bare", "driver"} {
			b.ReportMetric(median(both[i].times), who+"-ns")
			b.ReportMetric(math.Round(float64(both[i].allocs)/both[i].calls()), who+"-allocs")
		}
	})
}

// Context is one with a deadline, as all of a Lambda function's have. It costs the
// client something, too.
func Context(b *testing.B) context.Context {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	b.Cleanup(cancel)
	return ctx
}

// side is one of the two.
type side struct {
	call   func() error
	n      int       // calls in a turn
	times  []float64 // of a call in nanoseconds, turn by turn
	cpu    time.Duration
	allocs uint64
}

// warm opens the connections, and finds out how many calls a turn has.
func (s *side) warm(b *testing.B) {
	b.Helper()
	s.n = 1
	s.run(b)
	for ; s.n < 1<<20; s.n *= 2 {
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
	cpu := cpuTime()
	took := s.run(b)
	s.cpu += cpuTime() - cpu
	runtime.ReadMemStats(&after)
	s.times = append(s.times, float64(took)/float64(s.n))
	s.allocs += after.Mallocs - before.Mallocs
}

// calls are those of all turns.
func (s *side) calls() float64 { return float64(s.n * len(s.times)) }

func (s *side) cpuOfCall() float64 { return float64(s.cpu) / s.calls() }

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

func ratio(of, to []float64) float64 {
	list := make([]float64, len(of))
	for i := range list {
		list[i] = of[i] / to[i]
	}
	return median(list)
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
