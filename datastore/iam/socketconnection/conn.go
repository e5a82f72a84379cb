package socketconnection

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// conn are the connections of one WebSocket API.
type conn struct {
	client *apigatewaymanagementapi.Client
	retry  *iam.Retry
}

var _ connection.Conn = (*conn)(nil)

const goneCode = "GoneException"

// special codes: AWS answers 410 for a connection that has ended.
var special = map[string]error{goneCode: datastore.ErrNotFound}

// Send implements [connection.Conn].
func (c *conn) Send(ctx context.Context, id string, data []byte) error {
	in := &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: data}
	return c.retry.Do(ctx, iam.Call{Write: true, Special: special}, func(ctx context.Context) error {
		_, err := c.client.PostToConnection(ctx, in)
		return err
	})
}

// State implements [connection.Conn].
func (c *conn) State(ctx context.Context, id string) (connection.State, error) {
	in := &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &id}
	var out *apigatewaymanagementapi.GetConnectionOutput
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.GetConnection(ctx, in)
		return err
	})
	if err != nil {
		return connection.State{}, err
	}
	state := connection.State{ConnectedAt: aws.ToTime(out.ConnectedAt), LastActiveAt: aws.ToTime(out.LastActiveAt)}
	if out.Identity != nil {
		state.IP, state.UserAgent = aws.ToString(out.Identity.SourceIp), aws.ToString(out.Identity.UserAgent)
	}
	return state, nil
}

// Close implements [connection.Conn].
func (c *conn) Close(ctx context.Context, id string) error {
	in := &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}
	err := c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: special}, func(ctx context.Context) error {
		_, err := c.client.DeleteConnection(ctx, in)
		return err
	})
	var own *datastore.Error
	if errors.As(err, &own) && own.Code == goneCode && own.Attempts > 1 {
		return nil // an attempt whose answer was lost has closed it
	}
	return err
}
