package s3blob

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// opening is the context of an attempt whose answer outlives it: it ends with the
// time of the attempt until keep is called. It ends with the operation in any case.
type opening struct {
	context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

func open(whole context.Context) *opening {
	ctx, cancel := context.WithCancelCause(whole)
	timer := time.AfterFunc(iam.AttemptTime(whole), func() { cancel(context.DeadlineExceeded) })
	return &opening{ctx, cancel, timer}
}

// keep makes it outlive the attempt. It is too late if it reports false.
func (o *opening) keep() bool { return o.timer.Stop() }

func (o *opening) end() {
	o.timer.Stop()
	o.cancel(context.Canceled)
}

// stall is how long the bytes of an upload may stand still once the time of its
// attempt is over. An attempt that had less time than that may stand still as long as
// it had, so that another one fits.
const stall = time.Second

// sending is the context of an attempt that sends a body: it ends with the time of
// the attempt unless the body is moving, and with the operation in any case. end must
// be called.
type sending struct {
	context.Context
	cancel context.CancelCauseFunc
	body   *body
	limit  time.Duration // how long the body may stand still

	mu    sync.Mutex
	timer *time.Timer // nil after end
}

func startSending(whole context.Context, b *body) *sending {
	b.begun = time.Now()
	own := iam.AttemptTime(whole)
	s := &sending{body: b, limit: min(stall, own)}
	s.Context, s.cancel = context.WithCancelCause(whole)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(own, s.look)
	return s
}

// look ends the attempt if the body has stood still for too long.
func (s *sending) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		return
	}
	if left := s.limit - s.body.still(); left > 0 {
		s.timer.Reset(left)
	} else {
		s.cancel(context.DeadlineExceeded)
	}
}

func (s *sending) end() {
	s.mu.Lock()
	s.timer.Stop()
	s.timer = nil
	s.mu.Unlock()
	s.cancel(context.Canceled)
}

// body is a piece that one attempt sends. The transport may go on reading after the
// attempt has ended; after detach it gets nothing, so that the piece's memory and
// the caller's reader are free.
type body struct {
	begun  time.Time    // the attempt
	moved  atomic.Int64 // when bytes were last read, in nanoseconds since then
	size   int64
	buffer []byte // of WriteTo

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
func (b *body) WriteTo(w io.Writer) (written int64, err error) {
	if b.buffer == nil {
		b.buffer = make([]byte, min(max(b.size, 1), copySize))
	}
	for {
		n, failed := b.Read(b.buffer)
		if n > 0 {
			m, err := w.Write(b.buffer[:n])
			if written += int64(m); err != nil {
				return written, err
			}
		}
		switch failed {
		case nil:
		case io.EOF:
			return written, nil
		default:
			return written, failed
		}
	}
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
