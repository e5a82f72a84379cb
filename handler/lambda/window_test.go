package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// tally is the state of a window: how many records it has, and their data.
type tally struct {
	Records int    `json:"records"`
	Data    string `json:"data"`
}

type tallyKey struct{}

// counted is a State as package tier has one.
type counted struct {
	tally
	touched bool
	broken  error // of JSON
}

func (c *counted) Into(ctx context.Context) context.Context {
	return context.WithValue(ctx, tallyKey{}, c)
}

func (c *counted) Touched() bool {
	was := c.touched
	c.touched = false
	return was
}

func (c *counted) JSON() ([]byte, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	return json.Marshal(c.tally)
}

// counter sums records up as it is told.
type counter struct {
	fail func(r *datastore.Record) error // after it has changed the sum; nil for never
	// refuse fails a record without a look at the sum, as one that is not valid.
	refuse func(r *datastore.Record) bool
	endErr error
	broken error

	added []string // data of the records, in the order in which they came
	ends  []string
}

func (c *counter) open(state []byte) (lambda.State, error) {
	s := &counted{broken: c.broken}
	return s, json.Unmarshal(state, &s.tally)
}

func (c *counter) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	r, w, s := datastore.RecordFrom(ctx), datastore.WindowFrom(ctx), ctx.Value(tallyKey{}).(*counted)
	if w == nil || req.Method() == "RECORD" && r == nil {
		return nil, fmt.Errorf("window %v, record %v", w, r)
	}
	if req.Method() == "WINDOW" {
		c.ends = append(c.ends, fmt.Sprintf("%s %s %s-%s early=%v %s: %d %q", req.Path(), w.Shard, w.Start.Format("15:04"), w.End.Format("15:04"), w.Early, w.Source[len(w.Source)-6:], s.Records, s.Data))
		return &handler.Response{}, c.endErr
	}
	if c.refuse != nil && c.refuse(r) {
		return nil, &handler.Error{Status: 400}
	}
	c.added = append(c.added, string(r.Data))
	s.touched = true
	s.Records++
	s.Data += string(r.Data)
	if c.fail != nil {
		if err := c.fail(r); err != nil {
			return nil, err
		}
	}
	return &handler.Response{}, nil
}

func (c *counter) doorway(service string, change ...func(*lambda.Source)) *lambda.Doorway {
	s := lambda.Source{Feed: feeds[service], Name: "any", Handler: c, Open: c.open, End: c, Parallel: 10}
	for _, f := range change {
		f(&s)
	}
	opts := quiet()
	opts.Sources = []lambda.Source{s}
	return lambda.New(nil, opts)
}

const clicksARN = "arn:aws:kinesis:eu-west-1:1:stream/clicks"

// clicks are records of a stream with these data.
func clicks(data ...string) []datastore.Record {
	var all []datastore.Record
	for i, d := range data {
		id := fmt.Sprintf("49590338271490256608559692538361571095921575989136588%03d", i)
		all = append(all, datastore.Record{Service: "kinesis", Source: clicksARN, ID: id, Sequence: id, Group: "a", Data: []byte(d)})
	}
	return all
}

// onData fails records with these data.
func onData(bad ...string) func(*datastore.Record) error {
	return func(r *datastore.Record) error {
		for _, b := range bad {
			if string(r.Data) == b {
				return errWork
			}
		}
		return nil
	}
}

// TestWindow: the state that is answered has each record once, whatever fails (STM-06).
func TestWindow(t *testing.T) {
	t.Parallel()
	of := func(r *datastore.Record) bool { return string(r.Data) == "c" }
	for _, c := range []struct {
		name    string
		counter counter
		state   any
		records []string
		want    string // state
		failed  int    // index of the record that is told, -1 for none
		added   string
	}{
		{"the first batch", counter{}, nil, []string{"a", "b"}, `{"records":2,"data":"ab"}`, -1, "ab"},
		{"a later batch", counter{}, tally{2, "ab"}, []string{"c"}, `{"records":3,"data":"abc"}`, -1, "c"},
		{"null", counter{}, "null", []string{"a"}, `{"records":1,"data":"a"}`, -1, "a"},
		{"a record fails after it has changed the sum", counter{fail: onData("c")}, tally{1, "-"}, []string{"a", "b", "c", "d"}, `{"records":3,"data":"-ab"}`, 2, "abcab"},
		{"the first one does", counter{fail: onData("a")}, tally{1, "-"}, []string{"a", "b"}, `{"records":1,"data":"-"}`, 0, "a"},
		{"a record that is refused", counter{refuse: of}, nil, []string{"a", "b", "c", "d"}, `{"records":2,"data":"ab"}`, 2, "ab"},
		{"the first is refused", counter{refuse: of}, tally{1, "-"}, []string{"c", "d"}, `{"records":1,"data":"-"}`, 0, ""},
	} {
		out, err := c.counter.doorway("kinesis").Invoke(t.Context(), handlertest.WindowEvent(datastore.Window{}, c.state, clicks(c.records...)...))
		if err != nil {
			t.Errorf("%s: error = %v", c.name, err)
			continue
		}
		state, failed, err := handlertest.ReadWindow(out)
		want := []string{}
		if c.failed >= 0 {
			want = append(want, clicks(c.records...)[c.failed].ID)
		}
		if got := strings.Join(c.counter.added, ""); err != nil || string(state) != c.want || !cmp.Equal(want, failed) || got != c.added {
			t.Errorf("%s: %s, %v after the records %q; want the state %s, the failures %v and %q", c.name, out, err, got, c.want, want, c.added)
		}
		if len(c.counter.ends) > 0 {
			t.Errorf("%s: the window ended: %v", c.name, c.counter.ends)
		}
	}
}

// TestWindowPanic: a record that panics in the middle of its change does not count.
func TestWindowPanic(t *testing.T) {
	t.Parallel()
	c := &counter{fail: func(r *datastore.Record) error {
		if string(r.Data) == "c" {
			panic("no")
		}
		return nil
	}}
	out, err := c.doorway("kinesis").Invoke(t.Context(), handlertest.WindowEvent(datastore.Window{}, nil, clicks("a", "c")...))
	if state, failed, rerr := handlertest.ReadWindow(out); err != nil || rerr != nil || string(state) != `{"records":1,"data":"a"}` || len(failed) != 1 {
		t.Errorf("Invoke = %s, %v; want the state of the first record", out, err)
	}
}

// TestWindowRepeats: a record before the one that failed fails, too, when it is worked
// off again; and where nothing can be told, Lambda halves the batch.
func TestWindowRepeats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ second, want string }{
		{"b", `{"records":1,"data":"a"}`},
		{"a", ""},
	} {
		seen := map[string]int{}
		w := &counter{fail: func(r *datastore.Record) error {
			d := string(r.Data)
			if seen[d]++; d == "c" || seen[d] == 2 && d == c.second {
				return errWork
			}
			return nil
		}}
		out, err := w.doorway("kinesis").Invoke(t.Context(), handlertest.WindowEvent(datastore.Window{}, nil, clicks("a", "b", "c")...))
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "halves the batch") {
				t.Errorf("%s fails the second time: %s, %v; want a function error", c.second, out, err)
			}
			continue
		}
		if state, failed, rerr := handlertest.ReadWindow(out); err != nil || rerr != nil || string(state) != c.want || !cmp.Equal(failed, []string{clicks("a", "b")[1].ID}) {
			t.Errorf("%s fails the second time: %s, %v; want %s", c.second, out, err, c.want)
		}
	}
}

// TestWindowParts: a record that the KPL made of several counts whole or not at all.
func TestWindowParts(t *testing.T) {
	t.Parallel()
	records := clicks("x", string(aggregated("k", "a", "k", "bad", "k", "b")))
	c := &counter{fail: onData("bad")}
	out, err := c.doorway("kinesis").Invoke(t.Context(), handlertest.WindowEvent(datastore.Window{}, nil, records...))
	state, failed, rerr := handlertest.ReadWindow(out)
	if err != nil || rerr != nil || string(state) != `{"records":1,"data":"x"}` || !cmp.Equal(failed, []string{records[1].ID}) {
		t.Errorf("Invoke = %s, %v; want the first record alone", out, err)
	}
}

// TestWindowLate: what there was no time for is not in the state, and comes again.
func TestWindowLate(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	c := &counter{}
	c.fail = func(*datastore.Record) error {
		if len(c.added) == 2 {
			<-ctx.Done()
		}
		return nil
	}
	records := clicks("a", "b", "c")
	out, err := c.doorway("kinesis").Invoke(ctx, handlertest.WindowEvent(datastore.Window{}, nil, records...))
	state, failed, rerr := handlertest.ReadWindow(out)
	if err != nil || rerr != nil || string(state) != `{"records":2,"data":"ab"}` || !cmp.Equal(failed, []string{records[2].ID}) {
		t.Errorf("Invoke = %s, %v; want two records in the state, and the third told", out, err)
	}
}

// TestWindowEnd: the function hears of a window that is over, with or without records
// in the last invocation, and the state is done with only when it has succeeded.
func TestWindowEnd(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 7, 4, 0, 0, time.UTC)
	w := datastore.Window{Source: clicksARN, Shard: "shardId-000000000006", Start: start, End: start.Add(2 * time.Minute)}
	early := w
	early.Early = true
	change := w
	change.Source = "arn:aws:dynamodb:eu-west-1:1:table/orders"
	fan := w
	fan.Source = clicksARN + "/consumer/fan:clicks"
	const told = "/stream/clicks shardId-000000000006 07:04-07:06 early=%v clicks: %s"
	for _, c := range []struct {
		name    string
		service string
		event   []byte
		counter counter
		want    string // "" for an error
		err     string
	}{
		{"without records", "kinesis", handlertest.LastWindowEvent(w, tally{2, "ab"}), counter{}, fmt.Sprintf(told, false, `2 "ab"`), ""},
		{"of a consumer", "kinesis", handlertest.LastWindowEvent(fan, tally{2, "ab"}), counter{}, fmt.Sprintf(told, false, `2 "ab"`), ""},
		{"with records", "kinesis", handlertest.LastWindowEvent(w, tally{2, "ab"}, clicks("c")...), counter{}, fmt.Sprintf(told, false, `3 "abc"`), ""},
		{"early", "kinesis", handlertest.WindowEvent(early, tally{1, "a"}), counter{}, fmt.Sprintf(told, true, `1 "a"`), ""},
		{"of a table", "dynamodb", handlertest.LastWindowEvent(change, tally{1, "a"}), counter{}, "/table/orders shardId-000000000006 07:04-07:06 early=false orders: 1 \"a\"", ""},
		{"no list of records", "kinesis", []byte(strings.Replace(string(handlertest.LastWindowEvent(w, tally{2, "ab"})), `"Records":[],`, "", 1)), counter{}, fmt.Sprintf(told, false, `2 "ab"`), ""},
		{"the end fails", "kinesis", handlertest.LastWindowEvent(w, nil), counter{endErr: errWork}, "", "the end of a window of stream clicks: "},
		{"a record fails", "kinesis", handlertest.LastWindowEvent(w, nil, clicks("a", "b")...), counter{fail: onData("b")}, "", "which therefore is not ended"},
	} {
		out, err := c.counter.doorway(c.service).Invoke(t.Context(), c.event)
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), errWork.Error()) || out != nil {
				t.Errorf("%s: Invoke = %s, %v; want the error %q, without its cause", c.name, out, err, c.err)
			}
			continue
		}
		if err != nil || string(out) != `{"batchItemFailures":[],"state":{}}` || !cmp.Equal(c.counter.ends, []string{c.want}) {
			t.Errorf("%s: Invoke = %s, %v and the ends %q; want %q", c.name, out, err, c.counter.ends, c.want)
		}
	}
}

// TestWindowErrors: what cannot be kept fails whole, so that nothing is lost.
func TestWindowErrors(t *testing.T) {
	t.Parallel()
	event := handlertest.WindowEvent(datastore.Window{}, nil, clicks("a")...)
	without := func(old, new string) []byte { return []byte(strings.Replace(string(event), old, new, 1)) }
	for _, c := range []struct {
		name    string
		counter counter
		event   []byte
		want    string
	}{
		{"too large", counter{}, handlertest.WindowEvent(datastore.Window{}, nil, clicks(strings.Repeat("x", 1_000_000))...), "more than the 1000000 that Lambda keeps"},
		{"no JSON", counter{broken: errors.New("no JSON")}, event, "the state of a window of stream clicks: no JSON"},
		{"another state", counter{}, handlertest.WindowEvent(datastore.Window{}, `{"records":"many"}`, clicks("a")...), "the state of a window of stream clicks: "},
		{"no window", counter{}, without(`"window":`, `"other":`), "the event has no window; deploy the template anew"},
		{"no end", counter{}, without(`"end":`, `"other":`), "no start or no end"},
		{"cut off", counter{}, event[:len(event)-1], "not JSON"},
		{"a second list", counter{}, without(`"shardId"`, `"Records":[],"shardId"`), "a second list"},
	} {
		out, err := c.counter.doorway("kinesis").Invoke(t.Context(), c.event)
		if err == nil || !strings.Contains(err.Error(), c.want) || out != nil {
			t.Errorf("%s: Invoke = %.100s, %v; want the error %q", c.name, out, err, c.want)
		}
	}
}

// TestWindowBesideOthers: the source that an event names has windows or not, whatever
// the others have.
func TestWindowBesideOthers(t *testing.T) {
	t.Parallel()
	c, w := &counter{}, &worker{}
	opts := quiet()
	opts.Sources = []lambda.Source{
		{Feed: datastore.Feed{Service: "kinesis", Spec: store{"stream", "plain"}}, Name: "plain", Handler: w},
		{Feed: datastore.Feed{Service: "kinesis", Spec: store{"stream", "clicks"}}, Name: "clicks", Handler: c, Open: c.open, End: c},
	}
	d := lambda.New(nil, opts)
	plain := clicks("p")
	plain[0].Source = "arn:aws:kinesis:eu-west-1:1:stream/plain"
	for _, e := range []struct{ event, want string }{
		{string(handlertest.WindowEvent(datastore.Window{}, nil, clicks("a")...)), `{"batchItemFailures":[],"state":{"records":1,"data":"a"}}`},
		{string(handlertest.RecordsEvent(plain...)), `{"batchItemFailures":[]}`},
		{string(handlertest.WindowEvent(datastore.Window{}, `{"a":1}`, plain...)), `{"batchItemFailures":[],"state":{"a":1}}`},
		{string(handlertest.LastWindowEvent(datastore.Window{Source: clicksARN}, nil)), `{"batchItemFailures":[],"state":{}}`},
	} {
		if out, err := d.Invoke(t.Context(), []byte(e.event)); err != nil || string(out) != e.want {
			t.Errorf("Invoke(%s) = %s, %v; want %s", e.event, out, err, e.want)
		}
	}
	if len(w.records) != 2 || len(c.added) != 1 || len(c.ends) != 1 {
		t.Errorf("worked off %d, counted %v, ended %v; want 2, 1 and 1", len(w.records), c.added, c.ends)
	}
}

// TestWindowOfOthers: the mapping of a function that knows of no windows may have them
// all the same; its answer gives Lambda back the state that came, without which it would
// take it for a failure (T229).
func TestWindowOfOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		event []byte
		fails []string
		want  string
	}{
		{"a state", handlertest.WindowEvent(datastore.Window{}, `{"a": [1]}`, clicks("a")...), nil, `{"batchItemFailures":[],"state":{"a":[1]}}`},
		{"none yet", []byte(strings.Replace(string(handlertest.WindowEvent(datastore.Window{}, nil, clicks("a")...)), `"state":{}`, `"state":null`, 1)), nil, `{"batchItemFailures":[],"state":{}}`},
		{"a failure", handlertest.WindowEvent(datastore.Window{}, `{"a":1}`, clicks("a")...), []string{clicks("a")[0].ID}, `{"batchItemFailures":[{"itemIdentifier":"` + clicks("a")[0].ID + `"}],"state":{"a":1}}`},
		{"the last", handlertest.LastWindowEvent(datastore.Window{Source: clicksARN}, `{"a":1}`), nil, `{"batchItemFailures":[],"state":{"a":1}}`},
	} {
		for _, parallel := range []int{1, 4} {
			w := &worker{fail: failing(c.fails...)}
			out, err := w.doorway("kinesis", func(s *lambda.Source) { s.Parallel = parallel }).Invoke(t.Context(), c.event)
			if err != nil || string(out) != c.want {
				t.Errorf("%s, %d at once: Invoke = %s, %v; want %s", c.name, parallel, out, err, c.want)
			}
		}
	}
}

// FuzzWindow: whatever an event says of its window, the answer carries a state that is
// an object, or it is an error.
func FuzzWindow(f *testing.F) {
	f.Add(`{"records":1}`, `{"start":"2020-12-09T07:04:00Z","end":"2020-12-09T07:06:00Z"}`, "true", "a")
	f.Add(`null`, `{}`, "false", "bad")
	f.Add(`{"records":1e9}`, `{"end":1,"start":"x"}`, "1", "")
	f.Fuzz(func(t *testing.T, state, window, final, data string) {
		event := `{"Records":[` + strings.TrimSuffix(strings.TrimPrefix(string(handlertest.RecordsEvent(clicks("x", data)...)), `{"Records":[`), `]}`) +
			`],"window":` + window + `,"state":` + state + `,"isFinalInvokeForWindow":` + final + `}`
		c := &counter{fail: onData("bad")}
		out, err := c.doorway("kinesis").Invoke(t.Context(), []byte(event))
		if err != nil {
			return
		}
		if !json.Valid([]byte(event)) {
			t.Fatalf("Invoke(%q) = %q, though it is not JSON", event, out)
		}
		if _, _, err := handlertest.ReadWindow(out); err != nil {
			t.Fatalf("Invoke(%q) = %q: %v", event, out, err)
		}
	})
}
