//go:build !lambda.norpc

package run

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
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
	declared, _, err := p.declared()
	if err != nil {
		return err
	}
	what := firing{Name: name, Key: key}
	if wantsEvent(declared, name) {
		if what.Event, err = p.readEvent(); err != nil {
			return err
		}
	}
	if opts.data == "embedded" && serves(declared.Name(), opts.dir) {
		return p.fireThere(declared, opts.dir, what)
	}
	return p.fireHere(opts, what)
}

// firing is what is fired by hand, and what with.
type firing struct {
	Name  string
	Key   string // of a record of Kafka
	Event []byte
}

// fired is what a function made of it.
type fired struct {
	Trigger string // "function clerk on schedule nightly  main.go:98"
	Answer  []byte
	Failed  bool // Answer is a function error
}

// fireHere runs the functions in this process, whose messages end with it.
func (p *program) fireHere(opts storeOptions, what firing) error {
	data, app, err := p.openApp(opts)
	if err != nil {
		return err
	}
	defer data.close()
	triggers, err := local.Fired(app, what.Name, what.Event)
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
		payload, err := what.event(data.Data, t)
		if err == nil {
			fmt.Fprintln(p.stdout, p.placed(t))
			err = p.runOnce(context.Background(), t.Function(), payload)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// fireThere has the serve that runs run the functions: it has the data open, and
// delivers what they send.
func (p *program) fireThere(app *tier.App, dir string, what firing) error {
	triggers, err := local.Fired(app, what.Name, what.Event)
	if err != nil {
		return err
	}
	longest := controlTime
	for _, t := range triggers {
		longest += t.Function().Timeout()
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	all, err := controlled[[]fired](ctx, app.Name(), dir, "fire", what)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range all {
		fmt.Fprintln(p.stdout, f.Trigger)
		if f.Failed {
			errs = append(errs, fmt.Errorf("function error: %s", functionErrorOf(f.Answer)))
			continue
		}
		fmt.Fprintf(p.stdout, "%s\n", f.Answer)
	}
	return errors.Join(errs...)
}

// fireIn runs the functions in the serve that runs.
func (p *program) fireIn(app *tier.App, data *datastore.Data, lambda *local.Lambda, what firing) ([]fired, error) {
	triggers, err := local.Fired(app, what.Name, what.Event)
	if err != nil {
		return nil, err
	}
	var all []fired
	for _, t := range triggers {
		payload, err := what.event(data, t)
		if err != nil {
			return nil, err
		}
		f := fired{Trigger: p.placed(t)}
		if f.Answer, f.Failed, err = lambda.Call(context.Background(), t.Function().Name(), payload); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// event is what the function of a trigger gets.
func (f *firing) event(data *datastore.Data, t *tier.Trigger) ([]byte, error) {
	if _, topic := t.Feed().Spec.(event.KafkaSpec); topic {
		return local.KafkaEvent(t, f.Key, kafkaValue(f.Event), data.Now())
	}
	return local.FiredEvent(data, t, f.Event, rand.Reader)
}

// placed is a trigger and its line.
func (p *program) placed(t *tier.Trigger) string {
	return t.String() + "  " + t.At().RelativeTo(p.folder)
}

// functionErrorOf is a function error in words, as Lambda answers it.
func functionErrorOf(answer []byte) string {
	var e struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(answer, &e) != nil || e.Type == "" && e.Message == "" {
		return string(answer)
	}
	return e.Type + ": " + e.Message
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
