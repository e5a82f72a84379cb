//go:build !lambda.norpc

package run

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// fire runs the functions of a schedule or a rule once.
func (p *program) fire(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	rest, err := p.parse("fire", args, 1, opts.define)
	if err != nil {
		return err
	}
	data, app, err := p.openApp(opts)
	if err != nil {
		return err
	}
	defer data.close()
	triggers, err := local.Fired(app, rest[0])
	if err != nil {
		return err
	}
	callees, err := data.callees.serve(app, nil)
	if err != nil {
		return err
	}
	defer callees.Close()
	var given []byte // read once, and only if a rule wants it
	var errs []error
	for _, t := range triggers {
		if _, rule := t.Feed().Spec.(event.RuleSpec); rule && given == nil {
			if given, err = p.readEvent(); err != nil {
				return err
			}
		}
		payload, err := local.FiredEvent(t, given, data.Now(), rand.Reader)
		if err == nil {
			fmt.Fprintf(p.stdout, "%s  %s\n", t, t.At().RelativeTo(p.folder))
			err = p.runOnce(t.Function(), payload)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
