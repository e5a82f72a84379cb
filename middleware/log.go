package middleware

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// LogOptions changes what [NewLogs] makes. The zero value of each field is its default.
type LogOptions struct {
	// Handler writes the lines. Default: in AWS Lambda that of aws-lambda-go
	// (lambdacontext.NewLogHandler), which has the format and the level of the
	// function's logging configuration and adds the id of the invocation; elsewhere
	// text on the standard error.
	Handler slog.Handler
	// Level from which on lines are written. Default: what Handler writes, which is
	// AWS_LAMBDA_LOG_LEVEL in AWS Lambda, and info elsewhere.
	Level slog.Leveler
	// Sample is the share of invocations, from 0 to 1, of which lines from level debug
	// on are written. Default 0.
	Sample float64
	// Buffer is how many bytes of an invocation's lines below Level, from level debug
	// on, are kept, to be written if it fails: if it logs at level error, is answered
	// with a status of 500 or more, or panics. The oldest are dropped first, and
	// counted. Default 0, none.
	Buffer int
	// NoPath leaves the path out of the line of a request: for paths that hold what
	// must not be told. The route is there in any case.
	NoPath bool
	// Skip reports whether a request or a record has no line if it does not fail, such
	// as a health check. Default: none.
	Skip func(*handler.Request) bool
	// Durable is for functions that are durable executions. Default: none are.
	Durable *Durable
	// Random gives numbers from 0 to below 1, for Sample. Default rand.Float64.
	Random func() float64
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Logs are the structured log of an application, on package log/slog.
//
//	logs := middleware.NewLogs(nil)
//	slog.SetDefault(logs.Logger())
//	api.Use(logs.Middleware())
//
// Every line that is logged with the context of an invocation, anywhere in the program,
// has its "request" id and its "route", "caller", "version" and "tenant", as far as
// they are known by then, "cold" if it started the sandbox, in AWS Lambda the "trace" of
// X-Ray, and what else was noted of it ([Note]). Values are redacted ([Redacted]), and
// text is cut at 16 KB. Line breaks and quotes in a text stay within it, in both formats,
// so that no client can write a line of the log.
//
// In AWS Lambda a function whose logging configuration has the format JSON drops lines
// below its application log level after they were written. To have Sample and Buffer
// there, let that level be DEBUG and set Level.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
type Logs struct {
	opts   LogOptions
	logger *slog.Logger
	xray   bool // invocations may be part of a trace
	sandbox
}

// NewLogs is a log; opts may be nil. Panics with a [*datastore.DeclarationError] if
// Sample is no share or Buffer is negative.
func NewLogs(opts *LogOptions) *Logs {
	l := &Logs{}
	if opts != nil {
		l.opts = *opts
	}
	o := &l.opts
	if !(o.Sample >= 0 && o.Sample <= 1) {
		misdeclared("NewLogs: Sample %v: write a share from 0 to 1", o.Sample)
	}
	if o.Buffer < 0 {
		misdeclared("NewLogs: Buffer %d: write a number of bytes", o.Buffer)
	}
	if o.Handler == nil {
		o.Handler = defaultLogHandler()
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l.xray = inLambda()
	l.sandbox.begin()
	l.logger = slog.New(&logHandler{logs: l, base: o.Handler})
	return l
}

func defaultLogHandler() slog.Handler {
	if inLambda() {
		return lambdacontext.NewLogHandler()
	}
	return slog.NewTextHandler(os.Stderr, nil)
}

// inLambda reports whether this process is a function of AWS Lambda.
func inLambda() bool {
	_, is := os.LookupEnv("AWS_LAMBDA_RUNTIME_API")
	return is
}

// Logger is the log for the program. It works outside of invocations too.
func (l *Logs) Logger() *slog.Logger { return l.logger }

// enabled reports whether lines of the level are written of every invocation.
func (l *Logs) enabled(ctx context.Context, level slog.Level) bool {
	if l.opts.Level != nil {
		return level >= l.opts.Level.Level()
	}
	return l.opts.Handler.Enabled(ctx, level)
}

// logged is an invocation that is logged. It is the context of what is inside.
type logged struct {
	context.Context
	logs    *Logs
	sampled bool
	sent    int64 // bytes of a stream
	invocation

	mu      sync.Mutex // of what follows
	ended   bool
	kept    []keptLine
	bytes   int
	dropped int
}

// keptLine is a line that waits for the invocation to fail.
type keptLine struct {
	handler slog.Handler
	record  slog.Record
	bytes   int
}

type loggedKey struct{ logs *Logs }

// Value finds the logged itself.
func (inv *logged) Value(key any) any {
	if k, ok := key.(loggedKey); ok && k.logs == inv.logs {
		return inv
	}
	return inv.Context.Value(key)
}

// of is the invocation that ctx belongs to, nil for none.
func (l *Logs) of(ctx context.Context) *logged {
	inv, _ := ctx.Value(loggedKey{l}).(*logged)
	return inv
}

// below reports whether lines of a level that is not written are of interest.
func (inv *logged) below(level slog.Level) bool {
	return inv != nil && level >= slog.LevelDebug && (inv.sampled || inv.logs.opts.Buffer > 0)
}

// keep keeps a line until it is known how the invocation ends.
func (inv *logged) keep(h slog.Handler, r slog.Record) {
	line := keptLine{h, r, lineBytes(r)}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.ended {
		return
	}
	inv.kept = append(inv.kept, line)
	inv.bytes += line.bytes
	for inv.bytes > inv.logs.opts.Buffer {
		inv.bytes -= inv.kept[0].bytes
		inv.kept[0] = keptLine{}
		inv.kept = inv.kept[1:]
		inv.dropped++
	}
}

// lineBytes is about how much memory a line takes.
func lineBytes(r slog.Record) int {
	n := 100 + len(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		n += attrBytes(a)
		return true
	})
	return n
}

func attrBytes(a slog.Attr) int {
	n := 40 + len(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		n += len(a.Value.String())
	case slog.KindGroup:
		for _, inner := range a.Value.Group() {
			n += attrBytes(inner)
		}
	case slog.KindAny:
		if t, ok := a.Value.Any().(told); ok {
			n += len(t)
		}
	}
	return n
}

// tellKept writes the lines that were kept, and whether there were more.
func (inv *logged) tellKept() {
	inv.mu.Lock()
	kept, dropped := inv.kept, inv.dropped
	inv.kept, inv.bytes, inv.dropped = nil, 0, 0
	inv.mu.Unlock()
	if dropped > 0 {
		inv.logs.logger.LogAttrs(inv, slog.LevelWarn, "earlier lines of the invocation were dropped", slog.Int("lines", dropped))
	}
	for _, line := range kept {
		_ = line.handler.Handle(inv, line.record) // as slog.Logger does
	}
}

// close forgets the lines that were kept.
func (inv *logged) close() {
	if inv.logs.opts.Buffer == 0 { // nothing is kept
		return
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.ended, inv.kept = true, nil
}
