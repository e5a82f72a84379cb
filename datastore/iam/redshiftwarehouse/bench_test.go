package redshiftwarehouse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type day struct {
	ID    int
	Day   string
	Total float64
}

// BenchmarkDriver reads a page of 1,000 rows of 3 columns, and starts a statement,
// beside the bare SDK with the same HTTP client, at a server in this process:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/redshiftwarehouse
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	bare, scan, rows := readRows(ctx, b, 1000)
	paired.Compare(b, "scan 1000", bare, scan)
	paired.Compare(b, "rows 1000", bare, rows)
	client, driver := beside(b, `{"Id":"`+someID+`"}`)
	paired.Compare(b, "start", func() error {
		_, err := client.ExecuteStatement(ctx, &redshiftdata.ExecuteStatementInput{
			Sql: aws.String("SELECT :a"), Parameters: []types.SqlParameter{{Name: aws.String("a"), Value: aws.String("1")}},
			ClientToken: aws.String(someID), Database: aws.String("dev"), WorkgroupName: aws.String("sales"),
		})
		return err
	}, func() error {
		_, err := driver.Start(ctx, warehouse.Statement{SQL: "SELECT :a", Params: []warehouse.Param{warehouse.Bind("a", "1")}})
		return err
	})
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "Scan", 10, 110, func(n int) (bare, driver func() error) {
		bare, scan, _ := readRows(t.Context(), t, n)
		return bare, scan
	})
	paired.PerItem(t, "Rows", 10, 110, func(n int) (bare, driver func() error) {
		bare, _, rows := readRows(t.Context(), t, n)
		return bare, rows
	})
}

// beside are the SDK and the driver, at a server with one answer.
func beside(tb testing.TB, answer string) (*redshiftdata.Client, all) {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, answer)
	}))
	tb.Cleanup(server.Close)
	return redshiftdata.NewFromConfig(config(server.URL, iam.HTTPClient())), open(config(server.URL, nil))
}

// readRows reads n rows by the SDK, and by the driver in two ways.
func readRows(ctx context.Context, tb testing.TB, n int) (bare, scan, rows func() error) {
	tb.Helper()
	const row = `[{"longValue":100123},{"stringValue":"2030-01-02"},{"doubleValue":1.5}]`
	client, driver := beside(tb, `{"ColumnMetadata":[{"name":"id","typeName":"int4"},{"name":"day","typeName":"date"},{"name":"total","typeName":"float8"}],"Records":[`+
		strings.Repeat(row+",", n-1)+row+`],"TotalNumRows":`+strconv.Itoa(n)+`}`)
	return func() error {
			out, err := client.GetStatementResult(ctx, &redshiftdata.GetStatementResultInput{Id: aws.String(someID)})
			if err != nil {
				return err
			}
			for _, record := range out.Records {
				var d day
				d.ID = int(record[0].(*types.FieldMemberLongValue).Value)
				d.Day = record[1].(*types.FieldMemberStringValue).Value
				d.Total = record[2].(*types.FieldMemberDoubleValue).Value
				if err := d.check(); err != nil {
					return err
				}
			}
			return nil
		}, func() error {
			for d, err := range warehouse.Scan[day](driver.Rows(ctx, someID)) {
				if err = errors.Join(err, d.check()); err != nil {
					return err
				}
			}
			return nil
		}, func() error {
			var d day
			for row, err := range driver.Rows(ctx, someID) {
				if err == nil {
					err = row.Scan(&d.ID, &d.Day, &d.Total)
				}
				if err = errors.Join(err, d.check()); err != nil {
					return err
				}
			}
			return nil
		}
}

func (d day) check() error {
	if d != (day{100123, "2030-01-02", 1.5}) {
		return fmt.Errorf("wrong row %+v", d)
	}
	return nil
}
