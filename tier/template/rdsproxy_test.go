package template_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// proxied has databases behind RDS Proxy: a cluster by tokens, and an instance by
// secrets.
func proxied(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders", tier.Timeout(10*time.Second))
	reads := api.Function("reads", tier.Timeout(6*time.Second))
	tools := app.Function("tools")
	login := func(name string, o *secret.Options) *secret.Login { return secret.NewLogin(data, name, o) }

	main := sqldb.New(data, "main", sqldb.AuroraPostgres, sqldb.Proxy(), onDeploy(), sqldb.OwnerSecret(login("main-owner", nil)))
	datastore.Use[sqldb.Transactor](api, main)
	datastore.Use[sqldb.Reader](reads, main)
	accounts := sqldb.New(data, "accounts", sqldb.MySQL, sqldb.Proxy(), sqldb.Secret(
		login("accounts-writer", &secret.Options{Key: key.New(data, "logins", nil)}), login("accounts-reader", nil)))
	datastore.Use[sqldb.Writer](api, accounts)
	datastore.Use[sqldb.Owner](tools, accounts)
	datastore.Use[sqldb.Reader](tools, accounts)

	reads.Handle("GET /orders/{id}", handler.New(get))
	api.Handle("POST /orders", handler.New(place))
	tools.Invoke(handler.New(place))
	return app
}

func proxiedDoc(t *testing.T) (d doc) {
	t.Helper()
	if err := json.Unmarshal(sam(t, proxied), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWayThroughProxy: functions reach the proxy, it reaches the database, and nobody
// but the owner and the migrations reaches that directly.
func TestWayThroughProxy(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for id, r := range proxiedDoc(t).Resources {
		if r.Type != "AWS::EC2::SecurityGroup" {
			continue
		}
		for _, rule := range r.Properties["SecurityGroupEgress"].([]any) {
			if to := egress(rule.(map[string]any)); !strings.HasPrefix(to, "443 ") && !strings.HasPrefix(to, "86 ") {
				got[id] = append(got[id], to)
			}
		}
	}
	if d := cmp.Diff(map[string][]string{
		"OrdersGroup":             {"5432 MainSqldbProxyGroup", "3306 AccountsSqldbProxyGroup"},
		"ReadsGroup":              {"5432 MainSqldbProxyGroup"},
		"ToolsGroup":              {"3306 AccountsSqldbProxyGroup", "3306 AccountsSqldbGroup"},
		"MigrateMainGroup":        {"5432 MainSqldbGroup"},
		"MainSqldbProxyGroup":     {"5432 MainSqldbGroup"},
		"AccountsSqldbProxyGroup": {"3306 AccountsSqldbGroup"},
	}, got); d != "" {
		t.Errorf("who reaches what (-want +got):\n%s", d)
	}
}

// TestProxyLogins: a function logs in to the proxy, the proxy to the database as the
// same users, and the owner to the database.
func TestProxyLogins(t *testing.T) {
	t.Parallel()
	const users = "arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:"
	d := proxiedDoc(t)
	for role, want := range map[string][]string{
		"OrdersRole":             {users + "${MainSqldbProxyResource}/main_writer", "${AccountsWriterSecret}"},
		"ReadsRole":              {users + "${MainSqldbProxyResource}/main_reader"},
		"ToolsRole":              {"${AccountsReaderSecret}", users + "${AccountsSqldb.DbiResourceId}/accounts_owner"},
		"MigrateMainRole":        {"${MainSqldb.MasterUserSecret.SecretArn}"},
		"MainSqldbProxyRole":     {users + "${MainSqldb.DBClusterResourceId}/main_writer", users + "${MainSqldb.DBClusterResourceId}/main_reader"},
		"AccountsSqldbProxyRole": {"${AccountsWriterSecret}", "${AccountsReaderSecret}"},
	} {
		var got []string
		for _, s := range statements(t, d.Resources[role].Properties) {
			if s["Effect"] == "Allow" && (fmt.Sprint(s["Action"]) == "[rds-db:connect]" || fmt.Sprint(s["Action"]) == "[secretsmanager:GetSecretValue]") {
				got = append(got, subText(s["Resource"]))
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", role, d)
		}
	}
	id := map[string]any{"Fn::Select": []any{6.0, map[string]any{"Fn::Split": []any{":", map[string]any{"Fn::GetAtt": []any{"MainSqldbProxy", "DBProxyArn"}}}}}}
	for _, s := range statements(t, d.Resources["ReadsRole"].Properties) {
		if fmt.Sprint(s["Action"]) == "[rds-db:connect]" {
			values := s["Resource"].(map[string]any)["Fn::Sub"].([]any)[1]
			if d := cmp.Diff(map[string]any{"MainSqldbProxyResource": id}, values); d != "" {
				t.Errorf("the id of the proxy (-want +got):\n%s", d)
			}
		}
	}
}

// subText is the text of Fn::Sub, with values or without.
func subText(resource any) string {
	sub := resource.(map[string]any)["Fn::Sub"]
	if with, ok := sub.([]any); ok {
		sub = with[0]
	}
	return sub.(string)
}

// TestProxyTargets: the endpoint for readers has an instance that only reads, which is
// there before it, and waiting for a connection ends before the function.
func TestProxyTargets(t *testing.T) {
	t.Parallel()
	d := proxiedDoc(t)
	wait := func(id string) any {
		return d.Resources[id].Properties["ConnectionPoolConfigurationInfo"].(map[string]any)["ConnectionBorrowTimeout"]
	}
	if main, accounts := wait("MainSqldbProxyTargets"), wait("AccountsSqldbProxyTargets"); main != 3.0 || accounts != 5.0 {
		t.Errorf("a statement waits %v and %v seconds, want 3 and 5", main, accounts)
	}
	if got, want := d.Resources["MainSqldbProxyTargets"].DependsOn, []string{"MainSqldbInstance", "MainSqldbSecond"}; !slices.Equal(got, want) {
		t.Errorf("the targets wait for %v, want %v", got, want)
	}
	if got, want := d.Resources["MainSqldbProxyReader"].DependsOn, []string{"MainSqldbProxyTargets"}; !slices.Equal(got, want) {
		t.Errorf("the endpoint for readers waits for %v, want %v", got, want)
	}
	if _, has := d.Resources["AccountsSqldbProxyReader"]; has {
		t.Error("an instance without a cluster has an endpoint for readers")
	}
}
