package kinesisstream_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/kinesisstream"
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

// script is an HTTP client that answers by a function, and keeps the bodies.
type script struct {
	answer func(n int, body string) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, string(body))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n, string(body))
}

func (s *script) open(name string, opts ...stream.Option) both {
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), name)
	return datastore.Use[both](function{}, stream.New[string](data, "clicks", opts...))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) (*http.Response, error) {
	return reply(status, `{"__type":"`+code+`","message":"refused"}`)
}

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// TestFaults: what is written again, and what a failure means.
func TestFaults(t *testing.T) {
	t.Parallel()
	lost := func() (*http.Response, error) { return nil, errLost }
	code := func(status int, c string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return refuse(status, c) }
	}
	idempotent := []stream.Option{stream.Idempotent()}
	for _, c := range []struct {
		name  string
		opts  []stream.Option
		first func() (*http.Response, error)
		want  error // of a record whose second attempt would succeed
		calls int
	}{
		{"lost", nil, lost, datastore.ErrUnknown, 1},
		{"lost, idempotent", idempotent, lost, nil, 2},
		{"throttled", nil, code(400, "ProvisionedThroughputExceededException"), nil, 2},
		{"throttled by the key", nil, code(400, "KMSThrottlingException"), nil, 2},
		{"failed inside", nil, code(500, "InternalFailureException"), datastore.ErrUnknown, 1},
		{"failed inside, idempotent", idempotent, code(500, "InternalFailureException"), nil, 2},
		{"no stream", nil, code(400, "ResourceNotFoundException"), datastore.ErrUnavailable, 1},
		{"denied", nil, code(400, "AccessDeniedException"), datastore.ErrDenied, 1},
		{"wrong request", nil, code(400, "InvalidArgumentException"), datastore.ErrDeclaration, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, _ string) (*http.Response, error) {
					if n == 1 {
						return c.first()
					}
					return reply(200, `{"ShardId":"s","SequenceNumber":"7"}`)
				}}
				place, err := s.open("clicks", c.opts...).Put(t.Context(), "k", "secret")
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || len(s.calls) != c.calls ||
					(err == nil) != (place == stream.Place{Shard: "s", Sequence: "7"}) {
					t.Errorf("Put = %+v, %v after %d requests, want %v after %d", place, err, len(s.calls), c.want, c.calls)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("error = %q, want no record in it", err)
				}
			})
		})
	}
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(int, string) (*http.Response, error) { return refuse(400, "ResourceNotFoundException") }}
	_, err := s.open("clicks").Put(t.Context(), "k", "x")
	if native, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestNames: a stream is known by its name or its ARN.
func TestNames(t *testing.T) {
	t.Parallel()
	arn := "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
	for name, want := range map[string]string{"clicks": `"StreamName":"clicks"`, arn: `"StreamARN":"` + arn + `"`} {
		s := &script{answer: func(int, string) (*http.Response, error) { return reply(200, `{}`) }}
		if _, err := s.open(name).Put(t.Context(), "k", "x"); err != nil || !strings.Contains(s.calls[0], want) {
			t.Errorf("Put to %s: error = %v, sent %s", name, err, s.calls)
		}
	}
}

// TestPartial: of 9 records one fails inside, and the last third of every request
// is throttled once.
func TestPartial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{}
		s := &script{answer: func(_ int, body string) (*http.Response, error) {
			var in struct{ Records []struct{ Data string } }
			if err := json.Unmarshal([]byte(body), &in); err != nil {
				return nil, err
			}
			var out []string
			for i, r := range in.Records {
				data, err := base64.StdEncoding.DecodeString(r.Data)
				if err != nil {
					return nil, err
				}
				switch text := string(data); {
				case text == "r1":
					out = append(out, `{"ErrorCode":"InternalFailure","ErrorMessage":"Internal Service Failure"}`)
				case i >= len(in.Records)*2/3 && !throttled[text]:
					throttled[text] = true
					out = append(out, `{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}`)
				default:
					out = append(out, `{"ShardId":"s","SequenceNumber":"of `+text+`"}`)
				}
			}
			return reply(200, `{"FailedRecordCount":1,"Records":[`+strings.Join(out, ",")+`]}`)
		}}
		var records []stream.Record[string]
		for i := range 9 {
			records = append(records, stream.Record[string]{Key: "k", Body: fmt.Sprint("r", i)})
		}
		places, err := s.open("clicks").PutMany(t.Context(), records)
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
	s := &script{answer: func(int, string) (*http.Response, error) {
		return reply(200, `{"Records":[{"ShardId":"s","SequenceNumber":"1"}]}`)
	}}
	_, err := s.open("clicks").PutMany(t.Context(), []stream.Record[string]{{Key: "k"}, {Key: "k"}})
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

// losing is an HTTP client whose requests are carried out, and whose first answer
// is lost.
type losing struct{ lost atomic.Bool }

func (l *losing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && l.lost.CompareAndSwap(false, true) {
		resp.Body.Close()
		return nil, errLost
	}
	return resp, err
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
				h := onServer(t, url, &http.Client{Transport: &losing{}}, spec)
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
