package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// ItemChange is one change of an item. The changes of an item come in the order in
// which they were made.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
type ItemChange[T any] struct {
	// Old is the item before, nil if there was none.
	Old *T `validate:"-"`
	// New is the item after, nil if it was deleted.
	New *T `validate:"-"`
	// Expired says that nobody deleted the item but its time had come.
	Expired bool
	// Time of the change, to the second or so.
	Time time.Time
}

// ItemChanges are the changes of a table's items: a function works them off with
// tier.On.
type ItemChanges[T any] struct {
	feed  datastore.Feed
	codec *Codec[T]
}

// Changes of the items, each with what was there before and after:
//
//	tier.On(index, orders.Changes(), func(ctx context.Context, c table.ItemChange[Order]) error { ... })
//
// The table keeps them for 24 hours.
func (t *Table[T]) Changes() *ItemChanges[T] {
	codec, _ := NewCodec[T]() // a mistake in T was reported by New
	return &ItemChanges[T]{datastore.Feed{Spec: t.state.shape.spec.Whole(), Service: "dynamodb"}, codec}
}

var _ datastore.Source[ItemChange[struct{}]] = (*ItemChanges[struct{}])(nil)

// Feed is the stream of the table.
func (c *ItemChanges[T]) Feed() datastore.Feed { return c.feed }

// Decoder is for tier.On.
func (c *ItemChanges[T]) Decoder() func(*datastore.Record, *ItemChange[T]) error { return c.decode }

// principalTTL deletes items that have expired.
const principalTTL = "dynamodb.amazonaws.com"

func (c *ItemChanges[T]) decode(r *datastore.Record, change *ItemChange[T]) error {
	var record struct {
		EventName    string `json:"eventName"`
		UserIdentity *struct {
			PrincipalID string `json:"principalId"`
		} `json:"userIdentity"`
		DynamoDB struct {
			NewImage json.RawMessage `json:"NewImage"`
			OldImage json.RawMessage `json:"OldImage"`
		} `json:"dynamodb"`
	}
	if err := json.Unmarshal(r.Data, &record); err != nil {
		return corruptChange(fmt.Errorf("is not a record of a table's stream: %w", err))
	}
	*change = ItemChange[T]{Time: r.SentAt}
	var err error
	if change.Old, err = c.image(record.DynamoDB.OldImage); err != nil {
		return err
	}
	if change.New, err = c.image(record.DynamoDB.NewImage); err != nil {
		return err
	}
	if change.Old == nil && change.New == nil {
		return corruptChange(errors.New("the record has no image of the item; the stream of the table must have new and old images"))
	}
	change.Expired = record.EventName == "REMOVE" && record.UserIdentity != nil && record.UserIdentity.PrincipalID == principalTTL
	return nil
}

// image is the item of an image, nil if there is none.
func (c *ItemChanges[T]) image(text json.RawMessage) (*T, error) {
	if len(text) == 0 || string(text) == "null" {
		return nil, nil
	}
	item, err := c.codec.DecodeJSON(text)
	if err != nil {
		return nil, err
	}
	return &item, nil
}

func corruptChange(err error) error {
	return &datastore.Error{Store: "table", Op: "decode", Kind: datastore.ErrCorrupt, Err: err}
}
