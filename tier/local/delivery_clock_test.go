package local_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestDeliverSchedules: schedules start functions by the clock, with their input and
// the time that they are for, and a failure is tried again.
func TestDeliverSchedules(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		worker := app.Function("worker")
		dead := queue.New[string](data, "dead")
		tick := func(name string) func(context.Context, map[string]int) error {
			return func(ctx context.Context, in map[string]int) error {
				r := datastore.RecordFrom(ctx)
				h.add("%s %v %s", name, in, r.SentAt.Format("15:04"))
				if in["fail"] == 1 {
					return errors.New("as asked")
				}
				return nil
			}
		}
		opts := []tier.TriggerOption{tier.Retries(1), tier.OnFailure(dead)}
		tier.On(worker, bus.NewSchedule("often", "rate(20 minutes)", map[string]int{"n": 1}), tick("often"), opts...)
		tier.On(worker, bus.NewSchedule("early", "cron(30 2 * * ? *)", map[string]int{}, bus.TimeZone("Europe/Berlin")), tick("early"), opts...)
		tier.On(worker, bus.NewSchedule("bad", "cron(59 0 * * ? *)", map[string]int{"fail": 1}), tick("bad"), opts...)
		tier.On(worker, bus.NewSchedule("off", "rate(1 minute)", map[string]int{}, bus.Off()), tick("off"), opts...)
		d := delivering(t, app, data, nil) // synctest begins at midnight UTC
		running(t, d)
		time.Sleep(50 * time.Minute)
		synctest.Wait()
		checkHeard(t, h, "often map[n:1] 00:20", "often map[n:1] 00:40")
		time.Sleep(9*time.Minute + 30*time.Second)
		synctest.Wait()
		checkHeard(t, h, "bad map[fail:1] 00:59")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := h.take(); len(got) != 2 || !slices.Contains(got, "bad map[fail:1] 00:59") || !slices.Contains(got, "often map[n:1] 01:00") {
			t.Errorf("at one o'clock functions heard %q", got)
		}
		if told := datatest.Sent[string](t, data, "dead"); len(told) != 1 || !strings.Contains(told[0], `"requestPayload":{"schedule":"bad"`) {
			t.Errorf("the destination heard of %q", told)
		}
		time.Sleep(19 * time.Minute) // 1:19:30
		synctest.Wait()
		checkHeard(t, h)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		checkHeard(t, h, "often map[n:1] 01:20", "early map[] 01:30")
	})
}

// TestFire: schedules and rules are fired by hand, rules with an event that they take.
func TestFire(t *testing.T) {
	t.Parallel()
	data, app, h := datatest.New(t), tier.New("shop"), &heard{}
	worker, other := app.Function("worker"), app.Function("other")
	placed := bus.NewRule[parcel]("placed", `{"source": ["shop"], "detail": {"to": [{"prefix": "R"}]}}`)
	take := func(name string) func(context.Context, bus.Event[parcel]) error {
		return func(_ context.Context, e bus.Event[parcel]) error {
			h.add("%s %s %s %s %s", name, e.Detail.ID, e.DetailType, e.Account, e.Region)
			return nil
		}
	}
	tier.On(worker, placed, take("worker"))
	tier.On(other, placed, take("other"))
	tier.On(worker, bus.NewSchedule("nightly", "rate(1 day)", parcel{ID: "n"}, bus.Off()), func(ctx context.Context, p parcel) error {
		h.add("nightly %s %s", p.ID, datastore.RecordFrom(ctx).Source)
		return nil
	})
	clicks := bus.NewKafka[*parcel](bus.NewCluster("main"), "clicks", "shop.clicks")
	tier.On(worker, clicks, func(ctx context.Context, p *parcel) error {
		r := datastore.RecordFrom(ctx)
		h.add("%v %s of %s", p, r.ID, r.Source)
		return nil
	})
	letters := bus.NewKafka[parcel](bus.NewCluster("main"), "letters", "letters")
	tier.On(other, letters, func(context.Context, parcel) error { return nil }, tier.Filter(`{"value": {"to": ["Rome"]}}`))
	jobs := queue.New[parcel](data, "jobs")
	tier.On(worker, jobs, func(context.Context, parcel) error { return nil })
	tier.On(other, bus.NewLogs("errors", "/ecs/shop", ""), func(context.Context, bus.LogBatch) error { return nil })
	d := delivering(t, app, data, nil)
	fire := func(name, payload string) error {
		t.Helper()
		err := d.Fire(name, []byte(payload))
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		return err
	}
	const cluster = "arn:aws:kafka:us-east-1:000000000000:cluster/main/00000000-0000-0000-0000-000000000000-0"
	if err := errors.Join(fire("clicks", `{"id":"1","to":"Rome"}`), d.Fire("clicks", nil), d.Settle(t.Context())); err != nil {
		t.Error(err)
	}
	checkHeard(t, h, "&{1 Rome} shop.clicks-0/0 of "+cluster, "<nil> shop.clicks-0/0 of "+cluster)
	if err := fire("nightly", ""); err != nil {
		t.Error(err)
	}
	checkHeard(t, h, "nightly n arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly")
	if err := fire("placed", `{"source":"shop","detail-type":"Order Placed","detail":{"id":"1","to":"Rome"}}`); err != nil {
		t.Error(err)
	}
	if got := h.take(); len(got) != 2 || !strings.Contains(strings.Join(got, "\n"), "worker 1 Order Placed") || !strings.Contains(strings.Join(got, "\n"), "other 1 Order Placed") {
		t.Errorf("functions heard %q", got)
	}
	for _, tt := range []struct{ name, payload, want string }{
		{"placed", `{"source":"shop","detail-type":"Order Placed","detail":{"id":"1","to":"Oslo"}}`, "the pattern of rule placed does not take the event"},
		{"placed", `{"source":"shop"}`, "write {"},
		{"placed", ``, "the event: "},
		{"letters", `{"to":"Oslo"}`, "function other on kafka letters: no pattern of tier.Filter takes the record"},
		{"weekly", ``, `app shop has nothing to fire of the name "weekly"`},
		{"jobs", `{}`, "queue jobs is not fired, but sent to: go run . send jobs"},
		{"errors", `{}`, "logs errors is not fired; write the event as AWS does, and: go run . invoke other"},
	} {
		if err := fire(tt.name, tt.payload); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Fire(%q, %s) = %v, want %q", tt.name, tt.payload, err, tt.want)
		}
	}
	checkHeard(t, h)
}

// FuzzBusEvent: what is typed by hand never panics, and is an event if it is taken.
func FuzzBusEvent(f *testing.F) {
	f.Add([]byte(`{"source":"shop","detail-type":"Order Placed","detail":{"id":"1"}}`))
	f.Add([]byte(`{"source":"shop","detail-type":1,"detail":[]}`))
	spec := bus.NewRule[parcel]("placed", `{"source": ["shop"]}`).Feed().Spec.(bus.RuleSpec)
	f.Fuzz(func(t *testing.T, given []byte) {
		out, err := local.BusEvent(spec, given, time.Unix(0, 0), strings.NewReader(strings.Repeat("0", 16)))
		if err == nil && !spec.Takes(out) {
			t.Fatalf("BusEvent = %s", out)
		}
	})
}
