package template

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// logRetentionDays is how long the log of a function is kept.
const logRetentionDays = 30

// function adds a Lambda function, its execution role and its log group.
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html.
func (s *stack) function(f *tier.Function, codeURI string) {
	s.add(resource{
		id: policy.LogID(f), typ: "AWS::Logs::LogGroup", at: f.At(),
		attributes: object{{"DeletionPolicy", "Delete"}, {"UpdateReplacePolicy", "Delete"}},
		properties: object{{"RetentionInDays", logRetentionDays}},
	})
	s.add(resource{id: policy.RoleID(f), typ: "AWS::IAM::Role", at: f.At(), properties: role(f)})
	properties := object{
		{"CodeUri", codeURI},
		{"Runtime", "provided.al2023"},
		{"Architectures", array{"arm64"}},
		{"Handler", f.Name()},
		{"MemorySize", f.Memory()},
		{"Timeout", int(f.Timeout().Seconds())},
		{"Role", getAtt(policy.RoleID(f), "Arn")},
		{"LoggingConfig", object{{"LogFormat", "JSON"}, {"LogGroup", ref(policy.LogID(f))}}},
	}
	if vars := variables(f); len(vars) > 0 {
		properties = append(properties, member{"Environment", object{{"Variables", vars}}})
	}
	properties = append(properties, attached(f)...)
	s.add(resource{
		id: policy.FunctionID(f), typ: "AWS::Serverless::Function", at: f.At(),
		// The executable is built by go build, not by sam build.
		attributes: object{{"Metadata", object{{"SkipBuild", true}}}},
		properties: properties,
	})
	s.url(f)
	if f.DirectHandler() != nil {
		// Whoever invokes it needs its name, and a permission of their own role.
		s.output(policy.FunctionID(f)+"Name", "The name by which the function "+f.Name()+" is invoked.", ref(policy.FunctionID(f)), f.DirectAt())
	}
}

// variables tell the function the physical names of its stores, and the
// endpoints of those that have one.
func variables(f *tier.Function) object {
	var vars object
	for _, spec := range f.Stores() {
		vars = append(vars, member{datastore.Variable(spec), physical(spec)})
	}
	return vars
}

// physical is the value of a store's variable: what its driver finds it by.
func physical(store datastore.Spec) object {
	id := policy.StoreID(store)
	switch spec := store.(type) {
	case cache.Spec:
		return cacheURL(spec)
	case connection.Spec:
		return sub("https://" + socketHost(id))
	case sqldb.Spec:
		return databaseURL(spec)
	case secret.Spec:
		if spec.Source == secret.Parameter {
			return sub("/" + policy.ParameterName(spec))
		}
	}
	return ref(id) // a name, a URL or an ARN, whatever Ref is of the resource
}

func role(f *tier.Function) object {
	var statements array
	for _, st := range policy.Statements(f) {
		statements = append(statements, statement(st))
	}
	o := object{
		{"AssumeRolePolicyDocument", document(object{
			{"Effect", "Allow"},
			{"Principal", object{{"Service", "lambda.amazonaws.com"}}},
			{"Action", "sts:AssumeRole"},
		})},
		{"Policies", array{object{
			{"PolicyName", "declared"},
			{"PolicyDocument", document(statements...)},
		}}},
	}
	if roles := databaseRoles(f); roles != "" {
		o = append(o, member{"Tags", array{object{{"Key", "RedshiftDbRoles"}, {"Value", roles}}}})
	}
	return o
}

func document(statements ...any) object {
	return object{{"Version", "2012-10-17"}, {"Statement", array(statements)}}
}

func statement(st policy.Statement) object {
	effect := "Allow"
	if st.Deny {
		effect = "Deny"
	}
	o := object{
		{"Effect", effect},
		{"Action", texts(st.Actions)},
		{"Resource", resourceOf(st)},
	}
	return append(o, condition(st.Conditions)...)
}

func resourceOf(st policy.Statement) any {
	if !strings.Contains(st.Resource, "${") {
		return st.Resource
	}
	return sub(st.Resource)
}

// condition is the member Condition of a statement, none without conditions.
func condition(all []datastore.Condition) object {
	if len(all) == 0 {
		return nil
	}
	var conditions object
	for _, c := range all {
		i := indexOf(conditions, c.Operator)
		if i < 0 {
			conditions = append(conditions, member{c.Operator, object{}})
			i = len(conditions) - 1
		}
		keys := conditions[i].value.(object)
		conditions[i].value = append(keys, member{c.Key, texts(c.Values)})
	}
	return object{{"Condition", conditions}}
}

func indexOf(o object, name string) int {
	for i, m := range o {
		if m.name == name {
			return i
		}
	}
	return -1
}
