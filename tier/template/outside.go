package template

import (
	"regexp"
	"slices"
	"strings"
)

// outside writes of the resources of a stack for another one, which is there before:
// what only CloudFormation knows is a pattern of what it will be. Names that it gives
// begin with that of the stack. Regions are left open, because roles and policies are
// those of all Regions.
type outside struct {
	stack     string
	short     bool // names of functions and roles are known by the stack's alone
	resources map[string]resource
}

func (t *Template) outside(stack string) outside {
	o := outside{stack: stack, resources: map[string]resource{}}
	for _, r := range t.plain() {
		o.resources[r.id] = r
	}
	return o
}

// named are the types of resources whose names begin with that of the stack, and the
// property that says another one, "" for none.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html.
var named = map[string]string{
	"AWS::CodeDeploy::Application": "ApplicationName",
	"AWS::DynamoDB::Table":         "TableName",
	"AWS::IAM::Role":               "RoleName",
	"AWS::Kinesis::Stream":         "Name",
	"AWS::Lambda::Function":        "FunctionName",
	"AWS::Logs::LogGroup":          "LogGroupName",
	"AWS::S3::Bucket":              "BucketName",
	"AWS::SNS::Topic":              "TopicName",
	"AWS::SQS::Queue":              "QueueName",
}

// name is a pattern of the name of a resource, "*" if nothing is known of it.
func (o outside) name(id string) string {
	r := o.resources[id]
	property, ok := named[r.typ]
	if !ok {
		return "*"
	}
	if i := indexOf(r.properties, property); i >= 0 {
		return o.pattern(r.properties[i].value)
	}
	switch r.typ {
	case "AWS::S3::Bucket":
		return strings.ToLower(o.stack) + "-*"
	case "AWS::IAM::Role", "AWS::Lambda::Function":
		if !o.short {
			return o.exactly(id)
		}
	}
	return o.stack + "-*"
}

// Of names that would be longer than 64 characters CloudFormation cuts parts, and does
// not say how; so many of a logical id are certain to stay.
const (
	maxName    = 64
	endOfName  = 13
	staysOfIDs = 16
)

// exactly is a pattern of the name of a resource that carries power: not one of another
// stack whose name begins with this one's.
func (o outside) exactly(id string) string {
	if len(o.stack)+1+len(id)+1+endOfName <= maxName {
		return o.stack + "-" + id + "-*"
	}
	return o.stack + "-" + id[:min(staysOfIDs, len(id))] + "*"
}

// ids are the logical ids of all resources of a type.
func (o outside) ids(typ string) []string {
	var all []string
	for id, r := range o.resources {
		if r.typ == typ {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

// names are those of all resources of a type, each once.
func (o outside) names(typ string) []string {
	var all []string
	for _, id := range o.ids(typ) {
		all = append(all, o.name(id))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// arns are patterns of the ARNs of all resources of a type.
func (o outside) arns(typ string) []string {
	service, before, _ := strings.Cut(ofARN[typ], ":")
	names := o.names(typ)
	for i, name := range names {
		names[i] = globalARN(service, before+name)
	}
	return names
}

// ofARN are the forms of ARNs of resources, behind the account.
var ofARN = map[string]string{
	"AWS::DynamoDB::Table":        "dynamodb:table/",
	"AWS::IAM::Role":              "iam:role/",
	"AWS::Kinesis::Stream":        "kinesis:stream/",
	"AWS::Lambda::Function":       "lambda:function:",
	"AWS::S3::Bucket":             "s3:",
	"AWS::SNS::Topic":             "sns:",
	"AWS::SQS::Queue":             "sqs:",
	"AWS::SecretsManager::Secret": "secretsmanager:secret:",
	"AWS::RDS::DBCluster":         "secretsmanager:secret:rds!", // of its owner
	"AWS::RDS::DBInstance":        "secretsmanager:secret:rds!",
}

// arn is a pattern of the ARN of a resource, or of what a parameter names, for actions
// of a service.
func (o outside) arn(id, service string) string {
	if form, ok := ofARN[o.resources[id].typ]; ok {
		service, before, _ := strings.Cut(form, ":")
		return globalARN(service, before+o.name(id))
	}
	if service == "kafka-cluster" {
		service = "kafka"
	}
	return globalARN(service, "*")
}

// globalARN is the ARN of a resource of the account in any Region, for Fn::Sub.
func globalARN(service, resource string) string {
	switch {
	case resource == "*" || strings.HasPrefix(resource, "arn:"):
		return resource
	case service == "s3" || service == "route53":
		return "arn:${AWS::Partition}:" + service + ":::" + resource
	case service == "iam" || service == "cloudfront":
		return "arn:${AWS::Partition}:" + service + "::${AWS::AccountId}:" + resource
	case service == "apigateway":
		return "arn:${AWS::Partition}:apigateway:*::" + resource
	}
	return "arn:${AWS::Partition}:" + service + ":*:${AWS::AccountId}:" + resource
}

// inPattern are the names in a text of Fn::Sub, with their attributes.
var inPattern = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)(\.[A-Za-z0-9.]+)?\}`)

// resource is a pattern of what a statement about actions of a service is about.
func (o outside) resource(value any, service string) string {
	v, ok := value.(reference)
	if !ok {
		return o.pattern(value)
	}
	if v.text == "" {
		return o.arn(v.id, service)
	}
	if found := inPattern.FindStringSubmatch(v.text); found != nil && found[0] == v.text {
		return o.arn(found[1], service)
	}
	return o.pattern(value)
}

// given is a parameter that a value refers to, "" for none: of what it names nothing is
// known.
func (o outside) given(value any) string {
	for _, name := range namesIn(nil, value) {
		if _, ok := o.resources[name]; !ok && !slices.Contains(pseudo, name) {
			return name
		}
	}
	return ""
}

// pattern is a text with patterns in place of what is not known.
func (o outside) pattern(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case reference:
		if v.text == "" {
			return o.name(v.id)
		}
		return inPattern.ReplaceAllStringFunc(v.text, func(found string) string {
			switch id := inPattern.FindStringSubmatch(found)[1]; id {
			case "AWS::StackName":
				return o.stack
			case "AWS::Region":
				return "*"
			case "AWS::Partition", "AWS::AccountId", "AWS::URLSuffix":
				return found
			default:
				return o.name(id)
			}
		})
	case object:
		if join, ok := joined(v); ok {
			parts := make([]string, len(join.parts))
			for i, part := range join.parts {
				parts[i] = o.pattern(part)
			}
			return strings.Join(parts, join.by)
		}
	}
	return "*"
}

type join struct {
	by    string
	parts array
}

// joined is what Fn::Join joins.
func joined(o object) (join, bool) {
	if len(o) != 1 || o[0].name != "Fn::Join" {
		return join{}, false
	}
	all := o[0].value.(array)
	by, _ := all[0].(string)
	parts, ok := all[1].(array)
	return join{by, parts}, ok
}
