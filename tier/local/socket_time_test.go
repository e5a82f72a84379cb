package local_test

import (
	"context"
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
				if err := g.Close(); err != nil {
					t.Error(err)
				}
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

// TestSocketCloseWaits: a stop waits for a function that runs, and not for ever.
func TestSocketCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := tier.New("shop").WebSocket("chat")
		release, begun := make(chan struct{}), make(chan struct{})
		api.Handle("$default", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			close(begun)
			<-release
			return &handler.Response{}, nil
		}))
		g, err := local.NewSocketGateway(api, behind(t, api, nil), nil)
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
		sendText(t, c, "x")
		<-begun
		go func() { _, _, _ = c.Read(context.Background()) }()
		start := time.Now()
		if err := g.Close(); err == nil || !strings.Contains(err.Error(), "functions of WebSocket API chat were still running 5s after the stop") {
			t.Errorf("Close = %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("Close took %v", took)
		}
		close(release)
		if err := g.Close(); err != nil {
			t.Errorf("Close afterwards = %v", err)
		}
		_ = c.CloseNow()
		_ = server.Close()
		synctest.Wait()
	})
}

// TestSocketSilentClient: a client that does not answer a close is cut off after
// a second, and the function learns of its end before the gateway has stopped.
func TestSocketSilentClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := tier.New("shop").WebSocket("chat")
		echoSocket(api)
		log := &socketLog{got: make(chan string, 4)}
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
		sendText(t, c, "x")
		receive(t, c)
		<-log.got
		start := time.Now()
		if err := g.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Close took %v with a client that does not read", took)
		}
		if got := <-log.got; got != "DISCONNECT $disconnect" {
			t.Errorf("event %s", got)
		}
		_ = c.CloseNow()
		_ = server.Close()
		synctest.Wait()
	})
}

// TestSocketNoResponse is WSK-08: what a function answers reaches the client only
// if the route has a response.
func TestSocketNoResponse(t *testing.T) {
	t.Parallel()
	for route, want := range map[string]string{"say": `say: {"action":"say"}`, "silent": ""} {
		synctest.Test(t, func(t *testing.T) {
			api := tier.New("shop").WebSocket("chat")
			api.Handle("say", said, tier.RouteResponse())
			api.Handle("silent", said)
			log := &socketLog{}
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
			sendText(t, c, `{"action":"`+route+`"}`)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, got, err := c.Read(ctx)
			cancel()
			if string(got) != want || (err == nil) != (want != "") || len(log.all()) != 1 {
				t.Errorf("WSK-08: route %s: received %q, %v after %d events, want %q", route, got, err, len(log.all()), want)
			}
			_ = c.CloseNow()
			if err := g.Close(); err != nil {
				t.Error(err)
			}
			_ = server.Close()
			synctest.Wait()
		})
	}
}
