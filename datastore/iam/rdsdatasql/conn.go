package rdsdatasql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/rdsdata"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// conn has the transaction of a connection of database/sql, and nothing else.
type conn struct {
	*connector
	secret string
	write  bool
	tx     *string // nil for none
}

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
)

var errPrepared = errors.New("the Data API has no prepared statements")

// Prepare is not called: package sqldb sends statements whole.
func (c *conn) Prepare(string) (driver.Stmt, error)                         { return nil, errPrepared }
func (c *conn) PrepareContext(context.Context, string) (driver.Stmt, error) { return nil, errPrepared }

// Begin is not called: there is BeginTx.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// Close ends nothing.
func (c *conn) Close() error { return nil }

// calling is a statement. It takes what time there is. Sending it again is for the
// rules of package sqldb, which know of transactions.
func (c *conn) calling() iam.Call {
	return iam.Call{Write: c.write || c.tx != nil, Whole: true, Quiet: true}
}

func (c *conn) execute(ctx context.Context, query string, args []driver.NamedValue) (*rdsdata.ExecuteStatementOutput, error) {
	written, params, err := bind(c.spec.Dialect(), query, args)
	if err != nil {
		return nil, err
	}
	in := &rdsdata.ExecuteStatementInput{
		ResourceArn: &c.cluster, SecretArn: &c.secret, Database: &c.database, TransactionId: c.tx,
		Sql: &written, Parameters: params, IncludeResultMetadata: true,
		ResultSetOptions: &types.ResultSetOptions{DecimalReturnType: types.DecimalReturnTypeString, LongReturnType: types.LongReturnTypeLong},
	}
	var out *rdsdata.ExecuteStatementOutput
	err = c.retry.Do(ctx, c.calling(), func(ctx context.Context) (err error) {
		out, err = c.client.ExecuteStatement(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ExecContext implements [driver.ExecerContext].
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	out, err := c.execute(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return result{out}, nil
}

// QueryContext implements [driver.QueryerContext]. All rows are there at once.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	out, err := c.execute(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return newRows(out.ColumnMetadata, out.Records), nil
}

// result is what a statement changed.
type result struct {
	out *rdsdata.ExecuteStatementOutput
}

func (r result) RowsAffected() (int64, error) { return r.out.NumberOfRecordsUpdated, nil }

// LastInsertId is what MySQL gave a row for an id.
func (r result) LastInsertId() (int64, error) {
	if len(r.out.GeneratedFields) > 0 {
		if id, ok := r.out.GeneratedFields[0].(*types.FieldMemberLongValue); ok {
			return id.Value, nil
		}
	}
	return 0, errors.New("the database tells no id; write RETURNING and query")
}

// BeginTx implements [driver.ConnBeginTx]. One that was begun without an answer ends
// by itself.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	mode, err := c.mode(opts)
	if err != nil {
		return nil, err
	}
	in := &rdsdata.BeginTransactionInput{ResourceArn: &c.cluster, SecretArn: &c.secret, Database: &c.database}
	var out *rdsdata.BeginTransactionOutput
	err = c.retry.Do(ctx, iam.Call{Whole: true, Quiet: true}, func(ctx context.Context) (err error) {
		out, err = c.client.BeginTransaction(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.TransactionId == nil || *out.TransactionId == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Attempts: 1, Err: errors.New("the answer has no id of the transaction")}
	}
	c.tx = out.TransactionId
	begun := &tx{conn: c}
	begun.deadline, begun.bounded = ctx.Deadline()
	if mode != "" {
		if _, err := c.execute(ctx, mode, nil); err != nil {
			return nil, errors.Join(err, begun.Rollback())
		}
	}
	return begun, nil
}

// levels of isolation, by their number in database/sql.
var levels = map[driver.IsolationLevel]string{2: "READ COMMITTED", 4: "REPEATABLE READ", 6: "SERIALIZABLE"}

// mode is the statement that a transaction begins with, "" for none. MySQL takes
// none in a transaction.
func (c *conn) mode(opts driver.TxOptions) (string, error) {
	level, known := levels[opts.Isolation]
	switch {
	case c.spec.Dialect() == sqldb.DialectMySQL && opts.Isolation != 0:
		return "", fault(datastore.ErrDeclaration, errors.New("by the Data API, a transaction of MySQL has the isolation of the server; leave it out"))
	case opts.Isolation != 0 && !known:
		return "", fault(datastore.ErrDeclaration, fmt.Errorf("the isolation level %d is none of PostgreSQL", opts.Isolation))
	case c.spec.Dialect() == sqldb.DialectMySQL:
		return "", nil
	}
	mode := ""
	if known {
		mode = " ISOLATION LEVEL " + level
	}
	if opts.ReadOnly {
		mode += " READ ONLY"
	}
	if mode == "" {
		return "", nil
	}
	return "SET TRANSACTION" + mode, nil
}
