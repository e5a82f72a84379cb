package socketconnection_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	agm "github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK, whose data are JSON too:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/socketconnection
func BenchmarkDriver(b *testing.B) {
	ctx, endpoint := paired.Context(b), "https://a1.execute-api.eu-central-1.amazonaws.com/live"
	server := paired.Answer{Type: "application/json", Body: state}.Client()
	cfg := configOf(server)
	cfg.BaseEndpoint = aws.String(endpoint)
	client, driver := agm.NewFromConfig(cfg), openAt(server, endpoint)
	id := aws.String("L0SM9cOFvHcCIhw=")
	paired.Compare(b, "send", func() error {
		data, err := json.Marshal(note{"hello"})
		if err != nil {
			return err
		}
		_, err = client.PostToConnection(ctx, &agm.PostToConnectionInput{ConnectionId: id, Data: data})
		return err
	}, func() error {
		return driver.Send(ctx, *id, note{"hello"})
	})
	paired.Compare(b, "state", func() error {
		out, err := client.GetConnection(ctx, &agm.GetConnectionInput{ConnectionId: id})
		if err == nil && out.ConnectedAt == nil {
			err = errUnread
		}
		return err
	}, func() error {
		got, err := driver.State(ctx, *id)
		if err == nil && got.ConnectedAt.IsZero() {
			err = errUnread
		}
		return err
	})
	paired.Compare(b, "close", func() error {
		_, err := client.DeleteConnection(ctx, &agm.DeleteConnectionInput{ConnectionId: id})
		return err
	}, func() error {
		return driver.Close(ctx, *id)
	})
}

var errUnread = errors.New("the answer was not read")
