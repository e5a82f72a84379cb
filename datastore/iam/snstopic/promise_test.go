package snstopic_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// topics are handles on a standard topic, a FIFO topic, and a standard one whose
// subscribers know a message again.
type topics struct{ standard, fifo, idempotent both }

// topicsBy is handles on the topics with those ARNs.
func topicsBy(cfg aws.Config, standard, fifo string) topics {
	data := dataFor(cfg, standard)
	return topics{
		datastore.Use[both](function{}, topic.New[string](data, "notes")),
		datastore.Use[both](function{}, topic.New[string](dataFor(cfg, fifo), "notes", topic.FIFO())),
		datastore.Use[both](function{}, topic.New[string](data, "news", topic.Idempotent())),
	}
}

func messages(n int, opts ...topic.PublishOption) []topic.Message[string] {
	list := make([]topic.Message[string], n)
	for i := range list {
		list[i] = topic.Message[string]{Body: fmt.Sprint("m", i), Options: opts}
	}
	return list
}

// operations are one of each sort, for messages with a secret.
var operations = []faults.Operation[topics]{
	{Name: "Publish", Write: true, Do: func(ctx context.Context, n topics) error {
		_, err := n.standard.Publish(ctx, "hunter2")
		return err
	}},
	{Name: "PublishMany", Write: true, Do: func(ctx context.Context, n topics) error {
		_, err := n.standard.PublishMany(ctx, messages(2))
		return err
	}},
	{Name: "Publish, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, n topics) error {
		_, err := n.fifo.Publish(ctx, "hunter2", topic.Group("g"))
		return err
	}},
	{Name: "PublishMany, FIFO", Write: true, Repeatable: true, Do: func(ctx context.Context, n topics) error {
		_, err := n.fifo.PublishMany(ctx, messages(2, topic.Group("g")))
		return err
	}},
	{Name: "Publish, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, n topics) error {
		_, err := n.idempotent.Publish(ctx, "hunter2")
		return err
	}},
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
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
					return topicsBy(config(url, iam.HTTPClientAt(now)), standard, fifo)
				},
				Operations: operations,
			}.Run(t)
		})
	}
}
