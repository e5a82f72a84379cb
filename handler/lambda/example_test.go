package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// The whole program of a function: what is here stands in main.
func ExampleStart() {
	hello := func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{
			Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
			Body:   []byte("hello " + req.Query("name")),
		}, nil
	}
	lambda.Start(handler.HandlerFunc(hello), &lambda.Options{BasePath: "/v1"})
}

// A doorway takes events and gives answers; no Lambda is needed to try one.
func ExampleNew() {
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{
			Header: http.Header{"Content-Type": {"text/plain"}},
			Body:   []byte(req.Method() + " " + req.Path() + " for " + req.Caller().ID),
		}, nil
	})
	d := lambda.New(h, nil)
	out, err := d.Invoke(context.Background(), []byte(`{
		"version": "2.0", "rawPath": "/dev/my orders", "rawQueryString": "", "headers": {},
		"requestContext": {
			"stage": "dev", "http": {"method": "GET"},
			"authorizer": {"jwt": {"claims": {"sub": "ada"}, "scopes": null}}
		}
	}`))
	fmt.Println(string(out), err)
	// Output: {"statusCode":200,"headers":{"Content-Type":"text/plain"},"body":"GET /my%20orders for ada","isBase64Encoded":false} <nil>
}

// What is no request is a function error that says what came.
func ExampleEventError() {
	d := lambda.New(nil, nil)
	_, err := d.Invoke(context.Background(), []byte(`{"Records":[{"eventSource":"aws:sqs"}]}`))
	var e *lambda.EventError
	fmt.Println(errors.As(err, &e), e.Kind, e.Keys)
	// Output: true batch of records [Records]
}

// An error becomes a problem document; the client is told no more than the
// handler says.
func ExampleDoorway_Invoke() {
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	})
	d := lambda.New(h, &lambda.Options{Logger: slog.New(slog.DiscardHandler)})
	out, err := d.Invoke(context.Background(), []byte(
		`{"resource":"/","path":"/","httpMethod":"GET","requestContext":{"requestId":"c6af9ac6"}}`))
	fmt.Println(string(out), err)
	// Output: {"statusCode":500,"multiValueHeaders":{"Cache-Control":["no-store"],"Content-Type":["application/problem+json"]},"body":"{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,\"requestId\":\"c6af9ac6\"}","isBase64Encoded":false} <nil>
}

// A function URL in stream mode: status and headers first, then the body as it
// is written.
func ExampleDoorway_Stream() {
	type tick struct {
		N int `json:"n"`
	}
	h := handler.New(func(context.Context, struct{}) (handler.NDJSON[tick], error) {
		return func(yield func(tick, error) bool) {
			for n := 0; n < 2 && yield(tick{n}, nil); n++ {
			}
		}, nil
	})
	d := lambda.New(h, &lambda.Options{Streams: func(frontDoor, _, _ string) bool { return frontDoor == "url" }})
	out, err := d.Stream(context.Background(), []byte(`{
		"version": "2.0", "rawPath": "/ticks", "headers": {},
		"requestContext": {"domainName": "abc.lambda-url.eu-west-1.on.aws", "http": {"method": "GET"}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer out.Close()
	text, err := io.ReadAll(out)
	head, body, _ := strings.Cut(string(text), strings.Repeat("\x00", 8))
	fmt.Println(out.ContentType())
	fmt.Printf("%s\n%s%v\n", head, body, err)
	// Output:
	// application/vnd.awslambda.http-integration-response
	// {"statusCode":200,"headers":{"Content-Type":"application/x-ndjson"}}
	// {"n":0}
	// {"n":1}
	// <nil>
}

// A function that works off a queue. tier.On declares the same, with the queue.
func ExampleSource() {
	type job struct {
		ID string `json:"id" validate:"required"`
	}
	work := handler.New(func(ctx context.Context, j job) (struct{}, error) {
		fmt.Println(j.ID, "is worked off, attempt", datastore.RecordFrom(ctx).Attempt)
		return struct{}{}, nil
	})
	jobs := queue.New[job](datastore.New(nil, nil), "jobs")
	d := lambda.New(nil, &lambda.Options{
		Sources: []lambda.Source{{Feed: jobs.Feed(), Name: "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", Handler: work}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	event := handlertest.RecordsEvent(handlertest.RecordsOf(jobs, job{ID: "7"}, job{})...)
	answer, err := d.Invoke(context.Background(), event)
	fmt.Println(string(answer), err)
	// Output:
	// 7 is worked off, attempt 1
	// {"batchItemFailures":[{"itemIdentifier":"record-2"}]} <nil>
}
