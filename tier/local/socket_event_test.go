package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestSocketEventGolden is WSK-01 to WSK-04: the three events of a connection,
// members and order as API Gateway sends them.
func TestSocketEventGolden(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").WebSocket("chat")
	echoSocket(api)
	api.Handle("$connect", answeringStatus(200))
	log := &socketLog{got: make(chan string, 3)}
	opts := fixed(nil)
	url := socketServer(t, api, &local.SocketOptions{Now: opts.Now, Random: opts.Random}, behind(t, api, log))
	c := dialSocket(t, url+"/?room=a+b&room=c", &websocket.DialOptions{
		Host:       "abc.execute-api.example.com",
		HTTPHeader: http.Header{"User-Agent": {"probe/1"}, "X-Probe": {"first", "second"}},
	})
	<-log.got
	sendText(t, c, "h\u00e9llo \"you\"\n")
	<-log.got
	if err := c.Close(websocket.StatusCode(4000), "bye"); err != nil {
		t.Fatal(err)
	}
	<-log.got
	key := regexp.MustCompile(`"[A-Za-z0-9+/]{22}=="`)
	for i, name := range []string{"connect", "message", "disconnect"} {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, key.ReplaceAll([]byte(log.all()[i]), []byte(`"KEY"`)), "", "  "); err != nil {
			t.Fatal(err)
		}
		pretty.WriteByte('\n')
		golden := filepath.Join("testdata", "socket_"+name+"_event.json")
		if *update {
			if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), pretty.String()); d != "" {
			t.Errorf("%s event (-want +got):\n%s", name, d)
		}
	}
}

// TestSocketEventMembers: members that are there only sometimes.
func TestSocketEventMembers(t *testing.T) {
	t.Parallel()
	url, log := chat(t, nil, func(w *tier.WebSocket) {
		echoSocket(w)
		w.Handle("$connect", answeringStatus(200))
	})
	c := dialSocket(t, url, nil)
	sendText(t, c, "x")
	receive(t, c)
	events := log.all()
	for i, absent := range map[int][]string{
		0: {"queryStringParameters", `"body"`, "httpMethod", `"path"`, "authorizer", "messageId", `"Upgrade"`, `"Connection"`},
		1: {"headers", "queryStringParameters", "authorizer"},
	} {
		for _, member := range absent {
			if strings.Contains(events[i], member) {
				t.Errorf("WSK-01, WSK-02: event %d has %s: %s", i, member, events[i])
			}
		}
	}
}

// TestSocketEnds is WSK-03, WSK-10, T195: each way a connection ends, with its
// code and its reason, once.
func TestSocketEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why  string
		end  func(*testing.T, *raw)
		code string
	}{
		{"the client closes", func(t *testing.T, c *raw) {
			write(t, c, append(frame(final|closing, 0)[:1], 0x85, 0, 0, 0, 0, 0x03, 0xe8, 'b', 'y', 'e'))
		}, `"disconnectStatusCode":1000,` + `"disconnectReason":"bye"`},
		{"without a code", func(t *testing.T, c *raw) { write(t, c, frame(final|closing, 0)) }, `"disconnectStatusCode":1005,"disconnectReason":""`},
		{"the client vanishes", func(_ *testing.T, c *raw) { c.Close() }, `"disconnectStatusCode":1006,"disconnectReason":""`},
		{"in the middle of a message", func(t *testing.T, c *raw) { write(t, c, frame(final|text, 100)[:50]); c.Close() }, `"disconnectStatusCode":1006,"disconnectReason":""`},
		{"for what the client sent", func(t *testing.T, c *raw) { write(t, c, frame(final|binaryFrame, 1)); c.Close() },
			`"disconnectStatusCode":1003,"disconnectReason":"Binary is not supported"`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			api := tier.New("shop").WebSocket("chat")
			echoSocket(api)
			log := &socketLog{got: make(chan string, 8)}
			url := socketServer(t, api, nil, behind(t, api, log))
			tt.end(t, dialRaw(t, url))
			if got := <-log.got; got != "DISCONNECT $disconnect" {
				t.Fatalf("event %s", got)
			}
			var e struct{ RequestContext json.RawMessage }
			if err := json.Unmarshal([]byte(log.all()[0]), &e); err != nil {
				t.Fatal(err)
			}
			code, reason, _ := strings.Cut(tt.code, ",")
			if !strings.Contains(string(e.RequestContext), code) || !strings.Contains(string(e.RequestContext), reason) {
				t.Errorf("%s: %s, want %s", tt.why, e.RequestContext, tt.code)
			}
		})
	}
}

func write(t *testing.T, c *raw, p []byte) {
	t.Helper()
	if _, err := c.Write(p); err != nil {
		t.Fatal(err)
	}
}

// TestSocketClose: a gateway that stops ends its connections, waits for the
// functions that learn of it, and takes no others.
func TestSocketClose(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").WebSocket("chat")
	echoSocket(api)
	var told []string
	g, err := local.NewSocketGateway(api, func(string) local.Function {
		return local.Function{Invoke: func(_ context.Context, payload []byte) ([]byte, error) {
			told = append(told, string(payload)) // by one connection, so by one goroutine
			return nil, errors.New("the answer of a $disconnect does not matter")
		}}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	url := "ws://" + serve(t, g)
	c := dialSocket(t, url, nil)
	ended := make(chan error, 1)
	go func() {
		_, _, err := c.Read(context.Background())
		ended <- err
	}()
	// The pong tells that the gateway serves the connection.
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the client saw %v, want close 1001", err)
	}
	if len(told) != 1 || !strings.Contains(told[0], `"disconnectStatusCode":1001`) {
		t.Errorf("the function was told %q", told)
	}
	late := dialSocket(t, url, nil)
	wantClose(t, late, websocket.StatusGoingAway)
}
