package template_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// tenants has a function that works for tenants, one for callers within them, and one with
// the whole of the same stores.
func tenants(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	orders := table.New[order](data, "orders")
	documents := table.New[document](data, "documents")
	files := blob.New(data, "files")
	sealed := blob.New(data, "sealed", blob.EncryptedBy(key.New(data, "pii", nil)))

	api := app.API("shared")
	api.Use(middleware.Tenant(middleware.TenantClaim("tenant"), nil))
	datastore.Use[reader](api, orders.PerTenant())
	datastore.Use[writer](api, orders.PerTenant())
	datastore.Use[table.Querier[document]](api, documents.Via("byOwner").PerTenant())
	datastore.Use[uploads](api, files.Under("tenants/").PerTenant())
	datastore.Use[blob.Putter](api, sealed.PerTenant())
	api.Handle("GET /orders/{id}", handler.New(get))

	people := api.Function("people")
	datastore.Use[reader](people, orders.PerTenant().PerCaller())
	datastore.Use[uploads](people, files.Under("tenants/").PerTenant().PerCaller())
	datastore.Use[table.Getter[document]](people, documents)
	people.Handle("GET /people/{id}", handler.New(get))

	admin := api.Function("admin")
	datastore.Use[table.Scanner[order]](admin, orders)
	datastore.Use[blob.Lister](admin, files)
	admin.Handle("GET /admin/{id}", handler.New(get))
	return app
}

// TestTenantPolicies: what IAM makes of the roles of owners, as they are in the template:
// what is a tenant's own is allowed and all else is denied, also where the handle would not
// have kept it apart.
func TestTenantPolicies(t *testing.T) {
	t.Parallel()
	const db, s3 = "arn:aws:dynamodb:eu-central-1:111122223333:table/" + ours, "arn:aws:s3:::" + ours
	roles := deployedRoles(t, made(t, tenants).CloudFormation("bootstrap.zip"))
	tenant, both := map[string]string{"tenant": "acme"}, map[string]string{"tenant": "acme", "caller": "ann"}
	for _, c := range []struct {
		function         string
		tags             map[string]string
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acme"), true},
		{"Shared", tenant, "dynamodb:PutItem", db + "OrdersTable", leading("acme#7"), true},
		{"Shared", tenant, "dynamodb:Query", db + "OrdersTable", leading("acme#"), true},
		{"Shared", tenant, "dynamodb:DeleteItem", db + "OrdersTable", leading("acme", "acme#7"), true},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("globex"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("Acme"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acmex"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acme=2Fb"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("*"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("x", "acme"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acme", "globex#7"), false},
		{"Shared", tenant, "dynamodb:GetItem", db + "OrdersTable", nil, false},
		{"Shared", tenant, "dynamodb:Scan", db + "OrdersTable", leading("acme"), false},
		{"Shared", tenant, "dynamodb:Query", db + "OrdersTable/index/byOwner", leading("acme"), false},
		{"Shared", tenant, "dynamodb:Query", db + "DocumentsTable/index/byOwner", leading("acme"), true},
		{"Shared", tenant, "dynamodb:Query", db + "DocumentsTable/index/byOwner", leading("globex"), false},
		{"Shared", tenant, "dynamodb:Query", db + "DocumentsTable", leading("acme"), false},
		{"Shared", nil, "dynamodb:GetItem", db + "OrdersTable", leading("acme"), false},
		{"Shared", nil, "dynamodb:GetItem", db + "OrdersTable", leading("#"), false},
		{"Shared", nil, "dynamodb:GetItem", db + "OrdersTable", leading("${aws:PrincipalTag/tenant}"), false},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/acme/logo", nil, true},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/globex/logo", nil, false},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/acme2/logo", nil, false},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/Acme/logo", nil, false},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/acme", nil, false},
		{"Shared", tenant, "s3:GetObject", s3 + "FilesBlob/acme/logo", nil, false},
		{"Shared", tenant, "s3:PutObject", s3 + "SealedBlob/acme/x", nil, true},
		{"Shared", tenant, "s3:PutObject", s3 + "SealedBlob/globex/x", nil, false},
		{"Shared", nil, "s3:GetObject", s3 + "FilesBlob/tenants//x", nil, false},
		{"Shared", nil, "s3:GetObject", s3 + "FilesBlob/tenants/${aws:PrincipalTag/tenant}/x", nil, false},
		{"Shared", tenant, "s3:ListBucket", s3 + "FilesBlob", map[string][]string{"s3:prefix": {"tenants/acme/"}}, true},
		{"Shared", tenant, "s3:ListBucket", s3 + "FilesBlob", map[string][]string{"s3:prefix": {"tenants/acme"}}, false},
		{"Shared", tenant, "s3:ListBucket", s3 + "FilesBlob", map[string][]string{"s3:prefix": {"tenants/"}}, false},
		{"Shared", tenant, "s3:ListBucket", s3 + "FilesBlob", nil, false},
		{"People", both, "dynamodb:GetItem", db + "OrdersTable", leading("acme#ann"), true},
		{"People", both, "dynamodb:GetItem", db + "OrdersTable", leading("acme#bob"), false},
		{"People", both, "dynamodb:GetItem", db + "OrdersTable", leading("acme#ann#x"), false},
		{"People", both, "dynamodb:GetItem", db + "OrdersTable", leading("globex#ann"), false},
		{"People", both, "dynamodb:GetItem", db + "OrdersTable", leading("acme"), false},
		{"People", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acme#ann"), false},
		{"People", tenant, "dynamodb:GetItem", db + "OrdersTable", leading("acme#"), false},
		{"People", both, "s3:GetObject", s3 + "FilesBlob/tenants/acme/ann/x", nil, true},
		{"People", both, "s3:GetObject", s3 + "FilesBlob/tenants/acme/bob/x", nil, false},
		{"People", both, "s3:GetObject", s3 + "FilesBlob/tenants/globex/ann/x", nil, false},
		{"People", tenant, "s3:GetObject", s3 + "FilesBlob/tenants/acme//x", nil, false},
		{"People", both, "s3:ListBucket", s3 + "FilesBlob", map[string][]string{"s3:prefix": {"tenants/acme/ann/"}}, true},
		{"People", both, "s3:ListBucket", s3 + "FilesBlob", map[string][]string{"s3:prefix": {"tenants/acme/"}}, false},
	} {
		facts := maps.Clone(c.context)
		if facts == nil {
			facts = map[string][]string{}
		}
		for tag, value := range c.tags {
			facts["aws:PrincipalTag/"+tag] = []string{value}
		}
		if got := roles[c.function+"CallerRole"].allowed(c.action, c.resource, facts); got != c.want {
			t.Errorf("%s with %v: %s on %s of %v is allowed: %v, want %v", c.function, c.tags, c.action, c.resource, c.context, got, c.want)
		}
		if roles[c.function+"Role"].allowed(c.action, c.resource, facts) {
			t.Errorf("the function's own role allows %s %s on %s", c.function, c.action, c.resource)
		}
	}
}

// TestTenantTrust: the roles of owners are assumed by their function, with all of the tags
// and no others.
func TestTenantTrust(t *testing.T) {
	t.Parallel()
	var doc struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(made(t, tenants).CloudFormation("bootstrap.zip"), &doc); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for id, r := range doc.Resources {
		types[id] = r.Type
	}
	for _, c := range []struct {
		role, by string
		tags     []string
		want     bool
	}{
		{"SharedCallerRole", "SharedRole", []string{"tenant"}, true},
		{"SharedCallerRole", "SharedRole", nil, false},
		{"SharedCallerRole", "SharedRole", []string{"caller"}, false},
		{"SharedCallerRole", "SharedRole", []string{"caller", "tenant"}, false},
		{"SharedCallerRole", "SharedRole", []string{"admin", "tenant"}, false},
		{"SharedCallerRole", "AdminRole", []string{"tenant"}, false},
		{"PeopleCallerRole", "PeopleRole", []string{"caller", "tenant"}, true},
		{"PeopleCallerRole", "PeopleRole", []string{"tenant"}, false},
		{"PeopleCallerRole", "PeopleRole", []string{"caller"}, false},
		{"PeopleCallerRole", "SharedRole", []string{"caller", "tenant"}, false},
	} {
		document, err := json.Marshal(resolved(doc.Resources[c.role].Properties["AssumeRolePolicyDocument"], types))
		if err != nil {
			t.Fatal(err)
		}
		trust, err := evaluate.ParseResource(c.role, document)
		if err != nil {
			t.Fatal(err)
		}
		for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
			req := evaluate.Request{
				Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/" + ours + c.by + "/x"}, Action: action,
				Resource: "arn:aws:iam::111122223333:role/" + ours + c.role, Context: map[string][]string{"aws:TagKeys": c.tags},
			}
			for _, tag := range c.tags {
				req.Context["aws:RequestTag/"+tag] = []string{"x"}
			}
			if got := evaluate.Evaluate(req, trust).Allowed(); got != c.want {
				t.Errorf("%s for %s by %s with %v: %v, want %v", action, c.role, c.by, c.tags, got, c.want)
			}
		}
	}
}

func leading(keys ...string) map[string][]string {
	return map[string][]string{"dynamodb:LeadingKeys": keys}
}
