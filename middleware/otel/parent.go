package otel

import (
	"context"
	"encoding/hex"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// origin is where a request says that it comes from.
type origin struct {
	parent trace.SpanContext // to go on with
	link   trace.SpanContext // to tell of
}

// originOf is that of a request or a record. Invalid ones are none.
func (t *Tracer) originOf(ctx context.Context, req *handler.Request) (o origin) {
	said, trusted := t.said(ctx, req)
	switch {
	case trace.SpanContextFromContext(ctx).IsValid(): // within this process
		o.link = said
		return o
	case trusted:
		o.parent = said
	default:
		o.link = said
	}
	if !t.opts.XRay {
		return o
	}
	lambda := lambdaTrace(ctx)
	switch {
	case !o.parent.IsValid():
		o.parent = lambda
	case !o.link.IsValid() && lambda.TraceID() != o.parent.TraceID():
		o.link = lambda // a record of one trace in an invocation of another
	}
	return o
}

// said is what a request or a record says of itself.
func (t *Tracer) said(ctx context.Context, req *handler.Request) (sc trace.SpanContext, trusted bool) {
	if middleware.IsRecord(req) {
		return t.saidOf(datastore.RecordFrom(ctx))
	}
	if req.FrontDoor() == directDoor {
		lc, ok := lambdacontext.FromContext(ctx)
		if !ok {
			return sc, false
		}
		custom := lc.ClientContext.Custom
		// Who has an identity of a pool is a client, and no function of ours.
		return parseTrace(custom[datastore.TraceParent], custom[datastore.TraceState]), req.Caller().Anonymous() || t.trusts(req)
	}
	parents := req.HeaderValues("Traceparent")
	if len(parents) != 1 { // several are nobody's
		return sc, false
	}
	if sc = parseTrace(parents[0], strings.Join(req.HeaderValues("Tracestate"), ",")); !sc.IsValid() {
		return sc, false
	}
	return sc, t.trusts(req)
}

// saidOf is what a record says of itself, which may be nil. Of a sender that has no
// traceparent, a queue knows what X-Ray knows of it: that it is not sampled, of each
// function without active tracing, which must not decide what is recorded here.
func (t *Tracer) saidOf(r *datastore.Record) (sc trace.SpanContext, trusted bool) {
	if r == nil {
		return sc, false
	}
	if sc = parseTrace(r.Attribute(datastore.TraceParent), r.Attribute(datastore.TraceState)); sc.IsValid() {
		return sc, true
	}
	sc = parseXRay(r.TraceHeader)
	return sc, sc.IsSampled() || t.opts.XRay
}

func (t *Tracer) trusts(req *handler.Request) bool {
	return t.opts.Trust != nil && t.opts.Trust(req)
}

// maxState is how long a tracestate can be that is passed on. One that is longer is left
// out, as one that is invalid.
//
// See https://www.w3.org/TR/trace-context/#tracestate-limits
const maxState = 512

// parseTrace is the span that headers name, invalid if they name none.
func parseTrace(parent, state string) trace.SpanContext {
	cfg, ok := parseParent(parent)
	if !ok {
		return trace.SpanContext{}
	}
	if state != "" && len(state) <= maxState {
		if ts, err := trace.ParseTraceState(state); err == nil {
			cfg.TraceState = ts
		}
	}
	cfg.Remote = true
	return trace.NewSpanContext(cfg)
}

// The parts of a traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".
const (
	parentLength = 55
	traceAt      = 3
	spanAt       = 36
	flagsAt      = 53
)

// parseParent reads a traceparent.
//
// See https://www.w3.org/TR/trace-context/#traceparent-header-field-values
func parseParent(s string) (cfg trace.SpanContextConfig, ok bool) {
	var version, flags [1]byte
	if len(s) < parentLength || s[traceAt-1] != '-' || s[spanAt-1] != '-' || s[flagsAt-1] != '-' ||
		!lowerHex(version[:], s[:2]) || version[0] == 0xff ||
		len(s) > parentLength && (version[0] == 0 || s[parentLength] != '-') ||
		!lowerHex(cfg.TraceID[:], s[traceAt:spanAt-1]) || !lowerHex(cfg.SpanID[:], s[spanAt:flagsAt-1]) ||
		!lowerHex(flags[:], s[flagsAt:parentLength]) || !cfg.TraceID.IsValid() || !cfg.SpanID.IsValid() {
		return trace.SpanContextConfig{}, false
	}
	cfg.TraceFlags = trace.TraceFlags(flags[0]) & (trace.FlagsSampled | trace.FlagsRandom)
	return cfg, true
}

// lowerHex decodes lower case digits into dst.
func lowerHex(dst []byte, s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// traceparent is the header of a span.
func traceparent(sc trace.SpanContext) string {
	const digits = "0123456789abcdef"
	var b [parentLength]byte
	b[0], b[1] = '0', '0'
	b[traceAt-1], b[spanAt-1], b[flagsAt-1] = '-', '-', '-'
	id, span := sc.TraceID(), sc.SpanID()
	hex.Encode(b[traceAt:], id[:])
	hex.Encode(b[spanAt:], span[:])
	flags := byte(sc.TraceFlags() & (trace.FlagsSampled | trace.FlagsRandom))
	b[flagsAt], b[flagsAt+1] = digits[flags>>4], digits[flags&15]
	return string(b[:])
}

// lambdaTrace is the trace of the invocation, as Lambda says. The variable is that of the
// one invocation that runs, where no more than one does.
func lambdaTrace(ctx context.Context) trace.SpanContext {
	header, ok := ctx.Value("x-amzn-trace-id").(string) // as aws-lambda-go has it
	if !ok && lambdacontext.MaxConcurrency() == 1 {
		header, _ = os.LookupEnv("_X_AMZN_TRACE_ID")
	}
	return parseXRay(header)
}

// parseXRay reads "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
// It is invalid without a parent.
//
// See https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
func parseXRay(header string) trace.SpanContext {
	const maxHeader = 1024
	var cfg trace.SpanContextConfig
	if len(header) > maxHeader {
		return trace.SpanContext{}
	}
	for field := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		ok := true
		switch name {
		case "Root":
			ok = len(value) == 35 && value[:2] == "1-" && value[10] == '-' && lowerHex(cfg.TraceID[:], value[2:10]+value[11:])
		case "Parent":
			ok = len(value) == 16 && lowerHex(cfg.SpanID[:], value)
		case "Sampled":
			if value == "1" {
				cfg.TraceFlags = trace.FlagsSampled
			}
		}
		if !ok {
			return trace.SpanContext{}
		}
	}
	cfg.Remote = true
	return trace.NewSpanContext(cfg)
}
