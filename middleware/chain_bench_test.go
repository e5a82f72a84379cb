package middleware_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// observed are the middlewares that every production function has, by name.
var observed = []string{"recover", "request id", "logger", "metrics"}

// chain is h behind some of them. The log is that of AWS Lambda but for where it goes.
func chain(h handler.Handler, names ...string) handler.Handler {
	logs := middleware.NewLogs(&middleware.LogOptions{Handler: lambdaLog{slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})}})
	metrics := middleware.NewMetrics("Shop", &middleware.MetricOptions{
		Sink: middleware.EMF(io.Discard), Dimensions: []middleware.Dimension{middleware.Dim("function", "orders")},
	})
	var mw []handler.Middleware
	for _, name := range names {
		switch name {
		case "recover":
			mw = append(mw, middleware.Recover())
		case "request id":
			mw = append(mw, middleware.RequestID(nil))
		case "logger":
			mw = append(mw, logs.Middleware())
		case "metrics":
			mw = append(mw, metrics.Middleware())
		}
	}
	return handler.Chain(h, mw...)
}

// lambdaLog adds the id of the invocation, as lambdacontext.NewLogHandler does, which
// writes to nothing but the standard output.
type lambdaLog struct{ slog.Handler }

func (h lambdaLog) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

type orderID struct {
	ID string `path:"id"`
}

func orderRoute(tb testing.TB) handler.Handler {
	return routed(tb, "GET /orders/{id}", handler.New(func(_ context.Context, in orderID) (Order, error) {
		return Order{ID: in.ID, Total: 5}, nil
	}))
}

// bareAnswer is a handler that allocates nothing but its response.
var bareAnswer = handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
	return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"id":"7","total":5}`)}, nil
})

func lambdaCtx(ctx context.Context) context.Context {
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"})
}

// BenchmarkChain is what observing an invocation costs beside the bare handler, each
// middleware alone and all together; and what it is of a whole invocation with a typed
// handler and the event of an HTTP API.
func BenchmarkChain(b *testing.B) {
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			ctx, req := lambdaCtx(b.Context()), handlertest.Request("GET", "/orders/7")
			b.ReportAllocs()
			for b.Loop() {
				resp, err := h.Handle(ctx, req)
				if err != nil {
					b.Fatal(err)
				}
				resp.Done(nil)
			}
		})
	}
	run("bare", bareAnswer)
	byHand := lambdaLog{slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})}
	run("a line of slog by hand", handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		resp, err := bareAnswer(ctx, req)
		slog.New(byHand).LogAttrs(ctx, slog.LevelInfo, "request", slog.String("request", req.ID()), slog.String("method", req.Method()),
			slog.String("path", req.Path()), slog.Int("status", 200), slog.Float64("durationMs", 1.5), slog.Int64("bytes", 20))
		return resp, err
	}))
	for _, name := range observed {
		run(name, chain(bareAnswer, name))
	}
	run("all", chain(bareAnswer, observed...))

	event := handlertest.HTTPEvent(handlertest.Request("GET", "/orders/7"))
	invoke := func(name string, h handler.Handler) {
		d := lambda.New(h, nil)
		b.Run(name, func(b *testing.B) {
			ctx := lambdaCtx(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Invoke(ctx, event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	invoke("invocation/bare", orderRoute(b))
	invoke("invocation/all", chain(orderRoute(b), observed...))
}

// TestChainAllocations: the budget of the whole chain, with tracer and auth, is 25
// allocations; these have 14 of them.
func TestChainAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates too")
	}
	const budget = 14
	ctx := lambdaCtx(t.Context())
	run := func(h handler.Handler) float64 {
		req := handlertest.Request("GET", "/orders/7")
		return testing.AllocsPerRun(200, func() {
			resp, err := h.Handle(ctx, req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Done(nil)
		})
	}
	bare := run(bareAnswer)
	for _, name := range observed {
		t.Logf("%s: %.0f allocations", name, run(chain(bareAnswer, name))-bare)
	}
	if all := run(chain(bareAnswer, observed...)) - bare; all > budget {
		t.Errorf("recover, request id, logger and metrics: %.0f allocations, want at most %d", all, budget)
	} else {
		t.Logf("all: %.0f allocations", all)
	}
}
