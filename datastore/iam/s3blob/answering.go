package s3blob

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
)

// answering is the context of an attempt to do what may take S3 long, a copy or the
// end of an upload: it begins its answer at once and keeps it open with white space
// until it is done. The context ends with the attempt unless the answer has begun,
// and with whole in any case. end must be called.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func answering(attempt, whole context.Context) (ctx context.Context, end func()) {
	var begun atomic.Bool
	ctx = httptrace.WithClientTrace(context.WithoutCancel(attempt), &httptrace.ClientTrace{
		GotFirstResponseByte: func() { begun.Store(true) },
	})
	ctx, cancel := context.WithCancelCause(ctx)
	stopWhole := context.AfterFunc(whole, func() { cancel(context.Cause(whole)) })
	stopAttempt := context.AfterFunc(attempt, func() {
		if !begun.Load() {
			cancel(context.DeadlineExceeded)
		}
	})
	return ctx, func() {
		stopWhole()
		stopAttempt()
		cancel(context.Canceled)
	}
}
