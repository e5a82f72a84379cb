package middleware

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type claimKey struct{}

// claimed reports whether a Once outside of this one has the key.
func claimed(ctx context.Context, key string) bool {
	c, ok := ctx.Value(claimKey{}).(*claim)
	return ok && c.mark.Key == key
}

// MarkOp is the operation that marks the delivery in ctx as done. A handler behind
// [Once] puts it into the transaction in which it writes its effect, on tables of the
// same driver as the marks, which Once then has as [datastore.Use] gave them:
//
//	err := ledger.Transact(ctx,
//		table.UpdateOp(ledger, table.PK(p.Account), table.Changes(table.Add("cents", p.Cents)).OrCreate()),
//		middleware.MarkOp(ctx),
//	)
//
// Both are written or none: whatever dies, the effect is there once. If another
// delivery has taken over meanwhile, the transaction fails with
// [datastore.ErrConflict], which the handler returns. A handler that has done so marks
// the delivery once; a second MarkOp fails in the same way. One that returns an error
// afterwards is not run again.
//
// The answer to a request is stored when the handler has returned. Without a Once, or
// where it left the delivery alone, the operation is the zero TxOp, which a
// transaction refuses with [datastore.ErrInvalid].
//
// [datastore.Use]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#Use
// [datastore.ErrConflict]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#pkg-variables
// [datastore.ErrInvalid]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#pkg-variables
func MarkOp(ctx context.Context) table.TxOp {
	c, ok := ctx.Value(claimKey{}).(*claim)
	if !ok {
		return table.TxOp{}
	}
	m := c.mark
	m.State, m.Until, m.Expires = MarkDone, 0, c.expiry(c.Now())
	return table.PutOp[Mark](c.marks, m, owned(c.mark), table.Eq("state", MarkRunning))
}
