package local

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// maxQueuedEvents is how many events may run or wait for the next try; more are
// throttled.
const maxQueuedEvents = 1000

// eventRetries are the pauses before an event that failed is tried again, and
// maxEventAge is how old one may be then.
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html.
var eventRetries = [...]time.Duration{time.Minute, 2 * time.Minute}

const maxEventAge = 6 * time.Hour

// eventQueue has the invocations that nobody waits for: running, or waiting for the
// next try.
type eventQueue struct {
	lambda   *Lambda
	settings map[string]tier.TriggerSettings // by function, of those that have some

	mu      sync.Mutex
	discard func(to datastore.Spec, record []byte) error // see discardBy
	all     int
	running int
	waiting map[*waitingEvent]bool
	closed  bool
	changed *sync.Cond // of all and running
}

// waitingEvent is an event that waits for its next try.
type waitingEvent struct {
	due  time.Time
	next chan bool // true to try, false to give up without a word
}

func newEventQueue(l *Lambda, app *tier.App) *eventQueue {
	q := &eventQueue{lambda: l, settings: map[string]tier.TriggerSettings{}, waiting: map[*waitingEvent]bool{}}
	q.changed = sync.NewCond(&q.mu)
	for _, f := range app.Functions() {
		if settings, _, declared := f.Asynchronous(); declared {
			q.settings[f.Name()] = settings
		}
	}
	return q
}

// discardBy has f send what is given up to a queue or a topic.
func (q *eventQueue) discardBy(f func(to datastore.Spec, record []byte) error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.discard = f
}

// put runs an event; it reports whether there is room.
func (q *eventQueue) put(c *lambdaCall, payload []byte) bool {
	return q.begin(c, payload, maxQueuedEvents)
}

// begin runs an event if there are fewer than most, 0 for any number: services of AWS
// keep what Lambda has no room for.
func (q *eventQueue) begin(c *lambdaCall, payload []byte, most int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || most > 0 && q.all >= most {
		return false
	}
	q.all++
	q.running++
	go q.run(c, payload)
	return true
}

// close gives up the tries that are still to come and waits for what runs.
func (q *eventQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for w := range q.waiting {
		q.wake(w, false)
	}
	for q.all > 0 {
		q.changed.Wait()
	}
}

// settle runs the tries that are due by the clock, until none is and nothing runs. The
// error is that of ctx.
func (q *eventQueue) settle(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.changed.Broadcast()
	})()
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		now, due := q.lambda.now(), false
		for w := range q.waiting {
			if !w.due.After(now) {
				q.wake(w, true)
				due = true
			}
		}
		if !due && q.running == 0 {
			return nil
		}
		for q.running > 0 && ctx.Err() == nil {
			q.changed.Wait()
		}
	}
}

// wake ends the wait of an event. q.mu is held.
func (q *eventQueue) wake(w *waitingEvent, try bool) {
	if !q.waiting[w] {
		return
	}
	delete(q.waiting, w)
	q.running++
	w.next <- try
}

func (q *eventQueue) run(c *lambdaCall, payload []byte) {
	defer func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.all--
		q.running--
		q.changed.Broadcast()
	}()
	settings, declared := q.settings[c.function.Name]
	retries, age := len(eventRetries), maxEventAge
	if declared && settings.Retries >= 0 {
		retries = settings.Retries
	}
	if settings.MaxAge > 0 {
		age = settings.MaxAge
	}
	for try := 0; ; try++ {
		_, err := c.function.invoke(payload, &c.ids, noWait)
		q.lambda.record(c, &lambdaAnswer{status: http.StatusOK, err: err})
		switch {
		case err == nil:
			return
		case try >= retries:
			q.giveUp(c, settings.Failed, "RetriesExhausted", try+1, payload, err)
			return
		case q.lambda.now().Add(eventRetries[try]).Sub(c.started) > age:
			q.giveUp(c, settings.Failed, "EventAgeExceeded", try+1, payload, err)
			return
		case !q.pause(eventRetries[try]):
			return
		}
	}
}

// pause waits for the next try, and reports whether there is one.
func (q *eventQueue) pause(d time.Duration) bool {
	w := &waitingEvent{due: q.lambda.now().Add(d), next: make(chan bool, 1)}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting[w] = true
	q.running--
	q.changed.Broadcast()
	q.mu.Unlock()
	timer := time.AfterFunc(d, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.wake(w, true)
	})
	defer timer.Stop()
	return <-w.next
}

// giveUp tells the destination of a function of an event that failed, if it has one.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
func (q *eventQueue) giveUp(c *lambdaCall, to datastore.Spec, condition string, tries int, payload []byte, cause error) {
	q.mu.Lock()
	discard := q.discard
	q.mu.Unlock()
	if to == nil || discard == nil {
		q.lambda.givenUp(c, "is lost", nil)
		return
	}
	record, err := json.Marshal(map[string]any{
		"version": "1.0", "timestamp": q.lambda.now().UTC().Format(destinationTime),
		"requestContext": map[string]any{
			"requestId": c.ids.invocation, "functionArn": c.function.arn + ":" + latestVersion,
			"condition": condition, "approximateInvokeCount": tries,
		},
		"requestPayload":  json.RawMessage(payload),
		"responseContext": map[string]any{"statusCode": http.StatusOK, "executedVersion": latestVersion, "functionError": "Unhandled"},
		"responsePayload": json.RawMessage(c.document(cause)),
	})
	if err == nil {
		err = discard(to, record)
	}
	q.lambda.givenUp(c, "goes to "+to.Kind()+" "+to.Name(), err)
}

// destinationTime is how the records of destinations write a time.
const destinationTime = "2006-01-02T15:04:05.000Z"
