package dynamotable_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// changing are notes that change.
type changing interface {
	notes
	table.Updater[note]
	table.Scanner[note]
}

// TestRefusals: what each error means, which operations are sent again after it, and that
// no item is in its text.
func TestRefusals(t *testing.T) {
	t.Parallel()
	secret := note{"hunter2", "hunter2"}
	key := table.PK("hunter2")
	faults.Refusals[changing]{
		Open: func(t *testing.T, client *http.Client) changing {
			return datastore.Use[changing](function{}, table.New[note](onServer(t, config("http://scripted.invalid", client), "physical"), "notes"))
		},
		Refuse: faults.RefuseJSON,
		Good:   faults.Answer{Body: `{"Item":{"id":{"S":"hunter2"}},"Attributes":{"id":{"S":"hunter2"}},"Items":[]}`},
		Operations: []faults.Operation[changing]{
			{Name: "Get", Do: func(ctx context.Context, n changing) error { _, err := n.Get(ctx, key); return err }},
			{Name: "Query", Do: func(ctx context.Context, n changing) error { _, err := n.Query(ctx, table.Query{Key: key}); return err }},
			{Name: "Scan", Do: func(ctx context.Context, n changing) error { _, err := n.Scan(ctx, table.Scan{}); return err }},
			{Name: "Create", Write: true, Repeatable: true, Do: func(ctx context.Context, n changing) error { _, err := n.Create(ctx, secret); return err }},
			{Name: "Put", Write: true, Repeatable: true, Do: func(ctx context.Context, n changing) error { _, err := n.Put(ctx, secret); return err }},
			{Name: "Update", Write: true, Repeatable: true, Do: func(ctx context.Context, n changing) error {
				_, err := n.Update(ctx, key, table.Changes(table.SetTo("text", "hunter2")))
				return err
			}},
			{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, n changing) error { return n.Delete(ctx, key) }},
			{Name: "conditional Delete", Write: true, Do: func(ctx context.Context, n changing) error { return n.Delete(ctx, key, table.Eq("text", "hunter2")) }},
		},
		Service: []faults.Refusal{
			{Code: "ProvisionedThroughputExceededException", Want: datastore.ErrThrottled, Again: true},
			{Code: "RequestLimitExceeded", Want: datastore.ErrThrottled, Again: true},
			{Code: "ReplicatedWriteConflictException", Want: datastore.ErrConflict, Again: true},
			{Code: "TransactionConflictException", Want: datastore.ErrConflict, Again: true},
			{Code: "ItemCollectionSizeLimitExceededException", Want: datastore.ErrTooLarge},
			{Code: "ResourceNotFoundException", Want: datastore.ErrUnavailable},
			{Code: "ValidationException", Want: datastore.ErrDeclaration},
			{Status: 500, Code: "InternalServerError", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
		Secret: "hunter2",
	}.Run(t)
}
