package middleware

import "context"

// Durable tells which invocations are parts of one work, such as the durable executions
// of AWS Lambda: each of them begins at the beginning, is given the results of the steps
// that are done, and goes on from there until it has to wait.
//
//	&middleware.Durable{
//		Replaying: func(ctx context.Context) bool { d := execution(ctx); return d != nil && d.IsReplaying() },
//		Suspended: func(err error) bool { return errors.Is(err, errWaiting) },
//	}
//
// A line is then written where it is logged for the first time, and the work has one line
// of its own: when it ends. Where execution is a function of the program, which has put
// the context of the durable SDK into ctx.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html
type Durable struct {
	// Replaying reports whether ctx has not come further yet than an earlier
	// invocation: what is logged with it is not written, at any level. It is asked for
	// each line. Default: never.
	Replaying func(ctx context.Context) bool
	// Suspended reports whether an error says that the work goes on in another
	// invocation: then it is no failure, and this invocation has no line. Default: none
	// does. An SDK that ends the goroutine in place of an error needs none.
	Suspended func(err error) bool
}

// replaying reports whether ctx has not come further than an earlier invocation.
func (l *Logs) replaying(ctx context.Context) bool {
	d := l.opts.Durable
	return d != nil && d.Replaying != nil && d.Replaying(ctx)
}

// suspended reports whether the work of an invocation that ended with err goes on.
func (l *Logs) suspended(err error) bool {
	d := l.opts.Durable
	return err != nil && d != nil && d.Suspended != nil && d.Suspended(err)
}
