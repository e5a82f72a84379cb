package tier

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Target is whose records [On] has worked off: a [Function], or the default function
// of an [API] or a [WebSocket].
type Target interface{ target() *Function }

func (f *Function) target() *Function  { return f }
func (api *API) target() *Function     { return api.functions[0] }
func (w *WebSocket) target() *Function { return w.functions[0] }

// On has a function work off the records of a source, one call for each:
//
//	worker := app.Function("worker")
//	tier.On(worker, jobs, func(ctx context.Context, job Job) error { ... })
//	tier.On(worker, photos.Under("in/").Created(), resize, tier.Retries(1))
//
// A record is decoded and validated as the body of a request is; what the service
// says about it is in datastore.RecordFrom(ctx). An error of fn, a record that is
// refused and a panic are a failed record:
//
//	queue.Queue           it alone is delivered again; on a FIFO queue with those behind it of its group
//	stream.Stream,        the records behind it are not worked off: they are delivered again with it
//	table.Table.Changes   and with others that were worked off already, see [Parallel]
//	event.Kafka           those behind it in its partition are not worked off: the whole batch is
//	                      delivered again, or with [Pollers] what was not worked off
//	topic.Topic           it is delivered again, twice
//	blob.Bucket.Created   it is delivered again, twice
//	event.Rule,           it is delivered again, twice
//	event.Schedule, event.Logs
//	event.Firehose        the stream puts it among its errors
//	secret.Rotation       the rotation has failed, and Secrets Manager begins it again
//	identity.Trigger      the user is refused, with the error as a client would read it
//
// event.Firehose and identity.Trigger wait for an answer, which is what fn leaves in the
// record.
//
// So records come at least once, and fn must bear to get one again. Records that
// there is no time left for, when the function's timeout is near, count as failed
// without having been worked off. A record on which fn is still at work at the timeout has
// its whole batch delivered again, whatever became of the others: With(middleware.Timeout(nil))
// has that one fail in time.
//
// A function can have several sources, and routes beside them. Middleware of an API
// does not run; [With] adds some to a source. The function's role is allowed what
// Lambda needs to read the source, and no more.
func On[T any](to Target, source datastore.Source[T], fn func(context.Context, T) error, opts ...TriggerOption) {
	at := datastore.Caller()
	if isNil(to) {
		refuse(at, "tier.On: the function is nil; write tier.On(app.Function(\"worker\"), source, fn)")
	}
	f := to.target()
	switch {
	case isNil(source):
		f.app.fail(at, "function %s: tier.On: the source is nil", f.name)
	case fn == nil:
		f.app.fail(at, "function %s: tier.On: the function that works records off is nil", f.name)
	default:
		op := operation(source.Decoder(), silent(fn))
		if asking, ok := source.(datastore.Answering[T]); ok {
			op = operation(source.Decoder(), answering(asking, fn))
		}
		f.on(at, source.Feed(), op, typeOf(source), opts, nil)
	}
}

// refuse panics with a mistake that no App can be told of. run.Main reports it like
// the others.
func refuse(at datastore.Position, message string) {
	panic(&datastore.DeclarationError{At: at, Message: message})
}

// operation is fn as a handler of requests, each of which has a record in its
// context.
func operation[T, Out any](decode func(*datastore.Record, *T) error, fn func(context.Context, T) (Out, error)) *handler.Operation {
	opts := []handler.Option{handler.MaxBody(maxRecord)}
	if decode != nil {
		opts = append(opts, handler.Decode(func(ctx context.Context, body []byte, in any) error {
			r := datastore.RecordFrom(ctx)
			if r == nil {
				r = &datastore.Record{Data: body}
			}
			return decode(r, in.(*T))
		}))
	}
	return handler.New(fn, opts...)
}

// silent is fn for a source that wants no answer.
func silent[T any](fn func(context.Context, T) error) func(context.Context, T) (struct{}, error) {
	return func(ctx context.Context, in T) (struct{}, error) { return struct{}{}, fn(ctx, in) }
}

// answering is fn with the answer that it leaves.
func answering[T any](source datastore.Answering[T], fn func(context.Context, T) error) func(context.Context, T) (json.RawMessage, error) {
	return func(ctx context.Context, in T) (json.RawMessage, error) {
		if err := fn(ctx, in); err != nil {
			return nil, err
		}
		return source.Answer(in)
	}
}

// maxRecord is the largest record there is, one of Kinesis.
const maxRecord = 10 << 20

// Trigger is a source whose records a function works off.
type Trigger struct {
	function   *Function
	runs       *Function // of a joined function the one that it was declared for, else nil
	feed       datastore.Feed
	operation  *handler.Operation
	records    recordType
	window     windowing // nil for a trigger without windows
	middleware []handler.Middleware
	at         datastore.Position
	settings   TriggerSettings
	given      []triggerSetting
}

// TriggerSettings say how records are delivered. What was not declared is zero.
type TriggerSettings struct {
	Batch         int            // records of one invocation at most; 0 for the service's default
	Window        time.Duration  // how long a batch is waited for
	Tumbling      time.Duration  // the length of tumbling windows; 0 for none
	Parallel      int            // records of an invocation that are worked off at once; 0 is 1
	MaxConcurrent int            // invocations at once; of a shard for streams; 0 for no limit, or 1 of a shard
	Pollers       [2]int         // event pollers at least and at most, of Kafka; 0 for what Lambda chooses
	Retries       int            // how often after the first time; -1 for the service's default
	MaxAge        time.Duration  // older records are not delivered again; 0 for the service's default
	FromNow       bool           // of a stream or Kafka only what is written after the deployment
	Filters       []string       // patterns of which one must match; none for all records
	Failed        datastore.Spec // the queue or the topic that hears of records given up; nil for none
}

func (f *Function) on(at datastore.Position, feed datastore.Feed, op *handler.Operation, typ recordType, opts []TriggerOption, w windowing) {
	if f.authorizer != nil {
		f.app.fail(at, "function %s is a Lambda authorizer, which works nothing off; declare another function with app.Function", f.name)
		return
	}
	t := &Trigger{function: f, feed: feed, operation: op, records: typ, window: w, at: at, settings: TriggerSettings{Retries: -1}}
	if w != nil {
		t.settings.Tumbling = w.every()
	}
	for _, o := range opts {
		if isNil(o) {
			f.app.fail(at, "%s: an option is nil; leave it out", t)
			continue
		}
		o.applyTrigger(t)
	}
	if slices.ContainsFunc(t.middleware, func(mw handler.Middleware) bool { return mw == nil }) {
		f.app.fail(at, "%s: a middleware is nil; leave it out", t)
		return
	}
	f.triggers = append(f.triggers, t)
	if _, origin := feed.Spec.(datastore.Origin); !origin || len(feed.Spec.Needs([]string{datastore.Receive})) > 0 {
		f.AddGrant(&datastore.Grant{Function: f.name, Spec: feed.Spec, Ops: []string{datastore.Receive}, At: at})
	}
	t.grantDiscard()
}

// Triggers are the sources whose records the function works off, in order of
// declaration.
func (f *Function) Triggers() []*Trigger { return f.triggers }

// Function that works the records off.
func (t *Trigger) Function() *Function { return t.function }

// DeclaredFor is the function that the trigger was declared for: that which works the
// records off, or the member of it if it is a joined one ([App.Join]).
func (t *Trigger) DeclaredFor() *Function { return runsAs(t.function, t.runs) }

// Feed says what the source delivers.
func (t *Trigger) Feed() datastore.Feed { return t.feed }

// Settings as they were declared. They are not to be changed.
func (t *Trigger) Settings() TriggerSettings { return t.settings }

// At is where it was declared.
func (t *Trigger) At() datastore.Position { return t.at }

// String names it in messages: "function worker on queue jobs".
func (t *Trigger) String() string {
	return "function " + t.function.name + " on " + t.feed.Spec.Kind() + " " + t.feed.Spec.Name()
}

// Asynchronous reports whether the service does not wait for the function, which
// Lambda then invokes from a queue of its own.
func (t *Trigger) Asynchronous() bool {
	return services[t.feed.Service].failed && services[t.feed.Service].batch == 0
}

// Visibility is how long a message of the queue must be hidden for the functions of
// the App that work it off: six times the longest timeout, and what a batch is waited
// for. 0 if none does.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func Visibility(app *App, queue datastore.Spec) (longest time.Duration) {
	for _, f := range app.functions {
		for _, t := range f.triggers {
			if t.feed.Service == "sqs" && datastore.Same(t.feed.Spec, queue) {
				longest = max(longest, 6*f.timeout+t.settings.Window)
			}
		}
	}
	return longest
}

// Handler compiles what works a record off: it is given a request whose body is the
// record's data, and the record in the context (datastore.WithRecord). The error is
// a [*datastore.DeclarationError].
func (t *Trigger) Handler() (handler.Handler, error) {
	op, err := t.operation.Describe()
	if err != nil {
		return nil, mistake(t.at, "%s: %v", t, err)
	}
	if problem := notDirect(op); problem != "" {
		return nil, mistake(t.at, "%s: a record has nothing but its data: %s", t, problem)
	}
	if err := t.operation.Compile(nil); err != nil {
		return nil, mistake(t.at, "%s: %v", t, err)
	}
	return functionContext(t.DeclaredFor(), handler.Chain(ofVersion(t.feed, t.operation), t.middleware...)), nil
}

// givesUpLike reports whether records are given up in the same way.
func (s TriggerSettings) givesUpLike(o TriggerSettings) bool {
	same := s.Failed == nil && o.Failed == nil || s.Failed != nil && o.Failed != nil && datastore.Same(s.Failed, o.Failed)
	return same && s.Retries == o.Retries && s.MaxAge == o.MaxAge
}

// service is what can be declared for a source of a service.
type service struct {
	batch      int    // the largest, 0 if records come alone
	window     bool   // a batch can be waited for
	concurrent [2]int // from, to; 0 if it cannot be said
	retries    int    // at most; -1 if it cannot be said
	ages       [2]time.Duration
	fromNow    bool
	parallel   bool // records come together, though nobody says how many
	failed     bool
	pollers    bool   // can be provisioned, and retries and ages only then
	instead    string // of retries and failed: where it is said
}

// services that have records delivered.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
// and https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
var services = map[string]service{
	"sqs": {batch: 10_000, window: true, concurrent: [2]int{2, 1000}, retries: -1,
		instead: "write queue.DeadLetter and queue.Retention on the queue"},
	"kinesis": {batch: 10_000, window: true, concurrent: [2]int{1, 10}, retries: 10_000, ages: [2]time.Duration{time.Minute, 7 * 24 * time.Hour},
		fromNow: true, failed: true},
	"dynamodb": {batch: 10_000, window: true, concurrent: [2]int{1, 10}, retries: 10_000, ages: [2]time.Duration{time.Minute, 24 * time.Hour},
		fromNow: true, failed: true},
	"kafka": {batch: 10_000, window: true, retries: 10_000, ages: [2]time.Duration{time.Minute, 7 * 24 * time.Hour},
		fromNow: true, failed: true, pollers: true},
	"sns":         asynchronous,
	"s3":          asynchronous,
	"events":      asynchronous,
	"scheduler":   asynchronous,
	"logs":        asynchronous,
	directService: asynchronous,
	"cognito": {retries: -1,
		instead: "Cognito asks up to three times and then refuses the user"},
	"secretsmanager": {retries: -1,
		instead: "Secrets Manager begins a rotation that failed again"},
	"firehose": {retries: -1, parallel: true,
		instead: "the configuration of the delivery stream says what becomes of its errors"},
}

// asynchronous is a service that does not wait for the function.
var asynchronous = service{retries: 2, ages: [2]time.Duration{time.Minute, 6 * time.Hour}, failed: true}

// maxWindow is how long a batch can be waited for.
const maxWindow = 5 * time.Minute

// checkTriggers finds what the services would not take.
func (f *Function) checkTriggers() []error {
	var errs []error
	for i, t := range f.triggers {
		if _, err := t.Handler(); err != nil {
			errs = append(errs, err)
		}
		for _, problem := range t.problems() {
			errs = append(errs, mistake(t.at, "%s: %s", t, problem))
		}
		errs = append(errs, t.checkAsked(i)...)
		if other := t.rotator(); other != nil {
			errs = append(errs, mistake(t.at, "%s: %s (%s) rotates it, too, and Secrets Manager has one function for each secret; leave it to one of them", t, other, other.at))
		}
		if other := t.twin(); other != nil {
			errs = append(errs, mistake(t.at, "%s: %s (%s) works it off, too, and Kafka gives each record to one of them; declare another source of the topic for each function", t, other, other.at))
		}
		if other := t.rival(); other != nil {
			errs = append(errs, mistake(t.at, "%s: %s (%s) works the queue off, too, and each message goes to one of them: what tier.Filter leaves out here is deleted and not worked off there; give each function a queue of its own, and forward a topic to both (tier.Forward)", t, other, other.at))
		}
		for _, other := range f.triggers[:i] {
			if t.confusedWith(other) {
				errs = append(errs, mistake(t.at, "%s: an event could be of %s too (%s), and events do not say by which they come; give one of them to another function, or list other values for \"detail-type\" in the pattern of each", t, other, other.at))
			} else if t.overlaps(other) {
				instead := "give one of them to another function"
				if t.feed.Service == "sns" {
					instead = "put both filter policies into one, with \"$or\", or " + instead
				}
				if t.feed.Service == "kafka" {
					instead = "records say their topic alone; " + instead
				}
				errs = append(errs, mistake(t.at, "%s: is declared at %s already; a function works a record off once: %s", t, other.at, instead))
			}
			if t.Asynchronous() && other.Asynchronous() && !t.settings.givesUpLike(other.settings) {
				errs = append(errs, mistake(t.at, "%s: Lambda has one setting of Retries, MaxAge and OnFailure for all topics, buckets, rules and schedules of a function, and %s differs (%s); write the same for both, or give one of them to another function", t, other, other.at))
			}
		}
	}
	return errs
}

func (t *Trigger) problems() (all []string) {
	s, known := services[t.feed.Service]
	if !known {
		return []string{fmt.Sprintf("no function is invoked by the service %q", t.feed.Service)}
	}
	for _, g := range t.given {
		if problem := g.check(s, t); problem != "" {
			all = append(all, problem)
		}
	}
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	if o, is := t.feed.Spec.(datastore.Origin); is {
		err := o.Check()
		add(err != nil, "%v", err)
	}
	w := t.settings
	add(t.feed.Service == "sns" && t.feed.FIFO, "a FIFO topic delivers to queues alone; have it forwarded to a FIFO queue (tier.Forward), and work that off")
	add(t.feed.Service == "sqs" && t.feed.FIFO && w.Batch > 10, "a batch of a FIFO queue has at most 10 messages; write tier.BatchSize(10)")
	add(t.feed.Service == "sqs" && t.feed.FIFO && w.Window > 0, "batches of a FIFO queue are not waited for; leave tier.BatchWindow out")
	add(t.feed.Service == "sqs" && !t.feed.FIFO && w.Batch > 10 && w.Window < time.Second, "a batch of more than 10 messages must be waited for; add tier.BatchWindow(time.Second)")
	hidden := t.feed.Visibility
	add(hidden > 0 && hidden < t.function.timeout, "a message is hidden for %v, less than the %v that the function may take, so that others would get it while it is worked on; declare queue.Visibility(%v) or more, or leave it out",
		hidden, t.function.timeout, 6*t.function.timeout+w.Window)
	add(t.function.owners().Has(datastore.ByCaller) && onlyTriggered(t.function), "the function has a store of the caller's own rows, and records have no caller; grant it the store without PerCaller")
	once := t.window == nil && handler.EffectOf("RECORD", t.middleware...).Once
	add(once && t.feed.Deliveries == 1, "a message that another delivery works on fails in middleware.Once, and is given up after 1 delivery; write queue.DeadLetter(2) or more")
	add(once && w.Retries == 0, "a record that another delivery works on fails in middleware.Once, and is given up at once; write tier.Retries(1) or more, or leave it out")
	return append(all, t.windowProblems()...)
}

// onlyTriggered reports whether nothing but records come to the function.
func onlyTriggered(f *Function) bool {
	return !f.routed() && f.direct == nil && len(f.SocketRoutes()) == 0
}

// rival is another function's trigger on the queue of this one, which chooses messages:
// nil if there is none.
func (t *Trigger) rival() *Trigger {
	if t.feed.Service != "sqs" || len(t.settings.Filters) == 0 {
		return nil
	}
	for _, f := range t.function.app.functions {
		for _, other := range f.triggers {
			if other.function != t.function && other.feed.Service == "sqs" && datastore.Same(other.feed.Spec, t.feed.Spec) {
				return other
			}
		}
	}
	return nil
}

// rotates reports whether the source is the rotation of a secret.
func (t *Trigger) rotates() bool { return t.feed.Service == "secretsmanager" }

// rotator is the first trigger that rotates the secret of this one, nil if that is
// itself.
func (t *Trigger) rotator() *Trigger {
	if !t.rotates() {
		return nil
	}
	for _, f := range t.function.app.functions {
		for _, other := range f.triggers {
			if other == t {
				return nil
			}
			if other.rotates() && datastore.Same(other.feed.Spec, t.feed.Spec) {
				return other
			}
		}
	}
	return nil
}

// twin is another function's trigger on the topic of Kafka of this one, which would be
// in the same consumer group: nil if there is none.
func (t *Trigger) twin() *Trigger {
	if t.feed.Service != "kafka" {
		return nil
	}
	for _, f := range t.function.app.functions {
		if f == t.function {
			return nil // one of the two is told
		}
		for _, other := range f.triggers {
			if other.feed.Service == "kafka" && datastore.Same(other.feed.Spec, t.feed.Spec) {
				return other
			}
		}
	}
	return nil
}

// overlaps reports whether a record could come by both.
func (t *Trigger) overlaps(other *Trigger) bool {
	a, b := t.feed, other.feed
	if a.Service == b.Service && (a.Service == "logs" || a.Service == "kafka" || a.Service == "firehose") {
		return shareEvents(a, b)
	}
	if !datastore.Same(a.Spec, b.Spec) || a.Service != b.Service || t.rotates() { // rotator tells it
		return false
	}
	return shareEvents(a, b) && (strings.HasPrefix(a.Prefix, b.Prefix) || strings.HasPrefix(b.Prefix, a.Prefix))
}

// confusedWith reports whether an event of EventBridge could be of both rules, or of
// a rule and a bucket.
func (t *Trigger) confusedWith(other *Trigger) bool {
	a, b := t.feed, other.feed
	rule := a.Service == "events" && (b.Service == "events" || b.Service == "s3") || a.Service == "s3" && b.Service == "events"
	return rule && (len(b.Events) == 0 || shareEvents(a, b))
}

func shareEvents(a, b datastore.Feed) bool {
	return len(a.Events) == 0 || slices.ContainsFunc(a.Events, func(e string) bool { return slices.Contains(b.Events, e) })
}
