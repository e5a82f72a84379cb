package middleware

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Middleware writes a line for each request and each record when it is over, which of a
// stream is after its last byte:
//
//	{"level":"INFO","message":"request","request":"c6af9ac6-...","caller":"ada",
//	 "route":"GET /orders/{id}","method":"GET","path":"/orders/7","status":200,
//	 "durationMs":12.5,"bytes":263}
//
// It is of level error where the status is 500 or more, where the answer was cut off
// and where a record failed that comes again; and then it has the error, the types of
// it and its causes, what a store said of it, and the stack of a panic. Other errors
// stand in a line of level info. A doorway does not log again what stands in such a
// line.
//
// It belongs outside of what can answer by itself. A panic inside becomes an error, as
// [Recover] makes it one.
func (l *Logs) Middleware() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return l.log(ctx, req, next)
		})
	}
}

func (l *Logs) log(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	inv := &logged{logs: l, invocation: invocation{req: req, began: l.opts.Now()}}
	inv.Context = inv.begin(ctx, l.first())
	if l.xray {
		inv.noteXRay()
	}
	inv.sampled = l.opts.Sample > 0 && l.opts.Random() < l.opts.Sample
	resp, err := guarded(inv, req, next)
	if err != nil {
		inv.Finish(err)
		return nil, err
	}
	inv.resp = resp
	if stream := resp.Stream; stream != nil {
		resp.Stream = func(ctx context.Context, w io.Writer) error {
			return stream(ctx, &counted{w, &inv.sent})
		}
	}
	resp.WhenDone(inv)
	return resp, nil
}

// counted counts what is written.
type counted struct {
	io.Writer
	n *int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	*c.n += int64(n)
	return n, err
}

// Flush sends what was written, if the front door can.
func (c *counted) Flush() {
	if f, ok := c.Writer.(http.Flusher); ok {
		f.Flush()
	}
}

// Finish writes the line.
func (inv *logged) Finish(err error) {
	l, out := inv.logs, inv.outcome(err)
	defer inv.close()
	if l.suspended(out.err) {
		inv.req.MarkLogged()
		return
	}
	record := isRecord(inv.req)
	level := slog.LevelInfo
	if out.failed() || record && (out.err != nil || out.status >= http.StatusBadRequest) {
		level = slog.LevelError
	}
	if level < slog.LevelError && l.opts.Skip != nil && l.opts.Skip(inv.req) || !l.enabled(inv, level) && !inv.sampled {
		return
	}
	if level == slog.LevelError && l.opts.Buffer > 0 {
		inv.tellKept()
	}
	if out.err != nil {
		inv.req.MarkLogged()
	}
	message := "request"
	if record {
		message = "record"
	}
	now := l.opts.Now()
	line := slog.NewRecord(now, level, message, 0)
	var room [24]slog.Attr
	line.AddAttrs(inv.attrs(room[:0], out, record, now.Sub(inv.began))...)
	_ = l.opts.Handler.Handle(inv, line) // as slog.Logger does
}

// attrs are those of the line.
func (inv *logged) attrs(attrs []slog.Attr, out outcome, record bool, took time.Duration) []slog.Attr {
	attrs = appendNoted(attrs, inv)
	if record {
		if r := datastore.RecordFrom(inv); r != nil && r.Attempt > 0 {
			attrs = append(attrs, slog.Int("attempt", r.Attempt))
		}
	} else {
		attrs = append(attrs, slog.String("method", cut(inv.req.Method(), maxNote)))
		if !inv.logs.opts.NoPath {
			attrs = append(attrs, slog.String("path", cut(inv.req.Path(), maxPath)))
		}
		attrs = append(attrs, slog.Int("status", out.status))
	}
	attrs = append(attrs, slog.Float64("durationMs", float64(took.Microseconds())/1000))
	if inv.resp != nil && !record {
		attrs = append(attrs, slog.Int64("bytes", inv.sent+int64(len(inv.resp.Body))))
	}
	if out.cut {
		attrs = append(attrs, slog.Bool("cut", true))
	}
	if out.err != nil {
		attrs = appendError(attrs, out.err)
	}
	return attrs
}

// maxPath is how much of a path is logged.
const maxPath = 1024

// appendError appends what is known of an error.
func appendError(attrs []slog.Attr, err error) []slog.Attr {
	attrs = append(attrs, slog.String("error", errorText(err)))
	if chain := handler.ErrorTypes(err); chain != "" {
		attrs = append(attrs, slog.String("errorTypes", chain))
	}
	for e := range handler.ErrorTree(err) {
		switch e := e.(type) {
		case *datastore.Error:
			return append(attrs, storeAttr(e))
		case *handler.PanicError:
			return append(attrs, slog.String("stack", cut(string(e.Stack), maxTold)))
		}
	}
	return attrs
}

// storeAttr is what a store says of an error.
func storeAttr(e *datastore.Error) slog.Attr {
	group := []slog.Attr{slog.String("name", e.Store), slog.String("op", e.Op)}
	if e.Kind != nil {
		group = append(group, slog.String("kind", e.Kind.Error()))
	}
	if e.Code != "" {
		group = append(group, slog.String("code", e.Code))
	}
	if e.Attempts > 0 {
		group = append(group, slog.Int("attempts", e.Attempts))
	}
	var partial *datastore.PartialError
	if errors.As(e.Err, &partial) {
		group = append(group, slog.Int("failedItems", len(partial.Failed)))
	}
	return slog.Attr{Key: "store", Value: slog.GroupValue(group...)}
}
