package lambda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// recordService is a service that delivers records.
type recordService struct {
	name  string // as datastore.Feed has it
	fails failing
	json  bool // the record itself is its data
	alone bool // the event is the record, without a list
	// read reads the record that s stands at, which is an object, to its end.
	read func(e *event, s *scanner, r *delivery) error
}

// failing says what becomes of an event of which a record failed.
type failing uint8

const (
	failsItems failing = iota // the records that failed are delivered again
	failsRest                 // the first that failed is, and all behind it
	failsEvent                // the whole event is
	failsNone                 // the answer says of each record what became of it
)

var (
	sqsRecords      = &recordService{"sqs", failsItems, false, false, (*event).readSQS}
	kinesisRecords  = &recordService{"kinesis", failsRest, false, false, (*event).readKinesis}
	dynamodbRecords = &recordService{"dynamodb", failsRest, true, false, (*event).readDynamoDB}
	snsRecords      = &recordService{"sns", failsEvent, false, false, (*event).readSNS}
	s3Records       = &recordService{"s3", failsEvent, true, false, (*event).readS3}
	s3EventBridge   = &recordService{"s3", failsEvent, true, true, (*event).readObjectEvent}
)

// serviceOf is the service of a record that names it, nil for others.
func serviceOf(eventSource string) *recordService {
	switch eventSource {
	case "aws:sqs":
		return sqsRecords
	case "aws:kinesis":
		return kinesisRecords
	case "aws:dynamodb":
		return dynamodbRecords
	case "aws:sns":
		return snsRecords
	case "aws:s3":
		return s3Records
	}
	return nil
}

// batch is an event of records while they are worked off.
type batch struct {
	d       *Doorway
	e       *event
	service *recordService // nil for an event that asks for nothing
	fails   failing        // of the service, or as the source says
	sources sources        // of the service
	late    time.Time      // from when on no record is begun, zero for never

	mu      sync.Mutex // of what follows
	begun   bool       // a record was
	records int        // so far
	failed  []failure
	first   int             // the lowest index of a failure
	groups  map[string]bool // of a FIFO queue or Kafka, that wait for a record that failed
	waiting int             // records that were not begun because of those
	results []result        // of what has an answer
	unbegun int             // records that were not because it was late
	err     error           // of the event as a whole
	reason  error           // why the first failed
}

// failure is a record that was not worked off.
type failure struct {
	index int
	item  string // JSON
}

// batch is what e has for the sources of d, nil if it is no event of theirs.
func (d *Doorway) batch(k kind, e *event) *batch {
	if len(d.sources) == 0 {
		return nil
	}
	service, asks := e.recordService(k, d.sources)
	if !asks {
		return nil
	}
	b := &batch{d: d, e: e, service: service, first: math.MaxInt}
	if service != nil {
		b.sources, b.fails = d.sources.ofService(service.name), service.fails
		if k == records && b.sources.gather() {
			e.readWindow()
		}
	}
	return b
}

// recordService is the service that delivered an event of records. ok is false if
// none of the sources is of it, or it is another event. It is nil for an event that
// has nothing to work off: S3's test, and an empty list.
func (e *event) recordService(k kind, all sources) (s *recordService, ok bool) {
	switch {
	case k == records:
		list := scanner{text: e.payload, pos: int(e.records.from)}
		if list.open('[') {
			s = serviceOf(list.eventSource())
		} else if list.rest(&e.window) == nil {
			if s = e.windowService(all); s == nil {
				return nil, true
			}
		}
	case k == unknown && e.hasWindow() && !e.has(e.records):
		s = e.windowService(all)
	case k == unknown && e.isKafka():
		s = kafkaRecords
	case k == unknown && e.has(e.detail) && e.is(e.source, '"'):
		s = e.bridged(all)
	case k == unknown && e.is(e.logs, '{'):
		s = logRecords
	case k == unknown && e.is(e.trigger, '"') && e.is(e.pool, '"'):
		s = triggers
	case k == unknown && e.is(e.delivery, '"') && e.is(e.kafka.records, '['):
		s, e.records = transformations, e.kafka.records
	case k == unknown && e.isTestEvent():
		return nil, all.has(s3Records.name)
	}
	return s, s != nil && all.has(s.name)
}

// eventSource is the service that the record which comes next names.
func (s *scanner) eventSource() string {
	var name span
	if s.peek() != '{' {
		return ""
	}
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "eventSource", "EventSource": // of SNS
			name = s.value()
		default:
			s.value()
		}
	}
	e := event{payload: s.text}
	return e.text(name)
}

// rest goes over what is behind the list of records.
func (s *scanner) rest(w *windowParts) error {
	for ok := s.more('{'); ok; ok = s.more('{') {
		name := s.key()
		if name == "Records" { // of which only one would have been worked off
			s.fail("a second list of records")
		}
		w.member(name, s)
	}
	return s.end()
}

// The end of an invocation is kept free of records, so that the answer comes in time
// and tells what became of the others: a tenth of the time there is, from 100 ms to 5
// seconds.
const (
	lateShare = 10
	lateLeast = 100 * time.Millisecond
	lateMost  = 5 * time.Second
)

// lateFrom is when no record is begun any more.
func lateFrom(ctx context.Context) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok {
		return time.Time{}
	}
	return deadline.Add(-min(max(time.Until(deadline)/lateShare, lateLeast), lateMost))
}

// workOff has all records worked off, and answers which were not.
func (b *batch) workOff(ctx context.Context) ([]byte, error) {
	if b.service == nil {
		return b.answer(ctx)
	}
	if b.service == triggers {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, triggerTime)
		defer cancel()
	}
	b.late = lateFrom(ctx)
	if from := b.gatherer(); from != nil {
		return b.gather(ctx, from)
	}
	head := b.head()
	if head != nil && head.Items && b.service == kafkaRecords {
		b.fails = failsItems
	}
	var err error
	if n := b.parallel(head); n > 1 {
		err = b.atOnce(ctx, n)
	} else {
		err = b.inOrder(ctx)
	}
	if err != nil {
		return nil, err
	}
	b.logWaiting(ctx)
	return b.answer(ctx)
}

// each reads the records of the event one after the other, as long as take says
// true, and then the rest of it. i is the place of a record, err why it cannot be
// worked off. The error of each is that the event is not JSON.
func (b *batch) each(take func(i int, raw span, r *delivery, err error) bool) error {
	s := scanner{text: b.e.payload, pos: int(b.e.records.from)}
	switch {
	case b.service.alone:
		r, err := b.read(&s)
		take(0, span{0, int32(s.pos)}, r, err)
		return nil
	case b.service == kafkaRecords:
		b.eachOfKafka(take)
		return nil
	}
	i, on := 0, true
	for ok := s.open('['); ok; ok = s.more('[') {
		if !on {
			s.skip(1)
			continue
		}
		s.peek()
		from := s.pos
		r, err := b.read(&s)
		if s.err != nil {
			break
		}
		on = take(i, span{int32(from), int32(s.pos)}, r, err)
		i++
	}
	if err := s.rest(&b.e.window); err != nil {
		return notJSON(err)
	}
	return nil
}

var errNoRecord = errors.New("the record is no object")

// read reads the record that comes next. The error is why it cannot be worked off.
func (b *batch) read(s *scanner) (r *delivery, err error) {
	r = &delivery{invocation: b.e.invocation}
	r.record.Service = b.service.name
	s.peek()
	from := s.pos
	if s.peek() != '{' {
		s.skip(1)
		err = errNoRecord
	} else {
		err = b.service.read(b.e, s, r)
	}
	r.json = s.text[from:s.pos]
	if b.service.json {
		r.record.Data = []byte(r.json)
	}
	r.source = b.sources.find(r)
	if err == nil && r.source != nil && r.source.Feed.Logs && !b.service.alone {
		err = r.openLogs() // from a stream
	}
	return r, err
}

// inOrder works off one record after the other.
func (b *batch) inOrder(ctx context.Context) error {
	return b.each(func(i int, _ span, r *delivery, err error) bool {
		b.workWhole(ctx, i, r, err)
		return !b.over(i)
	})
}

// workWhole works record i of the event off, with all its parts.
func (b *batch) workWhole(ctx context.Context, i int, r *delivery, err error) {
	if r.parts == nil || err != nil {
		b.work(ctx, i, r, err)
		return
	}
	for n := range r.parts.records {
		b.work(ctx, i, r.part(n), nil)
	}
}

// over reports whether nothing behind record i is worked off.
func (b *batch) over(i int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err != nil || b.fails == failsRest && b.first <= i
}

// work works record i of the event off, or a part of it.
func (b *batch) work(ctx context.Context, i int, r *delivery, err error) {
	if err == errControl || !b.begin(ctx, i, r) || err == errTestEvent {
		return
	}
	if err == nil {
		err = r.work(ctx)
	}
	if err == nil {
		b.keep(i, r)
		return
	}
	b.log(ctx, r, err)
	reason := b.problem(r, err)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail(i, r)
	if b.reason == nil {
		b.reason = reason
	}
}

// begin reports whether record i is worked off now. Otherwise it has failed, if need
// be.
func (b *batch) begin(ctx context.Context, i int, r *delivery) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records++
	switch {
	case b.err != nil:
		return false
	case r.source == nil:
		b.err = b.d.eventErrorOf(b.e, r.record.Source)
		return false
	case b.fails != failsEvent && !b.identified(r):
		b.err = fmt.Errorf("lambda: batch of records: one of %s has no id by which its failure could be told", b.sources)
		return false
	case b.fails == failsRest && i >= b.first:
		return false
	case b.ordered(r) && b.groups[r.record.Group]:
		b.waiting++
		b.fail(i, r)
		return false
	case ctx.Err() != nil || b.begun && b.isLate():
		// The first is begun however late it is, or a function that has little time
		// would never get on.
		b.unbegun++
		b.fail(i, r)
		if b.reason == nil {
			b.reason = errLate
		}
		return false
	}
	b.begun = true
	return true
}

var errLate = errors.New("lambda: records were not begun: the timeout of the function is near")

func (b *batch) isLate() bool { return !b.late.IsZero() && !time.Now().Before(b.late) }

// ordered reports whether a record waits for those before it in its group: it is of
// a FIFO queue, or of a partition of Kafka.
func (b *batch) ordered(r *delivery) bool {
	return b.service == kafkaRecords || b.service == sqsRecords && (r.source.Feed.FIFO || strings.HasSuffix(r.record.Source, ".fifo"))
}

// fail takes down that record i was not worked off. b.mu is held.
func (b *batch) fail(i int, r *delivery) {
	if b.fails == failsNone {
		b.results = append(b.results, result{index: i, item: r.item, data: r.data})
		return
	}
	b.failed = append(b.failed, failure{i, b.itemOf(r)})
	b.first = min(b.first, i)
	if b.ordered(r) {
		if b.groups == nil {
			b.groups = map[string]bool{}
		}
		b.groups[r.record.Group] = true
	}
}

// identified reports whether the service can be told of a record.
func (b *batch) identified(r *delivery) bool {
	if b.service == kafkaRecords {
		return r.record.Sequence != ""
	}
	return b.e.text(r.item) != ""
}

// itemOf is how the service is told of a record, as JSON.
func (b *batch) itemOf(r *delivery) string {
	if b.service == kafkaRecords && b.fails == failsItems {
		return r.kafkaItem()
	}
	return b.e.payload[r.item.from:r.item.to]
}

// answer is what the service is told.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
// and https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
func (b *batch) answer(ctx context.Context) ([]byte, error) {
	switch {
	case b.err != nil:
		return nil, b.err
	case b.service == transformations:
		return b.transformed(ctx), nil
	case b.service == nil, b.fails != failsEvent:
		state := ""
		if b.e.hasWindow() { // of a mapping that a function without windows has
			state = b.e.windowState()
		}
		return b.itemFailures(state), nil
	case len(b.failed) > 0:
		return nil, b.functionError()
	case b.service == triggers:
		return b.asked()
	}
	return []byte("null"), nil
}

// itemFailures names the records that failed, each id once; of a stream the first,
// which stands for all behind it. state is that of a window, "" where there is none.
func (b *batch) itemFailures(state string) []byte {
	slices.SortFunc(b.failed, func(x, y failure) int { return cmp.Compare(x.index, y.index) })
	if b.fails == failsRest && len(b.failed) > 1 {
		b.failed = b.failed[:1]
	}
	const open, shut, and = `{"batchItemFailures":[`, `]}`, `],"state":`
	size := len(open) + len(shut) + len(and) + len(state)
	for _, f := range b.failed {
		size += len(`{"itemIdentifier":},`) + len(f.item)
	}
	out := append(make([]byte, 0, size), open...)
	var told map[string]bool // unless there is one
	for i, f := range b.failed {
		if told[f.item] {
			continue
		}
		if len(b.failed) > 1 {
			if told == nil {
				told = make(map[string]bool, len(b.failed))
			}
			told[f.item] = true
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"itemIdentifier":`...)
		out = append(append(out, f.item...), '}')
	}
	if state != "" { // or Lambda takes the answer for a failure
		return append(append(append(out, and...), state...), '}')
	}
	return append(out, shut...)
}

// problem is why record r failed, in words of which a client of a request would be
// told as many. It is nil where the service is told of records.
func (b *batch) problem(r *delivery, err error) error {
	if b.fails != failsEvent {
		return nil
	}
	resp, err := respond(handler.NewRequest(r), err)
	if err == errAborted {
		return err
	}
	e := functionError(resp)
	if b.service == triggers { // a user reads it
		return e
	}
	e.Message = r.source.Feed.Spec.Kind() + " " + r.source.Feed.Spec.Name() + ": " + e.Message
	return e
}

// functionError is the error of an event of which records failed.
func (b *batch) functionError() error {
	e, ok := b.reason.(messages.InvokeResponse_Error)
	if !ok || b.service == triggers {
		return b.reason
	}
	e.Message = fmt.Sprintf("%d of %d records failed, %s", len(b.failed), b.records, e.Message)
	return e
}

// log reports a record that failed, whose content it does not tell. A trigger that
// refuses a user does what it is for.
func (b *batch) log(ctx context.Context, r *delivery, err error) {
	logger, level, what := b.d.logger(), slog.LevelError, "record failed"
	if b.service == triggers && refuses(err) {
		level, what = slog.LevelInfo, "trigger refused"
	}
	if r.logged || !logger.Enabled(ctx, level) {
		return
	}
	attrs := b.attrs(r.record.Source)
	attrs = append(attrs, slog.String("path", r.source.path), slog.String("id", r.record.ID))
	if r.record.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", r.record.Attempt))
	}
	logger.LogAttrs(ctx, level, what, append(attrs, errorAttrs(err)...)...)
}

// refuses reports whether an error was made for the user to read.
func refuses(err error) bool {
	e, ok := err.(*handler.Error) // not errors.As: err may hold a nil pointer
	return ok && e != nil && e.StatusCode() < http.StatusInternalServerError && e.Err == nil
}

// logWaiting reports how many records were not begun.
func (b *batch) logWaiting(ctx context.Context) {
	tell := func(n int, why string) {
		if n > 0 {
			b.d.logger().LogAttrs(ctx, slog.LevelWarn, why, append(b.attrs(""), slog.Int("records", n))...)
		}
	}
	tell(b.waiting, "records were not begun: one of their group failed")
	tell(b.unbegun, "records were not begun: the timeout of the function is near")
}

func (b *batch) attrs(source string) []slog.Attr {
	attrs := []slog.Attr{slog.String("invocation", b.e.invocation), slog.String("frontDoor", b.service.name)}
	if source != "" {
		attrs = append(attrs, slog.String("source", source))
	}
	return attrs
}
