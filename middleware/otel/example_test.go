package otel_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

// A request is a span with the route as its name.
func ExampleNew() {
	spans := tracetest.NewSpanRecorder() // in production an exporter
	tracer := otel.New(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)), nil)
	mux := handler.NewMux()
	mux.Route("GET /orders/{id}", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{}, nil
	}))
	resp, err := tracer.Middleware()(mux).Handle(context.Background(), handlertest.Request("GET", "/orders/7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Done(nil) // as doorways do
	fmt.Println(spans.Ended()[0].Name())
	// Output: GET /orders/{id}
}
