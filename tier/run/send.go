//go:build !lambda.norpc

package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// maxSent is the largest message there is: a record of a stream.
// See https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html.
const maxSent = 10 << 20

// outgoing is a message that is to be sent.
type outgoing struct {
	Store      string                // its name, or "queue:jobs" where stores of two kinds have it
	Group      string                // also the partition key of a stream
	Dedup      string                // of a FIFO queue or topic; "" for what its declaration says
	Delay      time.Duration         // of a queue; 0 for the queue's own
	Subject    string                // of a topic; "" for none
	Attributes []datastore.Attribute // of a queue or a topic
	Body       []byte
}

// sent is what became of a message.
type sent struct {
	Store   string // "queue jobs"
	ID      string
	Checked bool // something of the App works it off, and would take it
}

// send sends the message on the standard input to a queue, a topic or a stream.
func (p *program) send(args []string) error {
	opts := storeOptions{data: "embedded", dir: defaultDir}
	var m outgoing
	name, err := p.parseNamed("send", args, func(f *flag.FlagSet) {
		opts.define(f)
		f.StringVar(&m.Group, "group", "", "message group of a queue or a topic, partition key of a stream")
		f.Func("dedup", "deduplication `id` of a message of a FIFO queue or topic", given(&m.Dedup))
		f.Func("delay", "`time` to hold a message of a queue back, as 90s, up to 15m", m.setDelay)
		f.Func("subject", "subject of a message of a topic, up to 100 ASCII characters", given(&m.Subject))
		f.Func("attr", "attribute as `name=value`, or name:Number=value for a number; may be repeated", m.addAttribute)
	})
	if err != nil {
		return err
	}
	m.Store = name
	if m.Body, err = p.readMessage(); err != nil {
		return err
	}
	var s sent
	switch opts.data {
	case "embedded":
		s, err = p.sendHere(opts.dir, m)
	case "aws":
		s, err = p.sendToAWS(opts, m)
	default:
		err = errData(opts.data)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%s has message %s\n", s.Store, s.ID)
	if !s.Checked {
		fmt.Fprintf(p.stderr, "nothing of this app works %s off, so that the message was not checked\n", s.Store)
	}
	return nil
}

// parseNamed is parse for a command whose name of a store may stand before the flags.
func (p *program) parseNamed(command string, args []string, define func(*flag.FlagSet)) (name string, err error) {
	if word, rest := first(args); word != "" && word[0] != '-' {
		_, err := p.parse(command, rest, 0, define)
		return word, err
	}
	rest, err := p.parse(command, args, 1, define)
	if err != nil {
		return "", err
	}
	return rest[0], nil
}

// given takes the value of a flag, which is not empty: that is as good as no flag.
func given(into *string) func(string) error {
	return func(text string) error {
		if text == "" {
			return errors.New("it is empty; leave the flag out")
		}
		*into = text
		return nil
	}
}

// setDelay reads "90s", rounded up to whole seconds as [queue.Delay] does.
func (m *outgoing) setDelay(text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > queue.MaxDelay {
		return errors.New("write a time up to 15m, as 90s")
	}
	m.Delay = (d + time.Second - 1).Truncate(time.Second)
	return nil
}

// addAttribute reads "name=value".
func (m *outgoing) addAttribute(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("write name=value")
	}
	a := datastore.Attribute{Name: name, Type: datastore.AttributeString, Value: value}
	if number, is := strings.CutSuffix(name, ":"+string(datastore.AttributeNumber)); is {
		a.Name, a.Type = number, datastore.AttributeNumber
	}
	m.Attributes = append(m.Attributes, a)
	return nil
}

// readMessage reads the standard input. One line break at its end is that of echo, or
// of an editor, and no part of it.
func (p *program) readMessage() ([]byte, error) {
	if isTerminal(p.stdin) {
		fmt.Fprintln(p.stderr, "the message; Ctrl-D ends it:")
	}
	body, err := io.ReadAll(io.LimitReader(p.stdin, maxSent+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the message: %w", err)
	case len(body) > maxSent:
		return nil, fmt.Errorf("the message has more than %d bytes, which no queue, topic or stream takes", maxSent)
	}
	return withoutBreak(body), nil
}

// sendHere has the serve that runs send a message to a store of its own.
func (p *program) sendHere(dir string, m outgoing) (sent, error) {
	app, data, err := p.declared()
	if err != nil {
		return sent{}, err
	}
	if spec, err := m.store(data); err != nil {
		return sent{}, err
	} else if err := m.fits(spec); err != nil {
		return sent{}, err
	}
	return controlled[sent](context.Background(), app.Name(), dir, "send", m)
}

func (p *program) sendToAWS(opts storeOptions, m outgoing) (sent, error) {
	data, err := p.openData(opts)
	if err != nil {
		return sent{}, err
	}
	defer data.close()
	app, err := p.checked(data.Data)
	if err != nil {
		return sent{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), controlTime)
	defer cancel()
	return m.send(ctx, app, data.Data)
}

// store is the store that is meant.
func (m *outgoing) store(data *datastore.Data) (datastore.Spec, error) {
	return storeNamed(data, m.Store, "queue", "topic", "stream")
}

// storeNamed is the declared store of one of these kinds that is called name, or
// "kind:name".
func storeNamed(data *datastore.Data, name string, kinds ...string) (datastore.Spec, error) {
	var found []datastore.Spec
	var names []string
	for _, spec := range data.Specs() {
		if !slices.Contains(kinds, spec.Kind()) {
			continue
		}
		names = append(names, spec.Kind()+" "+spec.Name())
		if spec.Name() == name || spec.Kind()+":"+spec.Name() == name {
			found = append(found, spec)
		}
	}
	what := strings.Join(kinds, ", ")
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, fmt.Errorf("%s and %s have this name; write %s:%s", found[0].Kind(), found[1].Kind(), found[0].Kind(), name)
	case len(names) == 0:
		return nil, fmt.Errorf("the app declares no %s", what)
	}
	return nil, fmt.Errorf("the app declares no %s %q; it declares %s", what, name, strings.Join(names, ", "))
}

// send checks a message and sends it.
func (m *outgoing) send(ctx context.Context, app *tier.App, data *datastore.Data) (sent, error) {
	spec, err := m.store(data)
	if err != nil {
		return sent{}, err
	}
	if err := m.fits(spec); err != nil {
		return sent{}, err
	}
	s := sent{Store: spec.Kind() + " " + spec.Name()}
	if s.Checked, err = m.check(ctx, app, data, spec); err != nil {
		return s, fmt.Errorf("%s: the message is refused by what works it off, and was not sent: %w", s.Store, err)
	}
	switch spec := spec.(type) {
	case queue.Spec:
		s.ID, err = queue.SendEnvelope(ctx, data, spec, queue.Envelope{
			Body: string(m.Body), Group: m.Group, Dedup: m.Dedup, Delay: m.Delay, Attributes: m.Attributes,
		})
	case topic.Spec:
		s.ID, err = topic.PublishEnvelope(ctx, data, spec, topic.Envelope{
			Body: string(m.Body), Group: m.Group, Dedup: m.Dedup, Subject: m.Subject, Attributes: m.Attributes,
		})
	case stream.Spec:
		s.ID, err = m.put(ctx, data, spec)
	}
	return s, err
}

// fits refuses what a message of the store cannot have.
func (m *outgoing) fits(spec datastore.Spec) error {
	refuse := func(why string) error { return fmt.Errorf("%s %s: %s", spec.Kind(), spec.Name(), why) }
	kind, fifo := spec.Kind(), false
	switch spec := spec.(type) {
	case queue.Spec:
		fifo = spec.FIFO
	case topic.Spec:
		fifo = spec.FIFO
	}
	switch {
	case m.Subject != "" && kind != "topic":
		return refuse("only messages of a topic have a subject; leave -subject out")
	case m.Delay != 0 && kind != "queue":
		return refuse("only messages of a queue are held back; leave -delay out")
	case m.Delay != 0 && fifo:
		return refuse("a FIFO queue holds all messages back or none; leave -delay out")
	case m.Group == "" && fifo:
		return refuse("a message to a FIFO " + kind + " needs its group; write it as -group ID")
	case m.Dedup != "" && kind == "stream":
		return refuse("its records have no deduplication ids; leave -dedup out")
	case m.Dedup != "" && !fifo:
		return refuse("only a FIFO " + kind + " knows deduplication ids; leave -dedup out")
	case len(m.Attributes) > 0 && kind == "stream":
		return refuse("its records have no attributes; leave -attr out")
	case m.Group == "" && kind == "stream":
		return refuse("a record has a partition key; write it as -group KEY")
	}
	return nil
}

func (m *outgoing) put(ctx context.Context, data *datastore.Data, spec stream.Spec) (string, error) {
	place, err := stream.PutEnvelope(ctx, data, spec, stream.Envelope{Key: m.Group, Body: m.Body})
	return place.Sequence, err
}

// check asks whatever works the messages of a store off whether it would take this one,
// and reports whether there is anything.
func (m *outgoing) check(ctx context.Context, app *tier.App, data *datastore.Data, spec datastore.Spec) (checked bool, err error) {
	record := &datastore.Record{Group: m.Group, Dedup: m.Dedup, Subject: m.Subject, Attributes: m.Attributes, SentAt: data.Now(), Data: m.Body}
	var checks []func(context.Context, *datastore.Record) error
	for _, f := range app.Functions() {
		for _, t := range f.Triggers() {
			if datastore.Same(t.Feed().Spec, spec) {
				checks = append(checks, t.Check)
			}
		}
	}
	for _, f := range app.Forwardings() {
		if datastore.Same(f.From().Spec, spec) || datastore.Same(f.To().Spec, spec) {
			checks = append(checks, f.Check)
		}
	}
	for _, check := range checks {
		if err := check(ctx, record); err != nil {
			return true, err
		}
	}
	return len(checks) > 0, nil
}
