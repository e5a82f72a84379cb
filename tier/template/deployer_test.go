package template_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// stack is the name with which the resources of a stack on paper begin.
var stack = strings.TrimSuffix(ours, "-")

// deployerOf is the administrator's template of an App.
func deployerOf(t testing.TB, newApp func(*datastore.Data) *tier.App, d template.Deployer) (text []byte, notes []string) {
	t.Helper()
	text, notes, err := made(t, newApp).Deployer(d)
	if err != nil {
		t.Fatal(err)
	}
	return text, notes
}

// managedPolicies are the managed policies of a template as they would be, by logical id.
func managedPolicies(t testing.TB, text []byte) map[string][]byte {
	t.Helper()
	var d doc
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for id, r := range d.Resources {
		types[id] = r.Type
	}
	all := map[string][]byte{}
	for id, r := range d.Resources {
		if r.Type != "AWS::IAM::ManagedPolicy" {
			continue
		}
		document, err := json.Marshal(resolved(r.Properties["PolicyDocument"], types))
		if err != nil {
			t.Fatal(err)
		}
		all[id] = document
	}
	return all
}

func parsed(t testing.TB, id string, document []byte) *evaluate.Policy {
	t.Helper()
	p, err := evaluate.ParseIdentity(id, document)
	if err != nil {
		t.Fatalf("%s: %v in %s", id, err, document)
	}
	return p
}

// deployers are the goldens of administrators' templates.
var deployers = map[string]template.Deployer{
	"several": {Stack: "shop-live"},
	"whole":   {Stack: "shop", Boundary: "team/edge"},
	"network": {Stack: "Shop"},
}

func TestDeployerGolden(t *testing.T) {
	t.Parallel()
	for name, d := range deployers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := deployerOf(t, apps[name], d)
			golden := filepath.Join("testdata", "deployer", name+".json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got), go test -update writes it:\n%s", golden, diff)
			}
		})
	}
}

// TestBoundary: the boundary of each golden App lets its roles do all that they may, is
// no longer than a policy may be, and no wider than it says.
func TestBoundary(t *testing.T) {
	t.Parallel()
	for name, newApp := range apps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, notes := deployerOf(t, newApp, template.Deployer{Stack: stack})
			for id, document := range managedPolicies(t, text) {
				if len(document) > 6144 {
					t.Errorf("%s has %d characters", id, len(document))
				}
			}
			boundary := parsed(t, "Boundary", managedPolicies(t, text)["Boundary"])
			allowed := func(action, resource string, facts map[string][]string) bool {
				return evaluate.Evaluate(evaluate.Request{
					Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/ours-Role/session"},
					Action:    action, Resource: resource, Context: facts,
				}, boundary).Allowed()
			}
			checked, plain := 0, made(t, newApp).CloudFormation("bootstrap.zip")
			for id, role := range deployedRoles(t, plain) {
				for _, s := range role.statements {
					resource, facts := s.satisfied()
					resource = ended.ReplaceAllString(resource, "$1-1AB")
					if s.Resource == "*" {
						resource = "*"
					}
					own := strings.Contains(resource, ":secret:"+ours)
					if own {
						facts["aws:ResourceTag/aws:cloudformation:stack-name"] = []string{stack}
					}
					for _, action := range s.Action {
						if s.Effect != "Allow" {
							continue
						}
						checked++
						if !allowed(action, resource, facts) {
							t.Errorf("%s may not %s on %s within the boundary", id, action, resource)
						}
						noted := slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, action) })
						if foreign := strings.ReplaceAll(resource, ours, "foreign-"); !noted && nameBound(s.Resource, plain) && allowed(action, foreign, facts) {
							t.Errorf("the boundary allows %s on %s", action, foreign)
						}
					}
				}
			}
			if checked == 0 && len(deployedRoles(t, plain)) > 0 {
				t.Error("nothing was looked at")
			}
			for _, action := range neverGranted {
				if allowed(action, "*", nil) {
					t.Errorf("the boundary allows %s", action)
				}
			}
			for _, note := range notes {
				if strings.Contains(note, "6,144") {
					t.Errorf("the boundary is wide: %s", note)
				}
			}
		})
	}
}

// ended are names of functions and roles, to which CloudFormation adds an end.
var ended = regexp.MustCompile(`((?::function:|:role/)ours-\w+)`)

// nameBound reports whether a resource is one of the stack whose name begins with that
// of the stack.
func nameBound(resource string, stack []byte) bool {
	for _, form := range []string{":table/", ":s3:::", ":sqs:", ":function:", ":log-group:", ":stream/", ":role/"} {
		_, name, found := strings.Cut(resource, form+ours)
		id, _, _ := strings.Cut(strings.NewReplacer("/", ":", ".", ":").Replace(name), ":")
		if found && bytes.Contains(stack, []byte("\n    \""+id+"\": {")) {
			return true
		}
	}
	return false
}

// TestDeployerRole: the role makes what the template has, roles only within the
// boundary, hands them to services of the template alone, and has no power over itself,
// the boundary or other stacks.
func TestDeployerRole(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, events, template.Deployer{Stack: stack})
	var policies []*evaluate.Policy
	for id, document := range managedPolicies(t, text) {
		if strings.HasPrefix(id, "DeployerPolicy") {
			policies = append(policies, parsed(t, id, document))
		}
	}
	const account = "111122223333"
	bounded := map[string][]string{"iam:PermissionsBoundary": {"arn:aws:iam::" + account + ":policy/boundary-of-ours"}}
	other := map[string][]string{"iam:PermissionsBoundary": {"arn:aws:iam::" + account + ":policy/other"}}
	to := func(service string) map[string][]string { return map[string][]string{"iam:PassedToService": {service}} }
	role := func(name string) string { return "arn:aws:iam::" + account + ":role/" + name }
	on := func(function string) map[string][]string {
		return map[string][]string{"lambda:FunctionArn": {"arn:aws:lambda:eu-west-1:" + account + ":function:" + function}}
	}
	for _, c := range []struct {
		action, resource string
		facts            map[string][]string
		want             bool
	}{
		{"iam:CreateRole", role("ours-WorkerRole-1"), bounded, true},
		{"iam:CreateRole", role("ours-WorkerRole-1"), nil, false},
		{"iam:CreateRole", role("ours-WorkerRole-1"), other, false},
		{"iam:CreateRole", role("foreign-WorkerRole-1"), bounded, false},
		{"iam:PutRolePolicy", role("ours-WorkerRole-1"), bounded, true},
		{"iam:PutRolePolicy", role("ours-WorkerRole-1"), nil, false},
		{"iam:PutRolePermissionsBoundary", role("ours-WorkerRole-1"), other, false},
		{"iam:DeleteRolePermissionsBoundary", role("ours-WorkerRole-1"), bounded, false},
		{"iam:AttachRolePolicy", role("ours-WorkerRole-1"), bounded, false},
		{"iam:DeleteRole", role("ours-WorkerRole-1"), nil, true},
		{"iam:DeleteRole", role("foreign-WorkerRole-1"), nil, false},
		{"iam:UpdateAssumeRolePolicy", role("deployer-of-ours"), nil, false},
		{"iam:PutRolePolicy", role("deployer-of-ours"), bounded, false},
		{"iam:CreatePolicyVersion", "arn:aws:iam::" + account + ":policy/boundary-of-ours", nil, false},
		{"iam:CreateUser", "arn:aws:iam::" + account + ":user/ours-x", nil, false},
		{"iam:PassRole", role("ours-WorkerRole-1"), to("lambda.amazonaws.com"), true},
		{"iam:PassRole", role("ours-ClerkNightlyScheduleRole-1"), to("scheduler.amazonaws.com"), true},
		{"iam:PassRole", role("ours-WorkerRole-1"), to("ec2.amazonaws.com"), false},
		{"iam:PassRole", role("ours-WorkerRole-1"), nil, false},
		{"iam:PassRole", role("admin"), to("lambda.amazonaws.com"), false},
		{"lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:" + account + ":function:ours-WorkerFunction-1", nil, true},
		{"lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:" + account + ":function:foreign-WorkerFunction-1", nil, false},
		{"lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:" + account + ":function:ours-2-WorkerFunction-1", nil, false},
		{"iam:UpdateAssumeRolePolicy", role("ours-WorkerRole-1"), nil, true},
		{"iam:UpdateAssumeRolePolicy", role("ours-admin"), nil, false},
		{"iam:PassRole", role("ours-admin"), to("lambda.amazonaws.com"), false},
		{"lambda:CreateEventSourceMapping", "*", on("ours-WorkerFunction-1"), true},
		{"lambda:CreateEventSourceMapping", "*", on("foreign-WorkerFunction-1"), false},
		{"lambda:CreateEventSourceMapping", "*", nil, false},
		{"sqs:DeleteQueue", "arn:aws:sqs:eu-west-1:" + account + ":ours-JobsQueue-1", nil, true},
		{"sqs:DeleteQueue", "arn:aws:sqs:eu-west-1:" + account + ":foreign-JobsQueue-1", nil, false},
		{"sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:" + account + ":ours-JobsQueue-1", nil, false},
		{"scheduler:CreateSchedule", "arn:aws:scheduler:eu-west-1:" + account + ":schedule/default/ours-ClerkNightlySchedule-1", nil, true},
		{"scheduler:CreateSchedule", "arn:aws:scheduler:eu-west-1:" + account + ":schedule/default/ClerkNightlySchedule-1", nil, true},
		{"scheduler:DeleteSchedule", "arn:aws:scheduler:eu-west-1:" + account + ":schedule/default/foreign-ClerkNightlySchedule-1", nil, false},
		{"rds:CreateDBInstance", "*", nil, false}, // the template has none
		{"s3:GetObject", "arn:aws:s3:::ours-CodeBucket/code.zip", nil, true},
	} {
		got := evaluate.Evaluate(evaluate.Request{
			Principal: evaluate.Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/deployer-of-ours/AWSCloudFormation"},
			Action:    c.action, Resource: c.resource, Context: c.facts,
		}, policies...).Allowed()
		if got != c.want {
			t.Errorf("%s on %s with %v: %v, want %v", c.action, c.resource, c.facts, got, c.want)
		}
	}
}

// TestDeployerImports: an HTTP API is imported from its definition, which is another
// request than that by which one without any is made.
func TestDeployerImports(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, httpShop, template.Deployer{Stack: stack})
	var policies []*evaluate.Policy
	for id, document := range managedPolicies(t, text) {
		if strings.HasPrefix(id, "DeployerPolicy") {
			policies = append(policies, parsed(t, id, document))
		}
	}
	for _, resource := range []string{"/apis", "/apis/a1b2c3d4e5"} {
		if !evaluate.Evaluate(evaluate.Request{
			Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/deployer-of-ours/AWSCloudFormation"},
			Action:    "apigateway:PUT", Resource: "arn:aws:apigateway:eu-west-1::" + resource,
		}, policies...).Allowed() {
			t.Errorf("the role cannot import into %s", resource)
		}
	}
}

// TestOwnSecrets: secrets and keys have no name of the stack's; the role changes and
// reads those that have its tag, and so do functions within the boundary.
func TestOwnSecrets(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, stores, template.Deployer{Stack: stack})
	var deployer []*evaluate.Policy
	all := managedPolicies(t, text)
	for id, document := range all {
		if strings.HasPrefix(id, "DeployerPolicy") {
			deployer = append(deployer, parsed(t, id, document))
		}
	}
	const secret, key = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf", "arn:aws:kms:eu-west-1:111122223333:key/1"
	const ofCloudFormation, ofTemplate = "aws:cloudformation:stack-name", "tierkit:stack" // keys have the second alone
	for _, c := range []struct {
		who, action, resource, tag string
		policies                   []*evaluate.Policy
	}{
		{"the role", "secretsmanager:GetSecretValue", secret, ofCloudFormation, deployer},
		{"the role", "secretsmanager:DeleteSecret", secret, ofCloudFormation, deployer},
		{"the role", "kms:ScheduleKeyDeletion", key, ofTemplate, deployer},
		{"the role", "kms:PutKeyPolicy", key, ofTemplate, deployer},
		{"a function", "secretsmanager:GetSecretValue", secret, ofCloudFormation, []*evaluate.Policy{parsed(t, "Boundary", all["Boundary"])}},
	} {
		for of, want := range map[string]bool{stack: true, "foreign": false, "": false} {
			facts := map[string][]string{}
			if of != "" {
				facts["aws:ResourceTag/"+c.tag] = []string{of}
			}
			got := evaluate.Evaluate(evaluate.Request{
				Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, Action: c.action, Resource: c.resource, Context: facts,
			}, c.policies...).Allowed()
			if got != want {
				t.Errorf("%s: %s on what is tagged with %q: %v, want %v", c.who, c.action, of, got, want)
			}
		}
	}
}

// TestStarter: whoever starts a deployment does it with the role, on the stack.
func TestStarter(t *testing.T) {
	t.Parallel()
	text, _ := deployerOf(t, one, template.Deployer{Stack: stack})
	starter := parsed(t, "Starter", managedPolicies(t, text)["Starter"])
	deployer := "arn:aws:iam::111122223333:role/ours-Deployer" // as this test resolves Fn::GetAtt
	const own, foreign = "arn:aws:cloudformation:eu-west-1:111122223333:stack/ours/1", "arn:aws:cloudformation:eu-west-1:111122223333:stack/ours-2/1"
	with := func(role string) map[string][]string { return map[string][]string{"cloudformation:RoleArn": {role}} }
	for _, c := range []struct {
		action, resource string
		facts            map[string][]string
		want             bool
	}{
		{"cloudformation:CreateChangeSet", own, with(deployer), true},
		{"cloudformation:CreateChangeSet", own, nil, false},
		{"cloudformation:CreateChangeSet", own, with("arn:aws:iam::111122223333:role/admin"), false},
		{"cloudformation:CreateChangeSet", foreign, with(deployer), false},
		{"cloudformation:ExecuteChangeSet", own, nil, true},
		{"cloudformation:CreateChangeSet", "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31", nil, true},
		{"iam:PassRole", deployer, map[string][]string{"iam:PassedToService": {"cloudformation.amazonaws.com"}}, true},
		{"iam:PassRole", deployer, map[string][]string{"iam:PassedToService": {"lambda.amazonaws.com"}}, false},
		{"dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:111122223333:table/ours-OrdersTable-1", nil, false},
	} {
		got := evaluate.Evaluate(evaluate.Request{
			Principal: evaluate.Principal{ARN: "arn:aws:iam::111122223333:user/pipeline"}, Action: c.action, Resource: c.resource, Context: c.facts,
		}, starter).Allowed()
		if got != c.want {
			t.Errorf("%s on %s with %v: %v, want %v", c.action, c.resource, c.facts, got, c.want)
		}
	}
}

// TestBounded: every role has the boundary, in each form of the template.
func TestBounded(t *testing.T) {
	t.Parallel()
	bounded, err := made(t, apps["whole"]).Bounded("team/edge")
	if err != nil {
		t.Fatal(err)
	}
	for form, text := range map[string][]byte{"SAM": bounded.SAM("b.zip"), "CloudFormation": bounded.CloudFormation("b.zip"), "Terraform": bounded.Terraform("b.zip")["stack.json"]} {
		var d doc
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		roles := 0
		for id, r := range d.Resources {
			if r.Type != "AWS::IAM::Role" {
				continue
			}
			roles++
			want := map[string]any{"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/team/edge"}
			if diff := cmp.Diff(want, r.Properties["PermissionsBoundary"]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", form, id, diff)
			}
		}
		if roles == 0 {
			t.Errorf("%s: no role", form)
		}
	}
	if text := made(t, apps["whole"]).SAM("b.zip"); strings.Contains(string(text), "PermissionsBoundary") {
		t.Error("the template itself has become bounded")
	}
}

// TestWideBoundary: a boundary that would be too long is made wider, and says so; the
// roles stay as they are.
func TestWideBoundary(t *testing.T) {
	t.Parallel()
	many := func(functions int) func(data *datastore.Data) *tier.App {
		return func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			files := blob.New(data, "files")
			for i := range functions {
				f := app.Function(fmt.Sprintf("f%d", i))
				datastore.Use[blob.Getter](f, files.Under(fmt.Sprintf("a-prefix-with-a-long-name-%d/", i)))
				f.Invoke(handler.New(list))
			}
			return app
		}
	}
	for functions, wide := range map[int]bool{5: false, 150: true} {
		text, notes := deployerOf(t, many(functions), template.Deployer{Stack: stack})
		document := managedPolicies(t, text)["Boundary"]
		said := slices.ContainsFunc(notes, func(note string) bool {
			return strings.HasPrefix(note, "the boundary is with all resources of each service: ")
		})
		if said != wide || len(document) > 6144 {
			t.Errorf("%d functions: %d characters, notes %q", functions, len(document), notes)
		}
		read := func(key string) bool {
			return evaluate.Evaluate(evaluate.Request{
				Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::ours-filesbucket/" + key,
			}, parsed(t, "Boundary", document)).Allowed()
		}
		if !read("a-prefix-with-a-long-name-4/x") || read("other/x") != wide {
			t.Errorf("%d functions: reads of a prefix: %v, of another: %v", functions, read("a-prefix-with-a-long-name-4/x"), read("other/x"))
		}
	}
}

// TestManyFunctions: the role that deploys has no policy that is too long and no more
// than a role may have; functions of so large an App are known by the stack's name.
func TestManyFunctions(t *testing.T) {
	t.Parallel()
	for functions, wide := range map[int]bool{40: false, 150: true} {
		text, notes := deployerOf(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			for i := range functions {
				f := app.Function(fmt.Sprintf("a-function-with-a-name-%d", i))
				f.Invoke(handler.New(place))
				if i < 10 {
					tier.On(f, queue.New[order](data, f.Name()), func(context.Context, order) error { return nil })
				}
			}
			return app
		}, template.Deployer{Stack: stack})
		policies := managedPolicies(t, text)
		if len(policies) > 12 {
			t.Errorf("%d functions: %d policies", functions, len(policies))
		}
		for id, document := range policies {
			if len(document) > 6144 {
				t.Errorf("%d functions: %s has %d characters", functions, id, len(document))
			}
		}
		if said := slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, "more than 10 policies") }); said != wide {
			t.Errorf("%d functions: notes %q", functions, notes)
		}
		if said := slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, "--s3-bucket") }); said != (len(text) > 51_200) {
			t.Errorf("%d functions: %d bytes, notes %q", functions, len(text), notes)
		}
	}
}

// TestBoundaryNotes: what the boundary cannot say as narrow as the roles is told.
func TestBoundaryNotes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"one":      "",
		"stores":   "lambda:InvokeFunction", // of a function that a parameter names
		"migrated": "secretsmanager",
	} {
		_, notes := deployerOf(t, apps[name], template.Deployer{Stack: stack})
		if got := strings.Join(notes, "\n"); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: notes %q, want %q", name, got, want)
		}
	}
}

func TestDeployerNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stack, boundary, want string }{
		{"shop", "", ""},
		{"Shop-2", "team/edge+=,.@-_", ""},
		{strings.Repeat("s", 24), "", ""},
		{strings.Repeat("s", 25), "", "write a letter and up to 23"},
		{"", "", `stack name ""`},
		{"2shop", "", `stack name "2shop"`},
		{"shop_live", "", `stack name "shop_live"`},
		{"shop", "a b", `policy name "a b"`},
		{"shop", "/edge", `policy name "/edge"`},
		{"shop", "team/", `policy name "team/"`},
		{"shop", "${AWS::Region}", `policy name "${AWS::Region}"`},
	} {
		_, _, err := made(t, one).Deployer(template.Deployer{Stack: c.stack, Boundary: c.boundary})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("stack %q, boundary %q: %v, want %q", c.stack, c.boundary, err, c.want)
		}
	}
}

// TestAPILogs: the setting of the account is there if it is asked for, and stays.
func TestAPILogs(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		text, _ := deployerOf(t, one, template.Deployer{Stack: stack, APILogs: asked})
		var d struct {
			Resources map[string]struct{ Type, DeletionPolicy string }
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		account := d.Resources["ApiLogs"]
		if got := account.Type == "AWS::ApiGateway::Account"; got != asked || asked && (account.DeletionPolicy != "Retain" || d.Resources["ApiLogsRole"].DeletionPolicy != "Retain") {
			t.Errorf("asked for %v: %+v", asked, account)
		}
	}
}

// TestDeployerActions: what the role that deploys may do exists in AWS's service
// authorization reference, on resources that it has; "*" stands where there is no
// narrower form, and where names are not known to begin with the stack's.
func TestDeployerActions(t *testing.T) {
	t.Parallel()
	reference := iamData(t)
	unnamed := []string{"ec2", "elasticache", "rds", "redshift", "redshift-serverless"}
	seen := map[string]bool{}
	for name, newApp := range apps {
		text, _ := deployerOf(t, newApp, template.Deployer{Stack: stack, Boundary: "b"})
		var d doc
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		for id, r := range d.Resources {
			if r.Type != "AWS::IAM::ManagedPolicy" || id == "Boundary" {
				continue
			}
			for _, s := range statementsIn(t, r.Properties["PolicyDocument"]) {
				for _, action := range s.Action {
					service, verb, _ := strings.Cut(action, ":")
					key := fmt.Sprint(action, s.Resource, s.Condition)
					if seen[key] {
						continue
					}
					seen[key] = true
					var actions map[string]actionEntry
					if !reference.read(t, "actions", service, &actions) || actions[strings.ToLower(verb)].Name != verb {
						t.Errorf("%s: there is no action %s", name, action)
						continue
					}
					entry := actions[strings.ToLower(verb)]
					keys, fits := entry.ConditionKeys, false
					for _, resource := range s.Resource {
						more, ok := reference.fits(t, service, entry, resource)
						if pattern := beyondReference[action]; pattern != "" {
							ok = ok || regexp.MustCompile(":"+pattern+"$").MatchString(resource)
						}
						keys, fits = append(keys, more...), fits || ok || resource == "*" && slices.Contains(unnamed, service)
					}
					if service == "apigateway" { // whose methods are on all paths
						fits = fits || !slices.Contains(s.Resource, "*")
					}
					if !fits {
						t.Errorf("%s: %s: %s is none of its resources", name, action, s.Resource)
					}
					for _, operands := range s.Condition {
						for key := range operands {
							if !slices.ContainsFunc(keys, sameKey(key)) {
								t.Errorf("%s: %s has no condition key %s", name, action, key)
							}
						}
					}
				}
			}
		}
	}
	if len(seen) < 300 {
		t.Errorf("only %d actions were looked at", len(seen))
	}
}

type wideStatement struct {
	Action    []string
	Resource  []string
	Condition map[string]map[string]any
}

// statementsIn are those of a policy document, with lists of resources.
func statementsIn(t *testing.T, document any) []wideStatement {
	t.Helper()
	var all []wideStatement
	for _, s := range document.(map[string]any)["Statement"].([]any) {
		m := s.(map[string]any)
		list, several := m["Resource"].([]any)
		if !several {
			list = []any{m["Resource"]}
		}
		var w wideStatement
		for _, one := range list {
			if reference, ok := one.(map[string]any); ok {
				if one = reference["Fn::Sub"]; one == nil {
					one = "${Deployer}" // its ARN
				}
			}
			w.Resource = append(w.Resource, one.(string))
		}
		for _, a := range m["Action"].([]any) {
			w.Action = append(w.Action, a.(string))
		}
		w.Condition = map[string]map[string]any{}
		conditions, _ := m["Condition"].(map[string]any)
		for operator, operands := range conditions {
			w.Condition[operator] = operands.(map[string]any)
		}
		all = append(all, w)
	}
	return all
}
