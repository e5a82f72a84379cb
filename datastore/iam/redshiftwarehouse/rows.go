package redshiftwarehouse

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// duration of nanoseconds; -1 is not known.
func duration(n int64) time.Duration { return time.Duration(max(n, 0)) }

// Page implements [warehouse.Conn].
func (c *conn) Page(ctx context.Context, id warehouse.ID, token string) (warehouse.Page, error) {
	in := &redshiftdata.GetStatementResultInput{Id: (*string)(&id), NextToken: named(token)}
	var out *redshiftdata.GetStatementResultOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.GetStatementResult(ctx, in)
		return err
	})
	if err != nil {
		return warehouse.Page{}, c.noRows(ctx, id, err)
	}
	return page(out)
}

// noRows is why there are none to give, nil if the statement has none. The service
// only calls the request wrong, or answers as if the statement were not there.
func (c *conn) noRows(ctx context.Context, id warehouse.ID, err error) error {
	if !isRefused(err) && !errors.Is(err, datastore.ErrNotFound) {
		return err
	}
	d, failed := c.Describe(ctx, id)
	if failed != nil {
		return err
	}
	if why := warehouse.NotEnded(d); why != nil {
		return why
	}
	if d.HasRows {
		return err
	}
	return nil
}

func page(out *redshiftdata.GetStatementResultOutput) (warehouse.Page, error) {
	p := warehouse.Page{Columns: make([]warehouse.Column, len(out.ColumnMetadata)), Rows: make([][]any, len(out.Records))}
	for i, c := range out.ColumnMetadata {
		p.Columns[i] = warehouse.Column{Name: text(c.Label, c.Name), Type: text(c.TypeName)}
	}
	if out.NextToken != nil {
		p.Next = *out.NextToken
	}
	var values []any // of all rows
	for i, record := range out.Records {
		if len(record) != len(p.Columns) {
			return warehouse.Page{}, corrupt("a row has not as many values as there are columns")
		}
		if len(values) < len(record) {
			values = make([]any, max(len(record)*(len(out.Records)-i), len(record)))
		}
		row := values[:len(record):len(record)]
		values = values[len(record):]
		for j, field := range record {
			v, err := value(field)
			if err != nil {
				return warehouse.Page{}, err
			}
			row[j] = v
		}
		p.Rows[i] = row
	}
	return p, nil
}

// text is the first that is there.
func text(names ...*string) string {
	for _, n := range names {
		if n != nil && *n != "" {
			return *n
		}
	}
	return ""
}

func value(field types.Field) (any, error) {
	switch f := field.(type) {
	case *types.FieldMemberStringValue:
		return f.Value, nil
	case *types.FieldMemberLongValue:
		return f.Value, nil
	case *types.FieldMemberDoubleValue:
		return f.Value, nil
	case *types.FieldMemberBooleanValue:
		return f.Value, nil
	case *types.FieldMemberBlobValue:
		return f.Value, nil
	case *types.FieldMemberIsNull:
		return nil, nil
	}
	return nil, corrupt("a value is of a kind that the Data API had not when this was written")
}

func corrupt(why string) error {
	return &datastore.Error{Kind: datastore.ErrCorrupt, Attempts: 1, Err: errors.New(why)}
}
