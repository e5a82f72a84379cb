package template_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// sqlFile is one migration.
func sqlFile(text string) fs.FS {
	return fstest.MapFS{"0001_orders.sql": {Data: []byte(text)}}
}

// onDeploy has deployments apply a table.
func onDeploy() sqldb.Option {
	return sqldb.Migrations(migrate.OnDeploy(sqlFile("CREATE TABLE orders (id VARCHAR(36) PRIMARY KEY)")))
}

// migrated has a database of each way to reach one, migrated by deployments.
func migrated(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	reads, batch := api.Function("reads"), app.Function("batch")
	login := func(name string, o *secret.Options) *secret.Login { return secret.NewLogin(data, name, o) }

	main := sqldb.New(data, "main", sqldb.AuroraPostgres, onDeploy(), sqldb.OwnerSecret(login("main-owner", nil)))
	datastore.Use[sqldb.Transactor](api, main)
	datastore.Use[sqldb.Reader](reads, main)
	accounts := sqldb.New(data, "accounts", sqldb.MySQL, onDeploy(),
		sqldb.Secret(login("accounts-writer", nil), login("accounts-reader", nil)),
		sqldb.OwnerSecret(login("accounts-owner", &secret.Options{Key: key.New(data, "owners", nil)})))
	datastore.Use[sqldb.Writer](api, accounts)
	world := sqldb.New(data, "world", sqldb.DSQL, onDeploy())
	datastore.Use[sqldb.Reader](batch, world)
	datastore.Use[call.Starter[order]](batch, call.New[order, order](data, "tidy"))
	tidy := app.Function("tidy")
	datastore.Use[sqldb.Writer](tidy, world)
	web := login("web", nil)
	datastore.Use[sqldb.Reader](batch, sqldb.New(data, "web", sqldb.AuroraMySQL, onDeploy(),
		sqldb.DataAPI(), sqldb.Secret(web, web), sqldb.OwnerSecret(login("web-owner", nil))))

	reads.Handle("GET /orders/{id}", handler.New(get))
	api.Handle("POST /orders", handler.New(place))
	batch.Invoke(handler.New(place))
	tidy.Invoke(handler.New(place))
	return app
}

// custom are the custom resources of a template.
func custom(t *testing.T, newApp func(*datastore.Data) *tier.App) (d doc, all map[string]map[string]any) {
	t.Helper()
	if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
		t.Fatal(err)
	}
	all = map[string]map[string]any{}
	for id, r := range d.Resources {
		if r.Type == "Custom::Deployment" {
			all[id] = r.Properties
		}
	}
	return d, all
}

// TestDeployments: each database with files for it has one, for which the functions
// wait that use the database, and no others.
func TestDeployments(t *testing.T) {
	t.Parallel()
	d, all := custom(t, migrated)
	if len(all) != 4 {
		t.Fatalf("%d custom resources, want one of each database: %v", len(all), all)
	}
	for function, want := range map[string][]string{
		"OrdersFunction":          {"MigrateMainDeployment", "MigrateAccountsDeployment"},
		"ReadsFunction":           {"MigrateMainDeployment"},
		"BatchFunction":           {"MigrateWorldDeployment", "MigrateWebDeployment"},
		"TidyFunction":            {"MigrateWorldDeployment"},
		"MigrateMainFunction":     nil,
		"MigrateAccountsFunction": nil,
	} {
		got := d.Resources[function].DependsOn
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s waits for (-want +got):\n%s", function, diff)
		}
	}
	for id, want := range map[string][]string{
		"MigrateMainDeployment": {
			"EndpointGroupFromMigrateMainGroup443", "MainSqldbGroupFromMigrateMainGroup5432", "MainSqldbInstance",
			"NetworkSubnetARoutes", "NetworkSubnetBRoutes", "S3Endpoint", "SecretsmanagerEndpoint",
		},
		"MigrateWebDeployment":   {"WebSqldbInstance"},
		"MigrateWorldDeployment": nil,
	} {
		got := d.Resources[id].DependsOn
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s waits for (-want +got):\n%s", id, diff)
		}
	}
	world := all["MigrateWorldDeployment"]
	for property, role := range map[string]string{"Writers": "TidyRole", "Readers": "BatchRole"} {
		if diff := cmp.Diff([]any{map[string]any{"Fn::GetAtt": []any{role, "Arn"}}}, world[property]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", property, diff)
		}
	}
}

// TestDeploymentRole: who migrates logs in as the owner, reads the secrets of whom it
// makes, and does nothing else.
func TestDeploymentRole(t *testing.T) {
	t.Parallel()
	d, _ := custom(t, migrated)
	for role, want := range map[string][]string{
		"MigrateMainRole":     {"secretsmanager:GetSecretValue ${MainSqldb.MasterUserSecret.SecretArn}"},
		"MigrateAccountsRole": {"secretsmanager:GetSecretValue ${AccountsWriterSecret}", "secretsmanager:GetSecretValue ${AccountsReaderSecret}", "secretsmanager:GetSecretValue ${AccountsSqldb.MasterUserSecret.SecretArn}"},
		"MigrateWorldRole":    {"dsql:DbConnectAdmin arn:${AWS::Partition}:dsql:${AWS::Region}:${AWS::AccountId}:cluster/${WorldSqldb}"},
	} {
		text, err := json.Marshal(d.Resources[role].Properties)
		if err != nil {
			t.Fatal(err)
		}
		var r struct {
			Policies []struct {
				PolicyDocument struct{ Statement []roleStatement }
			}
		}
		if err := json.Unmarshal(text, &r); err != nil || len(r.Policies) != 1 {
			t.Fatalf("%s: %s %v", role, text, err)
		}
		var got []string
		for _, s := range r.Policies[0].PolicyDocument.Statement {
			if service, _, _ := strings.Cut(s.Action[0], ":"); service == "ec2" || service == "logs" || service == "kms" {
				continue // what each function in a network may, and the key of the secret
			}
			got = append(got, strings.Join(s.Action, ",")+" "+string(s.Resource))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
	for id := range d.Resources {
		if strings.HasSuffix(id, "OwnerSecret") {
			t.Errorf("%s is made, but it is RDS's", id)
		}
	}
}

// TestDeploymentVersion: it changes with the files and with the users, and with
// nothing else.
func TestDeploymentVersion(t *testing.T) {
	t.Parallel()
	version := func(sql string, opts ...sqldb.Option) string {
		_, all := custom(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders")
			datastore.Use[sqldb.Writer](api, sqldb.New(data, "main", sqldb.Postgres, append(opts,
				sqldb.Migrations(migrate.OnDeploy(sqlFile(sql))), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil)))...))
			api.Handle("POST /orders", handler.New(place))
			return app
		})
		return all["MigrateMainDeployment"]["Version"].(string)
	}
	first := version("SELECT 1")
	if again := version("SELECT 1"); again != first {
		t.Errorf("the same declaration has the versions %s and %s", first, again)
	}
	for name, other := range map[string]string{"files": version("SELECT 2"), "users": version("SELECT 1", sqldb.IAMLogin("a", "b"))} {
		if other == first {
			t.Errorf("other %s, and the same version %s", name, first)
		}
	}
}

// TestDeploymentAnswers: in a network without a way out, the buckets of CloudFormation
// are reached, by a statement of their own if functions use S3 too.
func TestDeploymentAnswers(t *testing.T) {
	t.Parallel()
	newApp := func(files bool) func(*datastore.Data) *tier.App {
		return func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders")
			datastore.Use[sqldb.Writer](api, sqldb.New(data, "main", sqldb.Postgres, onDeploy(), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))))
			if files {
				datastore.Use[blob.Getter](api, blob.New(data, "files"))
			}
			api.Handle("POST /orders", handler.New(place))
			return app
		}
	}
	for name, files := range map[string]bool{"alone": false, "with S3": true} {
		d, _ := custom(t, newApp(files))
		policy, err := json.Marshal(d.Resources["S3Endpoint"].Properties["PolicyDocument"])
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(policy), `"Effect"`); files && n != 2 || !files && n != 1 {
			t.Errorf("%s: %d statements: %s", name, n, policy)
		}
		if strings.Contains(string(policy), "MigrateMainRole") || !strings.Contains(string(policy), "cloudformation-custom-resource-response-${Region}/*") {
			t.Errorf("%s: %s", name, policy)
		}
		egress := d.Resources["MigrateMainGroup"].Properties["SecurityGroupEgress"].([]any)
		if len(egress) != 3 {
			t.Errorf("%s: who migrates reaches %v, want the database, the endpoint of its secret and S3", name, egress)
		}
	}
}

// TestDeploymentMistakes: what cannot be applied is said before it is deployed.
func TestDeploymentMistakes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts func(*datastore.Data) []sqldb.Option
		want string
	}{
		"no owner": {func(*datastore.Data) []sqldb.Option { return []sqldb.Option{onDeploy()} }, `sqldb main: a deployment applies its migrations as the owner`},
		"no end": {func(*datastore.Data) []sqldb.Option {
			return []sqldb.Option{sqldb.Migrations(migrate.OnDeploy(sqlFile("SELECT 'a")))}
		}, "0001_orders.sql: line 1: a quote has no end"},
		"no files": {func(*datastore.Data) []sqldb.Option {
			return []sqldb.Option{sqldb.Migrations(migrate.OnDeploy(fstest.MapFS{}))}
		}, "there are no files of migrations"},
		"one owner of two": {func(data *datastore.Data) []sqldb.Option {
			return []sqldb.Option{onDeploy(), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))}
		}, "its owner's secret, owner, is that of sqldb main"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New(nil, nil)
			app := tier.New("shop")
			api := app.API("orders")
			opts := tt.opts(data)
			datastore.Use[sqldb.Writer](api, sqldb.New(data, "main", sqldb.Postgres, opts...))
			if name == "one owner of two" {
				datastore.Use[sqldb.Writer](api, sqldb.New(data, "other", sqldb.Postgres, opts...))
			}
			api.Handle("POST /orders", handler.New(place))
			_, err := template.New(app)
			if own, ok := errors.AsType[*datastore.DeclarationError](err); !ok || own.At.IsZero() || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("SAM: %v, want %q and its line", err, tt.want)
			}
		})
	}
}

// migratedHere is in a network that somebody else made.
func migratedHere(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[service.Caller](api, service.New(data, "billing", nil))
	datastore.Use[sqldb.Writer](api, sqldb.New(data, "main", sqldb.Postgres, onDeploy(), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))))
	api.Handle("POST /orders", handler.New(place))
	return app
}

// calling has a function that calls one whose database is migrated: both sign requests
// that go through the endpoint for secrets, and so does the migration.
func calling(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	shop, stock := app.Function("shop"), app.Function("stock")
	datastore.Use[cache.Getter[order]](shop, cache.New[order](data, "prices"))
	datastore.Use[secret.Getter[string]](shop, secret.New[string](data, "token", secret.Manager, nil))
	datastore.Use[call.Caller[order, order]](shop, call.New[order, order](data, "stock"))
	datastore.Use[sqldb.Writer](stock, sqldb.New(data, "main", sqldb.Postgres, onDeploy(), sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))))
	shop.Invoke(handler.New(place))
	stock.Invoke(handler.New(place))
	return app
}

// TestDeploymentCircle: a migration waits for the endpoint, that for the roles of all
// who use it, and the function that is called for the migration; so the caller may call
// it by a resource that none of them waits for.
func TestDeploymentCircle(t *testing.T) {
	t.Parallel()
	var d doc
	if err := json.Unmarshal(sam(t, calling), &d); err != nil { // which fails where there is a circle
		t.Fatal(err)
	}
	of := func(id, action string) bool {
		text, err := json.Marshal(d.Resources[id].Properties)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), action)
	}
	if of("ShopRole", "lambda:InvokeFunction") || !of("ShopRoleCalls", "lambda:InvokeFunction") {
		t.Errorf("ShopRole calls: %v, ShopRoleCalls: %v", of("ShopRole", "lambda:InvokeFunction"), of("ShopRoleCalls", "lambda:InvokeFunction"))
	}
}
