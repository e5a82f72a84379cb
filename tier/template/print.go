package template

import (
	"bytes"
	"strings"
)

// codePlace stands in a tree where the code of the functions is found.
type codePlace struct{}

// SAM is the template for AWS SAM, as JSON. code is where the zip or the folder with
// the executable "bootstrap" is: a path from the folder of the template,
// "bootstrap.zip", or the address of an object, "s3://bucket/key".
//
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html.
func (t *Template) SAM(code string) []byte {
	return t.print(object{{"Transform", "AWS::Serverless-2016-10-31"}}, t.resources, form{sam: true, code: code})
}

// CloudFormation is the template without SAM, as JSON. code is as for [Template.SAM];
// a path is taken by "aws cloudformation package" only.
//
// What API Gateway serves, and what is a version of something, has a sum of its content
// in its logical id, so that it is made anew when that changes.
//
// See https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html.
func (t *Template) CloudFormation(code string) []byte {
	return t.print(nil, t.plain(), form{code: codeOf(code)})
}

// plain are the resources without those of SAM.
func (t *Template) plain() []resource { return plainOf(t.resources) }

func plainOf(resources []resource) []resource {
	var all []resource
	for _, r := range resources {
		if r.plain == nil {
			r.plain = []resource{r}
		}
		all = append(all, r.plain...)
	}
	return all
}

// codeOf is the code of a function as Lambda's own resource has it.
func codeOf(place string) any {
	at, uploaded := strings.CutPrefix(place, "s3://")
	if !uploaded {
		return place
	}
	bucket, key, _ := strings.Cut(at, "/")
	return object{{"S3Bucket", bucket}, {"S3Key", key}}
}

// form is what a template is printed in.
type form struct {
	sam  bool
	code any
}

func (t *Template) print(head object, resources []resource, f form) []byte {
	document := append(object{{"AWSTemplateFormatVersion", "2010-09-09"}}, head...)
	document = append(document, member{"Description", "The application " + t.app + ", made by tierkit from its declaration."})
	if len(t.parameters) > 0 {
		document = append(document, member{"Parameters", parameterSection(t.parameters)})
	}
	var section object
	for _, r := range resources {
		o := append(object{{"Type", r.typ}}, r.attributes...)
		section = append(section, member{r.id, append(o, member{"Properties", r.properties})})
	}
	document = append(document, member{"Resources", section}, member{"Outputs", t.outputs})
	var b bytes.Buffer
	appendJSON(&b, f.of(document), "")
	b.WriteByte('\n')
	return b.Bytes()
}

// of is a value in this form, without references and places.
func (f form) of(value any) any {
	switch v := value.(type) {
	case object:
		o := make(object, len(v))
		for i, m := range v {
			o[i] = member{m.name, f.of(m.value)}
		}
		return o
	case array:
		a := make(array, len(v))
		for i, one := range v {
			a[i] = f.of(one)
		}
		return a
	case reference:
		if f.sam && v.sam != "" {
			return object{{"Ref", v.sam}}
		}
		return f.of(v.function())
	case codePlace:
		return f.code
	}
	return value
}
