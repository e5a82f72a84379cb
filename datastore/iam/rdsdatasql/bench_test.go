package rdsdatasql_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// BenchmarkDriver reads one row and 1,000 of 4 columns, beside the bare SDK with the
// same HTTP client, at a server in this process:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/rdsdatasql
//
// A row costs an allocation for each text and each number over 255 that the SDK does
// not make: database/sql takes values from its drivers as interfaces.
func BenchmarkDriver(b *testing.B) {
	for name, n := range map[string]int{"row": 1, "rows 1000": 1000} {
		bare, driver := reading(paired.Context(b), b, n, nil)
		paired.Compare(b, name, bare, driver)
	}
}

// TestAllocationsPerRow: a row costs no allocation but those of its values as
// interfaces, which database/sql wants of every driver.
func TestAllocationsPerRow(t *testing.T) {
	var values [4]any
	paired.PerItem(t, "rows", 10, 110, func(n int) (bare, driver func() error) {
		return reading(t.Context(), t, n, &values)
	})
}

// reading reads n rows by the SDK, whose values are put into box unless that is nil,
// and by the driver.
func reading(ctx context.Context, tb testing.TB, n int, box *[4]any) (bare, driver func() error) {
	tb.Helper()
	const row = `[{"longValue":100123},{"stringValue":"open"},{"doubleValue":1.5},{"stringValue":"2030-01-02 03:04:05.6"}]`
	columns := `{"columnMetadata":[{"name":"id","typeName":"int8"},{"name":"state","typeName":"text"},{"name":"total","typeName":"float8"},{"name":"at","typeName":"timestamp"}],"numberOfRecordsUpdated":0,"records":[`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, columns+strings.Repeat(row+",", n-1)+row+`]}`)
	}))
	tb.Cleanup(server.Close)
	client, db := rdsdata.NewFromConfig(config(server.URL, iam.HTTPClient())), open(tb, config(server.URL, nil), sqldb.AuroraPostgres).Read()
	want := order{100123, "open", 1.5, time.Date(2030, 1, 2, 3, 4, 5, 600_000_000, time.UTC)}
	return func() error {
			out, err := client.ExecuteStatement(ctx, &rdsdata.ExecuteStatementInput{
				ResourceArn: aws.String(cluster), SecretArn: aws.String(secretARN + "r"), Database: aws.String("shop"), IncludeResultMetadata: true,
				Sql:        aws.String("SELECT id, state, total, at FROM orders WHERE id = :p1"),
				Parameters: []types.SqlParameter{{Name: aws.String("p1"), Value: &types.FieldMemberStringValue{Value: "x"}}},
			})
			if err != nil {
				return err
			}
			for _, r := range out.Records {
				got := order{id: r[0].(*types.FieldMemberLongValue).Value, state: r[1].(*types.FieldMemberStringValue).Value, total: r[2].(*types.FieldMemberDoubleValue).Value}
				if got.at, err = time.Parse(time.DateTime, r[3].(*types.FieldMemberStringValue).Value); err != nil || got != want {
					return fmt.Errorf("%+v, %w", got, err)
				}
				if box != nil {
					*box = [4]any{got.id, got.state, got.total, got.at}
				}
			}
			return nil
		}, func() error {
			rows, err := db.QueryContext(ctx, "SELECT id, state, total, at FROM orders WHERE id = $1", "x")
			if err != nil {
				return err
			}
			var got order
			for rows.Next() {
				if err := rows.Scan(&got.id, &got.state, &got.total, &got.at); err != nil || got != want {
					return fmt.Errorf("%+v, %w", got, err)
				}
			}
			return errors.Join(rows.Err(), rows.Close())
		}
}

type order struct {
	id    int64
	state string
	total float64
	at    time.Time
}
