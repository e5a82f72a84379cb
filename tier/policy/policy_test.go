package policy_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

type order struct {
	ID string `table:"id,pk"`
}

type all interface {
	table.Getter[order]
	table.ManyGetter[order]
	table.Creator[order]
	table.Putter[order]
	table.Deleter[order]
	table.Querier[order]
}

type listed interface {
	blob.Getter
	blob.Lister
}

func ok(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

// TestStatements: the actions follow from the type of the handle, several grants
// of one store are one statement, and each names the lines and operations that
// need it.
func TestStatements(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	api := app.API("orders")
	orders := table.New[order](data, "orders")
	datastore.Use[table.Getter[order]](api, orders)
	datastore.Use[table.Creator[order]](api, orders)
	datastore.Use[all](api, table.New[order](data, "every-thing"))
	files := blob.New(data, "files")
	datastore.Use[listed](api, files)
	datastore.Use[blob.Deleter](api, files)
	datastore.Allow(api, orders, "dynamodb:DescribeTable")
	api.Handle("GET /", handler.New(ok))
	const arn = "arn:${AWS::Partition}:"
	const account = ":${AWS::Region}:${AWS::AccountId}:"
	type view struct {
		Actions, Resource string
		Because           []string
	}
	var got []view
	for _, s := range policy.Statements(app.Functions()[0]) {
		v := view{strings.Join(s.Actions, " "), s.Resource, nil}
		for _, c := range s.Because {
			if filepath.Base(c.At.File) != "policy_test.go" || c.At.Line == 0 {
				t.Errorf("%s: no line of this file: %v", c.What, c.At)
			}
			v.Because = append(v.Because, c.What)
		}
		got = append(got, v)
	}
	want := []view{
		{"dynamodb:GetItem dynamodb:PutItem", arn + "dynamodb" + account + "table/${OrdersTable}", []string{"table orders: Get", "table orders: Create"}},
		{"dynamodb:DescribeTable", arn + "dynamodb" + account + "table/${OrdersTable}", []string{"table orders: allowed by hand"}},
		{"dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query", arn + "dynamodb" + account + "table/${EveryThingTable}",
			[]string{"table every-thing: Get, GetMany, Create, Put, Delete, Query"}},
		{"s3:DeleteObject s3:GetObject", arn + "s3:::${FilesBlob}/*", []string{"blob files: Get", "blob files: Delete"}},
		{"s3:ListBucket", arn + "s3:::${FilesBlob}", []string{"blob files: List"}},
		{"logs:CreateLogStream logs:PutLogEvents", arn + "logs" + account + "log-group:${OrdersLog}:log-stream:*", []string{"function orders: its own log"}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func ExampleStatements() {
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[table.Getter[order]](api, table.New[order](data, "orders"))
	api.Handle("GET /", handler.New(ok))
	s := policy.Statements(app.Functions()[0])[0]
	fmt.Println(s.Actions, s.Because[0].What)
	// Output: [dynamodb:GetItem] table orders: Get
}

func ExampleLogicalID() {
	fmt.Println(policy.LogicalID("order-events", "table"))
	// Output: OrderEventsTable
}

// TestStatementsOfKey: what a key is used for has all stores that it encrypts as its
// reasons, each line once.
func TestStatementsOfKey(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	worker := app.Function("worker")
	pii := key.New(data, "pii", nil)
	work := func(context.Context, string) error { return nil }
	tier.On(worker, queue.New[string](data, "jobs", queue.EncryptedBy(pii)), work)
	lost := queue.New[string](data, "lost", queue.EncryptedBy(pii))
	tier.On(worker, stream.New[string](data, "clicks"), work, tier.OnFailure(lost))
	var because []string
	for _, s := range policy.Statements(app.Functions()[0]) {
		if strings.HasPrefix(s.Actions[0], "kms:") {
			for _, c := range s.Because {
				because = append(because, c.What)
			}
		}
	}
	if diff := cmp.Diff([]string{"queue jobs: Receive", "queue lost: Discard"}, because); diff != "" {
		t.Errorf("reasons of the key (-want +got):\n%s", diff)
	}
}

// TestAssumingOnce: each line is a reason for the role of callers once, however many
// statements that has for it.
func TestAssumingOnce(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[table.Getter[order]](api, table.New[order](data, "orders", table.EncryptedBy(key.New(data, "pii", nil))).PerCaller())
	api.Handle("GET /", handler.New(ok))
	for _, s := range policy.Statements(app.Functions()[0]) {
		if s.Assumes() && len(s.Because) != 1 {
			t.Errorf("reasons of the role of callers: %v, want one", s.Because)
		}
	}
}

// TestStatementsOnce: scopes that IAM does not know make no statement twice, and each
// is a reason for the one.
func TestStatementsOnce(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	api := app.API("orders")
	hits := cache.New[int](data, "hits")
	datastore.Use[cache.Getter[int]](api, hits.Under("ads/"))
	datastore.Use[cache.Counter](api, hits.Under("pages/"))
	api.Handle("GET /", handler.New(ok))
	seen := map[string]int{}
	for _, s := range policy.Statements(app.Functions()[0]) {
		if s.Actions[0] != "elasticache:Connect" {
			continue
		}
		if seen[s.Resource]++; len(s.Because) != 2 {
			t.Errorf("reasons of %s: %v, want both lines", s.Resource, s.Because)
		}
	}
	for resource, n := range seen {
		if n != 1 {
			t.Errorf("%d statements on %s, want one", n, resource)
		}
	}
	if len(seen) != 2 {
		t.Errorf("statements on %v, want the cache and its user", seen)
	}
}
