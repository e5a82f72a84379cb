package lambda_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// TestBatchMemory: records are read one at a time, so that a batch of 5 MB needs no
// more than its bytes and one record. It counts for the whole process, so it runs
// alone.
func TestBatchMemory(t *testing.T) {
	const records, size = 1000, 5 << 10
	for _, service := range []string{"sqs", "kinesis", "dynamodb", "kafka"} {
		all := make([]datastore.Record, records)
		text := strings.Repeat("x", size)
		for i := range all {
			all[i] = datastore.Record{Service: service, ID: "1", Sequence: "1", Group: "t-0", Data: []byte(text)}
			if service == "dynamodb" {
				all[i].Data = []byte(`{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"1","NewImage":{"a":{"S":"` + text + `"}}}}`)
			}
		}
		event := handlertest.RecordsEvent(all...)
		clear(all)
		n, first, most := 0, uint64(0), uint64(0)
		h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			if n++; n%100 == 1 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				if first == 0 {
					first = m.HeapAlloc
				}
				most = max(most, m.HeapAlloc)
			}
			return &handler.Response{}, nil
		})
		d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: feeds[service], Handler: h}}})
		if out, err := d.Invoke(t.Context(), event); err != nil || n != records {
			t.Fatalf("%s: Invoke = %s, %v after %d records", service, out, err, n)
		}
		if grown := int64(most) - int64(first); grown > 256<<10 {
			t.Errorf("%s: %d bytes more in use than at the first record, want at most 256 KB of %d", service, grown, len(event))
		}
	}
}
