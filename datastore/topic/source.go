package topic

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/message"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

// Messages are the messages of a topic, or some of them: a function works them off
// with tier.On.
type Messages[T any] struct {
	feed datastore.Feed
}

var (
	_ datastore.Source[struct{}] = (*Topic[struct{}])(nil)
	_ datastore.Source[struct{}] = (*Messages[struct{}])(nil)
)

// Feed is all messages of the topic: a function works them off with tier.On.
func (t *Topic[T]) Feed() datastore.Feed {
	return datastore.Feed{Spec: t.state.Spec, Service: "sns", FIFO: t.state.spec.FIFO, Version: t.state.spec.Version}
}

// Decoder is for tier.On: a message is a T as [Publisher] publishes it.
func (t *Topic[T]) Decoder() func(*datastore.Record, *T) error { return message.Decoder[T]() }

// Where are the messages whose attributes a filter policy takes, see package
// filterpolicy:
//
//	placed.Where(`{"country": ["de", "fr"]}`)
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
func (t *Topic[T]) Where(policy string) *Messages[T] {
	return t.filtered("Where", policy, filterpolicy.Attributes)
}

// WhereBody are the messages whose bodies, which are JSON objects, a filter policy
// takes.
func (t *Topic[T]) WhereBody(policy string) *Messages[T] {
	return t.filtered("WhereBody", policy, filterpolicy.Body)
}

func (t *Topic[T]) filtered(method, policy string, scope filterpolicy.Scope) *Messages[T] {
	if _, err := filterpolicy.Parse(policy, scope); err != nil {
		_ = t.state.Data.Mistake(fmt.Errorf("topic %s: %s: %w", t.state.Spec.Name(), method, err))
	}
	feed := t.Feed()
	feed.Filter, feed.FilterBody = policy, scope == filterpolicy.Body
	return &Messages[T]{feed}
}

// Feed is the messages that the policy takes.
func (m *Messages[T]) Feed() datastore.Feed { return m.feed }

// Decoder is for tier.On.
func (m *Messages[T]) Decoder() func(*datastore.Record, *T) error { return message.Decoder[T]() }
