package template

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Deployer says for which stack an administrator lets others deploy.
type Deployer struct {
	// Stack is its name: a letter and up to 23 letters, digits and '-'. CloudFormation
	// cuts longer ones in the names of resources, and does not say how.
	Stack string
	// Boundary is the name of the managed policy that bounds every role of the stack,
	// with its path. Default "boundary-of-STACK".
	Boundary string
	// APILogs makes the role by which REST and WebSocket APIs write logs, and sets it for
	// the whole account in the Region of the administrator's stack, in place of what is
	// set there.
	APILogs bool
}

// maxStackName leaves room for the rest of names with 64 characters.
const maxStackName = 24

// maxPolicies is how many managed policies a role may have.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const maxPolicies = 10

// maxResources is how many resources a statement has, so that it has room in a policy.
const maxResources = 20

// MaxDirect is how many bytes a template may have that does not come from S3.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const MaxDirect = 51_200

var stackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

// DefaultBoundary is the name of the boundary of a stack's roles if nobody gives it one.
func DefaultBoundary(stack string) string { return "boundary-of-" + stack }

// Deployer is a template for an administrator, as JSON: the boundary of the stack's
// roles; a role by which CloudFormation can make exactly the kinds of resources that
// this template has, roles only with that boundary; and a policy for whoever starts
// deployments with that role. The notes say where the boundary is wider than the roles
// together. Roles of the stack have the boundary if its template is [Template.Bounded]
// by it.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html.
func (t *Template) Deployer(d Deployer) (text []byte, notes []string, err error) {
	if len(d.Stack) > maxStackName || !stackName.MatchString(d.Stack) {
		return nil, nil, fmt.Errorf("stack name %q: write a letter and up to %d letters, digits or '-'", d.Stack, maxStackName-1)
	}
	if d.Boundary == "" {
		d.Boundary = DefaultBoundary(d.Stack)
	}
	if err := CheckPolicyName(d.Boundary); err != nil {
		return nil, nil, err
	}
	o := t.outside(d.Stack)
	boundary, notes, err := t.boundary(o)
	if err != nil {
		return nil, notes, err
	}
	policies, err := t.policies(o, d)
	if err == nil && len(policies) > maxPolicies {
		notes = append(notes, fmt.Sprintf("the role that deploys has functions and roles by the beginning of their names alone, %s-: it would need more than %d policies", d.Stack, maxPolicies))
		o.short = true
		policies, err = t.policies(o, d)
	}
	if err != nil {
		return nil, notes, err
	}
	admin := &Template{app: t.app + ": what its administrator deploys", parameters: []parameter{{"CodeBucket", "String", "The bucket from which functions and templates are deployed."}}}
	admin.resources = append(admin.resources, d.boundaryPolicy(boundary))
	var attached array
	for i, statements := range policies {
		id := "DeployerPolicy" + strconv.Itoa(i+1)
		attached = append(attached, ref(id))
		admin.resources = append(admin.resources, resource{id: id, typ: "AWS::IAM::ManagedPolicy", properties: object{
			{"Description", "What CloudFormation may do for the stack " + d.Stack},
			{"PolicyDocument", document(statements...)},
		}})
	}
	admin.resources = append(admin.resources, d.role(attached), d.starter())
	if d.APILogs {
		admin.resources = append(admin.resources, apiLogs()...)
	}
	admin.outputs = object{
		{"DeployerRoleArn", object{{"Description", "The role to deploy the stack with: --role-arn."}, {"Value", getAtt("Deployer", "Arn")}}},
		{"BoundaryArn", object{{"Description", "The boundary of the stack's roles."}, {"Value", ref("Boundary")}}},
		{"StarterPolicyArn", object{{"Description", "The policy for whoever starts deployments."}, {"Value", ref("Starter")}}},
	}
	text = admin.print(nil, admin.plain(), form{})
	if len(text) > MaxDirect {
		notes = append(notes, fmt.Sprintf("the template is over %d bytes: deploy it by way of a bucket, aws cloudformation deploy --s3-bucket BUCKET", MaxDirect))
	}
	return text, notes, nil
}

// boundaryPolicy has the name by which the roles of the stack find it.
func (d Deployer) boundaryPolicy(statements array) resource {
	properties := object{{"Description", "What roles of the stack " + d.Stack + " may do at most"}}
	name := d.Boundary
	if i := strings.LastIndex(name, "/"); i >= 0 {
		properties = append(properties, member{"Path", "/" + name[:i+1]})
		name = name[i+1:]
	}
	return resource{id: "Boundary", typ: "AWS::IAM::ManagedPolicy", properties: append(properties,
		member{"ManagedPolicyName", name}, member{"PolicyDocument", document(statements...)})}
}

// role is that of CloudFormation, for this stack alone. Its name does not begin with
// that of the stack, so that it has no power over itself.
func (d Deployer) role(policies array) resource {
	return resource{id: "Deployer", typ: "AWS::IAM::Role", properties: object{
		{"RoleName", "deployer-of-" + d.Stack},
		{"AssumeRolePolicyDocument", document(object{
			{"Effect", "Allow"},
			{"Principal", object{{"Service", "cloudformation.amazonaws.com"}}},
			{"Action", "sts:AssumeRole"},
			{"Condition", object{
				{"StringEquals", object{{"aws:SourceAccount", ref("AWS::AccountId")}}},
				{"ArnLike", object{{"aws:SourceArn", sub(d.stackARN())}}},
			}},
		})},
		{"ManagedPolicyArns", policies},
	}}
}

func (d Deployer) stackARN() string {
	return "arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stack/" + d.Stack + "/*"
}

// starter is the policy of a pipeline: it uploads code, and changes the stack with the
// role and no other.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html.
func (d Deployer) starter() resource {
	onStack := func(actions ...string) object {
		return object{{"Effect", "Allow"}, {"Action", texts(actions)}, {"Resource", sub(d.stackARN())}}
	}
	withRole := onStack("cloudformation:CreateChangeSet", "cloudformation:DeleteStack")
	withRole = append(withRole, member{"Condition", object{{"StringEquals", object{{"cloudformation:RoleArn", getAtt("Deployer", "Arn")}}}}})
	return resource{id: "Starter", typ: "AWS::IAM::ManagedPolicy", properties: object{
		{"Description", "Starts deployments of the stack " + d.Stack},
		{"PolicyDocument", document(
			withRole,
			onStack("cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet", "cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResources",
				"cloudformation:DescribeStacks", "cloudformation:ExecuteChangeSet", "cloudformation:GetTemplate", "cloudformation:GetTemplateSummary"),
			object{{"Effect", "Allow"}, {"Action", array{"cloudformation:CreateChangeSet"}},
				{"Resource", sub("arn:${AWS::Partition}:cloudformation:*:aws:transform/Serverless-2016-10-31")}},
			object{{"Effect", "Allow"}, {"Action", array{"iam:PassRole"}}, {"Resource", getAtt("Deployer", "Arn")},
				{"Condition", object{{"StringEquals", object{{"iam:PassedToService", "cloudformation.amazonaws.com"}}}}}},
			object{{"Effect", "Allow"}, {"Action", array{"s3:GetObject", "s3:PutObject"}}, {"Resource", sub("arn:${AWS::Partition}:s3:::${CodeBucket}/*")}},
			object{{"Effect", "Allow"}, {"Action", array{"s3:GetBucketLocation", "s3:ListBucket"}}, {"Resource", sub("arn:${AWS::Partition}:s3:::${CodeBucket}")}},
		)},
	}}
}

// policies are those of the role that deploys: the capabilities of each type of resource
// that the template has.
func (t *Template) policies(o outside, d Deployer) ([]array, error) {
	var all []allowance
	var errs []error
	roles, sources := false, false
	for _, r := range t.plain() {
		capabilities, known := managing[r.typ]
		if !known {
			errs = append(errs, &datastore.DeclarationError{At: r.at, Message: r.typ + " " + r.id + ": the role that deploys has no permissions for resources of this type; deploy with another role"})
		}
		roles = roles || r.typ == "AWS::IAM::Role"
		if r.typ == "AWS::ApiGatewayV2::Stage" && at(r.properties, "AccessLogSettings") != nil {
			capabilities = append(slices.Clip(capabilities), deliveries)
		}
		if at(r.properties, "CapacityProviderConfig") != nil {
			capabilities = append(slices.Clip(capabilities), capacity)
		}
		if at(r.properties, "FunctionScalingConfig") != nil {
			capabilities = append(slices.Clip(capabilities), environmentsOf...)
		}
		if zone, ok := at(r.properties, "HostedZoneId").(string); ok {
			capabilities = append(slices.Clip(capabilities), inZone(zone))
		}
		if config, ok := at(r.properties, "DistributionConfig").(object); ok {
			if at(config, "Logging") != nil {
				capabilities = append(slices.Clip(capabilities), siteLogs)
			}
			if at(config, "WebACLId") != nil {
				capabilities = append(slices.Clip(capabilities), siteFirewall)
			}
		}
		for _, c := range capabilities {
			all = append(all, o.allowance(c))
		}
		if further, ok := managingOwn[r.typ]; ok {
			a := o.allowance(further.capability)
			a.condition = o.tagged(further.tag)
			all = append(all, a)
		}
		sources = sources || r.typ == "AWS::Lambda::EventSourceMapping"
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	all = append(all, allowance{actions: []string{"s3:GetObject"}, resources: []string{"arn:${AWS::Partition}:s3:::${CodeBucket}/*"}})
	if roles {
		all = append(all, t.rolesOf(o, d)...)
	}
	if sources {
		all = append(all, t.sources(o)...)
	}
	var statements array
	for _, a := range fold(all) {
		for part := range slices.Chunk(a.resources, maxResources) {
			statements = append(statements, allowance{a.actions, part, a.condition}.statement())
		}
	}
	return packed(statements), nil
}

// allowance is a capability for the stack.
func (o outside) allowance(c capability) allowance {
	var a allowance
	for action := range strings.FieldsSeq(c.actions) {
		a.actions = append(a.actions, c.service+":"+action)
	}
	slices.Sort(a.actions)
	switch c.resource {
	case "{topics}":
		a.resources = o.arns("AWS::SNS::Topic")
		return a
	case "{schedules}":
		for _, id := range o.ids("AWS::Scheduler::Schedule") {
			// AWS does not document whether the names that CloudFormation gives have the stack's.
			a.resources = append(a.resources, globalARN(c.service, "schedule/default/"+o.exactly(id)), globalARN(c.service, "schedule/default/"+id+"-*"))
		}
		return a
	case "{functions}", "{versions}":
		a.resources = o.arns("AWS::Lambda::Function")
		if c.resource == "{versions}" {
			for i, arn := range a.resources {
				a.resources[i] = arn + ":*"
			}
		}
		return a
	}
	resource := strings.NewReplacer("{stack}", o.stack, "{lower}", strings.ToLower(o.stack)).Replace(c.resource)
	a.resources = []string{globalARN(c.service, resource)}
	return a
}

// ofStack is the condition that a resource is one that CloudFormation tagged as the
// stack's, tagged that it has the name of the stack in another tag.
func (o outside) ofStack() object { return o.tagged(cloudFormationTag) }

func (o outside) tagged(tag string) object {
	return object{{"StringEquals", object{{"aws:ResourceTag/" + tag, array{o.stack}}}}}
}

// sources let CloudFormation attach sources to functions of the stack, and to no others.
func (t *Template) sources(o outside) []allowance {
	var all []allowance
	for some := range slices.Chunk(o.arns("AWS::Lambda::Function"), maxResources) {
		var functions array
		for _, arn := range some {
			functions = append(functions, sub(arn))
		}
		ofFunction := object{{"ArnLike", object{{"lambda:FunctionArn", functions}}}}
		all = append(all,
			allowance{[]string{"lambda:CreateEventSourceMapping"}, []string{"*"}, ofFunction},
			allowance{[]string{"lambda:DeleteEventSourceMapping", "lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"},
				[]string{globalARN("lambda", "event-source-mapping:*")}, ofFunction},
		)
	}
	return all
}

// rolesOf let CloudFormation have roles for the stack: what makes one able to do
// something, only with the boundary; and hand them to exactly the services that the
// template's roles trust.
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html.
func (t *Template) rolesOf(o outside, d Deployer) []allowance {
	roles := o.arns("AWS::IAM::Role")
	all := []allowance{
		{[]string{"iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}, roles,
			object{{"StringEquals", object{{"iam:PermissionsBoundary", boundaryARN(d.Boundary)}}}}},
		{[]string{"iam:DeleteRole", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoleTags",
			"iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole"}, roles, nil},
	}
	if services := t.trusted(); len(services) > 0 {
		all = append(all, allowance{[]string{"iam:PassRole"}, roles, object{{"StringEquals", object{{"iam:PassedToService", texts(services)}}}}})
	}
	return all
}

// trusted are the services that roles of the template trust.
func (t *Template) trusted() []string {
	services := map[string]bool{}
	for _, r := range t.plain() {
		trust, _ := at(r.properties, "AssumeRolePolicyDocument").(object)
		if r.typ != "AWS::IAM::Role" || trust == nil {
			continue
		}
		for _, s := range at(trust, "Statement").(array) {
			principal, _ := at(s.(object), "Principal").(object)
			for _, m := range principal {
				if name, ok := m.value.(string); ok && (m.name == "Service" || m.name == "Federated") {
					services[name] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(services))
}

// packed divides statements into policies that are not too long.
func packed(statements array) []array {
	var policies []array
	for _, s := range statements {
		last := len(policies) - 1
		if last >= 0 && sizeOf(document(append(slices.Clip(policies[last]), s)...)) <= maxManagedPolicy {
			policies[last] = append(policies[last], s)
			continue
		}
		policies = append(policies, array{s})
	}
	return policies
}

// apiLogs are the role by which API Gateway writes logs and the setting of the account.
// They stay when the administrator's stack goes: others rely on them.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html.
func apiLogs() []resource {
	stays := object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}}
	return []resource{
		{id: "ApiLogsRole", typ: "AWS::IAM::Role", attributes: stays, properties: object{
			{"AssumeRolePolicyDocument", document(object{
				{"Effect", "Allow"}, {"Principal", object{{"Service", "apigateway.amazonaws.com"}}}, {"Action", "sts:AssumeRole"},
			})},
			{"Policies", array{object{{"PolicyName", "logs"}, {"PolicyDocument", document(object{
				{"Effect", "Allow"},
				{"Action", array{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents"}},
				{"Resource", "*"},
			})}}}},
		}},
		{id: "ApiLogs", typ: "AWS::ApiGateway::Account", attributes: stays, properties: object{{"CloudWatchRoleArn", getAtt("ApiLogsRole", "Arn")}}},
	}
}
