package handlertest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// pool is the user pool that asks.
const pool = region + "_EXAMPLE"

// poolEvent is an event of a user pool with what the value of a test leaves out, and the
// id of the pool.
func poolEvent(data []byte) (id string, event []byte) {
	var members object
	if err := json.Unmarshal(data, &members); err != nil {
		panic("handlertest: RecordsOf: " + err.Error())
	}
	if text, _ := members["triggerSource"].(string); text == "" {
		panic(`handlertest: RecordsOf: give the event its TriggerSource, such as "PreSignUp_SignUp"`)
	}
	for name, value := range map[string]string{"version": "1", "region": region, "userPoolId": pool} {
		if text, _ := members[name].(string); text == "" {
			members[name] = value
		}
	}
	return members["userPoolId"].(string), must(members)
}

// transformed is the data of a record of Firehose, which the value of the source alone
// knows.
func transformed[T any](source datastore.Source[T], value T) []byte {
	asking, ok := source.(datastore.Answering[T])
	if !ok {
		return dataOf(value)
	}
	answer, err := asking.Answer(value)
	var result Transformed
	if err == nil {
		err = json.Unmarshal(answer, &result)
	}
	if err != nil {
		panic("handlertest: RecordsOf: " + err.Error())
	}
	return result.Data
}

func deliveryRecord(r *datastore.Record) object {
	return object{"recordId": r.ID, "approximateArrivalTimestamp": r.SentAt.UnixMilli(), "data": orEmptyBytes(r.Data)}
}

// Transformed is what a function says of a record of Firehose.
type Transformed struct {
	ID       string `json:"recordId"`
	Result   string `json:"result"` // "Ok", "Dropped", "ProcessingFailed"
	Data     []byte `json:"data"`
	Metadata struct {
		PartitionKeys map[string]string `json:"partitionKeys"`
	} `json:"metadata"`
}

// ReadTransformed are the results of the records of Firehose, of which each must be there
// once and have data, in the order of the answer.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
func ReadTransformed(answer []byte) ([]Transformed, error) {
	var a struct {
		Records []struct {
			Transformed
			Data *[]byte `json:"data"`
		} `json:"records"`
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return nil, fmt.Errorf("read results %.200q: %w", answer, err)
	}
	if a.Records == nil {
		return nil, fmt.Errorf("read results %.200q: there is no list records", answer)
	}
	seen := map[string]bool{}
	all := make([]Transformed, len(a.Records))
	for i, r := range a.Records {
		known := r.Result == "Ok" || r.Result == "Dropped" || r.Result == "ProcessingFailed"
		switch {
		case r.ID == "" || seen[r.ID]:
			return nil, fmt.Errorf("read results: the record %q of place %d has no id, or is there twice", r.ID, i)
		case !known || r.Data == nil:
			return nil, fmt.Errorf("read results: record %s has the result %q, or no data", r.ID, r.Result)
		}
		seen[r.ID] = true
		all[i], all[i].Data = r.Transformed, *r.Data
	}
	return all, nil
}
