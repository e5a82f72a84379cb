package kinesisstream_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kinesisstream"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream/streamtest"
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	streamtest.Run(t, func(t testing.TB, spec stream.Spec) streamtest.Harness { return onServer(t, url, url, spec) },
		streamtest.SmallRequests, streamtest.NoLastHashKey)
}

func TestConformanceKinesisLocal(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_KINESIS")
	streamtest.Run(t, func(t testing.TB, spec stream.Spec) streamtest.Harness { return onServer(t, url, url, spec) },
		streamtest.SmallRequests, streamtest.ShortFirstShard)
}

// config is for a server at url, reached by client; nil for the driver's own.
func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

// dataFor is a Data whose streams have that name.
func dataFor(cfg aws.Config, name string) *datastore.Data {
	return datastore.New([]datastore.Driver{kinesisstream.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return name, true },
	})
}

// Stream names differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

// onServer is a new stream on the server at url. The driver reaches that at via, which
// may be a proxy.
func onServer(t testing.TB, url, via string, spec stream.Spec) streamtest.Harness {
	t.Helper()
	name, client := newStream(t, url, spec), kinesis.NewFromConfig(config(url, nil))
	return streamtest.Harness{
		Data: dataFor(config(via, nil), name),
		Read: func(t testing.TB, n int) []streamtest.Read { return read(t, client, &name, n) },
	}
}

// newStream makes a stream on the server at url, and deletes it when the test ends.
func newStream(t testing.TB, url string, spec stream.Spec) string {
	t.Helper()
	client := kinesis.NewFromConfig(config(url, nil))
	name := aws.String(fmt.Sprintf("tierkit-%d-%d", startedAt, created.Add(1)))
	in := &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(int32(max(spec.Shards, 1)))}
	if spec.MaxRecord != stream.DefaultRecord {
		in.MaxRecordSizeInKiB = aws.Int32(int32(spec.MaxRecord / 1024))
	}
	if _, err := client.CreateStream(t.Context(), in); err != nil {
		t.Fatalf("CreateStream: %v", err)
	}
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: name}, 30*time.Second); err != nil {
		t.Fatalf("wait for stream %s: %v", *name, err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteStream(context.WithoutCancel(t.Context()), &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
			t.Logf("DeleteStream: %v", err)
		}
	})
	return *name
}

func read(t testing.TB, client *kinesis.Client, name *string, n int) []streamtest.Read {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		all := readShards(t, client, name)
		if len(all) >= n {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("read %d records in 20 s, want %d", len(all), n)
		}
	}
}

func readShards(t testing.TB, client *kinesis.Client, name *string) (all []streamtest.Read) {
	t.Helper()
	shards, err := client.ListShards(t.Context(), &kinesis.ListShardsInput{StreamName: name})
	if err != nil {
		t.Fatalf("ListShards: %v", err)
	}
	slices.SortFunc(shards.Shards, func(a, b types.Shard) int { return strings.Compare(*a.ShardId, *b.ShardId) })
	for _, shard := range shards.Shards {
		it, err := client.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
			StreamName: name, ShardId: shard.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
		})
		if err != nil {
			t.Fatalf("GetShardIterator: %v", err)
		}
		for next := it.ShardIterator; next != nil; {
			out, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: next})
			if err != nil {
				t.Fatalf("GetRecords: %v", err)
			}
			for _, r := range out.Records {
				all = append(all, streamtest.Read{
					Place: stream.Place{Shard: *shard.ShardId, Sequence: aws.ToString(r.SequenceNumber)},
					Key:   aws.ToString(r.PartitionKey), Body: string(r.Data),
				})
			}
			if next = out.NextShardIterator; len(out.Records) == 0 {
				break
			}
		}
	}
	return all
}
