package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// Delivery brings what is in the stores of this process to the functions that work
// it off ([tier.On]), and from topics to queues ([tier.Forward]), as AWS does: it
// makes the events of the services, invokes the functions through a [Lambda], and
// follows their answers.
//
//	queues    batches, visibility timeout, receive count, dead-letter queue, FIFO order
//	streams,  a batch at a time and shard, or several by partition key; what failed is
//	tables    tried again until it is given up, in ever smaller batches
//	topics    filter policies; two more tries, after one minute and after two
//	buckets   events as EventBridge has them; two more tries
//	schedules by the clock of the Data, and by [Delivery.Fire]; two more tries
//	logs      not at all
//	Kafka     by [Delivery.Fire] alone: there is no cluster here
//	rules     by [Delivery.Fire] alone: there is no event bus here; two more tries
//	triggers  where a local directory asks them, and by [Delivery.Ask]
//	Firehose  by [Delivery.Ask] alone
//
// Stores that other drivers have, those of AWS for example, are left alone: see
// [Delivery.Elsewhere].
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html.
type Delivery struct {
	app    *tier.App
	data   *datastore.Data
	lambda *Lambda
	log    *slog.Logger

	workers   []worker
	elsewhere []datastore.Spec
	detach    []func()
	events    atomic.Uint64                   // of buckets that functions wanted, so far
	changes   map[string]*memorystream.Stream // of tables, by name
}

// worker works off one source for one function.
type worker interface {
	// run works until ctx ends.
	run(ctx context.Context)
	// step works off once what there is now, and reports whether there was anything
	// that need not wait.
	step() bool
}

// DeliveryOptions are what a [Delivery] can be told.
type DeliveryOptions struct {
	// Log is told of records that failed and of those that are given up. Default
	// none.
	Log *slog.Logger
}

// NewDelivery attaches the functions of app, which lambda runs, to the stores of
// data. Topics and buckets deliver from then on, the others while [Delivery.Run]
// runs. A nil lambda is one of its own, by the clock of data; a nil opts means the
// defaults. The error has every mistake of the declaration.
func NewDelivery(app *tier.App, data *datastore.Data, lambda *Lambda, opts *DeliveryOptions) (*Delivery, error) {
	if app == nil || data == nil {
		return nil, errors.New("local delivery: the app or the data is nil")
	}
	if mistakes := datastore.Mistakes(append(app.Check(), data.Errs()...)...); len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	d := &Delivery{app: app, data: data, lambda: lambda, log: slog.New(slog.DiscardHandler), changes: map[string]*memorystream.Stream{}}
	if opts != nil && opts.Log != nil {
		d.log = opts.Log
	}
	var errs []error
	if lambda == nil {
		own, err := NewLambda(app, nil, &LambdaOptions{Now: data.Now, Log: d.log})
		if err != nil {
			return nil, err
		}
		d.lambda, lambda = own, own
		d.detach = append(d.detach, func() { own.Close() })
	}
	lambda.events.discardBy(d.discard)
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			if lambda.functions[f.Name()] == nil {
				errs = append(errs, fmt.Errorf("local delivery: %s: the local Lambda has no such function", t))
				continue
			}
			d.attach(t)
		}
	}
	for _, f := range app.Forwardings() {
		errs = append(errs, d.forward(f))
	}
	if err := errors.Join(errs...); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// The drivers whose stores are delivered from; others may embed them.
type (
	queueDriver interface {
		datastore.Driver
		Queue(*datastore.Data, queue.Spec) *memoryqueue.Queue
	}
	topicDriver interface {
		datastore.Driver
		Topic(*datastore.Data, topic.Spec) *memorytopic.Topic
	}
	streamDriver interface {
		datastore.Driver
		Stream(*datastore.Data, stream.Spec) *memorystream.Stream
	}
	bucketDriver interface {
		datastore.Driver
		Watch(func(filebucket.Event)) (stop func())
	}
	tableDriver interface {
		datastore.Driver
		Watch(func(filetable.Change)) (stop func())
		Expire() bool
	}
)

func (d *Delivery) attach(t *tier.Trigger) {
	spec := t.Feed().Spec
	attached := false
	switch t.Feed().Service {
	case "sqs":
		if driver, err := datastore.DriverOf[queueDriver](d.data, spec); err == nil {
			attached = true
			d.workers = append(d.workers, d.newQueueWorker(t, driver.Queue(d.data, spec.(queue.Spec))))
		}
	case "kinesis":
		if driver, err := datastore.DriverOf[streamDriver](d.data, spec); err == nil {
			attached = true
			d.follow(t, driver.Stream(d.data, spec.(stream.Spec)))
		}
	case "dynamodb":
		if driver, err := datastore.DriverOf[tableDriver](d.data, spec); err == nil {
			attached = true
			d.follow(t, d.changesOf(driver, spec.Name()))
		}
	case "sns":
		if driver, err := datastore.DriverOf[topicDriver](d.data, spec); err == nil {
			attached = true
			d.subscribe(t, driver.Topic(d.data, spec.(topic.Spec)))
		}
	case "s3":
		if driver, err := datastore.DriverOf[bucketDriver](d.data, spec); err == nil {
			attached = true
			d.watchBucket(t, driver)
		}
	case "scheduler":
		attached = true
		d.workers = append(d.workers, d.newClockWorker(t, spec.(event.ScheduleSpec)))
	case "cognito":
		attached = d.attachAsked(t)
	case "events", "firehose", "kafka", "logs", "secretsmanager": // fired by hand, and not at all
		attached = true
	}
	if !attached {
		d.elsewhere = append(d.elsewhere, spec)
	}
}

// Elsewhere are the stores that functions work off and that are not in this process.
func (d *Delivery) Elsewhere() []datastore.Spec { return d.elsewhere }

// Run delivers until ctx ends, and then waits for the functions that work.
func (d *Delivery) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range d.workers {
		all.Go(func() { w.run(ctx) })
	}
	all.Wait()
}

// Settle delivers what can be delivered now, and what the functions then send, until
// nothing is left but what must wait by the clock of the Data, such as a record that
// failed: for tests, where no Run runs. The error is that of ctx.
func (d *Delivery) Settle(ctx context.Context) error {
	for progress := true; progress; {
		progress = false
		if err := d.lambda.events.settle(ctx); err != nil {
			return err
		}
		for _, w := range d.workers {
			for w.step() {
				progress = true
				if err := ctx.Err(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Close detaches the functions from topics, tables and buckets.
func (d *Delivery) Close() {
	for _, f := range d.detach {
		f()
	}
	d.detach = nil
}

// discard puts what is given up into a queue or a topic of this process.
func (d *Delivery) discard(to datastore.Spec, record []byte) error {
	switch spec := to.(type) {
	case queue.Spec:
		driver, err := datastore.DriverOf[queueDriver](d.data, spec)
		if err != nil {
			return err
		}
		_, err = driver.Queue(d.data, spec).Send(context.Background(), queue.Envelope{Body: string(record)})
		return err
	case topic.Spec:
		driver, err := datastore.DriverOf[topicDriver](d.data, spec)
		if err != nil {
			return err
		}
		_, err = driver.Topic(d.data, spec).Publish(context.Background(), topic.Envelope{Body: string(record)})
		return err
	}
	return fmt.Errorf("a %s takes no records", to.Kind())
}

// invoke runs the function of a trigger and waits for it.
func (d *Delivery) invoke(t *tier.Trigger, event []byte) (answer []byte, requestID string, err error) {
	f := d.lambda.functions[t.Function().Name()]
	c, err := d.lambda.newCall(f, invokeSync)
	if err != nil {
		return nil, "", err
	}
	answer, err = f.invoke(event, &c.ids, noWait)
	d.lambda.record(c, &lambdaAnswer{status: 200, body: answer, err: err, failed: err != nil})
	return answer, c.ids.invocation, err
}

// start runs the function of a trigger without waiting.
func (d *Delivery) start(t *tier.Trigger, event []byte) error {
	c, err := d.lambda.newCall(d.lambda.functions[t.Function().Name()], invokeEvent)
	if err != nil {
		return err
	}
	if !d.lambda.events.begin(c, event, 0) {
		return errors.New("the local Lambda is closed")
	}
	return nil
}

// wait waits, at most until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
