//go:build unix

package lambda_test

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that the process has used, which other work on
// the machine changes less than the time on the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
