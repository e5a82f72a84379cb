//go:build !lambda.norpc

package run

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// socketServer is a WebSocket API and the gateway before it.
type socketServer struct {
	api     *tier.WebSocket
	gateway *local.SocketGateway
}

// socketServers are the gateways of the App's WebSocket APIs. asked says that the
// identities are those of a file that was asked for.
func socketServers(app *tier.App, data openedData, log *slog.Logger, ids *local.Identities, asked bool) ([]server, error) {
	var servers []server
	for _, api := range app.WebSockets() {
		functions, err := functionsOf(slices.Concat(api.Functions(), api.AuthorizerFunctions()), log)
		if err != nil {
			return nil, err
		}
		gateway, err := local.NewSocketGateway(api, func(name string) local.Function { return functions[name] },
			&local.SocketOptions{Hub: data.hub, Log: log, Identities: signers(api, ids, asked)})
		if err != nil {
			return nil, err
		}
		servers = append(servers, server{socket: &socketServer{api, gateway}, handler: gateway})
	}
	return servers, nil
}

// signers are who may sign to a WebSocket API, nil if nothing is to be signed: an
// API that lets everybody connect lets everybody try its @connections, too, unless
// a file of identities was asked for.
func signers(api *tier.WebSocket, ids *local.Identities, asked bool) *local.Identities {
	a := api.Authorizer()
	if asked || a != nil && (tier.IsIAM(a) || len(ids.Callers) > 0) {
		return ids
	}
	return nil
}

// announceSocket says where a WebSocket API is served, and how it is posted to.
func (p *program) announceSocket(app *tier.App, s server) {
	api, address := s.socket.api, s.listener.Addr()
	fmt.Fprintf(p.stdout, "%s: WebSocket API %s on ws://%s, its @connections on http://%s/@connections\n", app.Name(), api.Name(), address, address)
	p.printSocket(api)
}
