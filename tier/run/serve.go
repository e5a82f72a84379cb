//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// serve runs the App's APIs and WebSocket APIs behind local gateways, one port
// each, until it is interrupted. Behind a front door that does not route each
// function has a port.
func (p *program) serve(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	port, name := 8080, "rest"
	if _, err := p.parse("serve", args, 0, func(f *flag.FlagSet) {
		f.IntVar(&port, "port", port, "`port` on 127.0.0.1 of the first API, 0 for any that is free; further ones take the ports after it")
		f.StringVar(&name, "door", name, "front `door` to imitate: "+doorNames())
		opts.define(f)
	}); err != nil {
		return err
	}
	door := doorNamed(name)
	if door == nil {
		return fmt.Errorf("-door %q: write %s", name, doorNames())
	}
	data, err := p.openData(opts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = p.serveData(ctx, data, door, port)
	return errors.Join(err, data.close())
}

// serveData serves until ctx ends.
func (p *program) serveData(ctx context.Context, data openedData, door *door, port int) error {
	app, err := p.checked(data.Data)
	if err != nil {
		return err
	}
	if err := data.lock(); err != nil {
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
		gateways, err := door.gateways(api, log)
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
	sockets, err := socketServers(app, data, log)
	if err != nil {
		return err
	}
	for _, s := range sockets {
		at := port
		if port != 0 {
			at += len(servers)
		}
		if s.listener, err = local.Listen(at); err != nil {
			return err
		}
		servers = append(servers, s)
	}
	p.announce(app, door, servers, data)
	return serveAll(ctx, servers, log)
}

// server is one API, or one function of it, or one WebSocket API, that is about to
// be served.
type server struct {
	api      *tier.API
	function *tier.Function // nil if it is the whole API
	gateway  *local.Gateway
	socket   *socketServer // in place of all of these
	listener net.Listener
}

func (s server) handler() http.Handler {
	if s.socket != nil {
		return s.socket.gateway
	}
	return s.gateway
}

// announce says what is served where, and how.
func (p *program) announce(app *tier.App, door *door, servers []server, data openedData) {
	for i, s := range servers {
		switch {
		case s.socket != nil:
			p.announceSocket(app, s)
			continue
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
		if i == len(servers)-1 || servers[i+1].api != s.api {
			p.printAPI(s.api)
		}
	}
	fmt.Fprintf(p.stdout, "data: %s\nCtrl-C stops it.\n", data.where)
}

// serveAll serves until ctx ends or one of the servers fails, and then ends all.
func serveAll(ctx context.Context, servers []server, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make(chan error, len(servers))
	for _, s := range servers {
		go func() {
			err := local.Serve(ctx, s.listener, s.handler(), &local.ServeOptions{Log: log})
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
