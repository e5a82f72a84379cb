package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

// PortError says that nothing can be served on a port, and what to do.
type PortError struct {
	Port int
	Err  error // of the operating system
}

func (e *PortError) Error() string {
	port := strconv.Itoa(e.Port)
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		return "port " + port + " is taken: another program serves 127.0.0.1:" + port +
			"; stop it, or choose another port with -port N"
	}
	return "port " + port + " cannot be used: " + e.Err.Error() + "; choose another port with -port N"
}

// Unwrap is the operating system's error.
func (e *PortError) Unwrap() error { return e.Err }

// Listen opens a port of 127.0.0.1, where no other machine can reach it; 0 opens
// a free one. The error is a [*PortError].
func Listen(port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, &PortError{port, err}
	}
	return l, nil
}

// ServeOptions are what [Serve] can be told.
type ServeOptions struct {
	// Grace is how long requests on their way may take to end once the context
	// of Serve has. Default 5 s.
	Grace time.Duration
	// Log gets what net/http complains about: broken connections, a handler
	// that panics. Default none.
	Log *slog.Logger
}

// What one connection may take.
const (
	readHeaderTime = 10 * time.Second
	readTime       = 2 * time.Minute
	idleTime       = 2 * time.Minute
	// writeTime counts from the request's header; it is longer than any
	// function may run.
	writeTime = 16 * time.Minute
	// maxHeader is well over the front doors' own limits, so that they give the
	// answers.
	maxHeader    = 128 << 10
	defaultGrace = 5 * time.Second
)

// Serve serves h on l until ctx ends, then takes no new requests and waits for
// those on their way. It closes l. Through Serve headers reach a [Gateway] as
// the client spelled them; elsewhere they have the spelling of net/http. A nil
// opts means the defaults.
//
// It returns nil after a stop in which nothing was cut off; else what cut it
// off, or why it could not serve.
func Serve(ctx context.Context, l net.Listener, h http.Handler, opts *ServeOptions) error {
	o := ServeOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	srv := &http.Server{
		Handler:           countRequests(h),
		ReadHeaderTimeout: readHeaderTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes:               maxHeader,
		DisableGeneralOptionsHandler: true, // the gateway answers OPTIONS, "*" included
		ErrorLog:                     slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		ConnContext:                  withSpelling,
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(spellingListener{l}) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	err := stop(srv, o.Grace)
	<-served // the listener is closed
	return err
}

// stop ends srv when its requests have ended, at the latest after grace.
func stop(srv *http.Server, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		_ = srv.Close() // cuts off; nothing is left that could fail usefully
		return fmt.Errorf("local server: requests were still running %v after the stop and were cut off", grace)
	}
	return nil
}
