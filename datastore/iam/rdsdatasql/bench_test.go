package rdsdatasql_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// BenchmarkQueryRow reads one row, by the driver and by the bare SDK with the same
// HTTP client, from the same server in this process.
func BenchmarkQueryRow(b *testing.B) {
	const body = `{"columnMetadata":[{"name":"total","label":"total","typeName":"int4","nullable":1}],"records":[[{"longValue":5}]],"numberOfRecordsUpdated":0}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	b.Run("driver", func(b *testing.B) {
		db := open(b, config(server.URL, nil), sqldb.AuroraPostgres).Read()
		b.ReportAllocs()
		for b.Loop() {
			var n int
			if err := db.QueryRowContext(b.Context(), "SELECT total FROM orders WHERE id = $1", "x").Scan(&n); err != nil || n != 5 {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("sdk", func(b *testing.B) {
		client := rdsdata.NewFromConfig(config(server.URL, iam.HTTPClient()))
		b.ReportAllocs()
		for b.Loop() {
			out, err := client.ExecuteStatement(b.Context(), &rdsdata.ExecuteStatementInput{
				ResourceArn: aws.String(cluster), SecretArn: aws.String(secretARN + "r"), Database: aws.String("shop"), IncludeResultMetadata: true,
				Sql:        aws.String("SELECT total FROM orders WHERE id = :p1"),
				Parameters: []types.SqlParameter{{Name: aws.String("p1"), Value: &types.FieldMemberStringValue{Value: "x"}}},
			})
			if err != nil || out.Records[0][0].(*types.FieldMemberLongValue).Value != 5 {
				b.Fatal(err)
			}
		}
	})
}
