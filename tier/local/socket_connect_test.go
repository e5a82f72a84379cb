package local_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestSocketHandshake is WSK-05, WSK-06, T188: who gets in, and how others are
// told.
func TestSocketHandshake(t *testing.T) {
	t.Parallel()
	url, log := chat(t, nil, func(w *tier.WebSocket) {
		w.Handle("$connect", handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			switch req.Query("as") {
			case "forbidden":
				return nil, handler.Errorf(403, "not you")
			case "crash":
				panic(http.ErrAbortHandler)
			case "choices":
				return &handler.Response{Status: 300}, nil
			case "v2":
				return &handler.Response{Status: 204, Header: http.Header{"Sec-Websocket-Protocol": {"v2"}}}, nil
			}
			return &handler.Response{}, nil
		}))
		w.Handle("$disconnect", said)
		w.Handle("say", said, tier.RouteResponse())
	})
	base := "http" + strings.TrimPrefix(url, "ws")
	for _, tt := range []struct {
		why, query string
		status     int
		body       string
	}{
		{"T188: refused by the function", "?as=forbidden", 403, `"detail":"not you"`},
		{"WSK-05: only 2xx establishes the connection", "?as=choices", 300, ""},
		{"a function error", "?as=crash", 502, `{"message": "Internal server error", "connectionId":"`},
		{"another path", "/other", 403, `{"message":"Forbidden"}`},
		{"a path that begins like the stage", "/lively", 403, `{"message":"Forbidden"}`},
	} {
		_, resp, err := websocket.Dial(t.Context(), url+tt.query, nil)
		if err == nil || resp == nil || resp.StatusCode != tt.status {
			t.Fatalf("%s: dial = %v, %v, want status %d", tt.why, resp, err, tt.status)
		}
		if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s: body %s, %v, want %s", tt.why, body, err, tt.body)
		}
	}
	for _, event := range log.all() {
		if !strings.Contains(event, `"eventType":"CONNECT"`) {
			t.Errorf("T188: a refused client caused the event %s", event)
		}
	}
	c := dialSocket(t, url+"/live?as=v2", &websocket.DialOptions{Subprotocols: []string{"v1", "v2"}})
	if c.Subprotocol() != "v2" {
		t.Errorf("WSK-06: subprotocol %q, want v2", c.Subprotocol())
	}
	sendText(t, c, `{"action":"say"}`)
	receive(t, c)

	for name, change := range map[string]func(*http.Request){
		"no upgrade":     func(r *http.Request) { r.Header.Del("Upgrade") },
		"no connection":  func(r *http.Request) { r.Header.Del("Connection") },
		"POST":           func(r *http.Request) { r.Method = "POST" },
		"version 8":      func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") },
		"a short key":    func(r *http.Request) { r.Header.Set("Sec-WebSocket-Key", "AAAA") },
		"no key":         func(r *http.Request) { r.Header.Del("Sec-WebSocket-Key") },
		"a key twice":    func(r *http.Request) { r.Header.Add("Sec-WebSocket-Key", r.Header.Get("Sec-WebSocket-Key")) },
		"a foreign word": func(r *http.Request) { r.Header.Set("Upgrade", "h2c") },
	} {
		before := len(log.all())
		r := httptest.NewRequest("GET", base+"/", nil)
		r.RequestURI = ""
		for key, value := range map[string]string{"Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
			"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(key, value)
		}
		change(r)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 400 && resp.StatusCode != 426 || len(log.all()) != before {
			t.Errorf("%s: status %d after %d events, want a refusal without an event", name, resp.StatusCode, len(log.all())-before)
		}
	}
}
