// Package dynamotable keeps tables in Amazon DynamoDB.
//
//	func main() { run.Main(newApp, dynamotable.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the DynamoDB table is in the variable
// TIERKIT_TABLE_<NAME>, which the generated template sets. Nothing is read and
// nothing is connected before the first operation.
//
// # Permissions
//
// Get needs dynamodb:GetItem, GetMany dynamodb:BatchGetItem, Create and Put
// dynamodb:PutItem, Update dynamodb:UpdateItem, Delete dynamodb:DeleteItem,
// WriteMany dynamodb:BatchWriteItem, Check dynamodb:ConditionCheckItem, Query
// dynamodb:Query, Scan dynamodb:Scan, all on the table and on nothing else, or, of a
// store that is narrowed to an index, on the index alone. Transact needs those of
// its operations. A table with a key of the application's own (table.EncryptedBy)
// needs kms:Decrypt on it, through DynamoDB, for all of them.
//
// The requests of a store that is narrowed to the caller's rows are signed by the
// role whose ARN TIERKIT_CALLER_ROLE holds, assumed for each caller with AWS STS
// (sts:AssumeRole and sts:TagSession); without the variable by the function's own.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
//
// # Consistency
//
// Reads are eventually consistent unless table.Consistent asks for more.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
//
// # Limits
//
// An item has at most 400 KB, a partition key 2048 bytes, a sort key 1024, a
// page 1 MB, a batch of reads 100 keys and 16 MB, one of writes 25 items and 16 MB
// (what is over goes in further batches), a transaction 100 operations and 4 MB, an
// expression 4 KB and 300 operators, with 2 MB of values: package table refuses what
// is over before it is sent. Large items in pages and batches count fully, whatever
// the filter leaves of them.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
//
// # Time and faults
//
// What DynamoDB throttles, what fails inside it and what is lost on the way is
// repeated within the deadline of the context: reads, unconditional writes,
// transactions, by their token, and the writes that recognise themselves by a write
// id. A conditional delete whose answer was lost is not repeated and answers
// datastore.ErrUnknown, and so does every other write that failed after an answer
// was lost. An update that adds or appends is not repeated either: it is looked for
// by one that cannot be carried out, whose failed condition shows the item. A request for which no
// connection was got, or no TLS handshake, was not sent and answers
// datastore.ErrUnavailable. One that DynamoDB calls wrong, for example because the
// table has another key than the program declares, answers
// datastore.ErrDeclaration: it is no mistake of the application's client. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
package dynamotable

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Driver opens tables with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_DYNAMODB or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("DYNAMODB", newClient))

// With opens tables with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *dynamodb.Client { return dynamodb.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*dynamodb.Client]
	retry  *iam.Retry
}

var (
	_ table.Driver = (*driver)(nil)
	_ table.Former = (*driver)(nil)
)

func newDriver(client *iam.Client[*dynamodb.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "table".
func (d *driver) Kind() string { return "table" }

// Name is "dynamotable".
func (d *driver) Name() string { return "dynamotable" }

// Form implements [table.Former].
func (d *driver) Form() table.Form { return form{} }

// OpenTable implements [table.Driver]. It sends nothing.
func (d *driver) OpenTable(_ context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the DynamoDB table (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.ForOwner(data, spec.Owner)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, spec: spec.Whole(), name: name}, nil
}
