package datastore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

type note struct {
	ID    string `table:"id,pk"`
	Topic string `table:"topic,index=byTopic.pk"`
}

// grants is a function that keeps what it was granted.
type grants []*datastore.Grant

func (*grants) FunctionName() string            { return "notes" }
func (g *grants) AddGrant(one *datastore.Grant) { *g = append(*g, one) }

// TestAllow: actions are allowed on the resources of the one store.
func TestAllow(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	notes, files := table.New[note](data, "notes"), blob.New(data, "files")
	for _, test := range []struct {
		name    string
		store   datastore.Store
		actions []string
		want    string
	}{
		{"table", notes, []string{"dynamodb:ListTagsOfResource", "dynamodb:DescribeTable", "dynamodb:DescribeTable"},
			"dynamodb [DescribeTable ListTagsOfResource] table/{name}"},
		{"index", notes.Via("byTopic"), []string{"dynamodb:PartiQLSelect"}, "dynamodb [PartiQLSelect] table/{name}/index/byTopic"},
		{"prefix", files.Under("in/"), []string{"s3:GetObjectTagging"}, "s3 [GetObjectTagging] {name}/in/*, s3 [GetObjectTagging] {name}"},
		{"key", key.New(data, "pii", nil), []string{"kms:DescribeKey"}, "kms [DescribeKey] key/{name}"},
		{"no form but everything", warehouse.New(data, "sales", warehouse.Serverless), []string{"redshift-data:ListTables"},
			"redshift-data [ListTables] workgroup/{name}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var fn grants
			datastore.Allow(&fn, test.store, test.actions...)
			var got []string
			for _, u := range datastore.Usages(fn) {
				for _, n := range u.Needs() {
					got = append(got, fmt.Sprint(n.Service, " ", n.Actions, " ", n.Resource))
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("Needs = %s, want %s", strings.Join(got, ", "), test.want)
			}
		})
	}
}

// TestAllowMistakes: what cannot be allowed is told with its line.
func TestAllowMistakes(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	notes := table.New[note](data, "notes")
	pool := identity.NewExchange(data, "credentials", identity.New(data, "users"))
	for _, test := range []struct {
		name    string
		store   datastore.Store
		actions []string
		want    string
	}{
		{"nothing", notes, nil, "name an action"},
		{"no service", notes, []string{"DescribeTable"}, "write dynamodb:ACTION"},
		{"another service", notes, []string{"s3:GetObject"}, "write dynamodb:ACTION"},
		{"a wildcard", notes, []string{"dynamodb:*"}, "without wildcards"},
		{"no action", notes, []string{"dynamodb:"}, "without wildcards"},
		{"rows of callers", notes.PerCaller(), []string{"dynamodb:DescribeTable"}, "not narrowed to callers or tenants"},
		{"no permissions", pool, []string{"cognito-identity:GetId"}, "no action of the function's own role"},
		{"no store", nil, []string{"dynamodb:DescribeTable"}, "the store is nil"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				err, ok := recover().(*datastore.DeclarationError)
				if !ok || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "allow_test.go") {
					t.Errorf("Allow panics with %v, want a *DeclarationError of this file with %q", err, test.want)
				}
			}()
			datastore.Allow(new(grants), test.store, test.actions...)
		})
	}
}
