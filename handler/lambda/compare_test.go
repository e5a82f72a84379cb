package lambda_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// compare times two functions on one payload in one run, in short slices taken
// in turns, so that what else the machine does meets both. It reports the time
// of ours for each invocation and, as x-raw, the ratio of its processor time to
// that of raw.
func compare(b *testing.B, payload []byte, status int, raw, ours awslambda.Handler) {
	b.Helper()
	b.ReportAllocs()
	for name, h := range map[string]awslambda.Handler{"raw": raw, "tierkit": ours} {
		if err := answers(h, payload, status); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
	}
	const slice = 100
	var rawTime, oursTime time.Duration
	run := func(h awslambda.Handler, n int) time.Duration {
		ctx := b.Context()
		start := cpuTime()
		for range n {
			if _, err := h.Invoke(ctx, payload); err != nil {
				b.Fatal(err)
			}
		}
		return cpuTime() - start
	}
	b.ResetTimer()
	for left := b.N; left > 0; left -= slice {
		n := min(left, slice)
		b.StopTimer()
		rawTime += run(raw, n)
		b.StartTimer()
		oursTime += run(ours, n)
	}
	b.ReportMetric(float64(oursTime)/float64(rawTime), "x-raw")
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
