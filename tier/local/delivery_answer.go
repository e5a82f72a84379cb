package local

import (
	"bytes"
	"encoding/json"
	"slices"
)

// failedItems are the places of the records that a function names in its answer as
// failed. ok is false where the whole batch has failed: the answer is not JSON, or
// names no record of the batch.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func failedItems(answer []byte, ids []string) (failed []int, ok bool) {
	if len(answer) == 0 {
		return nil, true
	}
	var told struct {
		Failures []struct {
			ID any `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if !json.Valid(answer) {
		return nil, false
	}
	if bytes.TrimLeft(answer, " \t\r\n")[0] != '{' { // any other answer has no such list
		return nil, true
	}
	if err := json.Unmarshal(answer, &told); err != nil {
		return nil, false
	}
	for _, f := range told.Failures {
		id, text := f.ID.(string)
		if !text || !slices.Contains(ids, id) {
			return nil, false
		}
		for i := range ids {
			if ids[i] == id && !slices.Contains(failed, i) { // a message may be there twice
				failed = append(failed, i)
			}
		}
	}
	slices.Sort(failed)
	return failed, true
}
