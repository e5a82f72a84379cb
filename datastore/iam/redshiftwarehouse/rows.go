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
	p := warehouse.Page{Columns: make([]warehouse.Column, len(out.ColumnMetadata)), Rows: records(out.Records)}
	for i, c := range out.ColumnMetadata {
		p.Columns[i] = warehouse.Column{Name: text(c.Label, c.Name), Type: text(c.TypeName)}
	}
	if out.NextToken != nil {
		p.Next = *out.NextToken
	}
	return p, records(out.Records).check(len(p.Columns))
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

// records are the rows of an answer, which are read where the SDK has put them.
type records [][]types.Field

var _ warehouse.Rows = records(nil)

// check refuses what Value could not read.
func (r records) check(columns int) error {
	for _, record := range r {
		if len(record) != columns {
			return corrupt("a row has not as many values as there are columns")
		}
		for _, field := range record {
			if _, ok := value(field); !ok {
				return corrupt("a value is of a kind that the Data API had not when this was written")
			}
		}
	}
	return nil
}

// Len implements [warehouse.Rows].
func (r records) Len() int { return len(r) }

// Value implements [warehouse.Rows].
func (r records) Value(row, column int) warehouse.Value {
	v, _ := value(r[row][column])
	return v
}

func value(field types.Field) (v warehouse.Value, ok bool) {
	switch f := field.(type) {
	case *types.FieldMemberStringValue:
		return warehouse.StringValue(f.Value), true
	case *types.FieldMemberLongValue:
		return warehouse.IntValue(f.Value), true
	case *types.FieldMemberDoubleValue:
		return warehouse.FloatValue(f.Value), true
	case *types.FieldMemberBooleanValue:
		return warehouse.BoolValue(f.Value), true
	case *types.FieldMemberBlobValue:
		return warehouse.BytesValue(f.Value), true
	case *types.FieldMemberIsNull:
		return v, true
	}
	return v, false
}

func corrupt(why string) error {
	return &datastore.Error{Kind: datastore.ErrCorrupt, Attempts: 1, Err: errors.New(why)}
}
