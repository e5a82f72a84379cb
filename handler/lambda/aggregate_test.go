package lambda_test

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// field is a field with a length of a message of Protocol Buffers.
func field(number int, data []byte) []byte {
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	return append(binary.AppendUvarint(b, uint64(len(data))), data...)
}

// varint is a field with a number.
func varint(number int, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), value)
}

// kpl is a record as the Kinesis Producer Library makes it.
func kpl(message []byte) []byte {
	sum := md5.Sum(message)
	return slices.Concat([]byte("\xf3\x89\x9a\xc2"), message, sum[:])
}

// aggregated is records of key and data, one after the other, in one.
func aggregated(keysAndData ...string) []byte {
	var m []byte
	for i := 0; i < len(keysAndData); i += 2 {
		m = append(m, field(1, []byte(keysAndData[i]))...)
	}
	m = append(m, field(2, []byte("170141183460469231731687303715884105728"))...) // an explicit hash key
	for i := 0; i < len(keysAndData); i += 2 {
		r := slices.Concat(varint(1, uint64(i/2)), varint(2, 0), field(3, []byte(keysAndData[i+1])), field(4, field(1, []byte("tag"))))
		m = append(m, field(3, r)...)
	}
	return kpl(m)
}

func streamRecord(sequence, key string, data []byte) datastore.Record {
	return datastore.Record{Service: "kinesis", Source: "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", ID: sequence, Sequence: sequence, Group: key, Data: data}
}

// STM-07: a record of the KPL is those that it is made of; that fails them all which
// one of them does.
func TestAggregate(t *testing.T) {
	t.Parallel()
	event := handlertest.RecordsEvent(
		streamRecord("11", "x", []byte("plain")),
		streamRecord("12", "a", aggregated("a", "one", "b", "two", "a", "", "c", "four")),
		streamRecord("13", "a", []byte("last")))
	type seen struct{ ID, Sequence, Group, Data string }
	all := []seen{{"11", "11", "x", "plain"}, {"12.0", "12", "a", "one"}, {"12.1", "12", "b", "two"}, {"12.2", "12", "a", ""}, {"12.3", "12", "c", "four"}, {"13", "13", "a", "last"}}
	for _, tt := range []struct {
		name string
		fail string
		want string
		seen []seen // one at a time
	}{
		{"none fails", "", `{"batchItemFailures":[]}`, all},
		{"one of them", "12.1", `{"batchItemFailures":[{"itemIdentifier":"12"}]}`, all[:3]},
		{"the last of them", "12.3", `{"batchItemFailures":[{"itemIdentifier":"12"}]}`, all[:5]},
		{"one behind it", "13", `{"batchItemFailures":[{"itemIdentifier":"13"}]}`, all},
	} {
		for _, at := range []int{1, 3} {
			w := &worker{fail: failing(tt.fail)}
			out, err := w.doorway("kinesis", parallel(at)).Invoke(t.Context(), event)
			if err != nil || string(out) != tt.want {
				t.Errorf("%s, %d at once: Invoke = %s, %v, want %s", tt.name, at, out, err, tt.want)
			}
			var got []seen
			for _, r := range w.records {
				got = append(got, seen{r.ID, r.Sequence, r.Group, string(r.Data)})
			}
			if at == 1 && !reflect.DeepEqual(got, tt.seen) {
				t.Errorf("%s: worked off %+v, want %+v", tt.name, got, tt.seen)
			}
			if at > 1 && tt.fail == "" {
				var ofA []string
				for _, s := range got {
					if s.Group == "a" {
						ofA = append(ofA, s.ID)
					}
				}
				if len(got) != len(all) || !reflect.DeepEqual(ofA, []string{"12.0", "12.2", "13"}) {
					t.Errorf("%d at once: worked off %+v; want all, and those of a in their order", at, got)
				}
			}
		}
	}
}

// What is no record of the KPL is one record; what says that it is one and is not
// fails.
func TestNoAggregate(t *testing.T) {
	t.Parallel()
	whole := aggregated("a", "one", "b", "two")
	changed := slices.Clone(whole)
	changed[10] ^= 1
	for _, tt := range []struct {
		name   string
		data   []byte
		plain  bool
		worked int
	}{
		{"the magic alone", []byte("\xf3\x89\x9a\xc2"), true, 1},
		{"another sum", changed, true, 1},
		{"cut off", whole[:len(whole)-1], true, 1},
		{"none in it", kpl(nil), false, 0},
		{"a key that there is not", kpl(slices.Concat(field(1, []byte("a")), field(3, slices.Concat(varint(1, 1), field(3, []byte("x")))))), false, -1},
		{"no key", kpl(slices.Concat(field(1, []byte("a")), field(3, field(3, []byte("x"))))), false, -1},
		{"no data", kpl(slices.Concat(field(1, []byte("a")), field(3, varint(1, 0)))), false, -1},
		{"a number for a record", kpl(slices.Concat(field(1, []byte("a")), varint(3, 0))), false, -1},
		{"a length beyond the end", kpl([]byte{3<<3 | 2, 200}), false, -1},
		{"a group", kpl([]byte{3<<3 | 3}), false, -1},
		{"fields of later versions", kpl(slices.Concat(field(1, []byte("a")), varint(9, 1), []byte{8<<3 | 1, 0, 0, 0, 0, 0, 0, 0, 0, 8<<3 | 5, 0, 0, 0, 0},
			field(3, slices.Concat(varint(1, 0), field(3, []byte("x")), varint(7, 7))))), false, 1},
	} {
		for _, at := range []int{1, 3} {
			w := &worker{}
			out, err := w.doorway("kinesis", parallel(at)).Invoke(t.Context(), handlertest.RecordsEvent(streamRecord("11", "k", tt.data)))
			want := `{"batchItemFailures":[]}`
			if tt.worked < 0 {
				want = `{"batchItemFailures":[{"itemIdentifier":"11"}]}`
			}
			if err != nil || string(out) != want || len(w.records) != max(tt.worked, 0) {
				t.Errorf("%s: Invoke = %s, %v, %d worked off; want %s", tt.name, out, err, len(w.records), want)
			}
			if tt.plain && len(w.records) == 1 && (string(w.records[0].Data) != string(tt.data) || w.records[0].ID != "11") {
				t.Errorf("%s: record %+v, want it as it is", tt.name, w.records[0])
			}
		}
	}
}

// FuzzAggregate: whatever a record says it is made of, nothing panics, and what is
// worked off lies in it.
func FuzzAggregate(f *testing.F) {
	f.Add(aggregated("a", "one", "b", "two")[4:40])
	f.Add(slices.Concat(field(1, []byte("a")), field(3, slices.Concat(varint(1, 0), field(3, []byte("x"))))))
	f.Add([]byte{3<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, m []byte) {
		for _, at := range []int{1, 2} {
			w := &worker{}
			out, err := w.doorway("kinesis", parallel(at)).Invoke(t.Context(), handlertest.RecordsEvent(streamRecord("11", "k", kpl(m))))
			failed, readErr := handlertest.ReadFailures(out)
			if err != nil || readErr != nil || len(failed) > 0 && len(w.records) > 0 {
				t.Fatalf("Invoke = %s, %v, %v, %d worked off", out, err, readErr, len(w.records))
			}
			size := 0
			for _, r := range w.records {
				size += len(r.Data)
			}
			if size > len(m) {
				t.Fatalf("%d bytes of data in %d", size, len(m))
			}
		}
	})
}

// FuzzRecords: no event of records makes the doorway panic; what it answers is what
// AWS takes, and names records of the event alone.
func FuzzRecords(f *testing.F) {
	for _, name := range []string{"records-sqs", "records-sns", "records-kinesis", "records-dynamodb", "records-s3", "records-s3-eventbridge"} {
		f.Add(fixture(f, name), byte(3))
	}
	f.Add([]byte(s3Test), byte(0))
	f.Add(queueEvent("a", "b", "a"), byte(0xff))
	f.Add(handlertest.RecordsEvent(streamRecord("11", "k", aggregated("a", "one", "b", "two"))), byte(1))
	f.Fuzz(func(t *testing.T, event []byte, how byte) {
		w := &worker{fail: func(r *datastore.Record) error {
			if len(r.Data)%2 == int(how)%2 {
				return errWork
			}
			return nil
		}}
		opts := quiet()
		for _, feed := range feeds {
			feed.FIFO = how&2 != 0
			opts.Sources = append(opts.Sources, lambda.Source{Feed: feed, Handler: w, Parallel: 1 + int(how>>2)%3})
		}
		out, err := lambda.New(nil, opts).Invoke(t.Context(), event)
		if err != nil {
			if out != nil {
				t.Fatalf("Invoke = %s, %v", out, err)
			}
			return
		}
		if string(out) == "null" {
			return
		}
		failed, err := handlertest.ReadFailures(out)
		if err != nil {
			t.Fatalf("Invoke(%s): %v", event, err)
		}
		ids := idsOf(event)
		for _, id := range failed {
			if !slices.Contains(ids, id) {
				t.Fatalf("Invoke(%s) = %s: %q is none of %q", event, out, id, ids)
			}
		}
	})
}

// idsOf are all texts of an event: what is told must be one of them.
func idsOf(event []byte) []string {
	var all []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	var v any
	if err := json.Unmarshal(event, &v); err == nil {
		walk(v)
	}
	return all
}
