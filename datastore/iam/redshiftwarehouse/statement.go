package redshiftwarehouse

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata/types"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// call is one about a statement that was sent. What is not found is the statement,
// while in Execute it is the workgroup or the cluster. Messages may quote values.
//
// See https://docs.aws.amazon.com/redshift-data/latest/APIReference/CommonErrors.html
var call = iam.Call{Quiet: true, Special: map[string]error{"ResourceNotFoundException": datastore.ErrNotFound}}

// Execute implements [warehouse.Conn].
func (c *conn) Execute(ctx context.Context, access warehouse.Access, e warehouse.Execution) (warehouse.Description, error) {
	t, err := c.target(access)
	if err != nil {
		return warehouse.Description{}, err
	}
	sent := iam.Call{Write: access != warehouse.ReadOnly, Repeatable: true, Quiet: true}
	d := warehouse.Description{}
	err = c.retry.Do(ctx, sent, func(ctx context.Context) error {
		d, err = c.execute(ctx, t, e)
		return err
	})
	if err != nil {
		return warehouse.Description{}, err
	}
	return d, nil
}

func (c *conn) execute(ctx context.Context, t target, e warehouse.Execution) (d warehouse.Description, err error) {
	d.Status, d.Rows, d.Bytes = warehouse.Submitted, -1, -1
	params := make([]types.SqlParameter, len(e.Params))
	for i := range e.Params {
		params[i] = types.SqlParameter{Name: &e.Params[i].Name, Value: &e.Params[i].Value}
	}
	if len(params) == 0 {
		params = nil // the service takes no empty list
	}
	if e.Batch {
		out, err := c.client.BatchExecuteStatement(ctx, &redshiftdata.BatchExecuteStatementInput{
			Sqls: e.SQL, Parameters: params, ClientToken: &e.Key, Database: &c.spec.Database, StatementName: named(e.Name), WithEvent: notify(e.Notify),
			WorkgroupName: t.workgroup, ClusterIdentifier: t.cluster, SecretArn: t.secret, DbUser: t.user,
		})
		if err != nil {
			return d, err
		}
		return begun(d, out.Id)
	}
	out, err := c.client.ExecuteStatement(ctx, &redshiftdata.ExecuteStatementInput{
		Sql: &e.SQL[0], Parameters: params, ClientToken: &e.Key, Database: &c.spec.Database, StatementName: named(e.Name), WithEvent: notify(e.Notify),
		WorkgroupName: t.workgroup, ClusterIdentifier: t.cluster, SecretArn: t.secret, DbUser: t.user,
	})
	if err != nil {
		return d, err
	}
	return begun(d, out.Id)
}

// begun is an answer, which must have the ID.
func begun(d warehouse.Description, id *string) (warehouse.Description, error) {
	if id == nil || *id == "" {
		return d, &datastore.Error{Kind: datastore.ErrUnknown, Err: errors.New("the answer has no id of the statement")}
	}
	d.ID = warehouse.ID(*id)
	return d, nil
}

func named(name string) *string {
	if name == "" {
		return nil
	}
	given := name // or each name would be allocated
	return &given
}

func notify(on bool) *bool {
	if !on {
		return nil
	}
	return &on
}

// Describe implements [warehouse.Conn].
func (c *conn) Describe(ctx context.Context, id warehouse.ID) (warehouse.Description, error) {
	in := &redshiftdata.DescribeStatementInput{Id: (*string)(&id)}
	var out *redshiftdata.DescribeStatementOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.DescribeStatement(ctx, in)
		return err
	})
	if err != nil {
		return warehouse.Description{}, err
	}
	return description(id, out), nil
}

func description(id warehouse.ID, out *redshiftdata.DescribeStatementOutput) warehouse.Description {
	var d warehouse.Description
	d.Result = warehouse.Result{
		ID: id, HasRows: out.HasResultSet != nil && *out.HasResultSet,
		Rows: out.ResultRows, Bytes: out.ResultSize, Duration: duration(out.Duration),
	}
	d.Status = warehouse.Status(out.Status)
	if out.CreatedAt != nil {
		d.Created = *out.CreatedAt
	}
	if out.UpdatedAt != nil {
		d.Updated = *out.UpdatedAt
	}
	if out.Error != nil {
		d.Message = *out.Error
	}
	for i, s := range out.SubStatements {
		part := warehouse.Result{
			ID: id + warehouse.ID(fmt.Sprintf(":%d", i+1)), HasRows: s.HasResultSet != nil && *s.HasResultSet,
			Rows: s.ResultRows, Bytes: s.ResultSize, Duration: duration(s.Duration),
		}
		if s.Id != nil && *s.Id != "" {
			part.ID = warehouse.ID(*s.Id)
		}
		d.Parts = append(d.Parts, part)
	}
	return d
}

// Cancel implements [warehouse.Conn]. A statement that has ended is refused like any
// mistake: how it has ended is asked for.
func (c *conn) Cancel(ctx context.Context, id warehouse.ID) error {
	in := &redshiftdata.CancelStatementInput{Id: (*string)(&id)}
	cancel := call
	cancel.Write, cancel.Repeatable = true, true
	err := c.retry.Do(ctx, cancel, func(ctx context.Context) error {
		_, err := c.client.CancelStatement(ctx, in)
		return err
	})
	if !isRefused(err) {
		return err
	}
	d, failed := c.Describe(ctx, id)
	switch {
	case failed != nil || !d.Status.Ended():
		return err
	case d.Status == warehouse.Aborted:
		return nil
	}
	return &datastore.Error{Kind: datastore.ErrConflict, Code: string(d.Status), Attempts: 1, Err: errors.New("the statement has ended")}
}

// isRefused reports whether the service called the request wrong.
func isRefused(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "ValidationException"
}
