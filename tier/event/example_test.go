package event_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// A record of a delivery stream is changed, dropped, or has failed.
func ExampleNewFirehose() {
	type click struct {
		Page string `json:"page" validate:"required"`
		Bot  bool   `json:"bot,omitempty"`
	}
	clicks := event.NewFirehose[click]("clicks", event.Newlines())
	worker := tier.New("shop").Function("worker")
	tier.On(worker, clicks, func(_ context.Context, r *event.Transformation[click]) error {
		if r.Value.Bot {
			r.Drop()
		}
		r.PartitionKeys = map[string]string{"page": r.Value.Page}
		return nil
	})

	h, err := worker.Triggers()[0].Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range []click{{Page: "/a"}, {Page: "/b", Bot: true}, {}} {
		record := handlertest.RecordsOf(clicks, &event.Transformation[click]{Value: c})[0]
		answer, err := handlertest.AskRecord(context.Background(), h, record)
		fmt.Println(string(answer), err)
	}
	// Output:
	// {"result":"Ok","data":"eyJwYWdlIjoiL2EifQo=","metadata":{"partitionKeys":{"page":"/a"}}} <nil>
	// {"result":"Dropped","data":""} <nil>
	//  400: the request is not valid: body.page is required
}
