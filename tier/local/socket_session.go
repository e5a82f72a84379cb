package local

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
)

// session is one connection from its handshake to its end.
type session struct {
	*client
	gateway *SocketGateway
	ws      *websocket.Conn
	frames  *frameConn
	at      time.Time     // when it was established
	slots   chan struct{} // taken by the messages that are handled
	buf     [4 << 10]byte // of the one that reads

	mu     sync.Mutex
	active time.Time     // when a message last went over it
	idle   *time.Timer   // ends it; nil before serve
	ended  *closure      // by this side
	closed chan struct{} // of ended: the closing handshake is over
}

// closure is why a connection ended: a close code of RFC 6455 and a reason.
type closure struct {
	code   int
	reason string
}

// How the gateway ends connections. AWS documents the codes, not the reasons.
var (
	closeGone     = closure{1001, "Going away"}
	closeBinary   = closure{1003, "Binary is not supported"}
	closeNotText  = closure{1007, "Message is not UTF-8"}
	closeTooLarge = closure{1009, "Message too long"}
	closeManaged  = closure{1000, "Connection Closed Normally"}
)

var _ localsocket.Peer = (*session)(nil)

// serve handles messages until the connection ends, and then tells the function
// of $disconnect.
func (s *session) serve() {
	s.ws.SetReadLimit(maxMessage)
	s.mu.Lock()
	s.active = s.at
	s.idle = time.AfterFunc(socketIdle, func() { _ = s.end(closeGone) })
	s.mu.Unlock()
	life := time.AfterFunc(socketLife, func() { _ = s.end(closeGone) })
	leave := s.gateway.hub.Add(s.gateway.api.Name(), s.id, s)
	why := s.read()
	leave()
	life.Stop()
	s.mu.Lock()
	s.idle.Stop()
	closed := s.closed
	if s.ended != nil {
		why = *s.ended
	} else {
		s.ended = &why
	}
	s.mu.Unlock()
	if closed != nil {
		<-closed
	}
	_ = s.ws.CloseNow() // of a connection that broke; the others are closed
	s.disconnected(why)
}

// read handles messages until there are no more, and says why.
func (s *session) read() closure {
	ctx := context.Background()
	for {
		kind, r, err := s.ws.Reader(ctx)
		if err != nil {
			return reasonOf(err)
		}
		if kind != websocket.MessageText {
			return s.refuse(closeBinary)
		}
		text, err := s.message(r)
		switch {
		case errors.Is(err, errLargeFrame):
			return s.refuse(closeTooLarge)
		case err != nil:
			return reasonOf(err)
		case !utf8.Valid(text):
			return s.refuse(closeNotText)
		}
		s.touch()
		s.slots <- struct{}{}
		s.gateway.running.Add(1)
		go func() {
			defer s.gateway.running.Done()
			defer func() { <-s.slots }()
			s.gateway.message(s, text)
		}()
	}
}

var errLargeFrame = errors.New("a frame is too large")

// message reads one message, up to a frame that is too large.
func (s *session) message(r io.Reader) ([]byte, error) {
	defer s.frames.next()
	var text []byte
	for {
		n, err := r.Read(s.buf[:])
		text = append(text, s.buf[:n]...)
		switch {
		case s.frames.largest() > maxFrame:
			return nil, errLargeFrame
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return nil, err
		}
	}
}

// reasonOf is why a read ended.
func reasonOf(err error) closure {
	var sent websocket.CloseError
	switch {
	case errors.As(err, &sent):
		return closure{int(sent.Code), sent.Reason}
	case errors.Is(err, websocket.ErrMessageTooBig):
		return closeTooLarge
	}
	return closure{1006, ""} // without a closing handshake
}

// refuse ends the connection for what the client sent.
func (s *session) refuse(why closure) closure {
	_ = s.end(why) // it may have ended meanwhile
	return why
}

// end begins to end the connection from this side, once.
func (s *session) end(why closure) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		return localsocket.ErrGone
	}
	s.ended, s.closed = &why, make(chan struct{})
	go func() {
		defer close(s.closed)
		// A client that does not answer the close is cut off.
		cut := time.AfterFunc(closeTime, func() { _ = s.frames.Conn.Close() })
		defer cut.Stop()
		_ = s.ws.Close(websocket.StatusCode(why.code), why.reason)
	}()
	return nil
}

// touch notes that the connection is in use.
func (s *session) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active = s.gateway.Now()
	if s.idle != nil && s.ended == nil {
		s.idle.Reset(socketIdle)
	}
}

// pinged counts a ping as use, and has it answered.
func (s *session) pinged(context.Context, []byte) bool {
	s.touch()
	return true
}

// Send implements [localsocket.Peer].
func (s *session) Send(ctx context.Context, data []byte) error {
	s.mu.Lock()
	ended := s.ended != nil
	s.mu.Unlock()
	if ended {
		return localsocket.ErrGone
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	switch err := s.ws.Write(ctx, websocket.MessageText, data); {
	case errors.Is(err, net.ErrClosed):
		return localsocket.ErrGone
	case err != nil:
		return err
	}
	s.touch()
	return nil
}

// State implements [localsocket.Peer].
func (s *session) State() connection.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return connection.State{ConnectedAt: s.at, LastActiveAt: s.active, IP: s.ip, UserAgent: s.agent}
}

// Close implements [localsocket.Peer].
func (s *session) Close() error { return s.end(closeManaged) }

// disconnected tells the function of $disconnect, if there is one. Its answer is
// dropped.
func (s *session) disconnected(why closure) {
	if route := s.gateway.api.Route("$disconnect"); route != nil {
		s.gateway.invoke(route, s.client, func(o *occasion) []byte {
			return s.gateway.events.disconnect(o, s.client, why)
		})
	}
}

// noRequest stands for the request of an event that comes of none. It is only
// read.
var noRequest = &http.Request{}
