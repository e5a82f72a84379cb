package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// link is one connection through a proxy.
type link struct {
	proxy  *Proxy
	client *net.TCPConn
	cancel context.CancelFunc
	ended  chan struct{} // closed when both sides are closed and no goroutine is left

	// Guarded by the proxy's mu.
	server   *net.TCPConn // nil until it is connected
	ending   bool
	dead     bool // in a black hole
	gone     bool // the client closed, and the server does not know
	spoke    bool // the client sent something
	answered bool // the server sent something since
	bytes    int  // of this answer
	losing   bool // the answer to come
	tail     string
}

func (l *link) run(ctx context.Context) {
	defer close(l.ended)
	defer l.forget()
	if l.isDead() {
		l.copyRequests(nil)
		return
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", l.proxy.upstream)
	if err != nil {
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	if !l.connected(server) {
		return
	}
	answering := make(chan struct{})
	go func() {
		defer close(answering)
		l.copyAnswers(ctx, server)
	}()
	l.copyRequests(server)
	<-answering
}

func (l *link) forget() {
	l.cancel()
	l.client.Close()
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	delete(l.proxy.live, l)
}

func (l *link) isDead() bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	return l.dead
}

// connected keeps server, unless the link is at its end already.
func (l *link) connected(server *net.TCPConn) bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.server = server
	return !l.ending
}

// end closes both sides and waits until they are closed.
func (l *link) end(reset bool) {
	l.hangUp(reset)
	<-l.ended
}

// hangUp closes both sides. A connection is closed only when nothing reads from
// it any more, hence end.
func (l *link) hangUp(reset bool) {
	l.proxy.mu.Lock()
	server, before := l.server, l.ending
	l.ending = true
	l.proxy.mu.Unlock()
	if before {
		return
	}
	if reset {
		_ = l.client.SetLinger(0)
	} else {
		_ = l.client.CloseWrite() // not a reset, whatever the client has sent meanwhile
	}
	l.cancel()
	l.client.Close()
	if server != nil {
		server.Close()
	}
}

// copyRequests passes on what the client sends.
func (l *link) copyRequests(server *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := l.client.Read(buf)
		if n > 0 && l.request(buf[:n]) {
			if _, err := server.Write(buf[:n]); err != nil {
				l.hangUp(false)
				return
			}
		}
		switch {
		case err == nil:
		case l.isDead():
			l.leave()
			return
		case errors.Is(err, io.EOF):
			_ = server.CloseWrite()
			return
		default:
			l.hangUp(true)
			return
		}
	}
}

// leave closes the client's side of a link in a black hole. The server does not
// learn of it.
func (l *link) leave() {
	l.client.Close()
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	l.gone = true
}

// request notes what the client sends and reports whether to pass it on.
func (l *link) request(b []byte) bool {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if !l.spoke || l.answered {
		p.count.requests++
		l.spoke, l.answered, l.bytes, l.tail = true, false, 0, ""
	}
	if p.answers.losing && !l.dead {
		seen := l.tail + string(b)
		if strings.Contains(seen, p.answers.loseTo) {
			l.losing, p.answers.losing = true, false
		}
		l.tail = seen[max(0, len(seen)-len(p.answers.loseTo)):]
	}
	return !l.dead
}

// copyAnswers passes on what the server sends.
func (l *link) copyAnswers(ctx context.Context, server *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if n > 0 {
			l.delay(ctx)
			b, more := l.answer(buf[:n])
			if len(b) > 0 {
				if _, err := l.client.Write(b); err != nil {
					more = false
				}
			}
			if !more {
				l.hangUp(false)
				return
			}
		}
		switch {
		case err == nil:
		case l.isDead(): // the client does not learn of it
			return
		case errors.Is(err, io.EOF):
			_ = l.client.CloseWrite()
			return
		default:
			l.hangUp(true)
			return
		}
	}
}

// delay waits before the first bytes of an answer.
func (l *link) delay(ctx context.Context) {
	l.proxy.mu.Lock()
	d, first := l.proxy.answers.delay, !l.answered
	l.proxy.mu.Unlock()
	if d <= 0 || !first {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// answer is what reaches the client of b, and whether the connection lives on.
func (l *link) answer(b []byte) (passed []byte, more bool) {
	p := l.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	l.answered = true
	switch a := &p.answers; {
	case l.dead:
		return nil, true
	case l.losing && !bytes.HasPrefix(b, []byte("HTTP/1.1 100 ")): // which is leave to go on, not an answer
		p.count.lost++
		return nil, false
	case a.cutting && l.bytes+len(b) > a.cut:
		a.cutting = !a.cutOnce
		return b[:max(0, a.cut-l.bytes)], false
	}
	l.bytes += len(b)
	p.count.passed += len(b)
	return b, true
}
