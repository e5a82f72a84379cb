package lambda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// recordService is a service that delivers records, and all in which it differs from the
// others.
type recordService struct {
	name  string // as datastore.Feed has it
	fails failing
	json  bool // the record itself is its data
	alone bool // the event is the record, without a list
	lists bool // the event has a list of records for each partition
	asks  bool // somebody waits for the answer, and reads the error
	// within is how long the service waits at most; 0 for as long as the function may take.
	within time.Duration
	// read reads the record that s stands at, which is an object, to its end.
	read func(e *event, s *scanner, r *delivery) error
	// ordered reports whether a record waits for those before it in its group. nil: none
	// does.
	ordered func(r *delivery) bool
	// item is how the service is told of a record, as JSON. nil: by the id that stands in
	// the event.
	item func(r *delivery) string
	// answer is that of an event of which nothing failed as a whole. nil: none is wanted.
	answer func(ctx context.Context, b *batch) ([]byte, error)
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
	sqsRecords      = &recordService{name: "sqs", fails: failsItems, read: (*event).readSQS, ordered: isFIFO}
	kinesisRecords  = &recordService{name: "kinesis", fails: failsRest, read: (*event).readKinesis}
	dynamodbRecords = &recordService{name: "dynamodb", fails: failsRest, json: true, read: (*event).readDynamoDB}
	snsRecords      = &recordService{name: "sns", fails: failsEvent, read: (*event).readSNS}
	s3Records       = &recordService{name: "s3", fails: failsEvent, json: true, read: (*event).readS3}
	s3EventBridge   = &recordService{name: "s3", fails: failsEvent, json: true, alone: true, read: (*event).readObjectEvent}
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
	case k == unknown && e.is(e.step, '"') && e.is(e.secret, '"') && e.is(e.token, '"'):
		s = rotations
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
	if b.service.within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.service.within)
		defer cancel()
	}
	b.late = lateFrom(ctx)
	ctx, end := handler.WithEnd(ctx)
	defer end(ctx)
	if from := b.gatherer(); from != nil {
		return b.gather(ctx, from)
	}
	head := b.head()
	if head != nil && head.Items && b.service.item != nil {
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
	case b.service.lists:
		b.eachOfLists(take)
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

// ordered reports whether a record waits for those before it in its group.
func (b *batch) ordered(r *delivery) bool { return b.service.ordered != nil && b.service.ordered(r) }

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
	if b.service.item != nil {
		return r.record.ID != ""
	}
	return b.e.text(r.item) != ""
}

// itemOf is how the service is told of a record, as JSON.
func (b *batch) itemOf(r *delivery) string {
	if b.service.item != nil && b.fails == failsItems {
		return b.service.item(r)
	}
	return b.e.payload[r.item.from:r.item.to]
}
