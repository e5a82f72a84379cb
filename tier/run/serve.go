//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// serve runs the App's APIs and WebSocket APIs behind local gateways, and its sites,
// one port each, until it is interrupted. Behind a front door that does not route each
// function has a port.
func (p *program) serve(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	how := serving{port: 8080, lambdaPort: autoPort}
	var watched, checks, untilEOF bool
	var flags *flag.FlagSet
	if _, err := p.parse("serve", args, 0, func(f *flag.FlagSet) {
		f.IntVar(&how.port, "port", how.port, "`port` on 127.0.0.1 of the first API, 0 for any that is free; further ones take the ports after it")
		f.StringVar(&how.door, "door", how.door, "front `door` to imitate: "+doorNames()+" (default the API's own kind, and the URLs of functions)")
		f.StringVar(&how.who.path, "identities", how.who.path, "`file` of those who may sign requests, of API keys and key sets; default identities.json in -dir")
		f.IntVar(&how.lambdaPort, "lambda", how.lambdaPort, "`port` on 127.0.0.1 of a local AWS Lambda, for aws lambda invoke --endpoint-url and the SDKs, 0 for any that is free; -1 for the port after the last API if a function is invoked directly, else none")
		f.BoolVar(&how.explain, "explain", false, "print what each step made of a request that is answered 400 or more")
		f.BoolVar(&watched, "watch", false, "build and serve anew when the source changes")
		f.BoolVar(&checks, "check", false, "say what is wrong with the declaration and end")
		f.BoolVar(&untilEOF, "stdin", false, "end when the standard input does, too")
		opts.define(f)
		flags = f
	}); err != nil {
		return err
	}
	how.who.dir = opts.dir
	if how.door != "" && doorNamed(how.door) == nil {
		return fmt.Errorf("-door %q: write %s", how.door, doorNames())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if watched {
		return p.watch(ctx, flags)
	}
	data, err := p.openData(opts)
	if err != nil {
		return err
	}
	if checks {
		return errors.Join(p.checkServing(data, how), data.close())
	}
	if untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, p.stdin)
			stop()
		}()
	}
	err = p.serveData(ctx, data, how)
	return errors.Join(err, data.close())
}

// serving is how to serve.
type serving struct {
	door             string // its name, "" for what each API declares
	who              identityFile
	port, lambdaPort int
	explain          bool
}

// checkServing says what is wrong with the declaration, and with its APIs behind
// the doors that are asked for. It writes no identities and opens no port.
func (p *program) checkServing(data openedData, how serving) error {
	app, err := p.checked(data.Data)
	if err != nil {
		return err
	}
	var errs []error
	for _, api := range app.APIs() {
		_, err := serversOf(api, how.door, local.Options{})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// serveData serves until ctx ends.
func (p *program) serveData(ctx context.Context, data openedData, how serving) error {
	app, err := p.checked(data.Data)
	if err != nil {
		return err
	}
	if err := data.lock(); err != nil {
		return err
	}
	ids, err := p.whoCalls(app, data, how.door, how.who)
	if err != nil {
		return err
	}
	// At level debug functions say why they answered 400 to 499.
	log := slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	servers, err := p.servers(app, data, how, ids, log)
	if err != nil {
		return err
	}
	var sites []siteServer
	defer func() {
		for _, s := range servers {
			if s.listener != nil {
				s.listener.Close()
			}
		}
		for _, s := range sites {
			s.listener.Close()
		}
	}()
	for i := range servers {
		if servers[i].listener, err = local.Listen(portAfter(how.port, i)); err != nil {
			return err
		}
	}
	if sites, err = siteServers(app, servers, how.port, len(servers)); err != nil {
		return err
	}
	taken := len(servers) + len(sites)
	lambda, err := data.callees.serve(app, log)
	if err != nil {
		return err
	}
	defer soon(func() { lambda.Close() })
	endpoint, err := newLambdaServer(app, lambda, how.lambdaPort, how.port, taken)
	if err != nil {
		return err
	}
	buckets, err := newBucketServer(app, data, how.port, taken+1)
	if err != nil {
		return err
	}
	commands, err := p.newCommands(app, data, lambda)
	if err != nil {
		return err
	}
	if commands != nil {
		defer commands.withdraw()
	}
	delivery, err := newDelivery(app, data, lambda, log)
	if err != nil {
		return err
	}
	p.announce(app, servers)
	p.announceSites(app, sites)
	p.announceCallers(servers, ids, how.who)
	p.announceLambda(app, endpoint)
	p.announceBuckets(app, buckets)
	p.announceDelivery(app, data, delivery)
	p.announceMissing(app, data)
	fmt.Fprintf(p.stdout, "data: %s\nCtrl-C stops it.\n", data.where)
	for _, s := range sites {
		servers = append(servers, s.server)
	}
	if endpoint != nil {
		servers = append(servers, endpoint.server)
	}
	if buckets != nil {
		servers = append(servers, *buckets)
	}
	if commands != nil {
		servers = append(servers, server{handler: commands, listener: commands.listener})
	}
	return deliverWhile(ctx, delivery, func(ctx context.Context) error {
		if len(servers) == 0 { // functions that only work something off
			<-ctx.Done()
			return nil
		}
		return serveAll(ctx, servers, log)
	})
}

// portAfter is the port after base and taken others; 0, for any that is free, stays 0.
func portAfter(base, taken int) int {
	if base == 0 {
		return 0
	}
	return base + taken
}

// servers are the gateways of all APIs and WebSocket APIs, which do not listen yet.
func (p *program) servers(app *tier.App, data openedData, how serving, ids *local.Identities, log *slog.Logger) ([]server, error) {
	var servers []server
	options := local.Options{Log: log, Identities: ids}
	if how.explain {
		options.Explain = p.failures()
	}
	for _, api := range app.APIs() {
		gateways, err := serversOf(api, how.door, options)
		if err != nil {
			return nil, err
		}
		servers = append(servers, gateways...)
	}
	shareDomains(servers)
	sockets, err := socketServers(app, data, log, ids, how.who.path != "")
	return append(servers, sockets...), err
}

// server is one API, or one function of it, or one WebSocket API, that is about to
// be served.
type server struct {
	api      *tier.API
	function *tier.Function // nil if it is the whole API
	door     *door
	gateway  *local.Gateway // nil for the local Lambda and WebSocket APIs
	socket   *socketServer  // nil for others
	handler  http.Handler
	listener net.Listener
}

// announce says what is served where, and how.
func (p *program) announce(app *tier.App, servers []server) {
	for i, s := range servers {
		switch door := s.door; {
		case s.socket != nil:
			p.announceSocket(app, s)
			continue
		case s.function == nil:
			fmt.Fprintf(p.stdout, "%s: API %s as %s on http://%s\n", app.Name(), s.api.Name(), door.is, s.listener.Addr())
		case i > 0 && servers[i-1].api == s.api && servers[i-1].function == nil:
			fmt.Fprintf(p.stdout, "%s: function %s of API %s as %s on http://%s\n", app.Name(), s.function.Name(), s.api.Name(), door.is, s.listener.Addr())
		case len(s.api.Functions()) == 1:
			fmt.Fprintf(p.stdout, "%s: API %s as %s of function %s on http://%s\n", app.Name(), s.api.Name(), door.is, s.function.Name(), s.listener.Addr())
		default:
			if i == 0 || servers[i-1].api != s.api {
				fmt.Fprintf(p.stdout, "%s: API %s: %s does not route, so each function has its own and answers 404 to the paths of the others\n",
					app.Name(), s.api.Name(), door.is)
			}
			fmt.Fprintf(p.stdout, "  function %s on http://%s\n", s.function.Name(), s.listener.Addr())
		}
		p.announceStages(s)
		if i == len(servers)-1 || servers[i+1].api != s.api {
			p.printAPI(s.api)
		}
	}
}

// announceStages says where the stages and the custom domain names of an API are
// served.
func (p *program) announceStages(s server) {
	if s.function != nil {
		return
	}
	if s.api.DeclaresStages() {
		for _, stage := range s.api.DeployedStages() {
			path := "/" + stage.Name
			if stage.Name == tier.RootStage {
				path = ""
			}
			fmt.Fprintf(p.stdout, "  stage %s on http://%s%s\n", stage.Name, s.listener.Addr(), path)
		}
	}
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return
	}
	for _, d := range s.api.Domains() {
		path := ""
		if d.BasePath != "" {
			path = "/" + d.BasePath
		}
		fmt.Fprintf(p.stdout, "  domain %s as http://%s.localhost:%s%s\n", d, d.Name, port, path)
	}
}

// shareDomains lets the APIs of a custom domain name answer for each other.
func shareDomains(servers []server) {
	var gateways []*local.Gateway
	for _, s := range servers {
		gateways = append(gateways, s.gateway)
	}
	local.ShareDomains(gateways...)
}

// serveAll serves until ctx ends or one of the servers fails, and then ends all.
func serveAll(ctx context.Context, servers []server, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(servers))
	for _, s := range servers {
		go func() {
			err := local.Serve(ctx, s.listener, s.handler, &local.ServeOptions{Log: log})
			if s.socket != nil {
				err = errors.Join(err, s.socket.gateway.Close()) // its connections are none of the server's
			}
			errs <- err
			cancel()
		}()
	}
	var all error
	for range servers {
		all = errors.Join(all, <-errs)
	}
	return all
}
