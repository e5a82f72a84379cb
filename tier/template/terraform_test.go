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
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// module is what a test looks at in a Terraform module.
type module struct {
	Variable map[string]struct{ Type, Description string }
	Resource struct {
		Object map[string]map[string]string `json:"aws_s3_object"`
		Stack  map[string]struct {
			Name         string
			URL          string `json:"template_url"`
			Parameters   map[string]string
			Capabilities []string
		} `json:"aws_cloudformation_stack"`
	}
	Output map[string]struct{ Value string }
}

// TestTerraform: the module gives the stack all parameters, and has all its outputs.
func TestTerraform(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`var\.([A-Za-z0-9]+)`)
	all := maps.Clone(apps)
	all["code"] = func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		f := app.Function("sealer")
		f.Invoke(handler.New(place))
		datastore.Use[key.Encrypter](f, key.New(data, "code", nil)) // CodeKey
		return app
	}
	for name, newApp := range all {
		files := made(t, newApp).Terraform("../bootstrap.zip")
		var m module
		if err := json.Unmarshal(files[template.TerraformFile], &m); err != nil {
			t.Fatal(name, err)
		}
		var stack struct{ Parameters, Outputs, Resources map[string]any }
		if err := json.Unmarshal(files["stack.json"], &stack); err != nil {
			t.Fatal(name, err)
		}
		made := m.Resource.Stack["application"]
		if d := cmp.Diff(slices.Sorted(maps.Keys(stack.Parameters)), slices.Sorted(maps.Keys(made.Parameters))); d != "" {
			t.Errorf("%s: parameters (-of the template +given)\n%s", name, d)
		}
		if d := cmp.Diff(slices.Sorted(maps.Keys(stack.Outputs)), slices.Sorted(maps.Keys(m.Output))); d != "" {
			t.Errorf("%s: outputs (-of the template +of the module)\n%s", name, d)
		}
		for _, found := range variable.FindAllStringSubmatch(string(files[template.TerraformFile]), -1) {
			if m.Variable[found[1]].Type == "" {
				t.Errorf("%s: there is no variable %s", name, found[1])
			}
		}
		for id, r := range stack.Resources {
			r := r.(map[string]any)
			if _, both := stack.Parameters[id]; both {
				t.Errorf("%s: %s is a resource and a parameter", name, id)
			}
			if strings.HasPrefix(r["Type"].(string), "AWS::Serverless::") {
				t.Errorf("%s: %s is one of SAM's", name, id)
			}
			if r["Type"] != "AWS::Lambda::Function" {
				continue
			}
			want := map[string]any{"S3Bucket": map[string]any{"Ref": "CodeBucketName"}, "S3Key": map[string]any{"Ref": "CodeKeyName"}}
			if d := cmp.Diff(want, r["Properties"].(map[string]any)["Code"]); d != "" {
				t.Errorf("%s: %s (-want +got)\n%s", name, id, d)
			}
		}
	}
	network := module{}
	if err := json.Unmarshal(made(t, services).Terraform("x.zip")[template.TerraformFile], &network); err != nil {
		t.Fatal(err)
	}
	if got := network.Resource.Stack["application"].Parameters["NetworkSubnets"]; got != `${join(",", var.NetworkSubnets)}` || network.Variable["NetworkSubnets"].Type != "list(string)" {
		t.Errorf("a list is given as %s", got)
	}
}

func ExampleTemplate_Terraform() {
	t, err := template.New(one(datastore.New(nil, nil)))
	if err != nil {
		fmt.Println(err)
		return
	}
	var m module
	if err := json.Unmarshal(t.Terraform("bootstrap.zip")[template.TerraformFile], &m); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Resource.Object["code"]["key"])
	fmt.Println(m.Resource.Stack["application"].Parameters["CodeKeyName"])
	// Output:
	// ${var.name}/${filesha256("${path.module}/bootstrap.zip")}.zip
	// ${aws_s3_object.code.key}
}

func ExampleTemplate_CloudFormation() {
	t, err := template.New(one(datastore.New(nil, nil)))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := template.YAML(t.CloudFormation("s3://releases/shop.zip"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, code, _ := strings.Cut(string(text), "      Code:\n")
	fmt.Println(strings.Join(strings.SplitAfterN(code, "\n", 3)[:2], ""))
	// Output:
	// S3Bucket: releases
	//         S3Key: shop.zip
}
