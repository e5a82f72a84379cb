package lambdacall

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// conn is one function.
type conn struct {
	client *lambda.Client
	retry  *iam.Retry
	spec   call.Spec
	name   string // or ARN
}

var _ call.Conn = (*conn)(nil)

// Call implements [call.Conn].
func (c *conn) Call(ctx context.Context, payload []byte) ([]byte, error) {
	out, attempts, err := c.invoke(ctx, types.InvocationTypeRequestResponse, payload)
	if err != nil {
		return nil, err
	}
	if out.FunctionError != nil {
		return nil, &datastore.Error{
			Kind: datastore.ErrUnknown, Code: *out.FunctionError, Attempts: attempts, Err: call.ParseRemoteError(out.Payload),
		}
	}
	return out.Payload, nil
}

// Start implements [call.Conn].
func (c *conn) Start(ctx context.Context, payload []byte) error {
	_, _, err := c.invoke(ctx, types.InvocationTypeEvent, payload)
	return err
}

func (c *conn) invoke(ctx context.Context, how types.InvocationType, payload []byte) (out *lambda.InvokeOutput, attempts int, err error) {
	in := &lambda.InvokeInput{FunctionName: &c.name, InvocationType: how, Payload: payload}
	if c.spec.Qualifier != "" {
		in.Qualifier = aws.String(c.spec.Qualifier)
	}
	if how == types.InvocationTypeRequestResponse { // Lambda passes it on to no other
		in.ClientContext = call.ClientContext(datastore.TraceFrom(ctx))
	}
	rules := iam.Call{Write: true, Repeatable: c.spec.Idempotent, Whole: how == types.InvocationTypeRequestResponse}
	err = c.retry.Do(ctx, rules, func(ctx context.Context) (err error) {
		attempts++
		out, err = c.client.Invoke(ctx, in)
		return err
	})
	return out, attempts, err
}
