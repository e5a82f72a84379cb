package otel

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// Middleware makes a span of each request and each record. It belongs outside of what can
// answer by itself. A panic inside of it becomes an error, as middleware.Recover makes it
// one, where the span is recorded.
//
// A sampler is given the name of the method, "GET", or "process jobs", and the attributes
// that are known by then: http.request.method, messaging.* and faas.trigger. The name has
// the route at the end, and then the span has all other attributes.
func (t *Tracer) Middleware() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			cold := t.follower.Cold()
			if t.opts.Skip != nil && t.opts.Skip(req) {
				return next.Handle(ctx, req)
			}
			return t.handle(ctx, req, next, cold)
		})
	}
}

func (t *Tracer) handle(ctx context.Context, req *handler.Request, next handler.Handler, cold bool) (*handler.Response, error) {
	p := t.planOf(ctx, req)
	opts, from := p.opts, t.originOf(ctx, req)
	if from.parent.IsValid() {
		ctx = trace.ContextWithRemoteSpanContext(ctx, from.parent)
	}
	if from.link.IsValid() {
		opts = p.with(trace.WithLinks(trace.Link{SpanContext: from.link}))
	}
	ctx, span := t.tracer.Start(datastore.WithTracing(ctx, t), p.name, opts...)
	if !span.IsRecording() {
		return next.Handle(ctx, req)
	}
	if t.opts.Note {
		next = noting(next, span.SpanContext().TraceID())
	}
	s := &served{tracer: t, plan: p, span: span, cold: cold}
	return s.Follow(ctx, req, next, s)
}

// noting notes the trace before next.
func noting(next handler.Handler, id trace.TraceID) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		middleware.Note(ctx, slog.String("trace", id.String()))
		return next.Handle(ctx, req)
	})
}

// served is a request or a record whose span is recorded.
type served struct {
	tracer *Tracer
	plan   *plan
	span   trace.Span
	cold   bool
	middleware.Followed
}

// rooms are where the attributes of a span are put together, which the span then copies.
var rooms = sync.Pool{New: func() any { return new([24]attribute.KeyValue) }}

// maxText is how many bytes are kept of what a client chose.
const maxText = 1024

// End finishes the span. All that it has of the request is said here, at once, and not
// partly as it begins.
func (s *served) End(ctx context.Context, e middleware.Ended) {
	facts := s.Request().Facts()
	room, _ := rooms.Get().(*[24]attribute.KeyValue)
	attrs := append(room[:0], attribute.Bool(keyColdStart, s.cold))
	attrs = appendText(attrs, keyInvocation, facts.Invocation)
	attrs = appendText(attrs, keyInvokedARN, functionARN(ctx))
	switch {
	case s.plan.http:
		attrs = s.appendHTTP(attrs, facts, e)
	case middleware.IsRecord(s.Request()):
		attrs = appendRecord(attrs, datastore.RecordFrom(ctx))
	}
	var noted [8]slog.Attr
	for _, fact := range s.AppendNotes(noted[:0]) {
		attrs = appendNote(attrs, "", fact)
	}
	if e.Failed {
		attrs = append(attrs, text(keyErrorType, s.errorType(e)))
		s.fail(e)
	}
	s.span.SetAttributes(attrs...)
	clear(room[:])
	rooms.Put(room)
	s.span.End()
	s.tracer.flush.atEnd(ctx)
}

func (s *served) appendHTTP(attrs []attribute.KeyValue, facts handler.Facts, e middleware.Ended) []attribute.KeyValue {
	if !s.tracer.opts.NoPath {
		attrs = append(attrs, text(keyPath, cut(s.Request().Path())))
	}
	scheme := facts.Scheme
	if scheme == "" {
		scheme = "https"
	}
	attrs = append(attrs, text(keyScheme, scheme))
	attrs = appendText(attrs, keyServer, cut(facts.Host))
	version := strings.TrimPrefix(facts.Protocol, "HTTP/")
	attrs = appendText(attrs, keyProtocolVersion, strings.TrimSuffix(version, ".0"))
	attrs = append(attrs, attribute.Int(keyStatus, e.Status))
	if e.Route != "" {
		s.span.SetName(nameOf(s.Request().Method(), e.Route))
		attrs = append(attrs, text(keyRoute, pathOf(e.Route)))
	}
	return attrs
}

// nameOf is the name of the span of a request.
func nameOf(method, route string) string {
	if strings.IndexByte(route, ' ') >= 0 {
		return route
	}
	return knownMethod(method) + " " + route // of a pattern for all methods
}

// pathOf is a route without its method.
func pathOf(route string) string {
	if _, path, ok := strings.Cut(route, " "); ok {
		return strings.TrimSpace(path)
	}
	return route
}

func (s *served) errorType(e middleware.Ended) string {
	if s.plan.http && !e.Cut || e.Err == nil {
		return strconv.Itoa(e.Status)
	}
	return errorType(e.Err)
}

// errorType is the class of an error: few, and nothing of its contents.
func errorType(err error) string {
	switch e := err.(type) {
	case *datastore.Error:
		if e != nil && e.Kind != nil {
			return e.Kind.Error()
		}
	case *handler.Error:
		if e != nil && e.Code != "" {
			return e.Code
		}
	case *handler.PanicError:
		return "panic"
	}
	if err == http.ErrAbortHandler {
		return "aborted"
	}
	return reflect.TypeOf(err).String()
}

// fail says why the request failed, in words that may be told.
func (s *served) fail(e middleware.Ended) {
	if e.Err == nil {
		s.span.SetStatus(codes.Error, "")
		return
	}
	message := cut(middleware.Redacted(e.Err).String())
	attrs := []attribute.KeyValue{text(keyExceptionType, reflect.TypeOf(e.Err).String()), text(keyExceptionMessage, message)}
	if p, ok := e.Err.(*handler.PanicError); ok && p != nil {
		attrs = append(attrs, text(keyExceptionStack, string(p.Stack)))
	}
	s.span.AddEvent("exception", trace.WithAttributes(attrs...))
	s.span.SetStatus(codes.Error, message)
}

// appendNote adds what was noted of an invocation, redacted as a log has it.
func appendNote(attrs []attribute.KeyValue, before string, fact slog.Attr) []attribute.KeyValue {
	v, key := fact.Value, before+fact.Key
	switch v.Kind() {
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer: // what can have a secret in it
		v = middleware.Redacted(v).LogValue()
	}
	if key == "" || key == "cold" { // which is faas.coldstart
		return attrs
	}
	switch v.Kind() {
	case slog.KindGroup:
		for _, inner := range v.Group() {
			attrs = appendNote(attrs, key+".", inner)
		}
		return attrs
	case slog.KindBool:
		return append(attrs, attribute.Bool(key, v.Bool()))
	case slog.KindInt64:
		return append(attrs, attribute.Int64(key, v.Int64()))
	case slog.KindFloat64:
		return append(attrs, attribute.Float64(key, v.Float64()))
	}
	return append(attrs, text(key, cut(v.String())))
}

func appendText(attrs []attribute.KeyValue, key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, text(key, value))
}

// cut cuts a text at maxText bytes, and makes UTF-8 of it, without which an export fails.
func cut(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
