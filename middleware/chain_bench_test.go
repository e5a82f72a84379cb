package middleware_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	awslambda "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/otel"
)

// production are the middlewares that every production function has, by name, the first
// outermost. The tracer records every span, and has nobody to export them.
var production = []string{"logger", "request id", "metrics", "tracer", "recover", "auth"}

// chain is h behind some of them. The log is that of AWS Lambda but for where it goes.
func chain(tb testing.TB, h handler.Handler, names ...string) handler.Handler {
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
		case "tracer":
			mw = append(mw, otel.New(sdktrace.NewTracerProvider(), nil).Middleware())
		case "tracer, not sampled":
			mw = append(mw, otel.New(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), nil).Middleware())
		case "tracer, no SDK":
			mw = append(mw, otel.New(noop.NewTracerProvider(), nil).Middleware())
		case "auth", "auth, a token again":
			settings := newIssuer("home").settings(tb)
			if name == "auth" {
				settings.Remember = -1
			}
			mw = append(mw, middleware.JWT(settings, nil))
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

// signedIn is a request of somebody whose token the chain verifies, by a key that it has.
func signedIn(tb testing.TB) *handler.Request {
	return handlertest.Request("GET", "/orders/7", bearer(authToken(tb)))
}

// served handles a request, and ends its response as doorways do.
func served(tb testing.TB, ctx context.Context, h handler.Handler, req *handler.Request) {
	resp, err := h.Handle(ctx, req)
	if err != nil {
		tb.Fatal(err)
	}
	resp.Done(nil)
}

// BenchmarkChain is what the chain of a production function costs: the bare handler, each
// middleware alone, and all together; and what it is of a whole invocation with a typed
// handler and the event of an HTTP API.
func BenchmarkChain(b *testing.B) {
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			ctx, req := lambdaCtx(b.Context()), signedIn(b)
			b.ReportAllocs()
			for b.Loop() {
				served(b, ctx, h, req)
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
	for _, name := range append([]string{"tracer, not sampled", "auth, a token again"}, production...) {
		run(name, chain(b, bareAnswer, name))
	}
	run("all", chain(b, bareAnswer, production...))

	event := handlertest.HTTPEvent(signedIn(b))
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
	invoke("invocation/all", chain(b, orderRoute(b), production...))
}

// handWritten is the function that most people ship: the typed event of aws-lambda-go, and
// encoding/json. What it takes tells how fast the machine is at the moment.
func handWritten(tb testing.TB) func() {
	event, err := os.ReadFile("../handler/lambda/testdata/http-iam.json")
	if err != nil {
		tb.Fatal(err)
	}
	h := awslambda.NewHandler(func(_ context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		body, err := json.Marshal(Order{ID: e.PathParameters["id"], Total: 5})
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: string(body)}, err
	})
	return func() {
		if _, err := h.Invoke(context.Background(), event); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkChainBudget is the chain beside the signature check of the token. Bare handler,
// signature check, chain and the hand-written function take turns, so that what else the
// machine does is in all of them; the figures are medians. "x-raw" is what the chain adds,
// as a part of the hand-written function; "unsampled-ns" is the chain whose tracer samples
// nothing, "no-sdk-ns" that of a tracer with nothing behind OpenTelemetry's API, "again-ns"
// all that the chain adds for a token that was verified before, whose signature is not
// computed again.
func BenchmarkChainBudget(b *testing.B) {
	ctx, req, check := lambdaCtx(b.Context()), signedIn(b), signatureAlone(b)
	with := func(name, instead string) []string {
		names := slices.Clone(production)
		names[slices.Index(names, name)] = instead
		return names
	}
	handled := func(h handler.Handler) func() { return func() { served(b, ctx, h, req) } }
	work := []func(){handled(bareAnswer), check, handled(chain(b, bareAnswer, production...)), handled(chain(b, bareAnswer, with("tracer", "tracer, not sampled")...)),
		handWritten(b), handled(chain(b, bareAnswer, with("auth", "auth, a token again")...)),
		handled(chain(b, bareAnswer, with("tracer", "tracer, no SDK")...))}
	of := medians(b, work...)
	bare, signature := of[0], of[1]
	b.ReportMetric(bare, "bare-ns")
	b.ReportMetric(signature, "signature-ns")
	b.ReportMetric(of[2], "chain-ns")
	b.ReportMetric(of[2]-signature-bare, "beside-ns")
	b.ReportMetric(of[3]-signature-bare, "unsampled-ns")
	b.ReportMetric(of[6]-signature-bare, "no-sdk-ns")
	b.ReportMetric(of[5]-bare, "again-ns")
	b.ReportMetric(of[4], "raw-ns")
	b.ReportMetric((of[2]-signature-bare)/of[4], "x-raw")
}

// medians are what each takes, in nanoseconds, when all take turns.
func medians(b *testing.B, work ...func()) []float64 {
	took := make([][]time.Duration, len(work))
	for b.Loop() {
		for i, do := range work {
			start := time.Now()
			do()
			took[i] = append(took[i], time.Since(start))
		}
	}
	of := make([]float64, len(work))
	for i := range took {
		slices.Sort(took[i])
		of[i] = float64(took[i][len(took[i])/2])
	}
	return of
}

// TestChainAllocations: the whole chain adds at most 23 allocations to an invocation,
// beside those of the signature check. With Go 1.26 they are 21: slog writes the level by
// encoding/json, which allocates twice more from Go 1.27 on.
func TestChainAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates too")
	}
	const budget = 23
	ctx, req := lambdaCtx(t.Context()), signedIn(t)
	run := func(h handler.Handler) float64 {
		return testing.AllocsPerRun(200, func() { served(t, ctx, h, req) })
	}
	bare := run(bareAnswer)
	for _, name := range production {
		t.Logf("%s: %.0f allocations", name, run(chain(t, bareAnswer, name))-bare)
	}
	all := run(chain(t, bareAnswer, production...)) - bare - testing.AllocsPerRun(200, signatureAlone(t))
	t.Logf("all: %.0f allocations", all)
	if all > budget {
		t.Errorf("the chain: %.0f allocations, want at most %d", all, budget)
	}
}
