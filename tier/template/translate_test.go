package template_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// python is the Python with sam-translator and PyYAML.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TIERKIT_TEST_PYTHON")
	if path == "" && os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
		t.Fatal("TIERKIT_TEST_PYTHON is not set, and TIERKIT_TEST_SERVERS=require: install aws-sam-translator and PyYAML and name their Python")
	}
	if path == "" {
		t.Skip("TIERKIT_TEST_PYTHON is not set: not compared with sam-translator and PyYAML")
	}
	return path
}

// TestTranslation: what SAM makes of the template for SAM is the template without SAM,
// but for the logical ids of deployments, which each makes from the content in its own
// way, and what SAM says of itself.
func TestTranslation(t *testing.T) {
	t.Parallel()
	const code = "s3://bucket/code.zip"
	folder := t.TempDir()
	args := []string{filepath.Join("..", "..", ".ci", "translate.py")}
	plain := map[string][]byte{}
	for name, newApp := range apps {
		made := made(t, newApp)
		file := filepath.Join(folder, name+".json")
		if err := os.WriteFile(file, made.SAM(code), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
		plain[name] = made.CloudFormation(code)
	}
	runPython(t, nil, args...)
	for name, want := range plain {
		text, err := os.ReadFile(filepath.Join(folder, name+"-expanded.json"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(stackOf(t, want), stackOf(t, text)); d != "" {
			t.Errorf("%s (-without SAM +by SAM):\n%s", name, d)
		}
	}
}

// stackOf is a template without what may differ.
func stackOf(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var made map[string]any
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	resources := made["Resources"].(map[string]any)
	names := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(resources)) {
		r := resources[id].(map[string]any)
		properties, _ := r["Properties"].(map[string]any)
		delete(r, "Metadata")
		switch r["Type"] {
		case "AWS::ApiGateway::Deployment":
			api := properties["RestApiId"].(map[string]any)["Ref"].(string)
			names[id] = api + "Deployment"
			delete(properties, "Description")
		case "AWS::Lambda::Function":
			without(properties, "Tags", func(tag any) bool { return tag.(map[string]any)["Key"] == "lambda:createdBy" })
		case "AWS::ApiGatewayV2::Api":
			if body, ok := properties["Body"].(map[string]any); ok {
				without(body, "tags", func(tag any) bool { return tag.(map[string]any)["name"] == "httpapi:createdBy" })
			}
		case "AWS::ApiGatewayV2::Stage":
			if tags, ok := properties["Tags"].(map[string]any); ok {
				delete(tags, "httpapi:createdBy")
				if len(tags) == 0 {
					delete(properties, "Tags")
				}
			}
		}
	}
	return renamed(made, names).(map[string]any)
}

// without removes elements from a list, and the list if it is empty then.
func without(o map[string]any, name string, is func(any) bool) {
	list, ok := o[name].([]any)
	if !ok {
		return
	}
	if list = slices.DeleteFunc(list, is); len(list) == 0 {
		delete(o, name)
		return
	}
	o[name] = list
}

// renamed has other logical ids.
func renamed(v any, names map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		o := map[string]any{}
		for name, one := range v {
			if other, ok := names[name]; ok {
				name = other
			}
			o[name] = renamed(one, names)
		}
		return o
	case []any:
		for i := range v {
			v[i] = renamed(v[i], names)
		}
	case string:
		if other, ok := names[strings.TrimSpace(v)]; ok {
			return other
		}
	}
	return v
}
