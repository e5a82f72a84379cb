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

	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// serve runs the App's APIs behind local gateways, one port each, until it is
// interrupted.
func (p *program) serve(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	port := 8080
	if _, err := p.parse("serve", args, 0, func(f *flag.FlagSet) {
		f.IntVar(&port, "port", port, "`port` on 127.0.0.1 of the first API, 0 for any that is free; further APIs take the ports after it")
		opts.define(f)
	}); err != nil {
		return err
	}
	data, err := p.openData(opts)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err = p.serveData(ctx, data, port)
	return errors.Join(err, data.close())
}

// serveData serves until ctx ends.
func (p *program) serveData(ctx context.Context, data openedData, port int) error {
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
	for i, api := range app.APIs() {
		gateway, err := newGateway(api, log)
		if err != nil {
			return err
		}
		at := port
		if port != 0 {
			at += i
		}
		listener, err := local.Listen(at)
		if err != nil {
			return err
		}
		servers = append(servers, server{api, gateway, listener})
	}
	p.announce(app, servers, data)
	return serveAll(ctx, servers, log)
}

// server is one API that is about to be served.
type server struct {
	api      *tier.API
	gateway  *local.Gateway
	listener net.Listener
}

// newGateway puts an API's functions, behind the doorway of Lambda, behind a
// local gateway.
func newGateway(api *tier.API, log *slog.Logger) (*local.Gateway, error) {
	functions := map[string]local.Function{}
	for _, f := range api.Functions() {
		h, err := f.Handler()
		if err != nil {
			return nil, err
		}
		doorway := lambda.New(h, &lambda.Options{Function: f.Name(), Logger: log})
		functions[f.Name()] = local.Function{Name: f.Name(), Timeout: f.Timeout(), Memory: f.Memory(), Invoke: doorway.Invoke}
	}
	return local.NewGateway(api, func(name string) local.Function { return functions[name] }, &local.Options{
		Stage: tier.Stage, BinaryMediaTypes: api.BinaryMediaTypes(), Log: log,
	})
}

func (p *program) announce(app *tier.App, servers []server, data openedData) {
	for _, s := range servers {
		fmt.Fprintf(p.stdout, "%s: API %s on http://%s\n", app.Name(), s.api.Name(), s.listener.Addr())
		p.printAPI(s.api)
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
