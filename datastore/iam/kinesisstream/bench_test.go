package kinesisstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

type click struct {
	User, Page, Text string
}

type clicks interface {
	stream.Writer[click]
	stream.ManyWriter[click]
}

// BenchmarkDriver is the driver beside the bare SDK:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/kinesisstream
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	client, driver := beside(aPlace)
	paired.Compare(b, "put", func() error {
		body, err := json.Marshal(sample)
		if err != nil {
			return err
		}
		_, err = client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &clicksName, PartitionKey: &sample.User, Data: body})
		return err
	}, func() error {
		_, err := driver.Put(ctx, sample.User, sample)
		return err
	})
	bare, driven := putMany(ctx, 100)
	paired.Compare(b, "put 100", bare, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "PutMany", 10, 110, func(n int) (bare, driver func() error) { return putMany(t.Context(), n) })
}

const aPlace = `{"ShardId":"shardId-000000000000","SequenceNumber":"49579292999999999999999999999999999999999999999999999999"}`

var (
	clicksName = "clicks"
	sample     = click{"u-1", "/index", "a text of some length that nobody reads, but which is there all the same"}
)

// beside are the SDK and the driver, at a server with one answer.
func beside(answer string) (*kinesis.Client, clicks) {
	cfg := config("http://canned.invalid", paired.JSON11(answer))
	return kinesis.NewFromConfig(cfg), datastore.Use[clicks](function{}, stream.New[click](dataFor(cfg, clicksName), "clicks"))
}

func putMany(ctx context.Context, n int) (bare, driver func() error) {
	client, driven := beside(`{"FailedRecordCount":0,"Records":[` + strings.Repeat(aPlace+",", n-1) + aPlace + `]}`)
	records := make([]stream.Record[click], n)
	for i := range records {
		records[i].Key, records[i].Body = sample.User, sample
	}
	return func() error {
			in := &kinesis.PutRecordsInput{StreamName: &clicksName, Records: make([]types.PutRecordsRequestEntry, n)}
			for i := range records {
				body, err := json.Marshal(records[i].Body)
				if err != nil {
					return err
				}
				in.Records[i] = types.PutRecordsRequestEntry{PartitionKey: &records[i].Key, Data: body}
			}
			out, err := client.PutRecords(ctx, in)
			if err == nil && aws.ToInt32(out.FailedRecordCount) > 0 {
				err = fmt.Errorf("%d failed", *out.FailedRecordCount)
			}
			return err
		}, func() error {
			_, err := driven.PutMany(ctx, records)
			return err
		}
}
