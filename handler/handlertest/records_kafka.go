package handlertest

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// clusterUUID is at the end of the ARN of a cluster.
const clusterUUID = "e9f754c6-d29a-4430-a7db-958a19fd2c54-4"

// ofKafka has a record say where it stands in partition 0 of a topic. The value that
// it was made of says whether its data is null.
func ofKafka(r *datastore.Record, topic string, offset int, value any) {
	r.Group, r.Sequence = topic+"-0", strconv.Itoa(offset)
	r.ID, r.Key = r.Group+"/"+r.Sequence, "key-"+r.Sequence
	if v := reflect.ValueOf(value); v.Kind() == reflect.Pointer && v.IsNil() {
		r.Data = nil
	}
}

// kafkaEvent is the event of records of Kafka, a list for each partition. A record is
// in the one of its Group ("clicks-0"); its Sequence is its offset.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event
func kafkaEvent(records []datastore.Record) []byte {
	partitions := map[string][]object{}
	for i := range records {
		r := &records[i]
		cut := strings.LastIndexByte(r.Group, '-')
		partition, err := strconv.ParseUint(r.Group[cut+1:], 10, 31)
		if r.Service != "kafka" || cut < 1 || err != nil {
			panic("handlertest: RecordsEvent: write the topic and the partition of each record of Kafka as its Group, clicks-0, and not " + strconv.Quote(r.Group))
		}
		if _, err := strconv.ParseUint(r.Sequence, 10, 63); err != nil {
			panic("handlertest: RecordsEvent: write the offset of each record of Kafka as its Sequence, and not " + strconv.Quote(r.Sequence))
		}
		headers := []map[string][]int8{}
		for _, a := range r.Attributes {
			headers = append(headers, map[string][]int8{a.Name: signed(a.Value)})
		}
		one := object{
			"topic": r.Group[:cut], "partition": partition, "offset": json.Number(r.Sequence), "timestamp": r.SentAt.UnixMilli(),
			"timestampType": "CREATE_TIME", "headers": headers,
		}
		if r.Key != "" {
			one["key"] = []byte(r.Key)
		}
		if r.Data != nil {
			one["value"] = r.Data
		}
		partitions[r.Group] = append(partitions[r.Group], one)
	}
	return must(object{
		"eventSource": "aws:kafka", "eventSourceArn": records[0].Source, "records": partitions,
		"bootstrapServers": "b-1.example.kafka." + region + ".amazonaws.com:9098",
	})
}

// signed are bytes as Java has them.
func signed(text string) []int8 {
	list := make([]int8, len(text))
	for i := range len(text) {
		list[i] = int8(text[i])
	}
	return list
}

// itemID is the identifier of a record in an answer: a text, or partition and offset.
type itemID string

func (id *itemID) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, (*string)(id))
	}
	var place struct {
		Partition string       `json:"partition"`
		Offset    *json.Number `json:"offset"`
	}
	if err := json.Unmarshal(data, &place); err != nil {
		return err
	}
	if place.Partition == "" || place.Offset == nil {
		return errors.New("it has no partition or no offset")
	}
	*id = itemID(place.Partition + "/" + place.Offset.String())
	return nil
}
