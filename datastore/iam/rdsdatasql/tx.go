package rdsdatasql

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rdsdata"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// The time for ending a transaction, of which database/sql says nothing: a commit has
// what is left of its context's, a rollback is sent even if that is over, because the
// locks of a transaction that nobody ends are held for three minutes.
const (
	commitTimeout   = 10 * time.Second
	rollbackTimeout = 2 * time.Second
)

// tx is a transaction.
type tx struct {
	conn     *conn
	deadline time.Time // of the context that it was begun with
	bounded  bool      // whether there is one
}

var _ driver.Tx = (*tx)(nil)

// Commit is sent once: what an answer that was lost said is not known. One that there
// is no time to send is rolled back.
func (t *tx) Commit() error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	if t.bounded {
		ctx, cancel = context.WithDeadline(ctx, t.deadline)
		defer cancel()
	}
	c := t.conn
	in := &rdsdata.CommitTransactionInput{ResourceArn: &c.cluster, SecretArn: &c.secret, TransactionId: c.tx}
	err := c.retry.Do(ctx, iam.Call{Write: true, Whole: true, Quiet: true}, func(ctx context.Context) error {
		_, err := c.client.CommitTransaction(ctx, in)
		return err
	})
	if errors.Is(err, datastore.ErrNoBudget) {
		return errors.Join(err, t.Rollback())
	}
	c.tx = nil
	return err
}

// Rollback of a transaction that has ended by itself is none.
func (t *tx) Rollback() error {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	c := t.conn
	in := &rdsdata.RollbackTransactionInput{ResourceArn: &c.cluster, SecretArn: &c.secret, TransactionId: c.tx}
	c.tx = nil
	err := c.retry.Do(ctx, iam.Call{Whole: true, Quiet: true}, func(ctx context.Context) error {
		_, err := c.client.RollbackTransaction(ctx, in)
		return err
	})
	if isEnded(err) {
		return nil
	}
	return err
}
