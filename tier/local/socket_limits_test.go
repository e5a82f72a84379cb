package local_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// echoSocket answers every message with its length.
func echoSocket(w *tier.WebSocket) {
	w.Handle("$default", handler.New(func(_ context.Context, in []byte) (int, error) { return len(in), nil }), tier.RouteResponse())
	w.Handle("$disconnect", answeringStatus(200))
}

// raw is a client that sends frames as a test wants them.
type raw struct {
	net.Conn
	r *bufio.Reader
}

func dialRaw(tb testing.TB, url string) *raw {
	tb.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "ws://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"); err != nil {
		tb.Fatal(err)
	}
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		tb.Fatalf("handshake: %v, %v", resp, err)
	}
	return &raw{c, r}
}

const (
	final        = 0x80
	continuation = 0x0
	text         = 0x1
	binaryFrame  = 0x2
	closing      = 0x8
	ping         = 0x9
	pong         = 0xa
)

// frame is a masked frame of the client; the mask is zero.
func frame(first byte, size int) []byte {
	b := []byte{first}
	switch {
	case size < 126:
		b = append(b, 0x80|byte(size))
	case size < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(size))
	}
	return append(append(b, 0, 0, 0, 0), bytes.Repeat([]byte{'x'}, size)...)
}

// next is the next frame of the server: its first byte and its payload.
func (c *raw) next(tb testing.TB) (byte, []byte) {
	tb.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		tb.Fatalf("read a frame: %v", err)
	}
	size := int(head[1])
	if size == 126 {
		var long [2]byte
		if _, err := io.ReadFull(c.r, long[:]); err != nil {
			tb.Fatal(err)
		}
		size = int(binary.BigEndian.Uint16(long[:]))
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		tb.Fatal(err)
	}
	return head[0], payload
}

// TestSocketFrames is WSK-11, T193: what a frame and a message may have.
func TestSocketFrames(t *testing.T) {
	t.Parallel()
	url, _ := chat(t, nil, echoSocket)
	const kb = 1 << 10
	join := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	for _, tt := range []struct {
		why     string
		frames  []byte
		answers []string
		code    int // 0 for open
	}{
		{"a small frame", frame(final|text, 5), []string{"5"}, 0},
		{"an empty message", frame(final|text, 0), []string{"0"}, 0},
		{"the largest frame", frame(final|text, 32*kb), []string{"32768"}, 0},
		{"T193: a frame of 33 KB", frame(final|text, 33*kb), nil, 1009},
		{"one byte too many", frame(final|text, 32*kb+1), nil, 1009},
		{"small ones after each other", join(frame(final|text, 3), frame(final|text, 3), frame(final|ping, 100), frame(final|text, 3)), []string{"3", "3", "3"}, 0},
		{"a first frame of 33 KB, and no more", frame(text, 33*kb), nil, 1009},
		{"a second frame of 33 KB", join(frame(text, 1), frame(continuation, 33*kb)), nil, 1009},
		{"the largest message", join(frame(text, 32*kb), frame(continuation, 32*kb), frame(final|ping, 3), frame(continuation, 32*kb), frame(final|continuation, 32*kb)), []string{"131072"}, 0},
		{"a message of 129 KB", join(frame(text, 32*kb), frame(continuation, 32*kb), frame(continuation, 32*kb), frame(continuation, 32*kb), frame(final|continuation, kb)), nil, 1009},
		{"T193: a binary frame", frame(final|binaryFrame, 5), nil, 1003},
		{"text that is not UTF-8", append(frame(final|text, 0)[:1], 0x81, 0, 0, 0, 0, 0xff), nil, 1007},
		{"a close", append(frame(final|closing, 0)[:1], 0x85, 0, 0, 0, 0, 0x0f, 0xa1, 'b', 'y', 'e'), nil, 4001},
		{"a frame without mask", []byte{final | text, 1, 'x'}, nil, -1},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			c := dialRaw(t, url)
			if _, err := c.Write(tt.frames); err != nil {
				t.Fatal(err)
			}
			var answers []string
			for len(answers) < len(tt.answers) {
				first, payload := c.next(t)
				if first == final|pong {
					continue
				}
				if first != final|text {
					t.Fatalf("%s: frame %x %q, want an answer", tt.why, first, payload)
				}
				answers = append(answers, string(payload))
			}
			if strings.Join(answers, " ") != strings.Join(tt.answers, " ") {
				t.Errorf("%s: answers %q, want %q", tt.why, answers, tt.answers)
			}
			switch tt.code {
			case 0:
			case -1:
				if _, err := c.r.ReadByte(); err == nil {
					t.Errorf("%s: the connection goes on", tt.why)
				}
			default:
				first, payload := c.next(t)
				if first != final|closing || len(payload) < 2 || int(binary.BigEndian.Uint16(payload)) != tt.code {
					t.Errorf("%s: frame %x %q, want close %d", tt.why, first, payload, tt.code)
				}
			}
		})
	}
}
