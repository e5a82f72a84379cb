package middleware_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// handChain is what somebody writes who knows the route, in one function: the line of
// slog, the metrics by encoding/json, the span of the SDK, and the claims of a token whose
// signature is checked elsewhere. It recovers, and answers the request id; nothing is
// redacted, noted or cut, no stream is followed, and of the token two claims are looked at.
func handChain(next handler.Handler) handler.Handler {
	log := slog.New(lambdaLog{slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr})})
	tracer := sdktrace.NewTracerProvider().Tracer("orders")
	type emfMetric struct{ Name, Unit string }
	type emfDirective struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []emfMetric
	}
	type emfHead struct {
		Timestamp         int64
		CloudWatchMetrics []emfDirective
	}
	type emfLine struct {
		AWS      emfHead `json:"_aws"`
		Function string  `json:"function"`
		Route    string  `json:"route"`
		Duration float64
		Errors   int
		Faults   int
		Request  string `json:"request"`
		Caller   string `json:"caller"`
	}
	directives := []emfDirective{{"Shop", [][]string{{"function", "route"}},
		[]emfMetric{{"Duration", "Milliseconds"}, {"Errors", "Count"}, {"Faults", "Count"}}}}
	const route = "GET /orders/{id}"
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (resp *handler.Response, err error) {
		defer func() {
			if v := recover(); v != nil {
				err = &handler.PanicError{Value: v}
			}
		}()
		began := time.Now()
		ctx, span := tracer.Start(ctx, route, trace.WithSpanKind(trace.SpanKindServer))
		claims, err := claimsByHand(middleware.BearerToken(req))
		if err != nil {
			return nil, err
		}
		if resp, err = next.Handle(ctx, req); err != nil {
			return nil, err
		}
		resp.SetHeader("X-Request-Id", req.ID())
		took := time.Since(began)
		span.SetAttributes(attribute.String("http.request.method", req.Method()), attribute.String("http.route", "/orders/{id}"),
			attribute.String("url.path", req.Path()), attribute.String("url.scheme", "https"), attribute.Int("http.response.status_code", resp.StatusCode()),
			attribute.String("request", req.ID()), attribute.String("caller", claims.Subject))
		span.End()
		line, err := json.Marshal(emfLine{emfHead{began.UnixMilli(), directives}, "orders", route, float64(took.Microseconds()) / 1000, 0, 0, req.ID(), claims.Subject})
		if err != nil {
			return nil, err
		}
		if _, err := io.Discard.Write(append(line, '\n')); err != nil {
			return nil, err
		}
		log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("request", req.ID()), slog.String("caller", claims.Subject), slog.String("route", route),
			slog.String("method", req.Method()), slog.String("path", req.Path()), slog.Int("status", resp.StatusCode()),
			slog.Float64("durationMs", float64(took.Microseconds())/1000), slog.Int("bytes", len(resp.Body)))
		return resp, nil
	})
}

type handClaims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Expires int64  `json:"exp"`
}

func claimsByHand(token string) (c handClaims, err error) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err == nil && c.Issuer == "" {
		err = errors.New("of nobody")
	}
	return c, err
}

// BenchmarkChainByHand is the chain beside the signature check, and beside what does the
// same by hand. Both take turns with what they are measured against; the figures are
// medians. "x-hand" is the chain as a part of the other.
func BenchmarkChainByHand(b *testing.B) {
	ctx, req, check := lambdaCtx(b.Context()), signedIn(b), signatureAlone(b)
	handled := func(h handler.Handler) func() { return func() { served(b, ctx, h, req) } }
	of := medians(b, handled(bareAnswer), check, handled(chain(b, bareAnswer, production...)), handled(handChain(bareAnswer)))
	beside, hand := of[2]-of[1]-of[0], of[3]-of[0]
	b.ReportMetric(beside, "beside-ns")
	b.ReportMetric(hand, "hand-ns")
	b.ReportMetric(beside/hand, "x-hand")
}
