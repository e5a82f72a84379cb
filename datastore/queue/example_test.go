package queue_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

type Mail struct {
	To string `json:"to"`
}

func ExampleNew() {
	type mailer interface { // what this function may do, and no more
		queue.Sender[Mail]
	}
	queues := memoryqueue.New()
	data := datastore.New([]datastore.Driver{queues}, nil)
	mails := queue.New[Mail](data, "mails", queue.DeadLetter(5))
	api := function("api") // a tier.API
	sender := datastore.Use[mailer](api, mails)

	id, err := sender.Send(context.Background(), Mail{To: "ann@example.com"}, queue.Attribute("priority", 2))
	fmt.Println(id != "", err)

	got := queues.Queue(data, mails.Spec().(queue.Spec)).Receive(memoryqueue.Batch{})
	fmt.Println(got[0].Body, got[0].Attributes)
	// Output:
	// true <nil>
	// {"to":"ann@example.com"} [{priority Number 2}]
}

// The messages of a group arrive in their order, and one that is sent twice arrives
// once.
func ExampleFIFO() {
	queues := memoryqueue.New()
	data := datastore.New([]datastore.Driver{queues}, nil)
	moves := queue.New[string](data, "moves", queue.FIFO())
	sender := datastore.Use[queue.Sender[string]](function("api"), moves)

	ctx := context.Background()
	for _, move := range []string{"e4", "e5", "e4"} {
		_, err := sender.Send(ctx, move, queue.Group("game-1"), queue.Dedup(move))
		fmt.Println(move, err)
	}
	_, err := sender.Send(ctx, "Nf3")
	fmt.Println(err)
	for _, m := range queues.Queue(data, moves.Spec().(queue.Spec)).Receive(memoryqueue.Batch{}) {
		fmt.Println(m.Group, m.Body)
	}
	// Output:
	// e4 <nil>
	// e5 <nil>
	// e4 <nil>
	// queue moves: send: invalid: a message to a FIFO queue needs its group; add queue.Group(id)
	// game-1 e4
	// game-1 e5
}

// What was not sent is told by its place.
func ExampleManySender() {
	data := datastore.New([]datastore.Driver{memoryqueue.New()}, nil)
	mails := datastore.Use[queue.ManySender[Mail]](function("api"), queue.New[Mail](data, "mails"))

	ids, err := mails.SendMany(context.Background(), []queue.Message[Mail]{
		{Body: Mail{To: "ann@example.com"}},
		{Body: Mail{To: "bob@example.com"}, Options: []queue.SendOption{queue.Group("newsletter")}},
	})
	fmt.Println(len(ids), err)
	if partial, ok := errors.AsType[*datastore.PartialError](err); ok {
		for _, failed := range partial.Failed {
			fmt.Println(failed.Index, failed.Err)
		}
	}
	// Output: 2 <nil>
}
