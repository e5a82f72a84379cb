//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// maxShown is how many messages of a queue are shown, and maxShownBody how many bytes of
// each: what is more is counted.
const (
	maxShown     = 100
	maxShownBody = 4 << 10
)

// queueState is what is in a queue, and in its dead-letter queue.
type queueState struct {
	Name                       string
	Waiting, Delayed, InFlight int
	Oldest                     time.Duration // age of the oldest message
	Dead                       int
	DeadOldest                 time.Duration
	DeadLetters                bool // it has a dead-letter queue
	Messages                   []queuedMessage
}

// queuedMessage is a message for people to look at.
type queuedMessage struct {
	Dead      bool
	ID, Group string
	Age       time.Duration
	Receives  int
	Body      string
	More      int // bytes that Body lacks
}

// queueQuestion asks for queues.
type queueQuestion struct {
	Name   string // "" for all
	Bodies bool
}

// queueCommand shows what the queues of the serve that runs have.
func (p *program) queueCommand(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	var q queueQuestion
	define := func(f *flag.FlagSet) {
		opts.define(f)
		f.BoolVar(&q.Bodies, "bodies", false, "print the messages, too")
	}
	var err error
	if word, rest := first(args); word != "" && word[0] != '-' {
		q.Name = word
		_, err = p.parse("queue", rest, 0, define)
	} else {
		rest, err = p.parseUpTo("queue", args, 1, define)
		q.Name, _ = first(rest)
	}
	if err != nil {
		return err
	}
	app, err := p.appWithQueue(opts, q.Name, "aws sqs get-queue-attributes --attribute-names All --queue-url")
	if err != nil {
		return err
	}
	all, err := controlled[[]queueState](context.Background(), app, opts.dir, "queue", q)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintf(p.stdout, "app %s declares no queues\n", app)
		return nil
	}
	rows := [][]string{{"queue", "waiting", "delayed", "in flight", "oldest", "dead", "oldest dead"}}
	for _, s := range all {
		dead := "-"
		if s.DeadLetters {
			dead = strconv.Itoa(s.Dead)
		}
		rows = append(rows, []string{s.Name, strconv.Itoa(s.Waiting), strconv.Itoa(s.Delayed), strconv.Itoa(s.InFlight), age(s.Oldest), dead, age(s.DeadOldest)})
	}
	p.printTable("", rows)
	for _, s := range all {
		p.printMessages(s)
	}
	return nil
}

// age is an age for people, "-" for none.
func age(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return max(time.Second, d.Truncate(time.Second)).String()
}

func (p *program) printMessages(s queueState) {
	for _, m := range s.Messages {
		where := "queue " + s.Name
		if m.Dead {
			where += ", dead"
		}
		fmt.Fprintf(p.stdout, "%s: message %s, %s old", where, m.ID, age(m.Age))
		if m.Group != "" {
			fmt.Fprintf(p.stdout, ", group %s", m.Group)
		}
		if m.Receives > 0 {
			fmt.Fprintf(p.stdout, ", received %d times", m.Receives)
		}
		fmt.Fprintf(p.stdout, "\n  %s\n", m.Body)
		if m.More > 0 {
			fmt.Fprintf(p.stdout, "  and %d bytes\n", m.More)
		}
	}
	if left := s.Waiting + s.Delayed + s.InFlight + s.Dead - len(s.Messages); left > 0 && len(s.Messages) > 0 {
		fmt.Fprintf(p.stdout, "queue %s: and %d messages\n", s.Name, left)
	}
}

// redrive moves the messages of a dead-letter queue back to the queue that they failed
// in.
func (p *program) redrive(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	name, err := p.parseNamed("redrive", args, opts.define)
	if err != nil {
		return err
	}
	app, err := p.appWithQueue(opts, name, "aws sqs start-message-move-task --source-arn")
	if err != nil {
		return err
	}
	moved, err := controlled[int](context.Background(), app, opts.dir, "redrive", name)
	if err != nil {
		return err
	}
	messages := "messages are"
	if moved == 1 {
		messages = "message is"
	}
	fmt.Fprintf(p.stdout, "%d %s back in queue %s\n", moved, messages, name)
	return nil
}

// appWithQueue is the name of the app, which declares the queue name, or any if it is
// "". What AWS has is looked at and moved by its own command.
func (p *program) appWithQueue(opts storeOptions, name, command string) (string, error) {
	app, data, err := p.declared()
	if err != nil {
		return "", err
	}
	if name != "" {
		if _, err := storeNamed(data, name, "queue"); err != nil {
			return "", err
		}
	}
	switch opts.data {
	case "embedded":
		return app.Name(), nil
	case "aws":
		return "", fmt.Errorf("queues in AWS are not reached by this command; write: %s, with what the template's stack says of the queue", command)
	}
	return "", errData(opts.data)
}

// queueKeeper is the driver whose queues are in this process.
type queueKeeper interface {
	datastore.Driver
	Queue(*datastore.Data, queue.Spec) *memoryqueue.Queue
}

// queuesOf are the queues of this process that a command names, or all.
func queuesOf(data *datastore.Data, name string) (all []*memoryqueue.Queue, err error) {
	for _, spec := range data.Specs() {
		own, is := spec.(queue.Spec)
		if !is || name != "" && own.Logical != name && "queue:"+own.Logical != name {
			continue
		}
		driver, err := datastore.DriverOf[queueKeeper](data, own)
		if err != nil {
			return nil, fmt.Errorf("queue %s is not kept by this program", own.Logical)
		}
		all = append(all, driver.Queue(data, own))
	}
	if name != "" && len(all) == 0 {
		return nil, fmt.Errorf("the app that serves declares no queue %q; it is of another version of the program: start it anew", name)
	}
	return all, nil
}

// lookAt says what queues have.
func lookAt(data *datastore.Data, q queueQuestion) ([]queueState, error) {
	queues, err := queuesOf(data, q.Name)
	if err != nil {
		return nil, err
	}
	now := data.Now()
	old := func(at time.Time) time.Duration {
		if at.IsZero() {
			return 0
		}
		return max(time.Nanosecond, now.Sub(at))
	}
	all := make([]queueState, 0, len(queues))
	for _, own := range queues {
		c := own.Counts()
		s := queueState{Name: own.Spec().Logical, Waiting: c.Waiting, Delayed: c.Delayed, InFlight: c.InFlight, Oldest: old(c.Oldest)}
		if dead := own.Dead(); dead != nil {
			c := dead.Counts()
			s.DeadLetters, s.Dead, s.DeadOldest = true, c.Waiting+c.Delayed+c.InFlight, old(c.Oldest)
		}
		if q.Bodies {
			s.Messages = messagesOf(own, old)
		}
		all = append(all, s)
	}
	return all, nil
}

func messagesOf(q *memoryqueue.Queue, old func(time.Time) time.Duration) (shown []queuedMessage) {
	add := func(all []memoryqueue.Message, dead bool) {
		for _, m := range all[:min(len(all), maxShown)] {
			body := m.Body
			if len(body) > maxShownBody {
				body = body[:maxShownBody]
				for !utf8.ValidString(body) { // a character that was cut
					body = body[:len(body)-1]
				}
			}
			shown = append(shown, queuedMessage{dead, m.ID, m.Group, old(m.SentAt), m.Receives, body, len(m.Body) - len(body)})
		}
	}
	add(q.Messages(), false)
	if dead := q.Dead(); dead != nil {
		add(dead.Messages(), true)
	}
	return shown
}

// moveBack moves the messages of a dead-letter queue back.
func moveBack(data *datastore.Data, name string) (int, error) {
	queues, err := queuesOf(data, name)
	if err != nil {
		return 0, err
	}
	if i := slices.IndexFunc(queues, func(q *memoryqueue.Queue) bool { return q.Dead() == nil }); i >= 0 {
		return 0, errors.New("queue " + queues[i].Spec().Logical + " has no dead-letter queue; declare it with queue.DeadLetter")
	}
	return queues[0].Redrive(), nil
}
