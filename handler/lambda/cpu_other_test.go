//go:build !unix

package lambda_test

import "time"

var started = time.Now()

// cpuTime is the time on the clock where that of the processor is not to be had.
func cpuTime() time.Duration { return time.Since(started) }
