package template

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// The files of a Terraform module.
const (
	TerraformFile = "main.tf.json"
	stackFile     = "stack.json"
)

// The parameters that say where the code is. No logical id ends so: that of a key named
// "code" is CodeKey.
const (
	codeBucketID = "CodeBucketName"
	codeKeyID    = "CodeKeyName"
)

// Terraform is the template as a Terraform module: files by name. It uploads the zip
// with the executable and the template to a bucket that there is, under names with
// sums of their contents, and has CloudFormation make the stack. The variables are
// "bucket", "name" of the stack, and the parameters of the template; the outputs are
// those of the template. code is the path of the zip from the module's folder.
//
// See https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudformation_stack.
func (t *Template) Terraform(code string) map[string][]byte {
	stack := *t
	stack.parameters = append([]parameter{
		{codeBucketID, "String", "The bucket with the code of the functions."},
		{codeKeyID, "String", "The key of the code in it."},
	}, t.parameters...)
	files := map[string][]byte{
		stackFile: stack.print(nil, stack.plain(), form{code: object{{"S3Bucket", ref(codeBucketID).function()}, {"S3Key", ref(codeKeyID).function()}}}),
	}
	var b bytes.Buffer
	appendJSON(&b, t.module(code), "")
	b.WriteByte('\n')
	files[TerraformFile] = b.Bytes()
	return files
}

// module is the module around the stack.
func (t *Template) module(code string) object {
	variables := object{
		{"bucket", object{{"type", "string"}, {"description", "The bucket, in the stack's region, that takes the code and the template."}}},
		{"name", object{{"type", "string"}, {"default", t.app}, {"description", "The name of the stack."}}},
	}
	parameters := object{{codeBucketID, "${aws_s3_object.code.bucket}"}, {codeKeyID, "${aws_s3_object.code.key}"}}
	for _, p := range t.parameters {
		typ, value := "string", "${var."+p.id+"}"
		if strings.HasPrefix(p.typ, "List<") || p.typ == "CommaDelimitedList" {
			typ, value = "list(string)", `${join(",", var.`+p.id+")}"
		}
		variables = append(variables, member{p.id, object{{"type", typ}, {"description", unexpanded(p.description)}}})
		parameters = append(parameters, member{p.id, value})
	}
	outputs := object{}
	for _, o := range t.outputs {
		description := o.value.(object)[indexOf(o.value.(object), "Description")].value.(string)
		outputs = append(outputs, member{o.name, object{
			{"description", unexpanded(description)},
			{"value", fmt.Sprintf("${aws_cloudformation_stack.application.outputs[%q]}", o.name)},
		}})
	}
	upload := func(path, ending string) object {
		path = "${path.module}/" + unexpanded(path)
		return object{
			{"bucket", "${data.aws_s3_bucket.code.bucket}"},
			{"key", "${var.name}/${filesha256(" + strconv.Quote(path) + ")}" + ending},
			{"source", path},
		}
	}
	return object{
		{"terraform", object{
			{"required_version", ">= 1.5"},
			{"required_providers", object{{"aws", object{{"source", "hashicorp/aws"}, {"version", ">= 5.0"}}}}},
		}},
		{"variable", variables},
		{"data", object{{"aws_s3_bucket", object{{"code", object{{"bucket", "${var.bucket}"}}}}}}},
		{"resource", object{
			{"aws_s3_object", object{{"code", upload(code, ".zip")}, {"template", upload(stackFile, ".json")}}},
			{"aws_cloudformation_stack", object{{"application", object{
				{"name", "${var.name}"},
				{"template_url", "https://${data.aws_s3_bucket.code.bucket_regional_domain_name}/${aws_s3_object.template.key}"},
				{"parameters", parameters},
				{"capabilities", array{"CAPABILITY_IAM"}},
			}}}},
		}},
		{"output", outputs},
	}
}

// unexpanded is a text in which Terraform expands nothing.
func unexpanded(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text)
}
