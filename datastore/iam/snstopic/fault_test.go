package snstopic_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/snstopic"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	topic.Publisher[string]
	topic.ManyPublisher[string]
}

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int, form url.Values) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.calls = append(s.calls, string(body))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n, form)
}

func (s *script) open(opts ...topic.Option) both {
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), "arn:aws:sns:eu-central-1:1:notes")
	return datastore.Use[both](function{}, topic.New[string](data, "notes", opts...))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) (*http.Response, error) {
	return reply(status, "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>refused</Message></Error></ErrorResponse>")
}

const published = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// TestFaults: what is published again, and what a failure means.
func TestFaults(t *testing.T) {
	t.Parallel()
	lost := func() (*http.Response, error) { return nil, errLost }
	code := func(status int, c string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return refuse(status, c) }
	}
	fifo, idempotent := []topic.Option{topic.FIFO()}, []topic.Option{topic.Idempotent()}
	for _, c := range []struct {
		name  string
		opts  []topic.Option
		first func() (*http.Response, error)
		want  error // of a message whose second attempt would succeed
		calls int
	}{
		{"lost, standard", nil, lost, datastore.ErrUnknown, 1},
		{"lost, idempotent", idempotent, lost, nil, 2},
		{"lost, FIFO", fifo, lost, nil, 2},
		{"throttled", nil, code(400, "Throttling"), nil, 2},
		{"throttled by its name", nil, code(429, "Throttled"), nil, 2},
		{"throttled by the key", nil, code(400, "KMSThrottling"), nil, 2},
		{"failed inside", nil, code(500, "InternalError"), datastore.ErrUnknown, 1},
		{"failed inside, FIFO", fifo, code(500, "InternalError"), nil, 2},
		{"no topic", nil, code(404, "NotFound"), datastore.ErrUnavailable, 1},
		{"denied", nil, code(403, "AuthorizationError"), datastore.ErrDenied, 1},
		{"wrong request", nil, code(400, "InvalidParameter"), datastore.ErrDeclaration, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, _ url.Values) (*http.Response, error) {
					if n == 1 {
						return c.first()
					}
					return reply(200, published)
				}}
				var opts []topic.PublishOption
				if strings.HasSuffix(c.name, "FIFO") {
					opts = append(opts, topic.Group("g"))
				}
				id, err := s.open(c.opts...).Publish(t.Context(), "secret", opts...)
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || len(s.calls) != c.calls || (err == nil) != (id == "m") {
					t.Errorf("Publish = %q, %v after %d requests, want %v after %d", id, err, len(s.calls), c.want, c.calls)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("error = %q, want no message in it", err)
				}
				if len(s.calls) == 2 && s.calls[0] != s.calls[1] {
					t.Errorf("the second request is not the first one again:\n%s\n%s", s.calls[0], s.calls[1])
				}
			})
		})
	}
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(int, url.Values) (*http.Response, error) { return refuse(404, "NotFound") }}
	_, err := s.open().Publish(t.Context(), "x")
	if native, ok := errors.AsType[*types.NotFoundException](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestPartial: of 12 messages the server refuses one for good and throttles the
// last third of every request once.
func TestPartial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{}
		s := &script{answer: func(_ int, form url.Values) (*http.Response, error) {
			var done, failed strings.Builder
			n := 0
			for form.Get(fmt.Sprintf("PublishBatchRequestEntries.member.%d.Id", n+1)) != "" {
				n++
			}
			for i := 1; i <= n; i++ {
				member := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i)
				id, body := form.Get(member+"Id"), form.Get(member+"Message")
				switch {
				case body == "m3":
					fmt.Fprintf(&failed, "<member><Id>%s</Id><Code>InvalidParameter</Code><SenderFault>true</SenderFault></member>", id)
				case i > n*2/3 && !throttled[body]:
					throttled[body] = true
					fmt.Fprintf(&failed, "<member><Id>%s</Id><Code>Throttled</Code><SenderFault>true</SenderFault></member>", id)
				default:
					fmt.Fprintf(&done, "<member><Id>%s</Id><MessageId>id of %s</MessageId></member>", id, body)
				}
			}
			return reply(200, "<PublishBatchResponse><PublishBatchResult><Successful>"+done.String()+"</Successful><Failed>"+
				failed.String()+"</Failed></PublishBatchResult></PublishBatchResponse>")
		}}
		var messages []topic.Message[string]
		for i := range 12 {
			messages = append(messages, topic.Message[string]{Body: fmt.Sprint("m", i)})
		}
		ids, err := s.open().PublishMany(t.Context(), messages)
		for i, id := range ids {
			want := fmt.Sprint("id of m", i)
			if i == 3 {
				want = ""
			}
			if id != want {
				t.Errorf("id %d = %q, want %q", i, id, want)
			}
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Index != 3 || !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("error = %v, want message 3 refused", err)
		}
	})
}

// TestOvertaken: what failed for a passing reason is published again, but on a FIFO
// topic not behind a message of its group that was taken.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const failed = "<member><Id>%s</Id><Code>Throttled</Code><SenderFault>true</SenderFault></member>"
		const done = "<member><Id>%s</Id><MessageId>m%[1]s</MessageId></member>"
		s := &script{answer: func(n int, form url.Values) (*http.Response, error) {
			result := fmt.Sprintf("<Successful>"+done+"</Successful>", "2") // the one that is sent again
			if n == 1 {
				result = fmt.Sprintf("<Successful>"+done+"</Successful><Failed>"+failed+failed+"</Failed>", "1", "0", "2")
			}
			return reply(200, "<PublishBatchResponse><PublishBatchResult>"+result+"</PublishBatchResult></PublishBatchResponse>")
		}}
		ids, err := s.open(topic.FIFO()).PublishMany(t.Context(), []topic.Message[string]{
			{Body: "a0", Options: []topic.PublishOption{topic.Group("a")}},
			{Body: "a1", Options: []topic.PublishOption{topic.Group("a")}},
			{Body: "b2", Options: []topic.PublishOption{topic.Group("b")}},
		})
		if diff := cmp.Diff([]string{"", "m1", "m2"}, ids); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Index != 0 || !errors.Is(err, datastore.ErrThrottled) {
			t.Errorf("error = %v, want message 0 throttled", err)
		}
		if len(s.calls) != 2 || strings.Contains(s.calls[1], "Message=a0") {
			t.Errorf("requests = %q, want a second one without message 0", s.calls)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{snstopic.With(config("http://scripted.invalid", nil))}, nil)
	notes := datastore.Use[topic.Publisher[string]](function{}, topic.New[string](data, "my-notes"))
	if _, err := notes.Publish(t.Context(), "x"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_TOPIC_MY_NOTES") {
		t.Errorf("Publish without the ARN: error = %v, want %v naming TIERKIT_TOPIC_MY_NOTES", err, datastore.ErrUnavailable)
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

// TestLostAnswerOnServers loses the answer to a message that a real server took.
func TestLostAnswerOnServers(t *testing.T) {
	t.Parallel()
	for _, server := range []string{"TIERKIT_TEST_MOTO", "TIERKIT_TEST_FAUXQS"} {
		for _, c := range []struct {
			name    string
			opts    []topic.Option
			publish []topic.PublishOption
			want    error
			arrived int
		}{
			{"standard", nil, nil, datastore.ErrUnknown, 1},
			{"idempotent", []topic.Option{topic.Idempotent()}, nil, nil, 2},
			{"FIFO", []topic.Option{topic.FIFO()}, []topic.PublishOption{topic.Group("g")}, nil, 1},
		} {
			t.Run(server+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				url := servers.URL(t, server)
				spec := topic.New[string](datastore.New(nil, nil), "suite", c.opts...).Spec().(topic.Spec)
				h := onServer(t, url, &http.Client{Transport: &losing{}}, spec)
				receive := h.Subscribe(t, "", 0)
				handle := datastore.Use[both](function{}, topic.New[string](h.Data, "suite", c.opts...))
				if _, err := handle.Publish(t.Context(), "x", c.publish...); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
					t.Errorf("Publish whose answer was lost: error = %v, want %v", err, c.want)
				}
				if got := len(receive(t, c.arrived)); got != c.arrived {
					t.Errorf("%d messages arrived, want %d", got, c.arrived)
				}
			})
		}
	}
}
