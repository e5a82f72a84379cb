package sqsqueue_test

import (
	"crypto/md5"
	"encoding/hex"
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

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	queue.Sender[string]
	queue.ManySender[string]
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

func (s *script) open(opts ...queue.Option) both {
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), "http://scripted.invalid/1/jobs")
	return datastore.Use[both](function{}, queue.New[string](data, "jobs", opts...))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(code string) (*http.Response, error) {
	return reply(400, `{"__type":"com.amazonaws.sqs#`+code+`","message":"refused"}`)
}

func sum(text string) string {
	s := md5.Sum([]byte(text))
	return hex.EncodeToString(s[:])
}

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// TestFaults: what is sent again, and what a failure means.
func TestFaults(t *testing.T) {
	t.Parallel()
	lost := func() (*http.Response, error) { return nil, errLost }
	code := func(c string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return refuse(c) }
	}
	fifo, idempotent := []queue.Option{queue.FIFO()}, []queue.Option{queue.Idempotent()}
	for _, c := range []struct {
		name  string
		opts  []queue.Option
		first func() (*http.Response, error)
		want  error // of a message whose second attempt would succeed
		calls int
	}{
		{"lost, standard", nil, lost, datastore.ErrUnknown, 1},
		{"lost, idempotent", idempotent, lost, nil, 2},
		{"lost, FIFO", fifo, lost, nil, 2},
		{"another body is stored", nil, func() (*http.Response, error) {
			return reply(200, `{"MessageId":"m","MD5OfMessageBody":"`+sum("other")+`"}`)
		}, datastore.ErrUnknown, 1},
		{"throttled", nil, code("RequestThrottled"), nil, 2},
		{"throttled by the key", nil, code("KmsThrottled"), nil, 2},
		{"failed inside", nil, func() (*http.Response, error) { return reply(500, `{"__type":"InternalError"}`) }, datastore.ErrUnknown, 1},
		{"failed inside, FIFO", fifo, func() (*http.Response, error) { return reply(500, `{"__type":"InternalError"}`) }, nil, 2},
		{"no queue", nil, code("QueueDoesNotExist"), datastore.ErrUnavailable, 1},
		{"denied", nil, code("AccessDeniedException"), datastore.ErrDenied, 1},
		{"denied by the key", nil, code("KmsAccessDenied"), datastore.ErrDenied, 1},
		{"wrong request", nil, code("InvalidMessageContents"), datastore.ErrDeclaration, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, _ string) (*http.Response, error) {
					if n == 1 {
						return c.first()
					}
					return reply(200, `{"MessageId":"m"}`)
				}}
				var opts []queue.SendOption
				if strings.HasSuffix(c.name, "FIFO") {
					opts = append(opts, queue.Group("g"))
				}
				id, err := s.open(c.opts...).Send(t.Context(), "secret", opts...)
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || len(s.calls) != c.calls || (err == nil) != (id == "m") {
					t.Errorf("Send = %q, %v after %d requests, want %v after %d", id, err, len(s.calls), c.want, c.calls)
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
	s := &script{answer: func(int, string) (*http.Response, error) { return refuse("QueueDoesNotExist") }}
	_, err := s.open().Send(t.Context(), "x")
	if native, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
	if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "queue jobs" || e.Op != "send" || e.Attempts != 1 || e.Code == "" {
		t.Errorf("error = %+v, want send of queue jobs with a code and one attempt", e)
	}
}

// batchOf are the ids and bodies of a SendMessageBatch.
func batchOf(t testing.TB, body string) (ids, bodies []string) {
	t.Helper()
	var in struct {
		Entries []struct{ Id, MessageBody string }
	}
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatalf("body: %v", err)
	}
	for _, e := range in.Entries {
		ids, bodies = append(ids, e.Id), append(bodies, e.MessageBody)
	}
	return ids, bodies
}

func messages(n int, opts ...queue.SendOption) []queue.Message[string] {
	list := make([]queue.Message[string], n)
	for i := range list {
		list[i] = queue.Message[string]{Body: fmt.Sprint("m", i), Options: opts}
	}
	return list
}

// TestPartial: of 25 messages the server refuses one for good and throttles the
// last third of every request once.
func TestPartial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{}
		s := &script{}
		s.answer = func(_ int, body string) (*http.Response, error) {
			ids, bodies := batchOf(t, body)
			var done, failed []string
			for i, b := range bodies {
				switch {
				case b == "m13":
					failed = append(failed, `{"Id":"`+ids[i]+`","Code":"InvalidParameterValue","Message":"no","SenderFault":true}`)
				case i >= len(bodies)*2/3 && !throttled[b]:
					throttled[b] = true
					failed = append(failed, `{"Id":"`+ids[i]+`","Code":"RequestThrottled","SenderFault":true}`)
				default:
					done = append(done, `{"Id":"`+ids[i]+`","MessageId":"id of `+b+`","MD5OfMessageBody":"`+sum(b)+`"}`)
				}
			}
			return reply(200, `{"Successful":[`+strings.Join(done, ",")+`],"Failed":[`+strings.Join(failed, ",")+`]}`)
		}
		ids, err := s.open().SendMany(t.Context(), messages(25))
		for i, id := range ids {
			want := fmt.Sprint("id of m", i)
			if i == 13 {
				want = ""
			}
			if id != want {
				t.Errorf("id %d = %q, want %q", i, id, want)
			}
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 1 || partial.Failed[0].Index != 13 || !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("error = %v, want message 13 refused", err)
		}
		if len(s.calls) < 6 {
			t.Errorf("%d requests, want the throttled thirds of all three sent again", len(s.calls))
		}
	})
}

// TestBlocked: what comes after a failed message of a FIFO group in a later request
// is not sent, and other groups are.
func TestBlocked(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(_ int, body string) (*http.Response, error) {
		ids, bodies := batchOf(t, body)
		var done, failed []string
		for i, b := range bodies {
			if b == "m2" {
				failed = append(failed, `{"Id":"`+ids[i]+`","Code":"InvalidParameterValue","SenderFault":true}`)
				continue
			}
			done = append(done, `{"Id":"`+ids[i]+`","MessageId":"`+b+`"}`)
		}
		return reply(200, `{"Successful":[`+strings.Join(done, ",")+`],"Failed":[`+strings.Join(failed, ",")+`]}`)
	}}
	all := messages(14, queue.Group("a"))
	all[11].Options = []queue.SendOption{queue.Group("b")}
	ids, err := s.open(queue.FIFO()).SendMany(t.Context(), all)
	var partial *datastore.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("error = %v, want a PartialError", err)
	}
	var failed []int
	for _, f := range partial.Failed {
		failed = append(failed, f.Index)
	}
	if diff := cmp.Diff([]int{2, 10, 12, 13}, failed); diff != "" || ids[11] != "m11" {
		t.Errorf("failed (-want +got):\n%s ids %q", diff, ids)
	}
	if _, bodies := batchOf(t, s.calls[1]); !cmp.Equal(bodies, []string{"m11"}) {
		t.Errorf("the second request sent %q, want m11", bodies)
	}
}

// TestOvertaken: what failed for a passing reason is sent again, but on a FIFO queue
// not behind a message of its group that was taken.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{"m1": true, "m3": true, "m4": true}
		s := &script{}
		s.answer = func(_ int, body string) (*http.Response, error) {
			ids, bodies := batchOf(t, body)
			var done, failed []string
			for i, b := range bodies {
				if throttled[b] {
					delete(throttled, b)
					failed = append(failed, `{"Id":"`+ids[i]+`","Code":"RequestThrottled","SenderFault":true}`)
					continue
				}
				done = append(done, `{"Id":"`+ids[i]+`","MessageId":"`+b+`"}`)
			}
			return reply(200, `{"Successful":[`+strings.Join(done, ",")+`],"Failed":[`+strings.Join(failed, ",")+`]}`)
		}
		all := messages(5, queue.Group("a"))
		all[4].Options = []queue.SendOption{queue.Group("b")}
		ids, err := s.open(queue.FIFO()).SendMany(t.Context(), all)
		if diff := cmp.Diff([]string{"m0", "", "m2", "", "m4"}, ids); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 2 || !errors.Is(err, datastore.ErrThrottled) {
			t.Fatalf("error = %v, want messages 1 and 3 throttled", err)
		}
		if _, bodies := batchOf(t, s.calls[1]); !cmp.Equal(bodies, []string{"m4"}) {
			t.Errorf("the second request sent %q, want m4 of the other group alone", bodies)
		}
	})
}

// TestStopped: once a request fails as a whole, the next ones are not sent, and
// their messages certainly did not go out.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(int, string) (*http.Response, error) { return nil, errLost }}
	_, err := s.open().SendMany(t.Context(), messages(12))
	var partial *datastore.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 12 || len(s.calls) != 1 {
		t.Fatalf("error = %v after %d requests, want 12 failed after one", err, len(s.calls))
	}
	for _, f := range partial.Failed {
		want := datastore.ErrUnknown
		if f.Index >= 10 {
			want = datastore.ErrUnavailable
		}
		if !errors.Is(f.Err, want) {
			t.Errorf("message %d: error = %v, want %v", f.Index, f.Err, want)
		}
	}
}

// TestDeniedIsNotSent: what was not granted does not go out.
func TestDeniedIsNotSent(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(int, string) (*http.Response, error) { return reply(200, "{}") }}
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), "http://scripted.invalid/1/jobs")
	sender := datastore.Use[queue.Sender[string]](function{}, queue.New[string](data, "jobs"))
	if _, err := sender.(both).SendMany(t.Context(), messages(1)); !errors.Is(err, datastore.ErrDenied) || len(s.calls) > 0 {
		t.Errorf("SendMany without its grant: error = %v after %d requests, want %v after none", err, len(s.calls), datastore.ErrDenied)
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{sqsqueue.With(config("http://scripted.invalid", nil))}, nil)
	jobs := datastore.Use[queue.Sender[string]](function{}, queue.New[string](data, "my-jobs"))
	if _, err := jobs.Send(t.Context(), "x"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_QUEUE_MY_JOBS") {
		t.Errorf("Send without the URL: error = %v, want %v naming TIERKIT_QUEUE_MY_JOBS", err, datastore.ErrUnavailable)
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
			opts    []queue.Option
			send    []queue.SendOption
			want    error
			arrived int
		}{
			{"standard", nil, nil, datastore.ErrUnknown, 1},
			{"idempotent", []queue.Option{queue.Idempotent()}, nil, nil, 2},
			{"FIFO", []queue.Option{queue.FIFO()}, []queue.SendOption{queue.Group("g")}, nil, 1},
		} {
			for op, send := range map[string]func(both) error{
				"Send": func(b both) error { _, err := b.Send(t.Context(), "x", c.send...); return err },
				"SendMany": func(b both) error {
					_, err := b.SendMany(t.Context(), []queue.Message[string]{{Body: "x", Options: c.send}})
					return err
				},
			} {
				t.Run(server+"/"+c.name+"/"+op, func(t *testing.T) {
					t.Parallel()
					url := servers.URL(t, server)
					spec := queue.New[string](datastore.New(nil, nil), "suite", c.opts...).Spec().(queue.Spec)
					h := onServer(t, url, &http.Client{Transport: &losing{}}, spec)
					handle := datastore.Use[both](function{}, queue.New[string](h.Data, "suite", c.opts...))
					if err := send(handle); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
						t.Errorf("%s whose answer was lost: error = %v, want %v", op, err, c.want)
					}
					if got := len(h.Receive(t, c.arrived)); got != c.arrived {
						t.Errorf("%d messages arrived, want %d", got, c.arrived)
					}
				})
			}
		}
	}
}
