//go:build !lambda.norpc

package run

import (
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// fire runs the functions of a schedule, a rule, a topic of Kafka, a transformation or a
// trigger of a directory once.
func (p *program) fire(args []string) error {
	opts, key := storeOptions{data: "embedded", dir: defaultDir}, ""
	name, err := p.parseNamed("fire", args, func(f *flag.FlagSet) {
		opts.define(f)
		f.StringVar(&key, "key", "", "key of a record of Kafka")
	})
	if err != nil {
		return err
	}
	data, app, err := p.openApp(opts)
	if err != nil {
		return err
	}
	defer data.close()
	var given []byte
	if wantsEvent(app, name) {
		if given, err = p.readEvent(); err != nil {
			return err
		}
	}
	triggers, err := local.Fired(app, name, given)
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
		var payload []byte
		if _, topic := t.Feed().Spec.(event.KafkaSpec); topic {
			payload, err = local.KafkaEvent(t, key, kafkaValue(given), data.Now())
		} else {
			payload, err = local.FiredEvent(t, given, data.Now(), rand.Reader)
		}
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

// kafkaValue is the value of a record: nothing is null.
func kafkaValue(given []byte) []byte {
	if len(given) == 0 {
		return nil
	}
	return withoutBreak(given)
}
