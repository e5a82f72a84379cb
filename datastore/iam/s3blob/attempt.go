package s3blob

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// opening is the context of an attempt whose answer outlives it: it ends with the
// attempt until keep is called, and from then on with the operation.
type opening struct {
	context.Context
	cancel context.CancelCauseFunc
	stop   func() bool
}

func open(attempt context.Context) *opening {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(attempt))
	stop := context.AfterFunc(attempt, func() { cancel(context.Cause(attempt)) })
	return &opening{ctx, cancel, stop}
}

// keep makes it end with whole. It is too late if it reports false.
func (o *opening) keep(whole context.Context) bool {
	if !o.stop() {
		return false
	}
	o.stop = context.AfterFunc(whole, func() { o.cancel(context.Cause(whole)) })
	return true
}

func (o *opening) end() {
	o.stop()
	o.cancel(context.Canceled)
}

// stall is how long the bytes of an upload may stand still once the time of its
// attempt is over. An attempt that had less time than that may stand still as long as
// it had, so that another one fits.
const stall = time.Second

// sending is the context of an attempt that sends a body: it ends with the attempt
// unless the body is moving, and with whole in any case. end must be called.
func sending(attempt, whole context.Context, b *body) (ctx context.Context, end func()) {
	b.begun = time.Now()
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(attempt))
	stopWhole := context.AfterFunc(whole, func() { cancel(context.Cause(whole)) })
	stopAttempt := context.AfterFunc(attempt, func() {
		defer cancel(context.DeadlineExceeded)
		limit := min(stall, time.Since(b.begun))
		for {
			left := limit - b.still()
			if left <= 0 {
				return
			}
			timer := time.NewTimer(left)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
		}
	})
	return ctx, func() {
		stopWhole()
		stopAttempt()
		cancel(context.Canceled)
	}
}

// body is a piece that one attempt sends. The transport may go on reading after the
// attempt has ended; after detach it gets nothing, so that the piece's memory and
// the caller's reader are free.
type body struct {
	begun time.Time    // the attempt
	moved atomic.Int64 // when bytes were last read, in nanoseconds since then
	size  int64

	mu  sync.Mutex
	r   io.ReadSeeker // nil after detach
	err error         // of the reader
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	n, err := b.r.Read(p)
	b.moved.Store(int64(time.Since(b.begun)))
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// still is how long nothing was read.
func (b *body) still() time.Duration { return time.Since(b.begun) - time.Duration(b.moved.Load()) }

// WriteTo reads to the end with no more memory than the piece needs: the SDK reads
// it for its checksums before it is sent.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	buffer := make([]byte, min(max(b.size, 1), copySize))
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{b}, buffer)
}

const copySize = 32 << 10

func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.r == nil {
		return 0, io.ErrClosedPipe
	}
	return b.r.Seek(offset, whence)
}

// detach answers the reader's error, if it had one.
func (b *body) detach() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.r = nil
	return b.err
}
