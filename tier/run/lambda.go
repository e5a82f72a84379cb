//go:build !lambda.norpc

package run

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// autoPort is the port of the local Lambda if none was asked for.
const autoPort = -1

// lambdaServer is the local Lambda that is about to be served.
type lambdaServer struct {
	server
	lambda *local.Lambda
}

// newLambdaServer listens for the local Lambda, nil if it is not served: unless
// its port was asked for, only if a function is invoked directly. base is the
// port of the first API, after which others took some.
func newLambdaServer(app *tier.App, lambda *local.Lambda, port, base, taken int) (*lambdaServer, error) {
	if port == autoPort {
		if !slices.ContainsFunc(app.Functions(), func(f *tier.Function) bool { return f.DirectHandler() != nil }) {
			return nil, nil
		}
		port = portAfter(base, taken)
	}
	listener, err := local.Listen(port)
	if err != nil {
		return nil, err
	}
	return &lambdaServer{server{handler: lambda, listener: listener}, lambda}, nil
}

// announceLambda says where functions can be invoked, and which have no other
// way.
func (p *program) announceLambda(app *tier.App, endpoint *lambdaServer) {
	if endpoint == nil {
		return
	}
	fmt.Fprintf(p.stdout, "%s: Lambda on http://%s, for aws lambda invoke --endpoint-url and the SDKs\n", app.Name(), endpoint.listener.Addr())
	var rows [][]string
	for _, f := range app.Functions() {
		if f.DirectHandler() != nil {
			rows = append(rows, []string{"function " + f.Name(), "invoked directly", f.DirectAt().RelativeTo(p.folder)})
		}
	}
	p.printTable("", rows)
}
