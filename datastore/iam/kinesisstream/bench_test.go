package kinesisstream_test

import (
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
	const place = `{"ShardId":"shardId-000000000000","SequenceNumber":"49579292999999999999999999999999999999999999999999999999"}`
	ctx, name := paired.Context(b), aws.String("clicks")
	sample := click{"u-1", "/index", "a text of some length that nobody reads, but which is there all the same"}
	open := func(answer string) (*kinesis.Client, clicks) {
		cfg := config("http://canned.invalid", paired.JSON11(answer))
		return kinesis.NewFromConfig(cfg), datastore.Use[clicks](function{}, stream.New[click](dataFor(cfg, *name), "clicks"))
	}
	client, driver := open(place)
	paired.Compare(b, "put", func() error {
		body, err := json.Marshal(sample)
		if err != nil {
			return err
		}
		_, err = client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: name, PartitionKey: &sample.User, Data: body})
		return err
	}, func() error {
		_, err := driver.Put(ctx, sample.User, sample)
		return err
	})

	const n = 100
	client, driver = open(`{"FailedRecordCount":0,"Records":[` + strings.Repeat(place+",", n-1) + place + `]}`)
	records := make([]stream.Record[click], n)
	for i := range records {
		records[i].Key, records[i].Body = sample.User, sample
	}
	paired.Compare(b, "put 100", func() error {
		in := &kinesis.PutRecordsInput{StreamName: name, Records: make([]types.PutRecordsRequestEntry, n)}
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
		_, err := driver.PutMany(ctx, records)
		return err
	})
}
