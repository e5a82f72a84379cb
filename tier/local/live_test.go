package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestLambdaAlias: the alias of a function with versions is the function itself here,
// and others have none.
func TestLambdaAlias(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	app.Function("price", tier.Live(tier.Rollout{})).Invoke(noop)
	app.Function("plain").Invoke(noop)
	l, err := local.NewLambda(app, func(string) local.Function { return local.Function{Invoke: answering(`1`)} }, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for function, want := range map[string]int{"price:live": 200, "price": 200, "price:7": 404, "plain:live": 404} {
		if resp := invokeLambda(l, function, `{}`); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", function, resp.StatusCode, want)
		}
	}
}

// TestLambdaGivesUp: an event that nobody waits for is tried as often as the function
// says, and then told to its queue.
func TestLambdaGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app := datatest.New(t, datatest.Now(time.Now)), tier.New("shop")
		var tries []time.Duration
		start := time.Now()
		app.Function("price").Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) {
			tries = append(tries, time.Since(start))
			return struct{}{}, errors.New("no")
		}), tier.Retries(1), tier.OnFailure(queue.New[string](data, "lost")))
		l, err := local.NewLambda(app, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if _, err := local.NewDelivery(app, data, l, nil); err != nil {
			t.Fatal(err)
		}
		if resp := invokeLambda(l, "price", `{}`, "X-Amz-Invocation-Type", "Event"); resp.StatusCode != 202 {
			t.Fatalf("%d, want 202", resp.StatusCode)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if fmt.Sprint(tries) != "[0s 1m0s]" {
			t.Errorf("tries after %v, want 0s and 1m0s", tries)
		}
		if told := datatest.Sent[string](t, data, "lost"); len(told) != 1 || !strings.Contains(told[0], `"condition":"RetriesExhausted"`) {
			t.Errorf("the queue heard of %q, want one event that was given up", told)
		}
	})
}
