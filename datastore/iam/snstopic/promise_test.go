package snstopic_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// topics are handles on a standard topic and a FIFO topic.
type topics struct{ standard, fifo both }

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	group := topic.Group("g")
	many := func(opts ...topic.PublishOption) []topic.Message[string] {
		return []topic.Message[string]{{Body: "a", Options: opts}, {Body: "b", Options: opts}}
	}
	for variable, keeping := range map[string]func(testing.TB, string) string{
		"TIERKIT_TEST_MOTO":   faults.Keeping,
		"TIERKIT_TEST_FAUXQS": func(_ testing.TB, url string) string { return url },
	} {
		t.Run(variable, func(t *testing.T) {
			faults.Promises[topics]{
				Tail: 150, // the id of the request
				Serve: func(t *testing.T) (upstream, told string) {
					url := servers.URL(t, variable)
					standard := newTopic(t, url, topic.Spec{MaxMessage: topic.DefaultMessage})
					fifo := newTopic(t, url, topic.Spec{MaxMessage: topic.DefaultMessage, FIFO: true, ContentDedup: true})
					return keeping(t, url), standard + " " + fifo
				},
				Open: func(_ *testing.T, url, told string, now func() time.Time) topics {
					standard, fifo, _ := strings.Cut(told, " ")
					cfg := config(url, iam.HTTPClientAt(now))
					return topics{
						datastore.Use[both](function{}, topic.New[string](dataFor(cfg, standard), "notes")),
						datastore.Use[both](function{}, topic.New[string](dataFor(cfg, fifo), "notes", topic.FIFO())),
					}
				},
				Operations: []faults.Operation[topics]{
					{Name: "Publish", Write: true, Do: func(ctx context.Context, n topics) error {
						_, err := n.standard.Publish(ctx, "x")
						return err
					}},
					{Name: "PublishMany", Write: true, Do: func(ctx context.Context, n topics) error {
						_, err := n.standard.PublishMany(ctx, many())
						return err
					}},
					{Name: "Publish, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, n topics) error {
						_, err := n.fifo.Publish(ctx, "x", group)
						return err
					}},
					{Name: "PublishMany, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, n topics) error {
						_, err := n.fifo.PublishMany(ctx, many(group))
						return err
					}},
				},
			}.Run(t)
		})
	}
}
