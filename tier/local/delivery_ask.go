package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	directory "github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// directoryDriver has directories that ask functions.
type directoryDriver interface {
	datastore.Driver
	Ask(namespace, name, asks string, answer localidentity.Answer) (stop func(), err error)
}

// Answer has the directories of data ask the functions of app at the triggers that they
// answer. run runs a function and gives its answer. Call stop to end it. Directories of
// other drivers are left alone. [NewDelivery] does it too.
func Answer(app *tier.App, data *datastore.Data, run func(ctx context.Context, f *tier.Function, event []byte) ([]byte, error)) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			if t.Feed().Service != "cognito" {
				continue
			}
			own, err := answerBy(data, t, func(ctx context.Context, event []byte) ([]byte, error) { return run(ctx, f, event) })
			if err != nil {
				stop()
				return nil, err
			}
			if own != nil {
				stops = append(stops, own)
			}
		}
	}
	return stop, nil
}

// answerBy has the directory of a trigger ask run, and gives what ends it; nil if the
// directory is not of this process.
func answerBy(data *datastore.Data, t *tier.Trigger, run func(ctx context.Context, event []byte) ([]byte, error)) (stop func(), err error) {
	driver, err := datastore.DriverOf[directoryDriver](data, t.Feed().Spec)
	if err != nil {
		return nil, nil
	}
	stop, err = driver.Ask(data.Namespace(), t.Feed().Spec.Name(), t.Feed().Asks, func(ctx context.Context, event []byte) ([]byte, error) {
		answer, err := run(ctx, event)
		if told := (messages.InvokeResponse_Error{}); errors.As(err, &told) {
			err = errors.New(told.Message) // as Cognito words it
		}
		return answer, err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return stop, nil
}

// attachAsked has the directory of a trigger ask its function.
func (d *Delivery) attachAsked(t *tier.Trigger) (attached bool) {
	stop, err := answerBy(d.data, t, func(_ context.Context, event []byte) ([]byte, error) {
		answer, _, err := d.invoke(t, event)
		return answer, err
	})
	if err != nil {
		d.log.Error("a directory asks nobody", "trigger", t.String(), "error", err)
		return true
	}
	if stop == nil {
		return false
	}
	d.detach = append(d.detach, stop)
	return true
}

// Ask runs the function that transforms records of a delivery stream or answers the
// triggers of a directory, by its name, and gives its answer. given is the data of one
// record, or the JSON of the event, of which what is left out is made up: see
// [directory.NewEvent].
func (d *Delivery) Ask(name string, given []byte) ([]byte, error) {
	triggers, err := Fired(d.app, name, given)
	if err != nil {
		return nil, err
	}
	t := triggers[0]
	if t.Feed().Asks == "" {
		return nil, fmt.Errorf("%s gives no answer; write Fire", t)
	}
	payload, err := FiredEvent(d.data, t, given, d.lambda.random)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", name, err)
	}
	answer, _, err := d.invoke(t, payload)
	return answer, err
}

// chosen are those of the triggers of a directory that an event is of.
func chosen(triggers []*tier.Trigger, given []byte) ([]*tier.Trigger, error) {
	if len(triggers) == 0 || triggers[0].Feed().Service != "cognito" {
		return triggers, nil
	}
	for _, t := range triggers {
		if source := directory.SourceOf(given); source != "" {
			if _, err := directory.NewEvent(t.Feed().Asks, given); err == nil {
				return []*tier.Trigger{t}, nil
			}
		} else if len(triggers) == 1 {
			return triggers, nil
		}
	}
	return nil, fmt.Errorf(`the event: write {"triggerSource": "..."}, by which one of the %d triggers of %s %s is chosen`,
		len(triggers), triggers[0].Feed().Spec.Kind(), triggers[0].Feed().Spec.Name())
}

// askedEvent is the event of a trigger, of which the code is encrypted if the directory
// has a key for it.
func askedEvent(data *datastore.Data, spec directory.Spec, asks string, given []byte, random io.Reader) ([]byte, error) {
	payload, err := directory.NewEvent(asks, given)
	if err != nil || spec.Key == nil || !strings.Contains(asks, "Sender") {
		return payload, err
	}
	driver, err := datastore.DriverOf[key.Driver](data, spec.Key)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	conn, err := driver.OpenKey(ctx, data, key.Spec{Logical: spec.Key.Name()})
	if err != nil {
		return nil, err
	}
	return directory.SealCode(ctx, random, payload, conn)
}

// transformationEvent is the event of one record of a delivery stream.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
func transformationEvent(spec event.FirehoseSpec, data []byte, now time.Time, random io.Reader) ([]byte, error) {
	id, err := newUUID(random)
	if err != nil {
		return nil, err
	}
	name := spec.Stream
	if name == "" {
		name = spec.Name()
	}
	return json.Marshal(map[string]any{
		"invocationId": id, "deliveryStreamArn": arnOf("firehose", "deliverystream/"+name), "region": storeRegion,
		"records": []any{map[string]any{
			"recordId": fmt.Sprintf("%056d", 0), "approximateArrivalTimestamp": now.UnixMilli(), "data": append([]byte{}, data...),
		}},
	})
}
