package tier

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// recordType makes what decodes and validates records of a type, and does nothing with
// them. Only tools ask for it.
type recordType func() *handler.Operation

func typeOf[T any](source datastore.Source[T]) recordType {
	return func() *handler.Operation {
		return operation(source.Decoder(), silent(func(context.Context, T) error { return nil }))
	}
}

// Check decodes and validates a record as the function would get it, and does nothing
// with it: tools refuse a message by it before it is sent. Fields that are wrong are in
// a [*handler.Error].
func (t *Trigger) Check(ctx context.Context, r *datastore.Record) error {
	return t.records.check(ctx, r)
}

// Check decodes and validates a record of the topic or the queue, and does nothing with
// it, as [Trigger.Check] does.
func (f *Forwarding) Check(ctx context.Context, r *datastore.Record) error {
	return f.records.check(ctx, r)
}

func (t recordType) check(ctx context.Context, r *datastore.Record) error {
	_, err := t().Handle(datastore.WithRecord(ctx, r), handler.NewRequest(checkedRecord{r}))
	return err
}

// checkedRecord is a record as the request that has it checked.
type checkedRecord struct{ record *datastore.Record }

var _ handler.Event = checkedRecord{}

// Line is made up, as that of a record which is delivered.
func (checkedRecord) Line() (method, path, rawQuery string) { return "RECORD", "/", "" }

func (checkedRecord) Values(string) []string { return nil }

func (checkedRecord) Header() http.Header { return http.Header{} }

func (r checkedRecord) Body() ([]byte, error) { return r.record.Data, nil }

func (r checkedRecord) Facts() handler.Facts {
	return handler.Facts{FrontDoor: r.record.Service, ID: r.record.ID, Time: r.record.SentAt}
}

func (checkedRecord) Caller() handler.Caller { return handler.Caller{} }
