package local

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
)

// manage answers a call of @connections: POST sends, GET tells the state, DELETE
// ends the connection.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
func (g *SocketGateway) manage(w http.ResponseWriter, r *http.Request, escapedID string) {
	a := g.managed(r, escapedID)
	attrs := []any{"connections", r.Method, "connection", plain(escapedID), "status", a.status}
	if a.why != nil {
		attrs = append(attrs, "refused", plain(a.why.Error()))
	}
	g.Log.Info("socket", attrs...)
	a.write(w)
}

func (g *SocketGateway) managed(r *http.Request, escapedID string) *socketAnswer {
	body, err := readBody(r, maxMessage)
	switch {
	case err != nil:
		return socketRefusal(http.StatusBadRequest, "Bad Request")
	case len(body) > maxMessage:
		a := socketRefusal(http.StatusRequestEntityTooLarge, "Message too long")
		a.errorType = "PayloadTooLargeException"
		return a
	}
	if a := g.guard.manages(r, body, g.Now()); a != nil {
		return a
	}
	id, err := url.PathUnescape(escapedID)
	if err != nil || !connection.ValidID(id) {
		a := socketRefusal(http.StatusBadRequest, "Invalid connectionId: "+validText(escapedID))
		a.errorType = "BadRequestException"
		return a
	}
	peer := g.hub.Peer(g.api.Name(), id)
	if peer == nil {
		return gone()
	}
	return g.act(r, id, peer, body)
}

func (g *SocketGateway) act(r *http.Request, id string, peer localsocket.Peer, body []byte) *socketAnswer {
	var err error
	switch r.Method {
	case http.MethodPost:
		err = peer.Send(r.Context(), body)
	case http.MethodGet:
		return stateAnswer(peer.State())
	case http.MethodDelete:
		if err = g.hub.End(g.api.Name(), id, peer); err == nil {
			return &socketAnswer{status: http.StatusNoContent}
		}
	default:
		return socketRefusal(http.StatusForbidden, "Missing Authentication Token")
	}
	switch {
	case err == nil:
		return &socketAnswer{status: http.StatusOK}
	case errors.Is(err, localsocket.ErrGone):
		return gone()
	}
	return socketRefusal(http.StatusInternalServerError, socketInternal)
}

// gone is the answer about a connection that has ended.
func gone() *socketAnswer {
	return &socketAnswer{status: http.StatusGone, errorType: "GoneException"}
}

func stateAnswer(s connection.State) *socketAnswer {
	type identity struct {
		SourceIP  string `json:"sourceIp"`
		UserAgent string `json:"userAgent"`
	}
	body, err := json.Marshal(struct {
		ConnectedAt  time.Time `json:"connectedAt"`
		Identity     identity  `json:"identity"`
		LastActiveAt time.Time `json:"lastActiveAt"`
	}{s.ConnectedAt.UTC().Round(0), identity{s.IP, s.UserAgent}, s.LastActiveAt.UTC().Round(0)})
	if err != nil { // a year that JSON cannot write
		return socketRefusal(http.StatusInternalServerError, socketInternal)
	}
	return &socketAnswer{status: http.StatusOK, body: body}
}
