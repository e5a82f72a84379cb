package memorytopic_test

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/topictest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	topictest.Run(t, func(_ testing.TB, spec topic.Spec) topictest.Harness {
		driver := memorytopic.New(nil)
		data := datastore.New([]datastore.Driver{driver}, nil)
		subscribe := func(t testing.TB, policy string, scope filterpolicy.Scope) func(testing.TB, int) []topictest.Received {
			var filter *filterpolicy.Policy
			if policy != "" {
				var err error
				if filter, err = filterpolicy.Parse(policy, scope); err != nil {
					t.Fatal(err)
				}
			}
			var got []topictest.Received
			driver.Topic(data, spec).Subscribe(memorytopic.Subscription{Filter: filter, Deliver: func(_ context.Context, m memorytopic.Message) error {
				got = append(got, topictest.Received{Body: m.Body, Group: m.Group, Dedup: m.Dedup, Attributes: m.Attributes})
				return nil
			}})
			return func(t testing.TB, n int) []topictest.Received {
				t.Helper()
				if len(got) < n {
					t.Fatalf("received %d messages, want %d", len(got), n)
				}
				return got
			}
		}
		return topictest.Harness{Data: data, Subscribe: subscribe}
	})
}
