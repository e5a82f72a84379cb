package lambda

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// answer is what the service is told.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
// and https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
func (b *batch) answer(ctx context.Context) ([]byte, error) {
	switch {
	case b.err != nil:
		return nil, b.err
	case b.service == nil, b.fails == failsItems, b.fails == failsRest:
		state := ""
		if b.e.hasWindow() { // of a mapping that a function without windows has
			state = b.e.windowState()
		}
		return b.itemFailures(state), nil
	case len(b.failed) > 0:
		return nil, b.functionError()
	case b.service.answer != nil:
		return b.service.answer(ctx, b)
	}
	return []byte("null"), nil
}

// itemFailures names the records that failed, each id once; of a stream the first,
// which stands for all behind it. state is that of a window, "" where there is none.
func (b *batch) itemFailures(state string) []byte {
	slices.SortFunc(b.failed, func(x, y failure) int { return cmp.Compare(x.index, y.index) })
	if b.fails == failsRest && len(b.failed) > 1 {
		b.failed = b.failed[:1]
	}
	const open, shut, and = `{"batchItemFailures":[`, `]}`, `],"state":`
	size := len(open) + len(shut) + len(and) + len(state)
	for _, f := range b.failed {
		size += len(`{"itemIdentifier":},`) + len(f.item)
	}
	out := append(make([]byte, 0, size), open...)
	var told map[string]bool // unless there is one
	for i, f := range b.failed {
		if told[f.item] {
			continue
		}
		if len(b.failed) > 1 {
			if told == nil {
				told = make(map[string]bool, len(b.failed))
			}
			told[f.item] = true
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"itemIdentifier":`...)
		out = append(append(out, f.item...), '}')
	}
	if state != "" { // or Lambda takes the answer for a failure
		return append(append(append(out, and...), state...), '}')
	}
	return append(out, shut...)
}

// problem is why record r failed, in words of which a client of a request would be
// told as many. It is nil where the service is told of records.
func (b *batch) problem(r *delivery, err error) error {
	if b.fails != failsEvent {
		return nil
	}
	resp, err := respond(handler.NewRequest(r), err)
	if err == errAborted {
		return err
	}
	e := functionError(resp)
	if b.service.asks {
		return e
	}
	e.Message = r.source.Feed.Spec.Kind() + " " + r.source.Feed.Spec.Name() + ": " + e.Message
	return e
}

// functionError is the error of an event of which records failed.
func (b *batch) functionError() error {
	e, ok := b.reason.(messages.InvokeResponse_Error)
	if !ok || b.service.asks {
		return b.reason
	}
	e.Message = fmt.Sprintf("%d of %d records failed, %s", len(b.failed), b.records, e.Message)
	return e
}

// log reports a record that failed, whose content it does not tell. Who is asked and
// refuses does what it is for.
func (b *batch) log(ctx context.Context, r *delivery, err error) {
	logger, level, what := b.d.logger(), slog.LevelError, "record failed"
	if b.service.asks && refuses(err) {
		level, what = slog.LevelInfo, "trigger refused"
	}
	if r.logged || !logger.Enabled(ctx, level) {
		return
	}
	attrs := b.attrs(r.record.Source)
	attrs = append(attrs, slog.String("path", r.source.path), slog.String("id", r.record.ID))
	if r.record.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", r.record.Attempt))
	}
	logger.LogAttrs(ctx, level, what, append(attrs, errorAttrs(err)...)...)
}

// refuses reports whether an error was made for the user to read.
func refuses(err error) bool {
	e, ok := err.(*handler.Error) // not errors.As: err may hold a nil pointer
	return ok && e != nil && e.StatusCode() < http.StatusInternalServerError && e.Err == nil
}

// logWaiting reports how many records were not begun.
func (b *batch) logWaiting(ctx context.Context) {
	tell := func(n int, why string) {
		if n > 0 {
			b.d.logger().LogAttrs(ctx, slog.LevelWarn, why, append(b.attrs(""), slog.Int("records", n))...)
		}
	}
	tell(b.waiting, "records were not begun: one of their group failed")
	tell(b.unbegun, "records were not begun: the timeout of the function is near")
}

func (b *batch) attrs(source string) []slog.Attr {
	attrs := []slog.Attr{slog.String("invocation", b.e.invocation), slog.String("frontDoor", b.service.name)}
	if source != "" {
		attrs = append(attrs, slog.String("source", source))
	}
	return attrs
}
