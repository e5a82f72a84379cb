package redshiftwarehouse_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// BenchmarkRows reads a page of 1,000 rows of 3 columns, by the driver and by the bare
// SDK with the same HTTP client, from the same server in this process.
func BenchmarkRows(b *testing.B) {
	const row = `[{"longValue":1},{"stringValue":"2030-01-02"},{"doubleValue":1.5}]`
	body := `{"ColumnMetadata":[{"name":"id","typeName":"int4"},{"name":"day","typeName":"date"},{"name":"total","typeName":"float8"}],"Records":[` +
		strings.Repeat(row+",", 999) + row + `],"TotalNumRows":1000}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	b.Run("driver", func(b *testing.B) {
		w := open(config(server.URL, nil))
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for row, err := range w.Rows(b.Context(), someID) {
				var id int
				var day string
				var total float64
				if err == nil {
					err = row.Scan(&id, &day, &total)
				}
				if err != nil || id != 1 {
					b.Fatal(id, err)
				}
				n++
			}
			if n != 1000 {
				b.Fatal(n)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) {
		client := redshiftdata.NewFromConfig(config(server.URL, iam.HTTPClient()))
		b.ReportAllocs()
		for b.Loop() {
			out, err := client.GetStatementResult(b.Context(), &redshiftdata.GetStatementResultInput{Id: aws.String(someID)})
			if err != nil || len(out.Records) != 1000 {
				b.Fatal(err)
			}
			for _, record := range out.Records {
				if record[0].(*types.FieldMemberLongValue).Value != 1 || record[1].(*types.FieldMemberStringValue).Value == "" || record[2].(*types.FieldMemberDoubleValue).Value == 0 {
					b.Fatal("wrong row")
				}
			}
		}
	})
}
