//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// serve runs the App's APIs behind local gateways, one port each, until it is
// interrupted. Behind a front door that does not route each function has a port.
func (p *program) serve(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	port, name, who := 8080, "", ""
	if _, err := p.parse("serve", args, 0, func(f *flag.FlagSet) {
		f.IntVar(&port, "port", port, "`port` on 127.0.0.1 of the first API, 0 for any that is free; further ones take the ports after it")
		f.StringVar(&name, "door", name, "front `door` to imitate: "+doorNames()+" (default the API's own kind)")
		f.StringVar(&who, "identities", who, "`file` of those who may sign requests, of API keys and key sets; default identities.json in -dir")
		opts.define(f)
	}); err != nil {
		return err
	}
	if name != "" && doorNamed(name) == nil {
		return fmt.Errorf("-door %q: write %s", name, doorNames())
	}
	data, err := p.openData(opts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = p.serveData(ctx, data, name, identityFile{path: who, dir: opts.dir}, port)
	return errors.Join(err, data.close())
}

// serveData serves until ctx ends.
func (p *program) serveData(ctx context.Context, data openedData, name string, who identityFile, port int) error {
	app, err := p.checked(data.Data)
	if err != nil {
		return err
	}
	if err := data.lock(); err != nil {
		return err
	}
	ids, err := p.identities(app, doorNamed(name), who)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	var servers []server
	defer func() {
		for _, s := range servers {
			s.listener.Close()
		}
	}()
	for _, api := range app.APIs() {
		door := doorOf(api, name)
		gateways, err := door.gateways(api, ids, log)
		if err != nil {
			return err
		}
		for _, g := range gateways {
			at := port
			if port != 0 {
				at += len(servers)
			}
			if g.listener, err = local.Listen(at); err != nil {
				return err
			}
			servers = append(servers, g)
		}
	}
	shareDomains(servers)
	p.announce(app, servers, data)
	return serveAll(ctx, servers, log)
}

// server is one API, or one function of it, that is about to be served.
type server struct {
	api      *tier.API
	function *tier.Function // nil if it is the whole API
	door     *door
	gateway  *local.Gateway
	listener net.Listener
}

// announce says what is served where, and how.
func (p *program) announce(app *tier.App, servers []server, data openedData) {
	for i, s := range servers {
		switch door := s.door; {
		case s.function == nil:
			fmt.Fprintf(p.stdout, "%s: API %s as %s on http://%s\n", app.Name(), s.api.Name(), door.is, s.listener.Addr())
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
	p.announceCallers(servers)
	fmt.Fprintf(p.stdout, "data: %s\nCtrl-C stops it.\n", data.where)
}

// announceStages says where the stages and the custom domain names of an API are
// served.
func (p *program) announceStages(s server) {
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
	if err != nil || s.function != nil {
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
	gateways := make([]*local.Gateway, len(servers))
	for i, s := range servers {
		gateways[i] = s.gateway
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
			errs <- local.Serve(ctx, s.listener, s.gateway, &local.ServeOptions{Log: log})
			cancel()
		}()
	}
	var all error
	for range servers {
		all = errors.Join(all, <-errs)
	}
	return all
}
