package middleware

import (
	"context"
	"log/slog"

	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// AuditSink adds an entry to an audit log. It must be safe for concurrent use.
type AuditSink func(ctx context.Context, e AuditEntry) error

// AuditToStream adds entries to a stream, those of one caller in their order.
func AuditToStream(s stream.Writer[AuditEntry]) AuditSink {
	if s == nil {
		misdeclared("AuditToStream: there is no stream; give it datastore.Use[stream.Writer[middleware.AuditEntry]](function, stream)")
	}
	return func(ctx context.Context, e AuditEntry) error {
		key := e.Caller
		if key == "" {
			key = e.ID
		}
		_, err := s.Put(ctx, key, e)
		return err
	}
}

// AuditToQueue adds entries to a queue.
func AuditToQueue(q queue.Sender[AuditEntry]) AuditSink {
	if q == nil {
		misdeclared("AuditToQueue: there is no queue; give it datastore.Use[queue.Sender[middleware.AuditEntry]](function, queue)")
	}
	return func(ctx context.Context, e AuditEntry) error {
		_, err := q.Send(ctx, e)
		return err
	}
}

// AuditToTable adds entries to a table, under their ID: never in place of another.
func AuditToTable(t table.Creator[AuditEntry]) AuditSink {
	if t == nil {
		misdeclared("AuditToTable: there is no table; give it datastore.Use[table.Creator[middleware.AuditEntry]](function, table)")
	}
	return func(ctx context.Context, e AuditEntry) error {
		_, err := t.Create(ctx, e)
		return err
	}
}

// AuditToLog writes entries as lines of a log, with the message "audit" at level info.
// Whether a line was written is not known, so that FailClosed has nothing to go by.
func AuditToLog(log *slog.Logger) AuditSink {
	if log == nil {
		misdeclared("AuditToLog: there is no logger; give it logs.Logger()")
	}
	return func(ctx context.Context, e AuditEntry) error {
		log.LogAttrs(ctx, slog.LevelInfo, "audit", slog.Any("audit", e))
		return nil
	}
}
