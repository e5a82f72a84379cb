// Command factory has functions that work off every kind of source, for the tests of
// package run. Each says on the standard output what it did.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type parcel struct {
	ID string `json:"id" table:"id,pk" validate:"required,alphanum"`
	To string `json:"to" validate:"required"`
}

type parcels interface {
	table.Putter[parcel]
	table.Deleter[parcel]
}

type desk struct {
	table  parcels
	placed topic.Publisher[parcel]
	visits stream.Writer[string]
	jobs   queue.Sender[parcel]
	photos blob.PutSigner
}

func (d desk) place(ctx context.Context, in parcel) (parcel, error) {
	_, err1 := d.table.Put(ctx, in)
	_, err2 := d.placed.Publish(ctx, in, topic.Attribute("to", in.To), topic.Group(in.To))
	_, err3 := d.visits.Put(ctx, in.To, in.ID)
	return in, errors.Join(err1, err2, err3)
}

type byID struct {
	ID string `path:"id"`
}

func (d desk) remove(ctx context.Context, in byID) (struct{}, error) {
	return struct{}{}, d.table.Delete(ctx, table.PK(in.ID))
}

func (d desk) work(ctx context.Context, in parcel) (struct{}, error) {
	_, err := d.jobs.Send(ctx, in)
	return struct{}{}, err
}

type photo struct {
	URL string `json:"url"`
}

func (d desk) photo(ctx context.Context, in byID) (photo, error) {
	signed, err := d.photos.SignPut(ctx, "in/"+in.ID+".png", time.Minute)
	return photo{signed.URL}, err
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("factory")
	api := app.API("desk")
	items, placed := table.New[parcel](data, "parcels"), topic.New[parcel](data, "placed", topic.FIFO())
	visits, jobs := stream.New[string](data, "visits"), queue.New[parcel](data, "jobs", queue.DeadLetter(1), queue.Visibility(time.Second))
	photos := blob.New(data, "photos")
	d := desk{
		datastore.Use[parcels](api, items), datastore.Use[topic.Publisher[parcel]](api, placed),
		datastore.Use[stream.Writer[string]](api, visits), datastore.Use[queue.Sender[parcel]](api, jobs),
		datastore.Use[blob.PutSigner](api, photos.Under("in/")),
	}
	api.Handle("POST /parcels", handler.New(d.place))
	api.Handle("DELETE /parcels/{id}", handler.New(d.remove))
	api.Handle("POST /jobs", handler.New(d.work))
	api.Handle("POST /photos/{id}", handler.New(d.photo))

	packer := app.Function("packer", tier.Timeout(time.Second))
	roman := queue.New[parcel](data, "roman", queue.FIFO())
	tier.Forward(app, placed.Where(`{"to": ["Rome"]}`), roman)
	tier.On(packer, roman, func(ctx context.Context, p parcel) error {
		return say("packed %s of group %s", p.ID, datastore.RecordFrom(ctx).Group)
	})
	tier.On(packer, jobs, func(_ context.Context, p parcel) error {
		if _, err := os.Stat("nowhere"); p.To == "nowhere" && err != nil {
			return errors.New("there is no such place")
		}
		return say("done with %s", p.ID)
	}, tier.BatchSize(5))

	clerk := app.Function("clerk", tier.Timeout(time.Minute))
	tier.On(clerk, items.Changes(), func(_ context.Context, c table.ItemChange[parcel]) error {
		if c.New == nil {
			return say("forgot %s to %s", c.Old.ID, c.Old.To)
		}
		return say("filed %s", c.New.ID)
	})
	tier.On(clerk, visits, func(_ context.Context, id string) error { return say("counted %s", id) })
	tier.On(clerk, photos.Under("in/").Created(), func(ctx context.Context, e blob.Event) error {
		err := say("looked at %s of %d bytes", e.Key, e.Size)
		if e.Key == "in/large.png" {
			<-ctx.Done() // as long as the function may take
		}
		return err
	})
	teller := app.Function("teller")
	tier.On(teller, event.NewSchedule("nightly", "cron(0 3 * * ? *)", "all", event.TimeZone("Europe/Berlin")), func(ctx context.Context, what string) error {
		fmt.Println("counts", what, datastore.RecordFrom(ctx).Source)
		return nil
	})
	tier.On(teller, event.NewRule[parcel]("lost", `{"source": ["carrier"], "detail-type": ["Lost"]}`), func(_ context.Context, e event.Event[parcel]) error {
		fmt.Println("lost", e.Detail.ID, "by", e.Source)
		if e.Detail.To == "nowhere" {
			return errors.New("there is no such place")
		}
		return nil
	})
	tier.On(teller, topic.New[parcel](data, "notices"), func(ctx context.Context, p parcel) error {
		return say("notice %s: %s", p.ID, datastore.RecordFrom(ctx).Subject)
	})
	prices := event.NewKafka[*parcel](event.NewCluster("main"), "prices", "shop.prices")
	tier.On(teller, prices, func(ctx context.Context, p *parcel) error {
		if p == nil {
			fmt.Println("no price of", datastore.RecordFrom(ctx).Key)
		} else {
			fmt.Println("price of", datastore.RecordFrom(ctx).Key, "for", p.To)
		}
		return nil
	})
	return app
}

func say(format string, args ...any) error {
	_, err := fmt.Fprintf(os.Stdout, format+"\n", args...)
	return err
}

func main() { run.Main(newApp) }
