//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
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
