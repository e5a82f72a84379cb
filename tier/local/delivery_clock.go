package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	_ "time/tzdata" // for machines without one

	"github.com/seed-18e8afb5/tierkit/datastore"
	directory "github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// clockWorker starts a function by the clock.
type clockWorker struct {
	delivery *Delivery
	trigger  *tier.Trigger
	spec     event.ScheduleSpec
	clock    *event.Clock
	next     time.Time // zero for never
}

func (d *Delivery) newClockWorker(t *tier.Trigger, spec event.ScheduleSpec) *clockWorker {
	w := &clockWorker{delivery: d, trigger: t, spec: spec}
	if clock, err := spec.Clock(); err == nil && !spec.Off { // App.Check tells the error
		w.clock, w.next = clock, clock.Next(d.data.Now())
	}
	return w
}

// step fires if it is time. What the process slept through is fired once.
func (w *clockWorker) step() bool {
	now := w.delivery.data.Now()
	if w.next.IsZero() || now.Before(w.next) {
		return false
	}
	at := w.next
	for !w.next.IsZero() && !w.next.After(now) {
		at, w.next = w.next, w.clock.Next(w.next)
	}
	payload, err := ScheduledEvent(w.spec, at, w.delivery.lambda.random)
	if err == nil {
		err = w.delivery.start(w.trigger, payload)
	}
	if err != nil {
		w.delivery.log.Error("a schedule did not fire", "trigger", w.trigger.String(), "error", err)
	}
	return true
}

func (w *clockWorker) run(ctx context.Context) {
	for !w.next.IsZero() {
		wait(ctx, min(w.next.Sub(w.delivery.data.Now()), maxSleep))
		if ctx.Err() != nil {
			return
		}
		w.step()
	}
}

// maxSleep is how long the clock is not looked at: a machine that sleeps stops timers.
const maxSleep = time.Minute

// Fire starts the functions that work a schedule, a rule or a topic of Kafka off, by
// its name, without waiting for them: see [Delivery.Settle]. payload is the JSON of an
// event for a rule, see [BusEvent], the value of a record without a key for Kafka, of
// which nil is null, and nil for a schedule. A record that fails is tried as an event
// is, and not for ever.
func (d *Delivery) Fire(name string, payload []byte) error {
	triggers, err := Fired(d.app, name, payload)
	if err != nil {
		return err
	}
	for _, t := range triggers {
		if t.Feed().Asks != "" {
			return fmt.Errorf("fire %s: %s gives an answer; write Ask", name, t)
		}
		own, err := FiredEvent(d.data, t, payload, d.lambda.random)
		if err == nil {
			err = d.start(t, own)
		}
		if err != nil {
			return fmt.Errorf("fire %s: %s: %w", name, t, err)
		}
	}
	return nil
}

// Fired are the schedules, rules, transformations or triggers of a name that functions
// work off; of several triggers of a directory that which the event given is of.
func Fired(app *tier.App, name string, given []byte) ([]*tier.Trigger, error) {
	var all []*tier.Trigger
	step := isStep(given)
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			if t.Feed().Spec.Name() == name && byHand(t) && (t.Feed().Service == "secretsmanager") == step {
				all = append(all, t)
			}
		}
	}
	if len(all) == 0 {
		if err := notByHand(app, name); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("app %s has nothing to fire of the name %q: no schedule, rule, topic of Kafka, transformation or trigger of a directory; see the command routes", app.Name(), name)
	}
	return chosen(all, given)
}

// notByHand says how a function is had to work off a source that is not fired, nil if
// there is none of this name.
func notByHand(app *tier.App, name string) error {
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			spec := t.Feed().Spec
			if spec.Name() != name {
				continue
			}
			switch t.Feed().Service {
			case "secretsmanager":
				return fmt.Errorf("secret %s is not fired, but rotated: go run . secret rotate %s", name, name)
			case "sqs", "sns", "kinesis":
				return fmt.Errorf("%s %s is not fired, but sent to: go run . send %s < message.json", spec.Kind(), name, name)
			}
			return fmt.Errorf("%s %s is not fired; write the event as AWS does, and: go run . invoke %s < event.json", spec.Kind(), name, f.Name())
		}
	}
	return nil
}

// byHand reports whether a source can be fired by hand.
func byHand(t *tier.Trigger) bool {
	switch t.Feed().Service {
	case "scheduler", "events", "kafka", "firehose", "cognito", "secretsmanager":
		return true
	}
	return false
}

// FiredEvent is the event that a function gets when something is fired by hand. payload
// is the event of a rule or a trigger, of which what is missing is made up, the value of
// a record of Kafka, the data of one that is transformed, or a step of a rotation and its
// token. The code of a custom sender is encrypted with the key that data has for it.
func FiredEvent(data *datastore.Data, t *tier.Trigger, payload []byte, random io.Reader) ([]byte, error) {
	now := data.Now()
	switch spec := t.Feed().Spec.(type) {
	case event.ScheduleSpec:
		return ScheduledEvent(spec, now, random)
	case event.RuleSpec:
		return BusEvent(spec, payload, now, random)
	case event.KafkaSpec:
		return KafkaEvent(t, "", payload, now)
	case event.FirehoseSpec:
		return transformationEvent(spec, payload, now, random)
	case secret.Spec:
		return rotationEvent(spec, payload)
	case directory.Spec:
		return askedEvent(data, spec, t.Feed().Asks, payload, random)
	}
	return nil, errors.New("it cannot be fired")
}

// isStep reports whether an event is a step of a rotation: something else may have the
// name of a secret.
func isStep(given []byte) bool {
	var e secret.RotationEvent
	return json.Unmarshal(given, &e) == nil && slices.Contains(secret.RotationSteps(), e.Step)
}

// rotationEvent is a step of a rotation of a secret of this machine, as Secrets Manager
// asks for it.
func rotationEvent(spec secret.Spec, given []byte) ([]byte, error) {
	var e secret.RotationEvent
	if err := json.Unmarshal(given, &e); err != nil || e.Token == "" {
		return nil, errors.New(`the event: write {"Step": "createSecret", "ClientRequestToken": "..."}`)
	}
	return json.Marshal(map[string]string{"Step": e.Step, "SecretId": arnOf("secretsmanager", "secret:"+spec.Name()), "ClientRequestToken": e.Token})
}

// ScheduledEvent is what a schedule sends at a time.
func ScheduledEvent(spec event.ScheduleSpec, at time.Time, random io.Reader) ([]byte, error) {
	id, err := newUUID(random)
	return []byte(spec.Payload(id, at.UTC().Format(time.RFC3339), arnOf("scheduler", "schedule/default/"+spec.Name()))), err
}

// BusEvent is an event as a bus delivers it: source, detail-type and detail are given,
// and what else is missing is made up. The error says that the rule does not take it.
func BusEvent(spec event.RuleSpec, given []byte, now time.Time, random io.Reader) ([]byte, error) {
	var e struct {
		Version    string          `json:"version"`
		ID         string          `json:"id"`
		DetailType string          `json:"detail-type"`
		Source     string          `json:"source"`
		Account    string          `json:"account"`
		Time       string          `json:"time"`
		Region     string          `json:"region"`
		Resources  []string        `json:"resources"`
		Detail     json.RawMessage `json:"detail"`
	}
	id, err := newUUID(random)
	if err != nil {
		return nil, err
	}
	e.Version, e.ID, e.Account, e.Region, e.Resources = "0", id, accountID, storeRegion, []string{}
	e.Time = now.UTC().Format(time.RFC3339)
	if err := json.Unmarshal(given, &e); err != nil {
		return nil, fmt.Errorf("the event: %w", err)
	}
	if e.Source == "" || e.DetailType == "" || len(e.Detail) == 0 || e.Detail[0] != '{' {
		return nil, errors.New(`the event: write {"source": "...", "detail-type": "...", "detail": {...}}`)
	}
	out, err := json.Marshal(e)
	if err == nil && !spec.Takes(out) {
		err = fmt.Errorf("the pattern of rule %s does not take the event", spec.Name())
	}
	return out, err
}

func newUUID(random io.Reader) (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", err
	}
	return uuid(raw), nil
}
