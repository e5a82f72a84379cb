package redshiftwarehouse_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
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
	const row = `[{"longValue":100123},{"stringValue":"2030-01-02"},{"doubleValue":1.5}]`
	rows := `{"ColumnMetadata":[{"name":"id","typeName":"int4"},{"name":"day","typeName":"date"},{"name":"total","typeName":"float8"}],"Records":[` +
		strings.Repeat(row+",", 999) + row + `],"TotalNumRows":1000}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ExecuteStatement") {
			_, _ = w.Write([]byte(`{"Id":"` + someID + `"}`))
			return
		}
		_, _ = w.Write([]byte(rows))
	}))
	b.Cleanup(server.Close)
	ctx := paired.Context(b)
	driver, client := open(config(server.URL, nil)), redshiftdata.NewFromConfig(config(server.URL, iam.HTTPClient()))
	read := func(each func([]types.Field) error) error {
		out, err := client.GetStatementResult(ctx, &redshiftdata.GetStatementResultInput{Id: aws.String(someID)})
		if err != nil {
			return err
		}
		for _, record := range out.Records {
			if err := each(record); err != nil {
				return err
			}
		}
		return nil
	}
	bare := func(record []types.Field) error {
		var d day
		d.ID = int(record[0].(*types.FieldMemberLongValue).Value)
		d.Day = record[1].(*types.FieldMemberStringValue).Value
		d.Total = record[2].(*types.FieldMemberDoubleValue).Value
		return d.check()
	}
	paired.Compare(b, "scan 1000", func() error { return read(bare) }, func() error {
		for d, err := range warehouse.Scan[day](driver.Rows(ctx, someID)) {
			if err != nil || d.check() != nil {
				return fmt.Errorf("%+v: %w", d, err)
			}
		}
		return nil
	})
	paired.Compare(b, "rows 1000", func() error { return read(bare) }, func() error {
		var d day
		for row, err := range driver.Rows(ctx, someID) {
			if err == nil {
				err = row.Scan(&d.ID, &d.Day, &d.Total)
			}
			if err != nil || d.check() != nil {
				return fmt.Errorf("%+v: %w", d, err)
			}
		}
		return nil
	})
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

func (d day) check() error {
	if d != (day{100123, "2030-01-02", 1.5}) {
		return fmt.Errorf("wrong row %+v", d)
	}
	return nil
}
