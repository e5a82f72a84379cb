package template_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// TestQuotas: what no deployment could make is refused, with the line and what to do; as
// much as there may be is not.
func TestQuotas(t *testing.T) {
	t.Parallel()
	functions := func(n int) func(*datastore.Data) *tier.App {
		return func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			for i := range n {
				app.Function(fmt.Sprintf("f%d", i)).Invoke(handler.New(place))
			}
			return app
		}
	}
	routes := func(n int, opts ...tier.APIOption) func(*datastore.Data) *tier.App {
		return func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			api := app.API("orders", opts...)
			for i := range n {
				api.Handle(fmt.Sprintf("GET /r%d", i), handler.New(list))
			}
			return app
		}
	}
	services := func(functions int) func(*datastore.Data) *tier.App {
		return func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			for i := range functions {
				f := app.Function(fmt.Sprintf("f%d", i))
				f.Invoke(handler.New(place))
				for j := range 10 {
					datastore.Use[service.Caller](f, service.New(data, fmt.Sprintf("s%d-%d", i, j), nil))
				}
			}
			return app
		}
	}
	prefixes := func(n int, join bool) func(*datastore.Data) *tier.App {
		return func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			files := blob.New(data, "files")
			api := app.API("orders")
			api.Handle("GET /a", handler.New(list))
			second := api.Function("second")
			second.Handle("GET /b", handler.New(list))
			for i := range n {
				part := files.Under(fmt.Sprintf("a-prefix-%d/", i))
				if i%2 == 0 {
					datastore.Use[blob.Getter](api, part)
				} else {
					datastore.Use[blob.Putter](second, part)
				}
			}
			if join {
				app.Join()
			}
			return app
		}
	}
	subscriptions := func(n int) func(*datastore.Data) *tier.App {
		return func(*datastore.Data) *tier.App {
			app := tier.New("shop")
			for i := range n {
				name := fmt.Sprintf("logs%d", i)
				tier.On(app.Function(name), bus.NewLogs(name, "/aws/vpc", ""), work[bus.LogBatch])
			}
			return app
		}
	}
	for name, tt := range map[string]struct {
		app  func(*datastore.Data) *tier.App
		want string
	}{
		"498 resources":               {functions(166), ""},
		"501 resources":               {functions(167), "app shop: its template has 501 resources, and CloudFormation takes 500: deploy it with fewer functions (-functions one), or divide the App"},
		"201 outputs":                 {functions(201), "its template has 201 outputs, and CloudFormation takes 200: divide the App"},
		"402 parameters":              {services(20), "its template has 402 parameters, and CloudFormation takes 200: divide the App"},
		"182 parameters":              {services(9), ""},
		"300 routes of an HTTP API":   {routes(300, tier.HTTP), ""},
		"301 routes of an HTTP API":   {routes(301, tier.HTTP), "API orders: it has 301 routes, each with an integration, and an HTTP API has 300"},
		"two subscriptions":           {subscriptions(2), ""},
		"three subscriptions":         {subscriptions(3), "log group /aws/vpc: this is the third subscription to it, and a log group has 2"},
		"301 routes of a REST API":    {routes(301), ""},
		"a role with 60 prefixes":     {prefixes(60, false), ""},
		"a joined role with as many":  {prefixes(60, true), ""},
		"a role with 120 prefixes":    {prefixes(240, false), ""},
		"a role with 200 prefixes":    {prefixes(400, false), "function orders: the policies of its role take"},
		"a joined role of 300 in all": {prefixes(300, true), "IAM allows 10240: deploy the functions as they are declared"},
		"the same, not joined":        {prefixes(300, false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := template.New(tt.app(datastore.New(nil, nil)))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "quota_test.go:")) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestFoldedRole: where a statement a store has no room in a role, statements that say the
// same of several are one.
func TestFoldedRole(t *testing.T) {
	t.Parallel()
	resources := func(n int) (statements int, prefixes []string) {
		text := sam(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			worker := app.Function("worker")
			files := blob.New(data, "files")
			for i := range n {
				datastore.Use[blob.Getter](worker, files.Under(fmt.Sprintf("a-prefix-%03d/", i)))
			}
			worker.Invoke(handler.New(place))
			return app
		})
		var d doc
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		policy := d.Resources["WorkerRole"].Properties["Policies"].([]any)[0].(map[string]any)["PolicyDocument"].(map[string]any)
		for _, one := range policy["Statement"].([]any) {
			st := one.(map[string]any)
			list, several := st["Resource"].([]any)
			if !several {
				list = []any{st["Resource"]}
			}
			if actions := fmt.Sprint(st["Action"]); actions == "[s3:GetObject]" {
				statements++
				for _, r := range list {
					_, prefix, _ := strings.Cut(r.(map[string]any)["Fn::Sub"].(string), "/")
					prefixes = append(prefixes, prefix)
				}
			}
		}
		return statements, prefixes
	}
	for n, want := range map[int]int{40: 40, 120: 1} {
		statements, prefixes := resources(n)
		slices.Sort(prefixes)
		if statements != want || len(slices.Compact(prefixes)) != n || prefixes[n-1] != fmt.Sprintf("a-prefix-%03d/*", n-1) {
			t.Errorf("%d prefixes: %d statements of %v, want %d", n, statements, prefixes, want)
		}
	}
}

// TestBoundaryOfFoldedRole: what bounds the secrets of the stack does not bound that of
// the owner of a database, which RDS makes and does not tag, where one statement names
// both.
func TestBoundaryOfFoldedRole(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		worker := app.Function("worker")
		datastore.Use[secret.Getter[string]](worker, secret.New[string](data, "token", secret.Manager, nil))
		datastore.Use[sqldb.Owner](worker, sqldb.New(data, "main", sqldb.Postgres, sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))))
		files := blob.New(data, "files")
		for i := range 90 {
			datastore.Use[blob.Getter](worker, files.Under(fmt.Sprintf("%02d/", i)))
		}
		worker.Invoke(handler.New(place))
		return app
	}, template.Deployer{Stack: stack})
	boundary := parsed(t, "Boundary", managedPolicies(t, text)["Boundary"])
	const secrets = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
	for _, tt := range []struct {
		resource, stack string
		want            bool
	}{
		{secrets + "rds!db-1-AbCdEf", "", true},
		{secrets + "TokenSecret-1-AbCdEf", stack, true},
		{secrets + "TokenSecret-1-AbCdEf", "", false},
	} {
		facts := map[string][]string{}
		if tt.stack != "" {
			facts["aws:ResourceTag/aws:cloudformation:stack-name"] = []string{tt.stack}
		}
		got := evaluate.Evaluate(evaluate.Request{
			Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, Action: "secretsmanager:GetSecretValue", Resource: tt.resource, Context: facts,
		}, boundary).Allowed()
		if got != tt.want {
			t.Errorf("%s of stack %q is within the boundary: %v, want %v", tt.resource, tt.stack, got, tt.want)
		}
	}
}

// TestRoleSizes: what a role takes in a stack lies between the least and the most, and not
// far from either.
func TestRoleSizes(t *testing.T) {
	t.Parallel()
	for name, newApp := range apps {
		for _, role := range made(t, newApp).RoleSizes() {
			if role.Least > role.Most || role.At.IsZero() {
				t.Errorf("%s: %+v", name, role)
			}
		}
	}
	made, err := template.New(joinedShop(datastore.New(nil, nil)))
	if err != nil {
		t.Fatal(err)
	}
	var d doc
	if err := json.Unmarshal(made.CloudFormation("bootstrap.zip"), &d); err != nil {
		t.Fatal(err)
	}
	const tail = "-1A2B3C4D5E6F"
	names := strings.NewReplacer(
		"${AWS::Partition}", "aws", "${AWS::Region}", "eu-central-1", "${AWS::AccountId}", "123456789012",
		"${OrdersTable}", "shop-OrdersTable"+tail, "${JobsQueue.QueueName}", "shop-JobsQueue"+tail, "${OrdersLog}", "shop-OrdersLog"+tail)
	for _, role := range made.RoleSizes() {
		if role.ID != "OrdersRole" {
			continue
		}
		text, err := json.Marshal(d.Resources[role.ID].Properties["Policies"].([]any)[0].(map[string]any)["PolicyDocument"])
		if err != nil {
			t.Fatal(err)
		}
		size := len(regexp.MustCompile(`\{"Fn::Sub":("[^"]*")\}`).ReplaceAllString(names.Replace(string(text)), "$1"))
		if size < role.Least || size > role.Most || role.Most-role.Least > size/4 {
			t.Errorf("the policy of the role has %d characters, want %d to %d, which are close", size, role.Least, role.Most)
		}
		return
	}
	t.Error("there is no such role")
}
