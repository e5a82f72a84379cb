package local

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/eventfilter"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// clusterUUID is at the end of the ARN of a local cluster.
const clusterUUID = "00000000-0000-0000-0000-000000000000-0"

// kafkaRecord is a record of an event of Kafka. A null value is left out.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event
type kafkaRecord struct {
	Topic         string  `json:"topic"`
	Partition     int     `json:"partition"`
	Offset        int64   `json:"offset"`
	Timestamp     int64   `json:"timestamp"`
	TimestampType string  `json:"timestampType"`
	Key           []byte  `json:"key,omitempty"`
	Value         *[]byte `json:"value,omitempty"`
	Headers       []any   `json:"headers"`
}

// KafkaEvent is the event of one record of a topic of Kafka that a function works off,
// the first of partition 0: there is no cluster here. A nil value is null. The error
// says that no pattern of tier.Filter takes it.
func KafkaEvent(t *tier.Trigger, key string, value []byte, now time.Time) ([]byte, error) {
	spec, ok := t.Feed().Spec.(event.KafkaSpec)
	if !ok {
		return nil, fmt.Errorf("%s: it is no topic of Kafka", t)
	}
	if !eventfilter.Any(patternsOf(t), eventfilter.KafkaRecord(value)) {
		return nil, fmt.Errorf("%s: no pattern of tier.Filter takes the record", t)
	}
	r := kafkaRecord{Topic: spec.Topic, Timestamp: now.UnixMilli(), TimestampType: "CREATE_TIME", Key: []byte(key), Headers: []any{}}
	if value != nil {
		r.Value = &value
	}
	return json.Marshal(map[string]any{
		"eventSource": "aws:kafka", "eventSourceArn": arnOf("kafka", "cluster/"+spec.Cluster.Name()+"/"+clusterUUID),
		"bootstrapServers": "localhost:9092", "records": map[string][]kafkaRecord{spec.Topic + "-0": {r}},
	})
}
