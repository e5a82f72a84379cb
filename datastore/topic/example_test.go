package topic_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

type Placed struct {
	Order string `json:"order"`
}

func ExampleNew() {
	type announcer interface { // what this function may do, and no more
		topic.Publisher[Placed]
	}
	topics := memorytopic.New(nil)
	data := datastore.New([]datastore.Driver{topics}, nil)
	placed := topic.New[Placed](data, "placed")
	api := function("api") // a tier.API
	events := datastore.Use[announcer](api, placed)

	topics.Topic(data, placed.Spec().(topic.Spec)).Subscribe(memorytopic.Subscription{
		Deliver: func(_ context.Context, m memorytopic.Message) error {
			fmt.Println("heard of", m.Body)
			return nil
		},
	})
	id, err := events.Publish(context.Background(), Placed{Order: "o1"})
	fmt.Println(id != "", err)
	// Output:
	// heard of {"order":"o1"}
	// true <nil>
}

// Who subscribes chooses by attributes.
func ExampleAttribute() {
	topics := memorytopic.New(nil)
	data := datastore.New([]datastore.Driver{topics}, nil)
	placed := topic.New[Placed](data, "placed")
	events := datastore.Use[topic.Publisher[Placed]](function("api"), placed)

	german, err := filterpolicy.Parse(`{"country": ["de"]}`, filterpolicy.Attributes)
	if err != nil {
		fmt.Println(err)
	}
	topics.Topic(data, placed.Spec().(topic.Spec)).Subscribe(memorytopic.Subscription{
		Filter: german,
		Deliver: func(_ context.Context, m memorytopic.Message) error {
			fmt.Println("heard of", m.Body)
			return nil
		},
	})
	for order, country := range map[string]string{"o1": "de", "o2": "fr"} {
		if _, err := events.Publish(context.Background(), Placed{order}, topic.Attribute("country", country)); err != nil {
			fmt.Println(err)
		}
	}
	// Output: heard of {"order":"o1"}
}

// What was not published is told by its place.
func ExampleManyPublisher() {
	data := datastore.New([]datastore.Driver{memorytopic.New(nil)}, nil)
	events := datastore.Use[topic.ManyPublisher[Placed]](function("api"), topic.New[Placed](data, "placed"))

	ids, err := events.PublishMany(context.Background(), []topic.Message[Placed]{
		{Body: Placed{"o1"}},
		{Body: Placed{"o2"}, Options: []topic.PublishOption{topic.Subject("a large one")}},
	})
	fmt.Println(len(ids), err)
	if partial, ok := errors.AsType[*datastore.PartialError](err); ok {
		for _, failed := range partial.Failed {
			fmt.Println(failed.Index, failed.Err)
		}
	}
	// Output: 2 <nil>
}
