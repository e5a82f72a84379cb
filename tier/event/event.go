// Package event declares what starts a function and is no store of the application:
// the events of an event bus, the clock, the logs of others, and topics of Kafka.
//
//	placed := event.NewRule[Order]("placed", `{"source": ["shop"], "detail-type": ["Order Placed"]}`)
//	tier.On(worker, placed, func(ctx context.Context, e event.Event[Order]) error { ... })
//
//	nightly := event.NewSchedule("nightly", "cron(0 3 * * ? *)", Report{Days: 1}, event.TimeZone("Europe/Berlin"))
//	tier.On(worker, nightly, func(ctx context.Context, r Report) error { ... })
//
// Each is a datastore.Source: it has a type, its records are decoded and validated as
// the body of a request is, and what is known of a record besides is in
// datastore.RecordFrom. Nothing of it is opened or in the environment of a function,
// nor granted but what Lambda reads a topic of Kafka with. What is wrong with a declaration is reported with the line of the tier.On.
//
// A function is invoked without anybody waiting for it, but for Kafka ([NewKafka]). It
// is invoked again if it fails, twice by default: see tier.Retries, tier.MaxAge and
// tier.OnFailure. An event can come twice, and so can that of a schedule.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

// Event is an event of an event bus, whose detail is a T.
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
type Event[T any] struct {
	ID         string    `json:"id"`          // a UUID
	Source     string    `json:"source"`      // who sent it: "aws.ec2", "shop"
	DetailType string    `json:"detail-type"` // what the Detail is
	Detail     T         `json:"detail"`
	Time       time.Time `json:"time"`
	Resources  []string  `json:"resources"` // ARNs of what it is about; may be empty
	Account    string    `json:"account"`   // 12 digits
	Region     string    `json:"region"`
}

// Rule takes events of an event bus whose detail is a T. [NewRule] makes it.
type Rule[T any] struct{ feed datastore.Feed }

var _ datastore.Source[Event[struct{}]] = (*Rule[struct{}])(nil)

// RuleSpec says what a rule is.
type RuleSpec struct {
	Logical string // the name in the program: "placed"
	Pattern string // of the events, in JSON
	Bus     string // the name or the ARN of the event bus, "" for the account's default bus

	mistake string // in the options
}

var _ datastore.Origin = RuleSpec{}

// Kind is "rule".
func (s RuleSpec) Kind() string { return "rule" }

// Name is the logical name.
func (s RuleSpec) Name() string { return s.Logical }

// Needs are none: it is the rule that may invoke the function.
func (s RuleSpec) Needs([]string) []datastore.Need { return nil }

// RuleOption is a part of the declaration of a rule: [OnBus].
type RuleOption interface{ declareRule(*RuleSpec) }

type onBus string

func (bus onBus) declareRule(s *RuleSpec) {
	s.Bus = string(bus)
	if !isBus(s.Bus) {
		s.mistake = fmt.Sprintf("event.OnBus(%q): write the name or the ARN of an event bus", s.Bus)
	}
}

// OnBus takes the events of an event bus of this account, by its name or its ARN,
// that was made elsewhere. Default: the default bus, on which the services of AWS
// tell what happens.
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus.html
func OnBus(bus string) RuleOption { return onBus(bus) }

// isBus reports whether text can name an event bus.
//
// See https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
func isBus(text string) bool {
	name := text
	if rest, ok := strings.CutPrefix(text, "arn:"); ok {
		parts := strings.SplitN(rest, ":", 5) // partition, events, region, account, event-bus/NAME
		if len(parts) != 5 || parts[1] != "events" || !strings.HasPrefix(parts[4], "event-bus/") {
			return false
		}
		name = strings.TrimPrefix(parts[4], "event-bus/")
	}
	return name != "" && len(name) <= 256 && !strings.ContainsFunc(name, func(c rune) bool {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		return !letter && (c < '0' || c > '9') && !strings.ContainsRune("/.-_", c)
	})
}

// members of events, by which a pattern chooses.
var members = []string{"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "$or"}

// maxPattern is how long a pattern may be.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
const maxPattern = 4096

// NewRule declares a rule that takes the events which match pattern, in the JSON of
// EventBridge, whose operators are those of package filterpolicy:
//
//	{"source": ["shop"], "detail-type": ["Order Placed"], "detail": {"total": [{"numeric": [">", 100]}]}}
//
// A function can have several rules if their patterns list other values for
// "detail-type", by which the function knows them apart. Locally events are sent by
// hand: go run . fire NAME < event.json.
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
func NewRule[T any](name, pattern string, opts ...RuleOption) *Rule[T] {
	spec := RuleSpec{Logical: name, Pattern: pattern}
	for _, o := range opts {
		if o == nil {
			spec.mistake = nilOption
			continue
		}
		o.declareRule(&spec)
	}
	return &Rule[T]{datastore.Feed{Spec: spec, Service: "events", Filter: pattern, Events: detailTypes(pattern)}}
}

const nilOption = "an option is nil; leave it out"

// Feed is the events that the rule takes.
func (r *Rule[T]) Feed() datastore.Feed { return r.feed }

// Decoder is none: an event is JSON of an [Event].
func (r *Rule[T]) Decoder() func(*datastore.Record, *Event[T]) error { return nil }

// Check finds what is wrong with the declaration.
func (s RuleSpec) Check() error {
	errs := []error{datastore.CheckName(s), s.checkPattern()}
	if s.mistake != "" {
		errs = append(errs, errors.New(s.mistake))
	}
	return errors.Join(errs...)
}

func (s RuleSpec) checkPattern() error {
	if len(s.Pattern) > maxPattern {
		return fmt.Errorf("the pattern has %d bytes, more than %d", len(s.Pattern), maxPattern)
	}
	if _, err := filterpolicy.Parse(s.Pattern, filterpolicy.Event); err != nil {
		return fmt.Errorf("the pattern: %w", err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s.Pattern), &object); err != nil {
		return fmt.Errorf("the pattern: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(members, name) {
			return fmt.Errorf("the pattern: events have no member %q; what the sender chose is in \"detail\"", name)
		}
	}
	return nil
}

// Takes reports whether the rule takes an event, which is JSON.
func (s RuleSpec) Takes(event []byte) bool {
	pattern, err := filterpolicy.Parse(s.Pattern, filterpolicy.Event)
	return err == nil && pattern.Match(string(event), nil)
}

// detailTypes are those that the pattern lists, nil unless it is by them alone.
func detailTypes(pattern string) []string {
	var object map[string]json.RawMessage
	var types []*string
	if json.Unmarshal([]byte(pattern), &object) != nil || json.Unmarshal(object["detail-type"], &types) != nil || slices.Contains(types, nil) {
		return nil
	}
	list := make([]string, len(types))
	for i, t := range types {
		list[i] = *t
	}
	return list
}
