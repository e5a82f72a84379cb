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

// serve runs the App's APIs behind local gateways, one port each, until it is
// interrupted. Behind a front door that does not route each function has a port.
func (p *program) serve(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	how := serving{port: 8080, lambdaPort: autoPort}
	name := "rest"
	var watched, checks, untilEOF bool
	var flags *flag.FlagSet
	if _, err := p.parse("serve", args, 0, func(f *flag.FlagSet) {
		f.IntVar(&how.port, "port", how.port, "`port` on 127.0.0.1 of the first API, 0 for any that is free; further ones take the ports after it")
		f.StringVar(&name, "door", name, "front `door` to imitate: "+doorNames())
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
	if how.door = doorNamed(name); how.door == nil {
		return fmt.Errorf("-door %q: write %s", name, doorNames())
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
	door             *door
	port, lambdaPort int
	explain          bool
}

// checkServing says what would keep serveData from serving, but for ports and
// data that are in use.
func (p *program) checkServing(data openedData, how serving) error {
	app, err := p.checked(data.Data)
	if err != nil {
		return err
	}
	var errs []error
	for _, api := range app.APIs() {
		_, err := how.door.gateways(api, nil, nil)
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
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	var servers []server
	defer func() {
		for _, s := range servers {
			s.listener.Close()
		}
	}()
	var explain func(*local.Explanation)
	if how.explain {
		explain = p.failures()
	}
	for _, api := range app.APIs() {
		gateways, err := how.door.gateways(api, log, explain)
		if err != nil {
			return err
		}
		for _, g := range gateways {
			at := how.port
			if at != 0 {
				at += len(servers)
			}
			if g.listener, err = local.Listen(at); err != nil {
				return err
			}
			servers = append(servers, g)
		}
	}
	endpoint, err := newLambdaServer(app, how.lambdaPort, how.port, len(servers), log)
	if err != nil {
		return err
	}
	p.announce(app, how.door, servers, endpoint, data)
	if endpoint != nil {
		defer endpoint.lambda.Close()
		servers = append(servers, endpoint.server)
	}
	return serveAll(ctx, servers, log)
}

// server is one API, or one function of it, that is about to be served.
type server struct {
	api      *tier.API
	function *tier.Function // nil if it is the whole API
	gateway  http.Handler
	listener net.Listener
}

// announce says what is served where, and how.
func (p *program) announce(app *tier.App, door *door, servers []server, endpoint *lambdaServer, data openedData) {
	for i, s := range servers {
		switch {
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
	p.announceLambda(app, endpoint)
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
