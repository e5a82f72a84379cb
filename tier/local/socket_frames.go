package local

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"
)

// The WebSocket library reads messages and does not tell of frames, which API
// Gateway limits. A frameConn listens in on a connection: it follows the frames
// of RFC 6455, section 5.2, and notes the size of the largest of each message.
type frameConn struct {
	net.Conn
	mu       sync.Mutex
	scan     frameScanner
	finished []uint64 // largest frames of whole messages that nobody took yet
}

// Read reads and listens in.
func (c *frameConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.feed(p[:n])
	return n, err
}

func (c *frameConn) feed(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = c.scan.feed(p, c.finished)
}

// largest is the size of the largest frame so far of the message being read.
func (c *frameConn) largest() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.finished) > 0 {
		return c.finished[0]
	}
	return c.scan.largest
}

// next goes on to the next message.
func (c *frameConn) next() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.finished) > 0 {
		c.finished = c.finished[1:]
	}
}

// frameScanner follows the frames that a client sends.
type frameScanner struct {
	head    []byte // what has arrived of a header
	left    uint64 // bytes of a payload to pass over
	largest uint64 // frame of the message so far
}

// feed follows p, and appends the largest frame of each message whose last
// frame begins in it.
func (s *frameScanner) feed(p []byte, finished []uint64) []uint64 {
	for len(p) > 0 {
		if s.left > 0 {
			n := min(s.left, uint64(len(p)))
			p, s.left = p[n:], s.left-n
			continue
		}
		s.head = append(s.head, p[0])
		p = p[1:]
		if len(s.head) < headerSize(s.head) {
			continue
		}
		size := payloadSize(s.head)
		control, last := s.head[0]&0x08 != 0, s.head[0]&0x80 != 0
		s.head, s.left = s.head[:0], size
		if control {
			continue
		}
		if s.largest = max(s.largest, size); last {
			finished, s.largest = append(finished, s.largest), 0
		}
	}
	return finished
}

// headerSize is how long a header is of which at least one byte is known.
func headerSize(head []byte) int {
	if len(head) < 2 {
		return 2
	}
	size := 2
	switch head[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if head[1]&0x80 != 0 {
		size += 4 // mask
	}
	return size
}

// payloadSize is what a whole header says of the payload.
func payloadSize(head []byte) uint64 {
	switch short := head[1] & 0x7f; short {
	case 126:
		return uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		return binary.BigEndian.Uint64(head[2:])
	default:
		return uint64(short)
	}
}

// frameWriter gives the library a connection that is listened in on.
type frameWriter struct {
	http.ResponseWriter
	conn *frameConn
}

// Hijack takes the connection over.
func (w *frameWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := buffers.Reader.Peek(buffers.Reader.Buffered())
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	w.conn.Conn = conn
	w.conn.feed(early)
	return w.conn, buffers, nil
}
