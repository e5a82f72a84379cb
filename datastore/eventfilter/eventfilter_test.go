package eventfilter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/eventfilter"
)

const message = `{"RecordNumber":1234,"TimeStamp":"yyyy-mm-ddThh:mm:ss","RequestCode":"AAAA","UserID":null,"LastName":"",
	"Price":15,"Weather":"Sunny","Region":"us-east-2","FileName":"a.png","Location":"Boston","Day":"Monday","Tags":["a","b"],"None":[],
	"person":{"name":"John Doe","address":{"city":"Anytown"}},"lines":[{"sku":"a","n":1},{"sku":"b","n":2}]}`

// change is the record that AWS's page about filters of tables shows, with an attribute
// that is a list.
const change = `{"eventID":"1","eventVersion":"1.0","eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1678831218,
	"Keys":{"CustomerName":{"S":"AnyCompany Industries"},"Id":{"N":"101"}},
	"NewImage":{"AccountManager":{"S":"Pat Candella"},"PaymentTerms":{"S":"60 days"},"Organizations":{"L":[{"S":"Sales"},{"S":"Marketing"}]}},
	"OldImage":{"AccountManager":{"S":"Terry Whitlock"}},"SequenceNumber":"111","SizeBytes":26}}`

var records = map[string]eventfilter.Record{
	"sqs":      eventfilter.Message(message),
	"text":     eventfilter.Message("hello, world"),
	"kinesis":  eventfilter.StreamRecord("1", []byte(`{"City":"Seattle","Temperature":55,"order":{"type":"buy","quantity":1000}}`)),
	"bytes":    eventfilter.StreamRecord("1", []byte("\xff\x00")),
	"dynamodb": eventfilter.Change([]byte(change)),
	"kafka":    eventfilter.KafkaRecord([]byte(`{"device_ID":"AB1234","session":{"duration":162}}`)),
	"line":     eventfilter.KafkaRecord([]byte("Hello, this is a test.")),
}

// serviceOf is whose pattern is tried on a record.
func serviceOf(record string) string {
	switch record {
	case "text":
		return "sqs"
	case "bytes":
		return "kinesis"
	case "line":
		return "kafka"
	}
	return record
}

// TestMatch: the examples of AWS's pages, and what lies beside them.
func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		record, pattern string
		want            bool
	}{
		{"sqs", `{"body":{"RequestCode":["BBBB"]}}`, false},
		{"sqs", `{"body":{"RequestCode":["AAAA"]}}`, true},
		{"sqs", `{"body":{"UserID":[null]}}`, true},
		{"sqs", `{"body":{"LastName":[""]}}`, true},
		{"sqs", `{"body":{"Location":["Boston"],"Day":["Monday"]}}`, true},
		{"sqs", `{"body":{"Location":["Boston"],"Day":["Friday"]}}`, false},
		{"sqs", `{"body":{"Location":["New York","Boston"]}}`, true},
		{"sqs", `{"body":{"Location":[{"equals-ignore-case":"BOSTON"}]}}`, true},
		{"sqs", `{"body":{"Location":["boston"]}}`, false},
		{"sqs", `{"body":{"$or":[{"Location":["New York"]},{"Day":["Monday"]}]}}`, true},
		{"sqs", `{"$or":[{"body":{"Location":["New York"]}},{"body":{"Day":["Monday"]}}]}`, true},
		{"sqs", `{"body":{"$or":[{"Location":["New York"]},{"Day":["Friday"]}]}}`, false},
		{"sqs", `{"body":{"Weather":[{"anything-but":["Raining"]}]}}`, true},
		{"sqs", `{"body":{"Weather":[{"anything-but":["Raining","Sunny"]}]}}`, false},
		{"sqs", `{"body":{"UserID":[{"anything-but":"x"}]}}`, true}, // null is another value
		{"sqs", `{"body":{"missing":[{"anything-but":"x"}]}}`, false},
		{"sqs", `{"body":{"Price":[{"anything-but":[15]}]}}`, false},
		{"sqs", `{"body":{"Price":[{"numeric":["=",15]}]}}`, true},
		{"sqs", `{"body":{"Price":[{"numeric":["=",15.0]}]}}`, true},
		{"sqs", `{"body":{"Price":[{"numeric":[">",10,"<=",20]}]}}`, true},
		{"sqs", `{"body":{"Price":[{"numeric":[">",15]}]}}`, false},
		{"sqs", `{"body":{"Location":[{"numeric":[">",15]}]}}`, false},
		{"sqs", `{"body":{"Price":[15]}}`, true},
		{"sqs", `{"body":{"Price":[15.0]}}`, false}, // as it is written
		{"sqs", `{"body":{"Price":[1.5e1]}}`, false},
		{"sqs", `{"body":{"Price":["15"]}}`, false},
		{"sqs", `{"body":{"Day":[{"exists":true}]}}`, true},
		{"sqs", `{"body":{"UserID":[{"exists":true}]}}`, true},
		{"sqs", `{"body":{"LastName":[{"exists":true}]}}`, true},
		{"sqs", `{"body":{"Day":[{"exists":false}]}}`, false},
		{"sqs", `{"body":{"missing":[{"exists":false}]}}`, true},
		{"sqs", `{"body":{"None":[{"exists":false}]}}`, true},
		{"sqs", `{"body":{"missing":{"deep":[{"exists":false}]}}}`, true},
		{"sqs", `{"body":{"person":{"address":[{"exists":true}]}}}`, false}, // not a leaf
		{"sqs", `{"body":{"person":{"address":{"city":[{"exists":true}]}}}}`, true},
		{"sqs", `{"body":{"Region":[{"prefix":"us-"}]}}`, true},
		{"sqs", `{"body":{"FileName":[{"suffix":".png"}]}}`, true},
		{"sqs", `{"body":{"FileName":[{"suffix":".jpg"}]}}`, false},
		{"sqs", `{"body":{"Tags":["b"]}}`, true},
		{"sqs", `{"body":{"lines":{"sku":["b"],"n":[2]}}}`, true},
		{"sqs", `{"body":{"lines":{"sku":["b"],"n":[1]}}}`, false}, // of one element

		// The form of the body and that of the pattern must agree.
		{"sqs", `{"body":["hello, world"]}`, false},
		{"sqs", `{"body":[{"exists":true}]}`, false},
		{"text", `{"body":["hello, world"]}`, true},
		{"text", `{"body":[{"prefix":"hello"}]}`, true},
		{"text", `{"body":["hello"]}`, false},
		{"text", `{"body":{"Day":[{"exists":false}]}}`, false},

		{"kinesis", `{"data":{"order":{"type":["buy"]}}}`, true},
		{"kinesis", `{"data":{"Temperature":[{"numeric":[">",50,"<=",60]}]}}`, true},
		{"kinesis", `{"partitionKey":["1"],"data":{"City":["Seattle"]}}`, true},
		{"kinesis", `{"partitionKey":["2"],"data":{"City":["Seattle"]}}`, false},
		{"kinesis", `{"partitionKey":["1"]}`, true},
		{"bytes", `{"partitionKey":["1"]}`, true},
		{"bytes", `{"data":{"City":[{"exists":false}]}}`, false},

		{"dynamodb", `{"dynamodb":{"Keys":{"CustomerName":{"S":["AnyCompany Industries"]}}}}`, true},
		{"dynamodb", `{"dynamodb":{"Keys":{"Id":{"N":["101"]}}}}`, true},
		{"dynamodb", `{"dynamodb":{"Keys":{"Id":{"N":[101]}}}}`, false}, // a number is text
		{"dynamodb", `{"dynamodb":{"NewImage":{"AccountManager":{"S":["Pat Candella","Shirley Rodriguez"]}}}}`, true},
		{"dynamodb", `{"dynamodb":{"NewImage":{"AccountManager":{"S":["Pat Candella"]}},"OldImage":{"AccountManager":{"S":["Terry Whitlock"]}}}}`, true},
		{"dynamodb", `{"dynamodb":{"NewImage":{"Organizations":[{"exists":true}]}}}`, false},
		{"dynamodb", `{"dynamodb":{"NewImage":{"Organizations":{"L":{"S":[{"exists":true}]}}}}}`, true},
		{"dynamodb", `{"eventName":["INSERT"]}`, true},
		{"dynamodb", `{"eventName":["REMOVE"],"userIdentity":{"type":["Service"]}}`, false},

		{"kafka", `{"value":{"device_ID":[{"prefix":"AB"}]}}`, true},
		{"kafka", `{"value":{"device_ID":[{"prefix":"CD"}]}}`, false},
		{"kafka", `{"value":[{"prefix":"{"}]}`, false},
		{"line", `{"value":[{"prefix":"Hello"}]}`, true},
		{"line", `{"value":{"device_ID":[{"exists":false}]}}`, false},
	} {
		p, err := eventfilter.Parse(serviceOf(c.record), c.pattern)
		if err != nil {
			t.Errorf("Parse(%s): %v", c.pattern, err)
			continue
		}
		for range 2 { // a record that was read is the same
			if got := p.Match(records[c.record]); got != c.want {
				t.Errorf("%s on %s: Match = %t, want %t", c.pattern, c.record, got, c.want)
			}
		}
	}
}

// TestMatchForms: what is JSON is no plain text, whatever it is.
func TestMatchForms(t *testing.T) {
	t.Parallel()
	text, err1 := eventfilter.Parse("sqs", `{"body":[{"exists":true}]}`)
	object, err2 := eventfilter.Parse("sqs", `{"body":{"a":[{"exists":false}]}}`)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, c := range []struct {
		body         string
		text, object bool
	}{
		{"plain", true, false}, {`{"a":1`, true, false}, {`{} {}`, true, false}, {"", true, false},
		{`{}`, false, true}, {`5`, false, true}, {`"text"`, false, true}, {`null`, false, true}, {`[{"a":1},{}]`, false, true}, {`[{"a":1}]`, false, false},
	} {
		if got := text.Match(eventfilter.Message(c.body)); got != c.text {
			t.Errorf("a pattern of texts on %q: Match = %t, want %t", c.body, got, c.text)
		}
		if got := object.Match(eventfilter.Message(c.body)); got != c.object {
			t.Errorf("a pattern of JSON on %q: Match = %t, want %t", c.body, got, c.object)
		}
	}
	change, err := eventfilter.Parse("dynamodb", `{"eventName":[{"exists":false}]}`)
	if err != nil || change.Match(eventfilter.Change([]byte("x"))) {
		t.Errorf("a record that is no JSON matches, %v", err)
	}
}

// TestAny: a record is delivered if one pattern takes it, or if there is none.
func TestAny(t *testing.T) {
	t.Parallel()
	var patterns []*eventfilter.Pattern
	if !eventfilter.Any(patterns, eventfilter.Message("c")) {
		t.Error("without patterns nothing is delivered")
	}
	for _, text := range []string{`{"body":["a"]}`, `{"body":["b"]}`} {
		p, err := eventfilter.Parse("sqs", text)
		if err != nil {
			t.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	for body, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got := eventfilter.Any(patterns, eventfilter.Message(body)); got != want {
			t.Errorf("Any of %s = %t, want %t", body, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ service, pattern, want string }{
		{"sns", `{"body":["a"]}`, "not chosen"},
		{"kafka", `{"key":["a"]}`, `the property "key"; Lambda chooses these records by value`},
		{"sqs", ``, "no JSON object"},
		{"sqs", `["a"]`, "no JSON object"},
		{"sqs", `{}`, "the pattern is empty"},
		{"sqs", `{"body":{}}`, "the pattern is empty"},
		{"sqs", `{"body":"a"}`, "list of values"},
		{"sqs", `{"body":{"a":["b"]}} x`, "more behind"},
		{"sqs", `{"messageAttributes":{"a":{"stringValue":["b"]}}}`, `the property "messageAttributes"; Lambda chooses these records by body`},
		{"sqs", `{"$or":[{"body":["a"]},{"eventSource":["b"]}]}`, `"eventSource"`},
		{"sqs", `{"body":{"a":[{"wildcard":"a*"}]}}`, `"wildcard" is no operator`},
		{"sqs", `{"body":{"a":[{"cidr":"10.0.0.0/8"}]}}`, `"cidr" is no operator`},
		{"sqs", `{"body":{"a":[{"anything-but":{"prefix":"x"}}]}}`, "texts, or numbers"},
		{"sqs", `{"body":{"a":[{"anything-but":["x",1]}]}}`, "and not both"},
		{"sqs", `{"body":{"a":[{"numeric":["=",6e9]}]}}`, "not between -5*10^9 and 5*10^9"},
		{"sqs", `{"body":{"a":[{"numeric":[">",1,"<",1]}]}}`, "no number is in the range"},
		{"sqs", `{"body":{"a":["x"],"a":["y"]}}`, `the property "a" is there twice`},
		{"sqs", `{"body":{"b":[{"prefix":"x","prefix":"y"}]}}`, `the property "prefix" is there twice`},
		{"sqs", `{"body":["` + strings.Repeat("x", 4096) + `"]}`, "4096 characters"},
		{"kinesis", `{"data":["plain"]}`, "is an object in a record"},
		{"kinesis", `{"kinesis":{"partitionKey":["1"]}}`, `by data, partitionKey`},
		// AWS's own page has this one, of which only the second half would count.
		{"dynamodb", `{"dynamodb":{"NewImage":{"A":{"S":["x"]}}},"dynamodb":{"OldImage":{"A":{"S":["y"]}}}}`, `"dynamodb" is there twice`},
		{"dynamodb", `{"dynamodb":{"Keys":{"Id":{"N":[{"numeric":["=",1]}]}}}}`, "numbers of a table are text"},
		{"dynamodb", `{"$or":[{"eventName":["INSERT"]},{"dynamodb":{"Keys":{"Id":{"N":[{"numeric":["=",1]}]}}}}]}`, "numbers of a table are text"},
	} {
		if _, err := eventfilter.Parse(c.service, c.pattern); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%s, %.80s): error = %v, want one with %q", c.service, c.pattern, err, c.want)
		}
	}
	if _, err := eventfilter.Parse("sqs", `{"body":{"a":[6000000000, 1e300]}}`); err != nil {
		t.Errorf("numbers that are compared as they are written: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"body":{"a":[{"anything-but":["x"]},{"numeric":[">",0,"<",1]}],"$or":[{"b":[1]},{"c":{"d":[null]}}]}}`, message)
	f.Add(`{"dynamodb":{"a":{"b":{"c":[{"exists":false}]}}}}`, change)
	f.Add(`{"data":{"a":[1.0]},"partitionKey":[{"prefix":"k"}]}`, `{"a":[[{"b":{}}]],"a":1.0}`)
	f.Fuzz(func(t *testing.T, text, data string) {
		for _, service := range []string{"sqs", "kinesis", "dynamodb"} {
			p, err := eventfilter.Parse(service, text)
			if (p == nil) == (err == nil) {
				t.Fatalf("Parse(%q) = %v, %v", text, p, err)
			}
			if err != nil {
				continue
			}
			for _, r := range []eventfilter.Record{eventfilter.Message(data), eventfilter.StreamRecord(data, []byte(data)), eventfilter.Change([]byte(data))} {
				if first := p.Match(r); first != p.Match(r) {
					t.Errorf("Match(%q) is not the same twice", text)
				}
			}
		}
	})
}

func ExampleParse() {
	p, err := eventfilter.Parse("sqs", `{"body": {"country": ["de", {"prefix": "f"}], "total": [{"numeric": [">", 100]}]}}`)
	fmt.Println(err, p.Match(eventfilter.Message(`{"country":"fr","total":120}`)), p.Match(eventfilter.Message("fr")))
	// Output: <nil> true false
}
