package kinesisstream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kinesisstream"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	stream.Writer[string]
	stream.ManyWriter[string]
}

// open is a handle on the stream of that name, which client serves.
func open(client *http.Client, name string) both {
	return datastore.Use[both](function{}, stream.New[string](dataFor(config("http://scripted.invalid", client), name), "clicks"))
}

// TestRefusals: what each error means, and what is written again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[streams]{
		Open: func(_ *testing.T, client *http.Client) streams {
			return streamsBy(config("http://scripted.invalid", client), "clicks")
		},
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: `{"ShardId":"s","SequenceNumber":"7","Records":[{"ShardId":"s","SequenceNumber":"7"},{"ShardId":"s","SequenceNumber":"8"}]}`},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "ProvisionedThroughputExceededException", Want: datastore.ErrThrottled, Again: true},
			{Code: "KMSThrottlingException", Want: datastore.ErrThrottled, Again: true},
			{Status: 500, Code: "InternalFailureException", Want: datastore.ErrUnavailable, Again: true, Lost: true},
			{Code: "ResourceNotFoundException", Want: datastore.ErrUnavailable},
			{Code: "KMSAccessDeniedException", Want: datastore.ErrDenied},
			{Code: "InvalidArgumentException", Want: datastore.ErrDeclaration},
			{Code: "ValidationException", Want: datastore.ErrDeclaration},
		},
		Secret: "hunter2",
	}.Run(t)
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.RefuseJSON(400, "ResourceNotFoundException"))
	_, err := open(s.Client(), "clicks").Put(t.Context(), "k", "x")
	if native, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestNames: a stream is known by its name or its ARN.
func TestNames(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
	for name, want := range map[string]string{"clicks": `"StreamName":"clicks"`, arn: `"StreamARN":"` + arn + `"`} {
		s := faults.NewScript(t, faults.Answer{Body: `{}`})
		if _, err := open(s.Client(), name).Put(t.Context(), "k", "x"); err != nil || !strings.Contains(s.Requests()[0].Body, want) {
			t.Errorf("Put to %s: error = %v, sent %+v", name, err, s.Requests())
		}
	}
}

// TestPartial: of 9 records one fails inside, and the last third of every request
// is throttled once.
func TestPartial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{}
		s := faults.NewScript(t, faults.Answer{Always: true, From: func(r faults.Request) faults.Answer {
			var in struct{ Records []struct{ Data []byte } }
			if err := json.Unmarshal([]byte(r.Body), &in); err != nil {
				t.Errorf("body: %v", err)
			}
			var out []string
			for i, r := range in.Records {
				switch text := string(r.Data); {
				case text == "r1":
					out = append(out, `{"ErrorCode":"InternalFailure","ErrorMessage":"Internal Service Failure"}`)
				case i >= len(in.Records)*2/3 && !throttled[text]:
					throttled[text] = true
					out = append(out, `{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}`)
				default:
					out = append(out, `{"ShardId":"s","SequenceNumber":"of `+text+`"}`)
				}
			}
			return faults.Answer{Body: `{"FailedRecordCount":1,"Records":[` + strings.Join(out, ",") + `]}`}
		}})
		var records []stream.Record[string]
		for i := range 9 {
			records = append(records, stream.Record[string]{Key: "k", Body: fmt.Sprint("r", i)})
		}
		places, err := open(s.Client(), "clicks").PutMany(t.Context(), records)
		for i, place := range places {
			want := stream.Place{Shard: "s", Sequence: fmt.Sprint("of r", i)}
			if i == 1 {
				want = stream.Place{}
			}
			if place != want {
				t.Errorf("place %d = %+v, want %+v", i, place, want)
			}
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 || !errors.Is(err, datastore.ErrUnknown) {
			t.Errorf("error = %v, want record 1 unknown", err)
		}
	})
}

// TestShortAnswer: records that the answer does not mention are not known to be
// written.
func TestShortAnswer(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Body: `{"Records":[{"ShardId":"s","SequenceNumber":"1"}]}`})
	_, err := open(s.Client(), "clicks").PutMany(t.Context(), []stream.Record[string]{{Key: "k"}, {Key: "k"}})
	var partial *datastore.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 || !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("error = %v, want record 1 unknown", err)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{kinesisstream.With(config("http://scripted.invalid", nil))}, nil)
	clicks := datastore.Use[stream.Writer[string]](function{}, stream.New[string](data, "my-clicks"))
	if _, err := clicks.Put(t.Context(), "k", "x"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_STREAM_MY_CLICKS") {
		t.Errorf("Put without the name: error = %v, want %v naming TIERKIT_STREAM_MY_CLICKS", err, datastore.ErrUnavailable)
	}
}

// TestLostAnswerOnServers loses the answer to a record that a real server took.
func TestLostAnswerOnServers(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"TIERKIT_TEST_MOTO", "TIERKIT_TEST_KINESIS"} {
		for _, c := range []struct {
			name    string
			opts    []stream.Option
			want    error
			arrived int
		}{
			{"once", nil, datastore.ErrUnknown, 1},
			{"idempotent", []stream.Option{stream.Idempotent()}, nil, 2},
		} {
			t.Run(server+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				url := servers.URL(t, server)
				spec := stream.New[string](datastore.New(nil, nil), "suite", c.opts...).Spec().(stream.Spec)
				proxy := faults.NewProxy(t, url)
				h := onServer(t, url, proxy.URL(), spec)
				proxy.LoseAnswer()
				handle := datastore.Use[both](function{}, stream.New[string](h.Data, "suite", c.opts...))
				if _, err := handle.Put(t.Context(), "k", "x"); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Errorf("Put whose answer was lost: error = %v, want %v", err, c.want)
				}
				if got := len(h.Read(t, c.arrived)); got != c.arrived {
					t.Errorf("%d records are there, want %d", got, c.arrived)
				}
			})
		}
	}
}
