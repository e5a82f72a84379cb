//go:build !lambda.norpc

package run

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
)

// main of the tool build: the commands, and Lambda's loop where it is started
// inside Lambda all the same.
func (p *program) main() int {
	if _, ok := p.lookup(runtimeAPI); ok {
		slog.New(slog.NewJSONHandler(p.stderr, nil)).Warn("this binary carries the development tools; build it with -tags lambda.norpc,validator_novalidatefn for a smaller and faster start")
		return p.function()
	}
	name, args := "serve", p.args
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		name = "help"
	}
	for _, c := range commands() {
		if c.name != name {
			continue
		}
		err := c.run(p, args)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errUsage):
			return 2
		case errors.Is(err, errRefused), errors.Is(err, errFound):
			return 1
		}
		fmt.Fprintln(p.stderr, p.explain(err))
		return 1
	}
	fmt.Fprintf(p.stderr, "there is no command %q; these are the commands:\n\n", name)
	p.printCommands(p.stderr)
	return 2
}
