package dynamotable

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Transact implements [table.WriteConn]. Its token makes it safe to send again:
// DynamoDB carries out what has one token once within 10 minutes.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func (c *conn) Transact(ctx context.Context, tx table.Transaction) error {
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: &tx.Token}
	writes := false // what only checks leaves nothing unknown
	for i, w := range tx.Writes {
		writes = writes || w.Op != "Check"
		own, ok := w.Conn.(*conn)
		if !ok || own.client != c.client {
			return &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("operation %d: its table has another driver", i)}
		}
		in.TransactItems = append(in.TransactItems, own.transactItem(w.Write))
	}
	err := c.retry.Do(ctx, iam.Call{Write: writes, Repeatable: true}, func(ctx context.Context) error {
		_, err := c.client.TransactWriteItems(ctx, in)
		return transient(err)
	})
	return refused(tx, err)
}

func (c *conn) transactItem(w table.Write) (item types.TransactWriteItem) {
	update, condition, placeholders := w.Expressions(form{})
	names, values := maps(placeholders)
	old := types.ReturnValuesOnConditionCheckFailureNone
	switch w.Op {
	case "Delete":
		d := &types.Delete{TableName: &c.name, Key: toAWS(w.Key), ConditionExpression: text(condition)}
		d.ExpressionAttributeNames, d.ExpressionAttributeValues = names, values
		item.Delete = d
	case "Check":
		k := &types.ConditionCheck{TableName: &c.name, Key: toAWS(w.Key), ConditionExpression: text(condition)}
		k.ExpressionAttributeNames, k.ExpressionAttributeValues = names, values
		item.ConditionCheck = k
	case "Update":
		old = types.ReturnValuesOnConditionCheckFailureAllOld // tells whether there is an item
		u := &types.Update{
			TableName: &c.name, Key: toAWS(w.Key), UpdateExpression: &update,
			ConditionExpression: text(condition), ReturnValuesOnConditionCheckFailure: old,
		}
		u.ExpressionAttributeNames, u.ExpressionAttributeValues = names, values
		item.Update = u
	default:
		p := &types.Put{TableName: &c.name, Item: toAWS(w.Item), ConditionExpression: text(condition)}
		p.ExpressionAttributeNames, p.ExpressionAttributeValues = names, values
		item.Put = p
	}
	return item
}

// cancelled is a cancelled transaction that another attempt may carry out: its
// code is the one that its reason has outside of transactions.
type cancelled struct {
	code string
	*types.TransactionCanceledException
}

func (c *cancelled) ErrorCode() string { return c.code }
func (c *cancelled) Unwrap() error     { return c.TransactionCanceledException }

var _ smithy.APIError = (*cancelled)(nil)

// transientReasons are those that pass, with the codes that they have outside of
// transactions.
var transientReasons = map[string]string{
	"TransactionConflict":           "TransactionConflictException",
	"ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
	"ThrottlingError":               "ThrottlingException",
}

// transient marks a cancelled transaction all of whose reasons pass.
func transient(err error) error {
	var failed *types.TransactionCanceledException
	if !errors.As(err, &failed) {
		return err
	}
	code := ""
	for _, reason := range failed.CancellationReasons {
		name := aws.ToString(reason.Code)
		if name == "" || name == "None" {
			continue
		}
		passing, ok := transientReasons[name]
		if !ok {
			return err
		}
		code = passing
	}
	if code == "" {
		return err
	}
	return &cancelled{code, failed}
}

// reasonKinds are what the other reasons mean.
var reasonKinds = map[string]error{
	"ConditionalCheckFailed":          datastore.ErrConflict,
	"ItemCollectionSizeLimitExceeded": datastore.ErrTooLarge,
	"ValidationError":                 datastore.ErrDeclaration,
	"DuplicateItem":                   datastore.ErrConflict,
	"AccessDenied":                    datastore.ErrDenied,
}

// refused says which operations of a transaction were refused. Since it has a
// token, its refusal is certain also after an attempt whose answer was lost.
func refused(tx table.Transaction, err error) error {
	var own *datastore.Error
	var failed *types.TransactionCanceledException
	if !errors.As(err, &failed) || !errors.As(err, &own) {
		return err
	}
	var partial datastore.PartialError
	for i, reason := range failed.CancellationReasons {
		kind, ok := reasonKinds[aws.ToString(reason.Code)]
		if !ok || i >= len(tx.Writes) {
			continue
		}
		if kind == datastore.ErrDeclaration {
			kind = unfitKind(aws.ToString(reason.Message))
		}
		if kind == datastore.ErrConflict && tx.Writes[i].Op == "Update" {
			tx.Writes[i].Stored = itemOf(reason.Item)
			kind = tx.Writes[i].Refused(tx.Writes[i].Stored)
		}
		partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: &datastore.Error{
			Kind: kind, Code: aws.ToString(reason.Code), Attempts: own.Attempts,
		}})
	}
	for i := range failed.CancellationReasons {
		failed.CancellationReasons[i].Item = nil // no items in errors
	}
	if len(partial.Failed) == 0 {
		return err
	}
	return &partial
}
