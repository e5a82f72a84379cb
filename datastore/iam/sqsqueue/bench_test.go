package sqsqueue_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// BenchmarkSend and BenchmarkSendMany compare the driver ("store") with the SDK's
// client ("sdk") on the same calls against a transport that answers at once.

type mail struct {
	To, Subject, Body string
}

var sample = mail{"ann@example.com", "hello", "a text of some length that nobody reads, but which is there all the same"}

// instant answers every request with the same body.
type instant struct{ body []byte }

func (i instant) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(i.body)), ContentLength: int64(len(i.body)),
	}, nil
}

var queueURL = aws.String("http://scripted.invalid/1/jobs")

func handles(answer string) (*sqs.Client, queue.Sender[mail], queue.ManySender[mail]) {
	cfg := config("http://scripted.invalid", &http.Client{Transport: instant{[]byte(answer)}})
	type all interface {
		queue.Sender[mail]
		queue.ManySender[mail]
	}
	h := datastore.Use[all](function{}, queue.New[mail](dataFor(cfg, *queueURL), "jobs"))
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return sqs.NewFromConfig(cfg), h, h
}

func BenchmarkSend(b *testing.B) {
	client, sender, _ := handles(`{"MessageId":"m"}`)
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			body, err := json.Marshal(sample)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := client.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: queueURL, MessageBody: aws.String(string(body))}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sender.Send(b.Context(), sample); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSendMany(b *testing.B) {
	answer := `{"Successful":[`
	for i := range 10 {
		if i > 0 {
			answer += ","
		}
		answer += `{"Id":"` + *iam.EntryID(i) + `","MessageId":"00000000-0000-0000-0000-000000000000"}`
	}
	client, _, sender := handles(answer + `]}`)
	b.Run("sdk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in := &sqs.SendMessageBatchInput{QueueUrl: queueURL}
			for i := range 10 {
				body, err := json.Marshal(sample)
				if err != nil {
					b.Fatal(err)
				}
				in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: iam.EntryID(i), MessageBody: aws.String(string(body))})
			}
			out, err := client.SendMessageBatch(b.Context(), in)
			if err != nil || len(out.Failed) > 0 {
				b.Fatal(err, out)
			}
		}
	})
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		messages := make([]queue.Message[mail], 10)
		for b.Loop() {
			for i := range messages {
				messages[i].Body = sample
			}
			if _, err := sender.SendMany(b.Context(), messages); err != nil {
				b.Fatal(err)
			}
		}
	})
}
