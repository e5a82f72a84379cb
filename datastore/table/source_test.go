package table_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// account is an item with what DynamoDB has that JSON has not.
type account struct {
	ID      string      `table:"id,pk"`
	Balance json.Number `json:"balance"`
	Count   int         `json:"count"`
	Tags    []string    `json:"tags" table:",set"`
	Parent  *string     `json:"parent"`
	Raw     []byte      `json:"raw"`
}

func changes(t testing.TB) (datastore.Feed, func(*datastore.Record, *table.ItemChange[account]) error) {
	t.Helper()
	source := table.New[account](datastore.New(nil, nil), "accounts").Changes()
	return source.Feed(), source.Decoder()
}

func TestChangesFeed(t *testing.T) {
	t.Parallel()
	if f, _ := changes(t); f.Service != "dynamodb" || f.Spec.Kind() != "table" || f.Spec.Name() != "accounts" || f.FIFO {
		t.Errorf("Feed() = %+v", f)
	}
}

// STM-08: which image there is tells what happened.
func TestItemChange(t *testing.T) {
	t.Parallel()
	at := time.Date(2016, 11, 18, 20, 9, 0, 0, time.UTC)
	digits := "12345678901234567890123456789012345678" // 38
	first := `{"id":{"S":"1"},"balance":{"N":"` + digits + `"},"count":{"N":"2"},"tags":{"SS":["a","b"]},"parent":{"NULL":true},"raw":{"B":"AAE="}}`
	wantFirst := &account{ID: "1", Balance: json.Number(digits), Count: 2, Tags: []string{"a", "b"}, Raw: []byte{0, 1}}
	second := `{"id":{"S":"1"},"balance":{"N":"-0.5"},"count":{"N":"3"}}`
	wantSecond := &account{ID: "1", Balance: "-0.5", Count: 3}
	record := func(event, images, more string) string {
		return `{"eventSource":"aws:dynamodb","eventName":"` + event + `"` + more + `,"dynamodb":{"Keys":{"id":{"S":"1"}},"SequenceNumber":"21","StreamViewType":"NEW_AND_OLD_IMAGES"` + images + `}}`
	}
	for _, tt := range []struct {
		name, data string
		want       *table.ItemChange[account] // nil for an error
	}{
		{"T217: inserted, with 38 digits and NULL", record("INSERT", `,"NewImage":`+first, ""), &table.ItemChange[account]{New: wantFirst, Time: at}},
		{"modified", record("MODIFY", `,"NewImage":`+second+`,"OldImage":`+first, ""), &table.ItemChange[account]{Old: wantFirst, New: wantSecond, Time: at}},
		{"removed", record("REMOVE", `,"OldImage":`+first, ""), &table.ItemChange[account]{Old: wantFirst, Time: at}},
		{"removed by its time", record("REMOVE", `,"OldImage":`+second, `,"userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}`),
			&table.ItemChange[account]{Old: wantSecond, Expired: true, Time: at}},
		{"removed by somebody", record("REMOVE", `,"OldImage":`+second, `,"userIdentity":{"type":"User","principalId":"ada"}`),
			&table.ItemChange[account]{Old: wantSecond, Time: at}},
		{"an image of null is none", record("REMOVE", `,"NewImage":null,"OldImage":`+second, `,"userIdentity":null`), &table.ItemChange[account]{Old: wantSecond, Time: at}},
		{"T217: a fraction is no integer", record("INSERT", `,"NewImage":{"id":{"S":"1"},"count":{"N":"1.5"}}`, ""), nil},
		{"T217: nor is a number too large", record("INSERT", `,"NewImage":{"id":{"S":"1"},"count":{"N":"`+digits+`"}}`, ""), nil},
		{"a type that there is not", record("INSERT", `,"NewImage":{"id":{"X":"hunter2"}}`, ""), nil},
		{"another type", record("INSERT", `,"NewImage":{"id":{"N":"7"}}`, ""), nil},
		{"an old image that cannot be read", record("MODIFY", `,"OldImage":{"id":[]},"NewImage":`+second, ""), nil},
		{"keys only", record("MODIFY", ``, ""), nil},
		{"no change", `{"eventName":"INSERT"}`, nil},
		{"no JSON", `{"eventName":hunter2`, nil},
		{"nothing", ``, nil},
	} {
		_, decode := changes(t)
		var got table.ItemChange[account]
		err := decode(&datastore.Record{Data: []byte(tt.data), SentAt: at}, &got)
		if tt.want == nil {
			if !errors.Is(err, datastore.ErrCorrupt) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), digits) {
				t.Errorf("%s: %+v, %v, want %v without the content", tt.name, got, err, datastore.ErrCorrupt)
			}
			continue
		}
		if diff := cmp.Diff(*tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

// FuzzItemChange: whatever a record says, there is an image or it is corrupt.
func FuzzItemChange(f *testing.F) {
	f.Add([]byte(`{"eventName":"MODIFY","dynamodb":{"NewImage":{"id":{"S":"1"},"balance":{"N":"1"}},"OldImage":{"id":{"S":"1"}}}}`))
	f.Add([]byte(`{"eventName":"REMOVE","userIdentity":{"principalId":"dynamodb.amazonaws.com"},"dynamodb":{"OldImage":{"id":{"S":"1"},"parent":{"NULL":true}}}}`))
	_, decode := changes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var c table.ItemChange[account]
		switch err := decode(&datastore.Record{Data: data}, &c); {
		case err != nil && !errors.Is(err, datastore.ErrCorrupt):
			t.Errorf("%q: %v", data, err)
		case err == nil && c.Old == nil && c.New == nil, c.Expired && err == nil && c.Old == nil && c.New == nil:
			t.Errorf("%q: %+v without an image", data, c)
		}
	})
}
