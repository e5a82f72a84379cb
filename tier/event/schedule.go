package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Schedule starts a function by the clock, with a T. [NewSchedule] makes it.
type Schedule[T any] struct{ feed datastore.Feed }

var _ datastore.Source[struct{}] = (*Schedule[struct{}])(nil)

// ScheduleSpec says what a schedule is.
type ScheduleSpec struct {
	Logical    string        // the name in the program: "nightly"
	Expression string        // "rate(5 minutes)", "cron(0 3 * * ? *)"
	Zone       string        // of the tz database; "UTC" unless another was declared
	Input      string        // what the function is given, in JSON
	Within     time.Duration // that it may be late, 0 for none
	Off        bool          // it does not fire

	mistake string // in the input or the options
}

var _ datastore.Origin = ScheduleSpec{}

// Kind is "schedule".
func (s ScheduleSpec) Kind() string { return "schedule" }

// Name is the logical name.
func (s ScheduleSpec) Name() string { return s.Logical }

// Needs are none: it is the schedule that may invoke the function.
func (s ScheduleSpec) Needs([]string) []datastore.Need { return nil }

// Clock is when the schedule fires.
func (s ScheduleSpec) Clock() (*Clock, error) { return ParseClock(s.Expression, s.Zone) }

// ScheduleOption is a part of the declaration of a schedule: [TimeZone], [Within],
// [Off].
type ScheduleOption interface{ declareSchedule(*ScheduleSpec) }

type scheduleOption func(*ScheduleSpec)

func (o scheduleOption) declareSchedule(s *ScheduleSpec) { o(s) }

// TimeZone is where a cron expression is read, a name of the tz database such as
// "Europe/Berlin". Default UTC. A time that does not exist, because clocks are set
// forward, is left out, and one that comes twice counts once. A rate does not care.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones
func TimeZone(name string) ScheduleOption {
	return scheduleOption(func(s *ScheduleSpec) { s.Zone = name })
}

// Within lets the schedule fire up to d late, whole minutes from 1 to 1,440, so that
// not all begin at the same time. Default: within its minute. Locally it is not late.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html
func Within(d time.Duration) ScheduleOption {
	return scheduleOption(func(s *ScheduleSpec) {
		s.Within = d
		if d < time.Minute || d > 24*time.Hour || d%time.Minute != 0 {
			s.mistake = fmt.Sprintf("event.Within(%v): write whole minutes from 1m0s to 24h0m0s", d)
		}
	})
}

// Off declares a schedule that does not fire by the clock. It can be fired by hand.
func Off() ScheduleOption { return scheduleOption(func(s *ScheduleSpec) { s.Off = true }) }

// maxInput is how many bytes the input of a schedule may have, with what is put
// around it.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html
const maxInput = 255 << 10

// NewSchedule declares a schedule that gives input to a function at the times of the
// expression, with a precision of a minute:
//
//	rate(5 minutes)      every five minutes from the deployment on; also hours, days
//	cron(0 3 * * ? *)    at 3:00; minutes hours day-of-month month day-of-week year
//	cron(0/15 8-17 ? * MON-FRI *)
//	cron(0 9 L * ? *)    the last day of a month; LW the last working day, 15W the one nearest to the 15th
//	cron(0 9 ? * 2#1 *)  the first Monday (SUN is 1); 6L the last Friday
//
// One of day-of-month and day-of-week is "?". The time that it fires for is
// datastore.RecordFrom(ctx).SentAt; a function that has nothing else to know gets a
// struct{}{}.
//
// In AWS it is a schedule of EventBridge Scheduler. Locally it fires while serve runs,
// a rate for the first time when one interval has passed, and by hand:
// go run . fire NAME.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func NewSchedule[T any](name, expression string, input T, opts ...ScheduleOption) *Schedule[T] {
	spec := ScheduleSpec{Logical: name, Expression: expression, Zone: "UTC"}
	text, err := json.Marshal(input)
	spec.Input = string(text)
	switch {
	case err != nil:
		spec.mistake = "the input: " + err.Error()
	case len(text) > maxInput:
		spec.mistake = fmt.Sprintf("the input has %d bytes as JSON, more than %d", len(text), maxInput)
	}
	for _, o := range opts {
		if o == nil {
			spec.mistake = nilOption
			continue
		}
		o.declareSchedule(&spec)
	}
	return &Schedule[T]{datastore.Feed{Spec: spec, Service: "scheduler"}}
}

// Check finds what is wrong with the declaration.
func (s ScheduleSpec) Check() error {
	_, err := s.Clock()
	errs := []error{datastore.CheckName(s), err}
	if s.mistake != "" {
		errs = append(errs, errors.New(s.mistake))
	}
	return errors.Join(errs...)
}

// Feed is the times of the schedule.
func (s *Schedule[T]) Feed() datastore.Feed { return s.feed }

// Decoder is none: a function is given JSON of a T.
func (s *Schedule[T]) Decoder() func(*datastore.Record, *T) error { return nil }

// Payload is the event that a function is invoked with, shaped like one of
// EventBridge, and with the name of the schedule. EventBridge Scheduler puts the
// values in the place of attributes.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
func (s ScheduleSpec) Payload(id, at, arn string) string {
	return `{"schedule":"` + s.Logical + `","id":"` + id + `","source":"aws.scheduler","detail-type":"Scheduled Event","time":"` + at +
		`","resources":["` + arn + `"],"detail":` + s.Input + `}`
}
