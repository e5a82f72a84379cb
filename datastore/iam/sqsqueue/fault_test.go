package sqsqueue_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
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

const scripted = "http://scripted.invalid/1/jobs"

// open is a handle on a queue that client serves.
func open(client *http.Client, opts ...queue.Option) both {
	return datastore.Use[both](function{}, queue.New[string](dataFor(config("http://scripted.invalid", client), scripted), "jobs", opts...))
}

func sum(text string) string {
	s := md5.Sum([]byte(text))
	return hex.EncodeToString(s[:])
}

// TestRefusals: what each error means, and what is sent again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[queues]{
		Open: func(_ *testing.T, client *http.Client) queues {
			return queuesBy(config("http://scripted.invalid", client), scripted, scripted)
		},
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: `{"MessageId":"m","Successful":[{"Id":"0","MessageId":"m"},{"Id":"1","MessageId":"n"}]}`},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "RequestThrottled", Want: datastore.ErrThrottled, Again: true},
			{Code: "KmsThrottled", Want: datastore.ErrThrottled, Again: true},
			{Code: "QueueDoesNotExist", Want: datastore.ErrUnavailable},
			{Code: "AWS.SimpleQueueService.NonExistentQueue", Want: datastore.ErrUnavailable},
			{Code: "KmsAccessDenied", Want: datastore.ErrDenied},
			{Code: "InvalidMessageContents", Want: datastore.ErrDeclaration},
			{Code: "UnsupportedOperation", Want: datastore.ErrDeclaration},
			{Code: "BatchRequestTooLong", Want: datastore.ErrTooLarge},
		},
		Secret: "hunter2",
	}.Run(t)
}

// TestOtherBody: a message that is not what was stored may be there all the same.
func TestOtherBody(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Body: `{"MessageId":"m","MD5OfMessageBody":"` + sum("other") + `"}`})
	if id, err := open(s.Client()).Send(t.Context(), "x"); !errors.Is(err, datastore.ErrUnknown) || id != "" {
		t.Errorf("Send = %q, %v, want %v", id, err, datastore.ErrUnknown)
	}
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.RefuseJSON(400, "QueueDoesNotExist"))
	_, err := open(s.Client()).Send(t.Context(), "x")
	if native, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
	if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "queue jobs" || e.Op != "send" {
		t.Errorf("error = %+v, want send of queue jobs", e)
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

func batchAnswer(done, failed []string) faults.Answer {
	return faults.Answer{Body: `{"Successful":[` + strings.Join(done, ",") + `],"Failed":[` + strings.Join(failed, ",") + `]}`}
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
		s := faults.NewScript(t, faults.Answer{Always: true, From: func(r faults.Request) faults.Answer {
			ids, bodies := batchOf(t, r.Body)
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
			return batchAnswer(done, failed)
		}})
		ids, err := open(s.Client()).SendMany(t.Context(), messages(25))
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
		if n := len(s.Requests()); n < 6 {
			t.Errorf("%d requests, want the throttled thirds of all three sent again", n)
		}
	})
}

// TestBlocked: what comes after a failed message of a FIFO group in a later request
// is not sent, and other groups are.
func TestBlocked(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Always: true, From: func(r faults.Request) faults.Answer {
		ids, bodies := batchOf(t, r.Body)
		var done, failed []string
		for i, b := range bodies {
			if b == "m2" {
				failed = append(failed, `{"Id":"`+ids[i]+`","Code":"InvalidParameterValue","SenderFault":true}`)
				continue
			}
			done = append(done, `{"Id":"`+ids[i]+`","MessageId":"`+b+`"}`)
		}
		return batchAnswer(done, failed)
	}})
	all := messages(14, queue.Group("a"))
	all[11].Options = []queue.SendOption{queue.Group("b")}
	ids, err := open(s.Client(), queue.FIFO()).SendMany(t.Context(), all)
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
	if _, bodies := batchOf(t, s.Requests()[1].Body); !cmp.Equal(bodies, []string{"m11"}) {
		t.Errorf("the second request sent %q, want m11", bodies)
	}
}

// TestOvertaken: what failed for a passing reason is sent again, but on a FIFO queue
// not behind a message of its group that was taken.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		throttled := map[string]bool{"m1": true, "m3": true, "m4": true}
		answer := faults.Answer{From: func(r faults.Request) faults.Answer {
			ids, bodies := batchOf(t, r.Body)
			var done, failed []string
			for i, b := range bodies {
				if throttled[b] {
					delete(throttled, b)
					failed = append(failed, `{"Id":"`+ids[i]+`","Code":"RequestThrottled","SenderFault":true}`)
					continue
				}
				done = append(done, `{"Id":"`+ids[i]+`","MessageId":"`+b+`"}`)
			}
			return faults.Answer{Body: `{"Successful":[` + strings.Join(done, ",") + `],"Failed":[` + strings.Join(failed, ",") + `]}`}
		}}
		s := faults.NewScript(t, answer, answer)
		all := messages(5, queue.Group("a"))
		all[4].Options = []queue.SendOption{queue.Group("b")}
		ids, err := open(s.Client(), queue.FIFO()).SendMany(t.Context(), all)
		if diff := cmp.Diff([]string{"m0", "", "m2", "", "m4"}, ids); diff != "" {
			t.Errorf("ids (-want +got):\n%s", diff)
		}
		var partial *datastore.PartialError
		if !errors.As(err, &partial) || len(partial.Failed) != 2 || !errors.Is(err, datastore.ErrThrottled) {
			t.Fatalf("error = %v, want messages 1 and 3 throttled", err)
		}
		if _, bodies := batchOf(t, s.Requests()[1].Body); !cmp.Equal(bodies, []string{"m4"}) {
			t.Errorf("the second request sent %q, want m4 of the other group alone", bodies)
		}
	})
}

// TestStopped: once a request fails as a whole, the next ones are not sent, and
// their messages certainly did not go out.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.Answer{Err: errors.New("connection reset by peer")})
	_, err := open(s.Client()).SendMany(t.Context(), messages(12))
	var partial *datastore.PartialError
	if !errors.As(err, &partial) || len(partial.Failed) != 12 {
		t.Fatalf("error = %v, want 12 failed", err)
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
	data := dataFor(config("http://scripted.invalid", faults.NewScript(t).Client()), scripted)
	sender := datastore.Use[queue.Sender[string]](function{}, queue.New[string](data, "jobs"))
	if _, err := sender.(both).SendMany(t.Context(), messages(1)); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("SendMany without its grant: error = %v, want %v", err, datastore.ErrDenied)
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
					proxy := faults.NewProxy(t, url)
					h := onServer(t, url, proxy.URL(), spec)
					proxy.LoseAnswer()
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
