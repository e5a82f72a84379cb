package datastore

import (
	"context"
	"time"
)

// Window is a tumbling window of a shard: a part of time, to which each record belongs
// that reached the stream in it. Windows of one length follow each other without a gap.
// tier.Window declares them.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
type Window struct {
	// Source is the ARN of the stream, or of the stream of a table.
	Source string
	// Shard of which the window is. Each shard has windows of its own.
	Shard string
	// Start and End of the time, in UTC. A record that arrived at End is of the next
	// window.
	Start, End time.Time
	// Early says that Lambda has ended the window before its time. What comes later
	// in that time is another sum of the same window.
	Early bool
}

type windowKey struct{}

// WithWindow puts the window whose records are worked off into ctx. Doorways and tests
// do this; applications need not.
func WithWindow(ctx context.Context, w *Window) context.Context {
	return context.WithValue(ctx, windowKey{}, w)
}

// WindowFrom is the window whose records are worked off, nil if there is none.
func WindowFrom(ctx context.Context) *Window {
	w, _ := ctx.Value(windowKey{}).(*Window)
	return w
}
