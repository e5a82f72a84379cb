package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Output is a function's answer as it comes. Read returns what has come and
// waits for more; an error that is not io.EOF cuts the answer off. Close may be
// called while Read waits, which then ends, and lets the function know that
// nobody reads any more. handler/lambda.Output is one.
type Output interface {
	io.ReadCloser
	// ContentType is application/vnd.awslambda.http-integration-response for a
	// streamed answer.
	ContentType() string
}

// How an invocation can end besides those of invoke.go.
var (
	errClientGone = errors.New("the client has gone")
	errIdle       = fmt.Errorf("%w: nothing was sent", errGatewayTimeout)
)

// maxStream is what Lambda sends of a streamed answer.
const maxStream = 200 << 20

// opening is how a streamed invocation began.
type opening struct {
	out Output
	err error
}

// stream runs f as Lambda would for a front door in stream mode, and returns when
// the answer begins. idle is how long the front door waits for a byte. When the
// client goes, nobody waits any more.
func (f *Function) stream(client context.Context, payload []byte, ids *identifiers, idle time.Duration) (*streamed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), f.Timeout)
	begun, abandoned := make(chan opening), make(chan struct{})
	go f.begin(f.context(ctx, ids), payload, func(o opening) {
		select {
		case begun <- o:
		case <-abandoned:
			if o.out != nil {
				_ = o.out.Close() // nobody is left to be told
			}
			cancel()
		}
	})
	timer := time.NewTimer(idle)
	defer timer.Stop()
	var err error
	select {
	case o := <-begun:
		if o.err != nil {
			cancel()
			return nil, o.err
		}
		return newStreamed(ctx, cancel, client, f, o.out, idle), nil
	case <-timer.C:
		err = errIdle
	case <-ctx.Done():
		err = f.timedOut(noWait)
	case <-client.Done():
		err = errClientGone
	}
	close(abandoned)
	return nil, err
}

// begin calls the function and gives away how its answer begins, whatever it
// does: a panic and runtime.Goexit are errors.
func (f *Function) begin(ctx context.Context, payload []byte, give func(opening)) {
	var o opening
	returned := false
	defer func() {
		if p := recover(); p != nil {
			o.err = fmt.Errorf("function %s: panic: %v (%s)", f.Name, p, panicOrigin())
		} else if !returned {
			o.err = fmt.Errorf("function %s: exited without an answer", f.Name)
		}
		give(o)
	}()
	out, err := f.open(ctx, payload)
	switch {
	case err != nil:
		o.err = fmt.Errorf("function %s: %w", f.Name, told(err))
	case out == nil:
		o.err = fmt.Errorf("function %s: neither an answer nor an error", f.Name)
	default:
		o.out = out
	}
	returned = true
}

// open is Stream, or Invoke for a function that knows nothing of streams.
func (f *Function) open(ctx context.Context, payload []byte) (Output, error) {
	if f.Stream != nil {
		return f.Stream(ctx, payload)
	}
	answer, err := f.Invoke(ctx, payload)
	return unstreamed(answer), err
}

// streamed is an answer of which the rest is to come.
type streamed struct {
	Output
	function *Function
	ctx      context.Context
	idle     *time.Timer
	wait     time.Duration
	ahead    []byte // read already
	size     int
	stop     func()

	broken error // what Read returned
	mu     sync.Mutex
	why    error // it was closed from here
}

func newStreamed(ctx context.Context, cancel func(), client context.Context, f *Function, out Output, idle time.Duration) *streamed {
	s := &streamed{Output: out, function: f, ctx: ctx, wait: idle}
	s.idle = time.AfterFunc(idle, func() { s.fail(errIdle) })
	late := context.AfterFunc(ctx, func() { s.fail(f.timedOut(noWait)) })
	gone := context.AfterFunc(client, func() { s.fail(errClientGone) })
	s.stop = func() {
		s.idle.Stop()
		late()
		gone()
		cancel()
	}
	return s
}

// fail ends the answer before its time.
func (s *streamed) fail(why error) {
	s.mu.Lock()
	if s.why == nil {
		s.why = why
	}
	s.mu.Unlock()
	_ = s.Output.Close() // Read says the rest
}

// Read reads what has come. Its error is why the answer is cut off.
func (s *streamed) Read(p []byte) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(p, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	s.idle.Reset(s.wait)
	n, err := s.Output.Read(p)
	s.idle.Stop()
	switch s.size += n; {
	case s.size > maxStream:
		err = fmt.Errorf("function %s: answer over %d bytes; see %s", s.function.Name, maxStream, lambdaLimits)
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	default:
		err = s.reason(err)
	}
	s.broken = err
	return n, err
}

// reason is why Read failed: the first thing that ended the answer from here,
// else what the function said.
func (s *streamed) reason(err error) error {
	if errors.Is(s.ctx.Err(), context.DeadlineExceeded) {
		return s.function.timedOut(noWait)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.why != nil {
		return s.why
	}
	return fmt.Errorf("function %s: %w", s.function.Name, err)
}

// Close ends the invocation.
func (s *streamed) Close() error {
	err := s.Output.Close()
	s.stop()
	return err
}
