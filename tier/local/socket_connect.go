package local

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/coder/websocket"
	"golang.org/x/net/http/httpguts"
)

// client is one connection as its events tell it.
type client struct {
	id        string
	at        int64  // connectedAt, in milliseconds
	domain    string // what the client asked for, without a port
	ip, agent string
	// who was let in: the IAM identity, and requestContext.authorizer, a JSON
	// object that is nil for none
	identity   identity
	authorizer []byte
}

// connectKey is the route of a handshake.
const connectKey = "$connect"

// connect is a handshake: authorizer, $connect, and only then the connection.
func (g *SocketGateway) connect(w http.ResponseWriter, r *http.Request) {
	if a := checkHandshake(r); a != nil {
		a.write(w)
		return
	}
	o, err := g.newOccasion(connectKey, r)
	var c *client
	if err == nil {
		c, err = g.newClient(r)
	}
	if err != nil {
		g.Log.Error("socket", "error", err.Error())
		socketRefusal(http.StatusInternalServerError, socketInternal).write(w)
		return
	}
	if a := g.authorize(c, r, o); a != nil {
		a.write(w)
		return
	}
	protocol, a := g.connected(c, r, o)
	if a != nil {
		a.write(w)
		return
	}
	g.accept(w, r, c, protocol)
}

// checkHandshake is how a request is refused that opens no WebSocket (RFC 6455,
// section 4.2.1).
func checkHandshake(r *http.Request) *socketAnswer {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.Header.Get("Sec-WebSocket-Key")))
	switch {
	case r.Method != http.MethodGet, !r.ProtoAtLeast(1, 1),
		!httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade"),
		!httpguts.HeaderValuesContainsToken(r.Header["Upgrade"], "websocket"):
		a := socketRefusal(http.StatusUpgradeRequired, "Upgrade Required")
		a.header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
		return a
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		a := socketRefusal(http.StatusBadRequest, "Bad Request")
		a.header = http.Header{"Sec-Websocket-Version": {"13"}}
		return a
	case err != nil || len(key) != 16 || len(r.Header["Sec-Websocket-Key"]) != 1:
		return socketRefusal(http.StatusBadRequest, "Bad Request")
	}
	return nil
}

// newClient is the client of a handshake, with the id of its connection.
func (g *SocketGateway) newClient(r *http.Request) (*client, error) {
	id, err := g.drawID()
	if err != nil {
		return nil, err
	}
	return &client{
		id: id, at: g.Now().UnixMilli(),
		domain: hostName(r.Host), ip: hostName(r.RemoteAddr), agent: r.UserAgent(),
	}, nil
}

// drawID is an id as API Gateway makes them: 15 characters and "=".
func (g *SocketGateway) drawID() (string, error) {
	var b [11]byte
	if _, err := io.ReadFull(g.Random, b[:]); err != nil {
		return "", fmt.Errorf("draw id: %w", err)
	}
	return base64.URLEncoding.EncodeToString(b[:]), nil
}

// connected asks the function of $connect, if there is one. The answer is how
// it refused the connection.
func (g *SocketGateway) connected(c *client, r *http.Request, o *occasion) (protocol string, refusal *socketAnswer) {
	route := g.api.Route(connectKey)
	if route == nil {
		return "", nil
	}
	result := g.run(route, c, o, g.events.connect(o, c, r))
	if result.err != nil {
		return "", &socketAnswer{status: failedStatus(result.err), body: errorFrame(socketInternal, c.id, result.id)}
	}
	header, err := restHeader(result.output)
	if err != nil {
		g.Log.Error("socket", "connection", c.id, "error", plain(err.Error()))
		return "", &socketAnswer{status: http.StatusBadGateway, body: errorFrame(socketInternal, c.id, result.id)}
	}
	if status := result.output.status; status < 200 || status > 299 {
		return "", &socketAnswer{status: status, header: header, body: result.output.body}
	}
	for name, values := range header {
		if strings.EqualFold(name, "Sec-WebSocket-Protocol") {
			protocol = strings.Join(values, ", ")
		}
	}
	return protocol, nil
}

// failedStatus is the status of a handshake whose function did not answer.
func failedStatus(err error) int {
	switch {
	case errors.Is(err, ErrNotInvoked):
		return http.StatusInternalServerError
	case errors.Is(err, errGatewayTimeout):
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// accept answers the handshake and serves the connection until it ends.
func (g *SocketGateway) accept(w http.ResponseWriter, r *http.Request, c *client, protocol string) {
	if protocol != "" {
		w.Header()["Sec-Websocket-Protocol"] = []string{protocol}
	}
	s := &session{client: c, gateway: g, frames: &frameConn{}, at: g.Now(), slots: make(chan struct{}, socketAtOnce)}
	ws, err := websocket.Accept(&frameWriter{w, s.frames}, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // API Gateway lets every origin in; $connect can look at it
		OnPingReceived:     s.pinged,
	})
	if err != nil {
		g.Log.Error("socket", "connection", c.id, "error", plain(err.Error()))
		return
	}
	s.ws = ws
	if !g.add(s) {
		_ = ws.Close(websocket.StatusGoingAway, "Going away") // nothing was promised to the client yet
		return
	}
	defer g.remove(s)
	s.serve()
}
