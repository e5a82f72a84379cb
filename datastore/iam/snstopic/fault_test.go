package snstopic_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/snstopic"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
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

const scripted = "arn:aws:sns:eu-central-1:1:notes"

// open is a handle on a topic that client serves.
func open(client *http.Client, opts ...topic.Option) both {
	return datastore.Use[both](function{}, topic.New[string](dataFor(config("http://scripted.invalid", client), scripted), "notes", opts...))
}

// good is a service that takes everything.
func good(r faults.Request) faults.Answer {
	if strings.Contains(r.Body, "Action=PublishBatch") {
		return batchAnswer("<member><Id>0</Id><MessageId>m</MessageId></member><member><Id>1</Id><MessageId>n</MessageId></member>", "")
	}
	return faults.Answer{Body: "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"}
}

func batchAnswer(done, failed string) faults.Answer {
	return faults.Answer{Body: "<PublishBatchResponse><PublishBatchResult><Successful>" + done + "</Successful><Failed>" +
		failed + "</Failed></PublishBatchResult></PublishBatchResponse>"}
}

// TestRefusals: what each error means, and what is published again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[topics]{
		Open: func(_ *testing.T, client *http.Client) topics {
			return topicsBy(config("http://scripted.invalid", client), scripted, scripted)
		},
		Refuse:     faults.RefuseXML,
		Good:       faults.Answer{From: good},
		Operations: operations,
		Service: []faults.Refusal{
			{Code: "Throttling", Want: datastore.ErrThrottled, Again: true},
			{Status: 429, Code: "Throttled", Want: datastore.ErrThrottled, Again: true},
			{Code: "KMSThrottling", Want: datastore.ErrThrottled, Again: true},
			{Status: 500, Code: "InternalError", Want: datastore.ErrUnavailable, Again: true, Lost: true},
			{Status: 404, Code: "NotFound", Want: datastore.ErrUnavailable},
			{Status: 403, Code: "AuthorizationError", Want: datastore.ErrDenied},
			{Code: "KMSAccessDenied", Want: datastore.ErrDenied},
			{Code: "InvalidParameter", Want: datastore.ErrDeclaration},
			{Code: "InvalidParameterValue", Want: datastore.ErrDeclaration},
		},
		Secret: "hunter2",
	}.Run(t)
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := faults.NewScript(t, faults.RefuseXML(404, "NotFound"))
	_, err := open(s.Client()).Publish(t.Context(), "x")
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
		s := faults.NewScript(t, faults.Answer{Always: true, From: func(r faults.Request) faults.Answer {
			form, err := url.ParseQuery(r.Body)
			if err != nil {
				t.Errorf("body: %v", err)
			}
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
			return batchAnswer(done.String(), failed.String())
		}})
		ids, err := open(s.Client()).PublishMany(t.Context(), messages(12))
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
		s := faults.NewScript(t,
			batchAnswer(fmt.Sprintf(done, "1"), fmt.Sprintf(failed+failed, "0", "2")),
			batchAnswer(fmt.Sprintf(done, "2"), "")) // the one that is sent again
		ids, err := open(s.Client(), topic.FIFO()).PublishMany(t.Context(), []topic.Message[string]{
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
		if sent := s.Requests(); len(sent) != 2 || strings.Contains(sent[1].Body, "Message=a0") {
			t.Errorf("requests = %+v, want a second one without message 0", sent)
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
				proxy := faults.NewProxy(t, url)
				h := onServer(t, url, proxy.URL(), spec)
				receive := h.Subscribe(t, "", 0)
				proxy.LoseAnswer()
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
