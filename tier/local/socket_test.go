package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// socketLog keeps the events that functions got.
type socketLog struct {
	mu     sync.Mutex
	events []string
	got    chan string // each event's type and route, nil for nobody waits
}

func (l *socketLog) add(payload []byte) {
	var e struct {
		RequestContext struct{ EventType, RouteKey string }
	}
	_ = json.Unmarshal(payload, &e)
	l.mu.Lock()
	l.events = append(l.events, string(payload))
	l.mu.Unlock()
	if l.got != nil {
		l.got <- e.RequestContext.EventType + " " + e.RequestContext.RouteKey
	}
}

func (l *socketLog) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.events...)
}

// behind are the functions of an API behind Lambda's doorway, which keep their
// events in log.
func behind(tb testing.TB, api *tier.WebSocket, log *socketLog) func(string) local.Function {
	tb.Helper()
	functions := map[string]local.Function{}
	for _, f := range api.Functions() {
		h, err := f.Socket()
		if err != nil {
			tb.Fatal(err)
		}
		d := lambda.New(nil, &lambda.Options{Function: f.Name(), Socket: h, Logger: slog.New(slog.DiscardHandler)})
		functions[f.Name()] = local.Function{Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
			if log != nil {
				log.add(payload)
			}
			return d.Invoke(ctx, payload)
		}}
	}
	return func(name string) local.Function { return functions[name] }
}

// guarded adds the Lambda authorizer of an API to its functions. It keeps its
// events in asked.
func guarded(tb testing.TB, api *tier.WebSocket, asked *socketLog, others func(string) local.Function) func(string) local.Function {
	tb.Helper()
	f := api.AuthorizerFunctions()[0]
	d := lambda.New(nil, &lambda.Options{Function: f.Name(), Authorizer: f.Authorizer(), Logger: slog.New(slog.DiscardHandler)})
	return func(name string) local.Function {
		if name != f.Name() {
			return others(name)
		}
		return local.Function{Invoke: func(ctx context.Context, payload []byte) ([]byte, error) {
			asked.add(payload)
			return d.Invoke(ctx, payload)
		}}
	}
}

// socketServer serves a WebSocket API until the test ends, and returns its URL.
func socketServer(tb testing.TB, api *tier.WebSocket, opts *local.SocketOptions, invoke func(string) local.Function) string {
	tb.Helper()
	g, err := local.NewSocketGateway(api, invoke, opts)
	if err != nil {
		tb.Fatal(err)
	}
	address := serve(tb, g)
	tb.Cleanup(func() {
		if err := g.Close(); err != nil {
			tb.Error(err)
		}
	})
	return "ws://" + address
}

// chat declares a WebSocket API and serves it.
func chat(tb testing.TB, opts *local.SocketOptions, declare func(*tier.WebSocket)) (url string, log *socketLog) {
	tb.Helper()
	app := tier.New("shop")
	api := app.WebSocket("chat")
	declare(api)
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	log = &socketLog{}
	return socketServer(tb, api, opts, behind(tb, api, log)), log
}

// dialSocket connects, and closes when the test ends.
func dialSocket(tb testing.TB, url string, opts *websocket.DialOptions) *websocket.Conn {
	tb.Helper()
	c, resp, err := websocket.Dial(tb.Context(), url, opts)
	if err != nil {
		tb.Fatalf("dial %s: %v %v", url, err, resp)
	}
	c.SetReadLimit(1 << 20)
	tb.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func sendText(tb testing.TB, c *websocket.Conn, text string) {
	tb.Helper()
	if err := c.Write(tb.Context(), websocket.MessageText, []byte(text)); err != nil {
		tb.Fatalf("send: %v", err)
	}
}

// patience is after what time nothing is taken to come any more.
const patience = 20 * time.Second

func receive(tb testing.TB, c *websocket.Conn) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	kind, data, err := c.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		tb.Fatalf("receive: %v, %v", kind, err)
	}
	return string(data)
}

// wantClose waits for the end.
func wantClose(tb testing.TB, c *websocket.Conn, code websocket.StatusCode) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	if _, data, err := c.Read(ctx); websocket.CloseStatus(err) != code {
		tb.Errorf("read = %q, %v, want close %d", data, err, code)
	}
}

// said answers with the route and the message.
var said = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := req.Body()
	return &handler.Response{Body: []byte(req.Connection().Route + ": " + string(body)), Header: http.Header{"Content-Type": {"text/plain"}}}, err
})

func answeringStatus(status int) handler.Handler {
	return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: status}, nil
	})
}

// TestSocketRoutes is WSK-07, WSK-08, WSK-09, T189: which route gets a message,
// and what the client gets of its answer.
func TestSocketRoutes(t *testing.T) {
	t.Parallel()
	declare := func(w *tier.WebSocket) {
		w.Handle("$connect", answeringStatus(200))
		w.Handle("$disconnect", answeringStatus(200))
		w.Handle("say", said, tier.RouteResponse())
		w.Handle("5", said, tier.RouteResponse())
		w.Handle("fail", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(404, "no such room")
		}), tier.RouteResponse())
		w.Handle("crash", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic(http.ErrAbortHandler) }))
	}
	withDefault, _ := chat(t, nil, func(w *tier.WebSocket) {
		declare(w)
		w.Handle("$default", said, tier.RouteResponse())
	})
	nested, _ := chat(t, nil, func(w *tier.WebSocket) {
		w.Select("$request.body.head.type")
		w.Handle("say", said, tier.RouteResponse())
		w.Handle("$default", said, tier.RouteResponse())
	})
	without, _ := chat(t, nil, declare)
	for _, tt := range []struct{ why, url, message, want string }{
		{"WSK-07: the key", withDefault, `{"action":"say","x":1}`, `say: {"action":"say","x":1}`},
		{"WSK-07: text", withDefault, `{"action":"s\u0061y"}`, `say: {"action":"s\u0061y"}`},
		{"WSK-07: a number", withDefault, `{"action": 5}`, `5: {"action": 5}`},
		{"WSK-07: case matters", withDefault, `{"action":"Say"}`, `$default: {"action":"Say"}`},
		{"T189: no such route", withDefault, `{"action":"x"}`, `$default: {"action":"x"}`},
		{"T189: not JSON", withDefault, `not json`, `$default: not json`},
		{"WSK-07: not JSON after all", withDefault, `{"action":"say"} x`, `$default: {"action":"say"} x`},
		{"WSK-07: no object", withDefault, `["say"]`, `$default: ["say"]`},
		{"WSK-07: no text", withDefault, `{"action":{"say":1}}`, `$default: {"action":{"say":1}}`},
		{"a message is no handshake", withDefault, `{"action":"$connect"}`, `$default: {"action":"$connect"}`},
		{"a message is no end", withDefault, `{"action":"$disconnect"}`, `$default: {"action":"$disconnect"}`},
		{"$default by name", withDefault, `{"action":"$default"}`, `$default: {"action":"$default"}`},
		{"a nested key", nested, `{"head":{"type":"say"}}`, `say: {"head":{"type":"say"}}`},
		{"no nested key", nested, `{"head":"say"}`, `$default: {"head":"say"}`},
		{"WSK-09, T189: no $default", without, `{"action":"x"}`, `{"message": "Forbidden", "connectionId":"`},
		{"WSK-09: a function error", without, `{"action":"crash"}`, `{"message": "Internal server error", "connectionId":"`},
		{"WSK-08: an error's body", without, `{"action":"fail"}`, `{"type":"about:blank","title":"Not Found","status":404,"detail":"no such room","requestId":"`},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			c := dialSocket(t, tt.url, nil)
			sendText(t, c, tt.message)
			if got := receive(t, c); !strings.HasPrefix(got, tt.want) || !strings.HasSuffix(tt.want, `"`) && got != tt.want {
				t.Errorf("%s: received %s, want %s", tt.why, got, tt.want)
			}
		})
	}
}

func TestSocketGatewayErrors(t *testing.T) {
	t.Parallel()
	empty := tier.New("shop").WebSocket("chat")
	some := tier.New("shop").WebSocket("chat")
	some.Handle("say", said)
	for _, tt := range []struct {
		api    *tier.WebSocket
		invoke func(string) local.Function
		want   string
	}{
		{empty, nil, "WebSocket API chat has no routes"},
		{some, nil, "invoke is nil"},
		{some, func(string) local.Function { return local.Function{} }, "function chat has no Invoke"},
	} {
		if _, err := local.NewSocketGateway(tt.api, tt.invoke, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewSocketGateway = %v, want %q", err, tt.want)
		}
	}
}

// A WebSocket API on this machine: the functions are behind the same doorway as
// in Lambda.
func ExampleNewSocketGateway() {
	app := tier.New("shop")
	api := app.WebSocket("chat")
	api.Handle("$default", handler.New(func(context.Context, struct{}) (string, error) { return "hello", nil }), tier.RouteResponse())
	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	doorway := lambda.New(nil, &lambda.Options{Socket: h})
	gateway, err := local.NewSocketGateway(api, func(string) local.Function { return local.Function{Invoke: doorway.Invoke} },
		&local.SocketOptions{Hub: localsocket.NewHub()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer gateway.Close()
	server := httptest.NewServer(gateway)
	defer server.Close()

	ctx := context.Background()
	client, _, err := websocket.Dial(ctx, server.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.CloseNow()
	err = client.Write(ctx, websocket.MessageText, []byte("hi"))
	_, answer, readErr := client.Read(ctx)
	fmt.Println(string(answer), err, readErr)
	// Output: "hello" <nil> <nil>
}
