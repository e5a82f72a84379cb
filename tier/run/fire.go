//go:build !lambda.norpc

package run

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// fire runs the functions of a schedule, a rule, a transformation or a trigger of a
// directory once.
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
	var given []byte
	if wantsEvent(app, rest[0]) {
		if given, err = p.readEvent(); err != nil {
			return err
		}
	}
	triggers, err := local.Fired(app, rest[0], given)
	if err != nil {
		return err
	}
	callees, err := data.callees.serve(app, nil)
	if err != nil {
		return err
	}
	defer callees.Close()
	var errs []error
	for _, t := range triggers {
		payload, err := local.FiredEvent(t, given, data.Now(), rand.Reader)
		if err == nil {
			fmt.Fprintf(p.stdout, "%s  %s\n", t, t.At().RelativeTo(p.folder))
			err = p.runOnce(t.Function(), payload)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// wantsEvent reports whether something of the name gets an event from the standard
// input: all but schedules do.
func wantsEvent(app *tier.App, name string) bool {
	return slices.ContainsFunc(app.Functions(), func(f *tier.Function) bool {
		return slices.ContainsFunc(f.Triggers(), func(t *tier.Trigger) bool {
			_, schedule := t.Feed().Spec.(event.ScheduleSpec)
			return t.Feed().Spec.Name() == name && !schedule
		})
	})
}
