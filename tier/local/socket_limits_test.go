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
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
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

// pipes is a listener whose connections are in this process, so that a test's
// clock stands still while they wait.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// TestSocketTime is WSK-11: a connection ends after 10 minutes without use and
// after 2 hours, and the function learns of it.
func TestSocketTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why   string
		use   time.Duration // between messages; 0 for none
		ping  bool
		after time.Duration
	}{
		{"idle", 0, false, 10 * time.Minute},
		{"in use", 9 * time.Minute, false, 2 * time.Hour},
		{"pinged", 9 * time.Minute, true, 2 * time.Hour},
		{"too seldom", 11 * time.Minute, false, 10 * time.Minute},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api := tier.New("shop").WebSocket("chat")
				echoSocket(api)
				log := &socketLog{got: make(chan string, 100)}
				g, err := local.NewSocketGateway(api, behind(t, api, log), nil)
				if err != nil {
					t.Fatal(err)
				}
				listener := pipes{make(chan net.Conn), make(chan struct{})}
				server := &http.Server{Handler: g}
				go func() { _ = server.Serve(listener) }()
				client := &http.Client{Transport: &http.Transport{DialContext: listener.dial}}
				c, _, err := websocket.Dial(t.Context(), "ws://chat.example/", &websocket.DialOptions{HTTPClient: client})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				stop := make(chan struct{})
				go keepUsing(c, tt.use, tt.ping, stop)
				for err == nil {
					_, _, err = c.Read(t.Context())
				}
				if took := time.Since(start).Round(time.Minute); took != tt.after || websocket.CloseStatus(err) != websocket.StatusGoingAway {
					t.Errorf("%s: ended after %v by %v, want close 1001 after %v", tt.why, took, err, tt.after)
				}
				close(stop)
				for got := range log.got {
					if got == "DISCONNECT $disconnect" {
						break
					}
				}
				if events := log.all(); !strings.Contains(events[len(events)-1], `"disconnectStatusCode":1001`) {
					t.Errorf("%s: the last event is %s", tt.why, events[len(events)-1])
				}
				g.Close()
				_ = c.CloseNow()
				_ = server.Close()
				synctest.Wait()
			})
		})
	}
}

// keepUsing sends a message, or a ping, again and again.
func keepUsing(c *websocket.Conn, every time.Duration, ping bool, stop chan struct{}) {
	if every == 0 {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if ping {
			_ = c.Ping(ctx)
		} else {
			_ = c.Write(ctx, websocket.MessageText, []byte("x"))
		}
		cancel()
	}
}
