package template_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// The roles of every golden App are deployed on paper: what refers to a resource gets a
// name, and the evaluator of policies decides what the role may do then. Declared uses
// come from the grants, and not from the statements.

// neverGranted are actions that no declaration asks for.
var neverGranted = []string{
	"apigateway:DELETE", "appconfig:StartDeployment", "cloudformation:DeleteStack", "cognito-idp:DeleteUserPool", "dynamodb:CreateTable",
	"dynamodb:DeleteTable", "dynamodb:UpdateTable", "ec2:AuthorizeSecurityGroupEgress", "ec2:RunInstances",
	"elasticache:DeleteReplicationGroup", "es:DeleteDomain", "iam:AttachRolePolicy", "iam:CreateAccessKey",
	"iam:PassRole", "iam:PutRolePolicy", "kinesis:DeleteStream", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion",
	"lambda:AddPermission", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "logs:CreateLogGroup",
	"logs:DeleteLogGroup", "rds:DeleteDBCluster", "rds:DeleteDBInstance", "redshift:DeleteCluster", "s3:DeleteBucket",
	"s3:PutBucketPolicy", "secretsmanager:DeleteSecret", "sns:DeleteTopic", "sns:SetTopicAttributes",
	"sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:SetQueueAttributes", "ssm:PutParameter", "sts:GetFederationToken",
}

func TestSimulation(t *testing.T) {
	t.Parallel()
	for name, newApp := range apps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newApp(datastore.New(nil, nil))
			made, err := template.NewWith(app, &template.Options{Unverified: template.Unverified()})
			if err != nil {
				t.Fatal(err)
			}
			roles := deployedRoles(t, made.CloudFormation("bootstrap.zip"))
			for _, f := range append(app.Functions(), app.Deployments()...) {
				role, callers := roles[policy.RoleID(f)], roles[policy.CallerRoleID(f)]
				if role == nil {
					t.Fatalf("function %s has no role", f.Name())
				}
				declared(t, f, role, callers)
				polls := slices.ContainsFunc(f.Triggers(), func(g *tier.Trigger) bool { return g.Feed().Service == "kafka" })
				role.network(t, polls || len(policy.Reaches(f)) > 0) // Lambda polls Kafka in the cluster's network
			}
			for _, exchange := range app.Exchanges() {
				signedIn(t, app, exchange, roles[policy.SignedInRoleID(exchange)])
			}
			for _, role := range roles {
				role.undeclared(t)
			}
		})
	}
}

// deployedRole is a role of a stack that exists on paper.
type deployedRole struct {
	id         string
	statements []deployedStatement
	policy     *evaluate.Policy
}

type deployedStatement struct {
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]any `json:",omitempty"`
}

// allowed decides a request of the role's session, to a function or to code in one.
func (r *deployedRole) allowed(action, resource string, facts map[string][]string) bool {
	return evaluate.Evaluate(evaluate.Request{
		Principal: evaluate.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/" + r.id + "/session"},
		Action:    action, Resource: resource, Context: facts,
	}, r.policy).Allowed()
}

// declared checks each use that the grants of f name: allowed on its store, refused on
// another one of the same kind, and refused to whom its conditions keep out.
func declared(t *testing.T, f *tier.Function, role, callers *deployedRole) {
	t.Helper()
	for _, u := range datastore.Usages(f.Grants()) {
		for _, need := range u.Needs() {
			of := role
			if need.Owner != 0 {
				of = callers
			}
			for _, action := range need.Actions {
				of.uses(t, need.Service+":"+action, u.Spec)
			}
		}
	}
}

func (r *deployedRole) uses(t *testing.T, action string, store datastore.Spec) {
	t.Helper()
	used := fmt.Sprintf("%s: %s on %s %s", r.id, action, store.Kind(), store.Name())
	found := false
	for _, s := range r.statements {
		if s.Effect != "Allow" || !slices.Contains(s.Action, action) || !about(s.Resource, store) {
			continue
		}
		found = true
		resource, facts := s.satisfied()
		if s.Resource == "*" {
			resource = "*"
		}
		if !r.allowed(action, resource, facts) {
			t.Errorf("%s: refused on %s with %v", used, resource, facts)
		}
		if foreign := strings.ReplaceAll(resource, ours, "foreign-"); foreign != resource && r.allowed(action, foreign, facts) {
			t.Errorf("%s: allowed on %s", used, foreign)
		}
		for key := range facts {
			if slices.ContainsFunc(r.statements, func(other deployedStatement) bool {
				return other.Resource == s.Resource && slices.Contains(other.Action, action) && satisfying(other.Condition)[key] == nil
			}) {
				continue // another statement of it has no such condition
			}
			others := maps.Clone(facts)
			others[key] = []string{"somebody-else"}
			if strings.HasPrefix(key, "aws:") {
				delete(others, key)
			}
			if r.allowed(action, resource, others) {
				t.Errorf("%s: allowed on %s with %v", used, resource, others)
			}
		}
	}
	if !found {
		t.Errorf("%s: no statement", used)
	}
}

// signedIn checks that who has signed in by an exchange may call the routes that say so,
// in each stage, and none of the others.
func signedIn(t *testing.T, app *tier.App, exchange datastore.Spec, role *deployedRole) {
	t.Helper()
	if role == nil {
		t.Fatalf("who has signed in by %s has no role", exchange.Name())
	}
	for _, api := range app.APIs() {
		for _, stage := range append(api.DeployedStages(), tier.Stage{Name: "elsewhere"}) {
			for _, r := range api.Routes() {
				method := r.Pattern().Method
				if method == "" {
					method = "PATCH"
				}
				path := ""
				for _, s := range r.Pattern().Segments {
					path += "/" + strings.Trim(s.Text, "{}")
				}
				if path == "" {
					path = "/"
				}
				at := "arn:aws:execute-api:eu-central-1:111122223333:" + ours + policy.LogicalID(api.Name(), "api") + "/" + stage.Name + "/" + method + path
				want := stage.Name != "elsewhere" && slices.ContainsFunc(r.SignedIn(), func(c datastore.Spec) bool { return datastore.Same(c, exchange) })
				if got := role.allowed("execute-api:Invoke", at, nil); got != want {
					t.Errorf("who has signed in by %s on %s: allowed %v, want %v", exchange.Name(), at, got, want)
				}
			}
		}
	}
	if role.allowed("execute-api:ManageConnections", role.statements[0].Resource, nil) {
		t.Errorf("%s: other actions are allowed", role.id)
	}
}

// undeclared checks what nothing asks for, on all resources that the role knows.
func (r *deployedRole) undeclared(t *testing.T) {
	t.Helper()
	for _, s := range r.statements {
		resource, facts := s.satisfied()
		for _, action := range neverGranted {
			if r.allowed(action, resource, facts) || r.allowed(action, "*", nil) {
				t.Errorf("%s: %s is allowed on %s", r.id, action, resource)
			}
		}
	}
	for _, foreign := range []struct{ action, resource string }{
		{"appconfig:GetLatestConfiguration", "arn:aws:appconfig:eu-central-1:111122223333:application/foreign/environment/foreign/configuration/foreign"},
		{"dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:111122223333:table/foreign"},
		{"s3:GetObject", "arn:aws:s3:::foreign/key"},
		{"sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:foreign"},
		{"sns:Publish", "arn:aws:sns:eu-central-1:111122223333:foreign"},
		{"kinesis:PutRecord", "arn:aws:kinesis:eu-central-1:111122223333:stream/foreign"},
		{"kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/foreign"},
		{"lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:111122223333:function:foreign"},
		{"logs:PutLogEvents", "arn:aws:logs:eu-central-1:111122223333:log-group:foreign:log-stream:x"},
		{"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:foreign-AbCdEf"},
		{"ssm:GetParameter", "arn:aws:ssm:eu-central-1:111122223333:parameter/foreign"},
		{"execute-api:Invoke", "arn:aws:execute-api:eu-central-1:111122223333:foreign/live/GET/x"},
		{"sts:AssumeRole", "arn:aws:iam::111122223333:role/foreign"},
	} {
		if r.allowed(foreign.action, foreign.resource, nil) {
			t.Errorf("%s: %s is allowed on %s", r.id, foreign.action, foreign.resource)
		}
	}
}

// network checks that Lambda can attach the function to its network, if it has one, and
// that its code can not.
func (r *deployedRole) network(t *testing.T, attached bool) {
	t.Helper()
	const attach = "ec2:CreateNetworkInterface"
	if got := r.allowed(attach, "*", nil); got != attached {
		t.Errorf("%s: %s allowed to Lambda: %v, want %v", r.id, attach, got, attached)
	}
	if r.allowed(attach, "*", map[string][]string{"lambda:SourceFunctionArn": {"arn:aws:lambda:eu-central-1:111122223333:function:f"}}) {
		t.Errorf("%s: %s is allowed to code", r.id, attach)
	}
}

// about reports whether a resource can be one of a store: its own, or those that have no
// name of it.
func about(resource string, store datastore.Spec) bool {
	if c, is := store.(config.Spec); is && c.Source == config.Parameter && !c.Existing { // which has a name and not an id
		return strings.HasSuffix(resource, "/config/"+c.Name())
	}
	return resource == "*" || !strings.Contains(resource, ours) || strings.Contains(strings.ToLower(resource), strings.ToLower(ours+policy.StoreID(store))) ||
		store.Kind() == "connection" || store.Kind() == "call" || store.Kind() == "kafka" || store.Kind() == "secret" || store.Kind() == "service"
}

// satisfied is a request that the statement lets through: its resource, and its facts.
func (s deployedStatement) satisfied() (resource string, facts map[string][]string) {
	facts = satisfying(s.Condition)
	return filled(strings.ReplaceAll(s.Resource, "*", "x7"), facts), facts
}

// filled is a text with "ana" for the variables of whoever asks, which are facts then.
func filled(text string, facts map[string][]string) string {
	return tagged.ReplaceAllStringFunc(text, func(variable string) string {
		facts[strings.TrimSuffix(strings.TrimPrefix(variable, "${"), "}")] = []string{"ana"}
		return "ana"
	})
}

// satisfying are facts of a request that the conditions of a statement let through.
func satisfying(conditions map[string]map[string]any) map[string][]string {
	facts := map[string][]string{}
	for operator, keys := range conditions {
		for key, value := range keys {
			if operator == "Null" {
				continue
			}
			values, ok := value.([]any)
			if !ok {
				values = []any{value}
			}
			for _, v := range values[:1] {
				facts[key] = []string{filled(strings.ReplaceAll(fmt.Sprint(v), "*", "x7"), facts)}
			}
		}
	}
	return facts
}

// tagged are the variables of whoever asks.
var tagged = regexp.MustCompile(`\$\{aws:(PrincipalTag/[a-z]+|userid)\}`)

// ours begins the names of all resources of the stack.
const ours = "ours-"

// deployedRoles are the roles of a template with all their policies, by logical id.
func deployedRoles(t *testing.T, text []byte) map[string]*deployedRole {
	t.Helper()
	var doc struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for id, r := range doc.Resources {
		types[id] = r.Type
	}
	all := map[string]*deployedRole{}
	role := func(id string) *deployedRole {
		if all[id] == nil {
			all[id] = &deployedRole{id: id}
		}
		return all[id]
	}
	for id, r := range doc.Resources {
		switch r.Type {
		case "AWS::IAM::Role":
			role(id)
			list, _ := r.Properties["Policies"].([]any)
			for _, p := range list {
				role(id).add(t, resolved(p.(map[string]any)["PolicyDocument"], types))
			}
		case "AWS::IAM::RolePolicy":
			of := r.Properties["RoleName"].(map[string]any)["Ref"].(string)
			role(of).add(t, resolved(r.Properties["PolicyDocument"], types))
		}
	}
	for id, r := range all {
		if r.statements == nil {
			continue // it trusts somebody, and may do nothing
		}
		document, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": r.statements})
		if err != nil {
			t.Fatal(err)
		}
		if r.policy, err = evaluate.ParseIdentity(id, document); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
	}
	return all
}

func (r *deployedRole) add(t *testing.T, document any) {
	t.Helper()
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Statement []struct {
			deployedStatement
			Resource any
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatalf("%s: %v in %s", r.id, err, text)
	}
	for _, s := range parsed.Statement {
		resources, ok := s.Resource.([]any)
		if !ok {
			resources = []any{s.Resource}
		}
		for _, one := range resources { // a list says the same as a statement for each
			s.deployedStatement.Resource = one.(string)
			r.statements = append(r.statements, s.deployedStatement)
		}
	}
}

// resolved is a value of a template as CloudFormation would have it.
func resolved(value any, types map[string]string) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = resolved(v[i], types)
		}
		return list
	case map[string]any:
		if id, ok := v["Ref"].(string); ok {
			return named(id, types)
		}
		if parts, ok := v["Fn::GetAtt"].([]any); ok {
			return attribute(fmt.Sprint(parts[0]), fmt.Sprint(parts[1]), types)
		}
		switch sub := v["Fn::Sub"].(type) {
		case string:
			return substituted(sub, nil, types)
		case []any:
			values, _ := resolved(sub[1], types).(map[string]any)
			return substituted(sub[0].(string), values, types)
		}
		if parts, ok := v["Fn::Select"].([]any); ok {
			return fmt.Sprintf("part-%v", parts[0])
		}
		object := map[string]any{}
		for key, member := range v {
			object[key] = resolved(member, types)
		}
		return object
	}
	return value
}

var variable = regexp.MustCompile(`\$\{([^}!]+)\}`)

// substituted is a text of Fn::Sub; "${!name}" is left as "${name}".
func substituted(text string, values map[string]any, types map[string]string) string {
	text = variable.ReplaceAllStringFunc(text, func(v string) string {
		name := v[2 : len(v)-1]
		if value, ok := values[name]; ok {
			return fmt.Sprint(value)
		}
		if id, attr, ok := strings.Cut(name, "."); ok {
			return attribute(id, attr, types)
		}
		return named(name, types)
	})
	return strings.ReplaceAll(text, "${!", "${")
}

func named(id string, types map[string]string) string {
	switch id {
	case "AWS::Partition":
		return "aws"
	case "AWS::Region":
		return "eu-central-1"
	case "AWS::AccountId":
		return "111122223333"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	case "AWS::StackName":
		return strings.TrimSuffix(ours, "-")
	}
	switch types[id] {
	case "AWS::SecretsManager::Secret":
		return "arn:aws:secretsmanager:eu-central-1:111122223333:secret:" + ours + id
	case "": // a parameter of the stack, of which these are ARNs
		for suffix, arn := range parameterARNs {
			if strings.HasSuffix(id, suffix) {
				return "arn:aws:" + arn + ours + id
			}
		}
	case "AWS::SNS::Topic":
		return "arn:aws:sns:eu-central-1:111122223333:" + ours + id
	}
	return ours + id
}

var parameterARNs = map[string]string{
	"Cluster": "kafka:eu-central-1:111122223333:cluster/",
	"Secret":  "secretsmanager:eu-central-1:111122223333:secret:",
	"Key":     "kms:eu-central-1:111122223333:key/",
}

func attribute(id, attr string, types map[string]string) string {
	if strings.Contains(attr, "MasterUserSecret") {
		return "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!" + ours + id
	}
	if strings.HasSuffix(attr, "Arn") {
		service := strings.ToLower(strings.Split(types[id], "::")[1])
		if service == "iam" {
			return "arn:aws:iam::111122223333:role/" + ours + id
		}
		return "arn:aws:" + service + ":eu-central-1:111122223333:" + ours + id
	}
	return ours + id
}

// TestRolesAreTold: whoever asks who may do what hears of all roles of the template, and
// of all that each may do.
func TestRolesAreTold(t *testing.T) {
	t.Parallel()
	for name, newApp := range apps {
		told := map[string][]string{}
		for _, role := range policy.Roles(newApp(datastore.New(nil, nil))) {
			for _, s := range role.Statements {
				told[role.ID] = append(told[role.ID], s.Actions...)
			}
		}
		var d doc
		if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
			t.Fatal(err)
		}
		made := map[string][]string{}
		for id, r := range d.Resources {
			switch r.Type {
			case "AWS::IAM::Role":
				made[id] = append(made[id], actionsIn(r.Properties["Policies"])...)
			case "AWS::IAM::RolePolicy":
				role := r.Properties["RoleName"].(map[string]any)["Ref"].(string)
				made[role] = append(made[role], actionsIn(r.Properties["PolicyDocument"])...)
			}
		}
		for _, all := range []map[string][]string{told, made} {
			for id, actions := range all {
				slices.Sort(actions)
				if all[id] = slices.Compact(actions); len(actions) == 0 { // that of visitors who may call nothing
					delete(all, id)
				}
			}
		}
		if d := cmp.Diff(made, told); d != "" {
			t.Errorf("%s: roles of the template and those that are told (-want +got):\n%s", name, d)
		}
	}
}

// actionsIn are the actions in a policy, or in a list of them.
func actionsIn(value any) (all []string) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			all = append(all, actionsIn(one)...)
		}
	case map[string]any:
		for name, one := range v {
			if name != "Action" {
				all = append(all, actionsIn(one)...)
				continue
			}
			for _, action := range one.([]any) {
				all = append(all, action.(string))
			}
		}
	}
	return all
}
