package dynamotable

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Write implements [table.WriteConn].
func (c *conn) Write(ctx context.Context, w table.Write) error {
	call := iam.Call{Write: true, Repeatable: w.Repeatable()}
	err := c.retry.Do(ctx, call, func(ctx context.Context) error {
		if w.Item == nil {
			return c.deleteItem(ctx, w)
		}
		return c.putItem(ctx, w)
	})
	if own, _, err := recognise(w, err); own || err != nil {
		return err
	}
	return nil
}

// recognise looks at the item that failed the condition of a write, and returns it,
// nil for none: the condition may have failed because of an attempt of ours that was
// carried out although its answer was lost. Then own is true and err nil.
func recognise(w table.Write, err error) (own bool, item table.Attributes, _ error) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || w.ID == "" {
		return false, nil, err
	}
	stored := itemOf(failed.Item)
	failed.Item = nil // no items in errors
	if w.Own(stored) {
		return true, stored, nil
	}
	var e *datastore.Error
	if errors.As(err, &e) && e.Kind == datastore.ErrConflict {
		e.Kind = w.Refused(stored)
	}
	return false, stored, err
}

func (c *conn) putItem(ctx context.Context, w table.Write) error {
	_, condition, placeholders := w.Expressions(form{})
	in := &dynamodb.PutItemInput{TableName: &c.name, Item: toAWS(w.Item), ConditionExpression: text(condition)}
	if in.ConditionExpression != nil {
		in.ExpressionAttributeNames, in.ExpressionAttributeValues = maps(placeholders)
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	_, err := c.client.PutItem(ctx, in)
	return err
}

func (c *conn) deleteItem(ctx context.Context, w table.Write) error {
	_, condition, placeholders := w.Expressions(form{})
	in := &dynamodb.DeleteItemInput{TableName: &c.name, Key: toAWS(w.Key), ConditionExpression: text(condition)}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = maps(placeholders)
	_, err := c.client.DeleteItem(ctx, in)
	return err
}

// Update implements [table.WriteConn]. One that adds to what is there and whose
// answer was lost is not sent again, but looked for.
func (c *conn) Update(ctx context.Context, w table.Write) (table.Attributes, error) {
	update, condition, placeholders := w.Expressions(form{})
	in := &dynamodb.UpdateItemInput{
		TableName: &c.name, Key: toAWS(w.Key),
		UpdateExpression:                    &update,
		ConditionExpression:                 text(condition),
		ReturnValues:                        types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = maps(placeholders)
	item, err := c.updateItem(ctx, w, in, iam.Call{Write: true, Repeatable: w.Repeatable()})
	if errors.Is(err, datastore.ErrUnknown) && !w.Repeatable() {
		return c.look(ctx, w, in, err)
	}
	return item, err
}

func (c *conn) updateItem(ctx context.Context, w table.Write, in *dynamodb.UpdateItemInput, call iam.Call) (table.Attributes, error) {
	var out *dynamodb.UpdateItemOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.UpdateItem(ctx, in)
		return err
	})
	if err != nil {
		_, item, err := recognise(w, err)
		return item, unfit(err)
	}
	return itemOf(out.Attributes), nil
}

// look finds out whether an update was carried out whose answer was lost, by one
// that never is: its condition fails, and the answer shows what is stored. That
// needs no permission to read. If another write came since, it is not known.
func (c *conn) look(ctx context.Context, w table.Write, in *dynamodb.UpdateItemInput, lost error) (table.Attributes, error) {
	never := *in
	never.ConditionExpression = aws.String("(" + *in.ConditionExpression + ") AND attribute_exists(#0) AND attribute_not_exists(#0)")
	item, err := c.updateItem(ctx, w, &never, iam.Call{})
	if err != nil {
		return nil, lost
	}
	return item, nil
}

// unfit says what the service means by an update that it calls wrong because of
// what is stored.
func unfit(err error) error {
	var own *datastore.Error
	var api smithy.APIError
	if !errors.As(err, &own) || own.Kind != datastore.ErrDeclaration || !errors.As(err, &api) {
		return err
	}
	own.Kind = unfitKind(api.ErrorMessage())
	return err
}

// unfitKind is what a validation error means, by its message.
func unfitKind(message string) error {
	message = strings.ToLower(message)
	has := func(part string) bool { return strings.Contains(message, part) }
	switch {
	case has("incorrect data type"), has("type mismatch") && !has("key"): // that of a key is the deployed table's
		return datastore.ErrCorrupt
	case has("overflow"), has("underflow"), has("significant digits"), has("item size") && has("exceeded the maximum"):
		return datastore.ErrTooLarge
	}
	return datastore.ErrDeclaration
}
