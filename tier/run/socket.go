//go:build !lambda.norpc

package run

import (
	"fmt"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// socketServer is a WebSocket API and the gateway before it.
type socketServer struct {
	api     *tier.WebSocket
	gateway *local.SocketGateway
}

// socketServers are the gateways of the App's WebSocket APIs.
func socketServers(app *tier.App, data openedData, log *slog.Logger) ([]server, error) {
	var servers []server
	for _, api := range app.WebSockets() {
		functions, err := functionsOf(api.Functions(), log)
		if err != nil {
			return nil, err
		}
		gateway, err := local.NewSocketGateway(api, func(name string) local.Function { return functions[name] },
			&local.SocketOptions{Hub: data.hub, Log: log})
		if err != nil {
			return nil, err
		}
		servers = append(servers, server{socket: &socketServer{api, gateway}, handler: gateway})
	}
	return servers, nil
}

// announceSocket says where a WebSocket API is served, and how it is posted to.
func (p *program) announceSocket(app *tier.App, s server) {
	api, address := s.socket.api, s.listener.Addr()
	fmt.Fprintf(p.stdout, "%s: WebSocket API %s on ws://%s, its @connections on http://%s/@connections\n", app.Name(), api.Name(), address, address)
	if a := api.Authorizer(); a != nil {
		fmt.Fprintf(p.stdout, "  authorizer %s: nobody here can be asked about it, so every handshake is refused\n", a.Name())
	}
	p.printSocket(api)
}
