package policy_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// TestProxied: the role of a proxy may log in as the users who come by it, or read their
// secrets, because of what the functions do.
func TestProxied(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	one, two := app.Function("one"), app.Function("two")
	for _, f := range []*tier.Function{one, two} {
		f.Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	}
	tokens := sqldb.New(data, "tokens", sqldb.Postgres, sqldb.Proxy())
	login := secret.NewLogin(data, "login", &secret.Options{Key: key.New(data, "k", nil)})
	secrets := sqldb.New(data, "secrets", sqldb.AuroraMySQL, sqldb.Proxy(), sqldb.Secret(login, login))
	datastore.Use[sqldb.Reader](one, tokens)
	datastore.Use[sqldb.Owner](two, tokens)
	datastore.Use[sqldb.Writer](two, secrets)
	datastore.Use[sqldb.Reader](one, secrets)
	datastore.Use[sqldb.Writer](one, sqldb.New(data, "direct", sqldb.Postgres))
	datastore.Use[sqldb.Owner](two, sqldb.New(data, "owned", sqldb.Postgres, sqldb.Proxy()))
	for _, err := range app.Check() {
		t.Fatal(err)
	}

	type statement struct {
		Action, Resource string
		Because          []string
	}
	got := map[string][]statement{}
	for _, db := range policy.Proxied(app) {
		for _, s := range policy.ProxyStatements(app, db) {
			var because []string
			for _, c := range s.Because {
				because = append(because, c.What)
			}
			got[policy.ProxyRoleID(db)] = append(got[policy.ProxyRoleID(db)], statement{s.Actions[0], s.Resource, because})
		}
	}
	const account = "${AWS::Region}:${AWS::AccountId}:"
	both := []string{"sqldb secrets: Read", "sqldb secrets: Write"}
	if d := cmp.Diff(map[string][]statement{
		"TokensSqldbProxyRole": {{"rds-db:connect", "arn:${AWS::Partition}:rds-db:" + account + "dbuser:${TokensSqldb.DbiResourceId}/tokens_reader", []string{"sqldb tokens: Read"}}},
		"SecretsSqldbProxyRole": {
			{"secretsmanager:GetSecretValue", "${LoginSecret}", both},
			{"kms:Decrypt", "arn:${AWS::Partition}:kms:" + account + "key/${KKey}", both},
		},
	}, got); d != "" {
		t.Errorf("roles of proxies (-want +got):\n%s", d)
	}
}
