package lambda_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// turn is how many invocations of one function come before it is the other's
// turn: few, so that what else the machine does meets both alike, and enough
// that each pays for the garbage it makes, and nothing for the other's.
func turn(payload []byte) int { return max(4<<20/len(payload), 20) }

// compare runs two functions on one payload in turns. It reports the time of
// ours for each invocation and, as x-raw, the ratio of its processor time to
// that of raw: the median over the turns, which a burst of other work on the
// machine does not move.
func compare(b *testing.B, payload []byte, status int, raw, ours awslambda.Handler) {
	b.Helper()
	for name, h := range map[string]awslambda.Handler{"raw": raw, "tierkit": ours} {
		if err := answers(h, payload, status); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
	}
	race(b, payload, raw, ours)
}

// race is compare without a look at the answers.
func race(b *testing.B, payload []byte, raw, ours awslambda.Handler) {
	b.Helper()
	b.ReportAllocs()
	var ratios []float64
	slice := turn(payload)
	b.ResetTimer()
	for left := b.N; left > 0; left -= slice {
		n := min(left, slice)
		b.StopTimer()
		theirs := cost(b, raw, payload, n)
		b.StartTimer()
		mine := cost(b, ours, payload, n)
		if theirs > 0 && (n == slice || b.N < slice) {
			ratios = append(ratios, float64(mine)/float64(theirs))
		}
	}
	if len(ratios) > 0 {
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], "x-raw")
	}
}

// cost is the processor time of n invocations.
func cost(b *testing.B, h awslambda.Handler, payload []byte, n int) time.Duration {
	b.Helper()
	ctx := b.Context()
	start := cpuTime()
	for range n {
		if _, err := h.Invoke(ctx, payload); err != nil {
			b.Fatal(err)
		}
	}
	return cpuTime() - start
}

func answers(h awslambda.Handler, payload []byte, status int) error {
	out, err := h.Invoke(context.Background(), payload)
	if err != nil {
		return err
	}
	var a handlertest.Answer
	if a, err = handlertest.ReadAnswer(out); err != nil {
		return err
	}
	if a.Status != status || len(a.Body) < 200 {
		return fmt.Errorf("answers %d %s, want status %d and an order", a.Status, a.Body, status)
	}
	return nil
}
