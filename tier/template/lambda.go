package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// logRetentionDays is how long the log of a function is kept.
const logRetentionDays = 30

// function adds a Lambda function, its execution role and its log group.
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html.
func (s *stack) function(f *tier.Function) {
	s.add(resource{
		id: policy.LogID(f), typ: "AWS::Logs::LogGroup", at: f.At(),
		attributes: object{{"DeletionPolicy", "Delete"}, {"UpdateReplacePolicy", "Delete"}},
		properties: object{{"RetentionInDays", logRetentionDays}},
	})
	s.add(resource{id: policy.RoleID(f), typ: "AWS::IAM::Role", at: f.At(), properties: append(s.role(f), databaseRoles(datastore.Usages(f.Grants()))...)})
	s.callerRole(f)
	s.callsApart(f)
	s.directoryApart(f)
	properties := object{
		{"Runtime", "provided.al2023"},
		{"Architectures", array{string(s.app.DeclaredArchitecture())}},
		{"Handler", f.Entry()},
		{"MemorySize", f.Memory()},
		{"Timeout", int(f.Timeout().Seconds())},
		{"Role", getAtt(policy.RoleID(f), "Arn")},
		{"LoggingConfig", object{{"LogFormat", "JSON"}, {"LogGroup", ref(policy.LogID(f))}}},
	}
	if vars := s.variables(f); len(vars) > 0 {
		properties = append(properties, member{"Environment", object{{"Variables", vars}}})
	}
	properties = append(properties, s.attached(f)...)
	properties = append(properties, tenancy(f)...)
	after := s.afterDeployments(f)
	samInstances, instances := s.onInstances(f)
	live := s.live(f, slices.Concat(properties, instances))
	properties = append(properties, concurrency(f)...) // which is not of a version
	s.add(resource{
		id: policy.FunctionID(f), typ: "AWS::Serverless::Function", at: f.At(),
		// The executable is built by go build, not by sam build.
		attributes: append(object{{"Metadata", object{{"SkipBuild", true}}}}, after...),
		properties: slices.Concat(object{{"CodeUri", codePlace{}}}, properties, samInstances, live.sam),
		plain: append([]resource{{
			id: policy.FunctionID(f), typ: "AWS::Lambda::Function", at: f.At(), attributes: after,
			properties: slices.Concat(object{{"Code", codePlace{}}}, properties, instances, live.description()),
		}}, live.plain...),
	})
	s.scaling(f)
	s.url(f)
	s.triggers(f)
	if f.DirectHandler() != nil && f.Report() == nil {
		// Whoever invokes it needs its name, and a permission of their own role.
		s.output(policy.FunctionID(f)+"Name", "The name by which the function "+f.Name()+" is invoked.", invokedName(f), f.DirectAt())
	}
}

// variables tell the function the physical names of its stores, and the
// endpoints of those that have one.
func (s *stack) variables(f *tier.Function) object {
	var vars object
	usages := datastore.Usages(f.Grants())
	for _, spec := range f.Stores() {
		var value any = physical(spec)
		if callee, live := policy.LiveCallee(f.App(), spec); live {
			value = ref(policy.AliasID(callee))
		}
		if policy.NewVersion(f, spec) {
			value = ref(s.versions[f.Checked()])
		}
		if db, ok := policy.MasterOf(usages, spec); ok {
			value = sub("${" + policy.MasterSecret(db) + "}")
		}
		if users := f.AskedBy(); users != nil && datastore.Same(users, spec) {
			value = identity.FromTrigger
		}
		vars = append(vars, member{datastore.Variable(spec), value})
	}
	if len(policy.CallerStatements(f)) > 0 {
		vars = append(vars, member{datastore.CallerRole, getAtt(policy.CallerRoleID(f), "Arn")})
	}
	return vars
}

// physical is the value of a store's variable: what its driver finds it by.
func physical(store datastore.Spec) reference {
	id := policy.StoreID(store)
	switch spec := store.(type) {
	case cache.Spec:
		return cacheURL(spec)
	case config.Spec:
		return configPlace(spec)
	case connection.Spec:
		return sub("https://" + socketHost(id))
	case search.Spec:
		return searchURL(spec)
	case sqldb.Spec:
		return databaseURL(spec)
	case warehouse.Spec:
		if spec.Wire {
			return warehouseURL(spec)
		}
	case secret.Spec:
		if spec.Source == secret.Parameter {
			return sub("/" + policy.ParameterName(spec))
		}
	}
	return ref(id) // a name, a URL or an ARN, whatever Ref is of the resource
}

func (s *stack) role(f *tier.Function) object {
	var statements []policy.Statement
	for _, st := range policy.Statements(f) {
		if !st.Assumes() && !(calls(st) && s.listed(f)) && !ofAsking(f, st) {
			statements = append(statements, st)
		}
	}
	return roleOf(statements, object{
		{"Effect", "Allow"},
		{"Principal", object{{"Service", "lambda.amazonaws.com"}}},
		{"Action", "sts:AssumeRole"},
	})
}

// roleOf is a role that trust lets somebody assume.
func roleOf(statements []policy.Statement, trust ...any) object {
	return object{
		{"AssumeRolePolicyDocument", document(trust...)},
		{"Policies", array{object{
			{"PolicyName", "declared"},
			{"PolicyDocument", document(statementsOf(statements)...)},
		}}},
	}
}

func statementsOf(statements []policy.Statement) array {
	var all array
	for _, st := range statements {
		all = append(all, statement(st))
	}
	return all
}

// callerRole adds the role that a function assumes for each of its callers and tenants,
// if it has stores that are narrowed to what is theirs: by that function alone, and with
// the session tags that one of these stores needs, and no others. What lets the function
// assume it is a resource of its own, because the two roles name each other.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required.
func (s *stack) callerRole(f *tier.Function) {
	statements := policy.CallerStatements(f)
	if len(statements) == 0 {
		return
	}
	var trust []any
	for _, owner := range policy.Owners(f) {
		trust = append(trust, tagged(f, owner))
	}
	s.add(resource{id: policy.CallerRoleID(f), typ: "AWS::IAM::Role", at: f.At(), properties: roleOf(statements, trust...)})
	var assumes []policy.Statement
	for _, st := range policy.Statements(f) {
		if st.Assumes() {
			assumes = append(assumes, st)
		}
	}
	s.add(resource{id: policy.RoleID(f) + "Callers", typ: "AWS::IAM::RolePolicy", at: f.At(), properties: object{
		{"PolicyName", "callers"},
		{"RoleName", ref(policy.RoleID(f))},
		{"PolicyDocument", document(statementsOf(assumes)...)},
	}})
}

// tagged lets a function assume the role with all the tags of an owner and no others.
func tagged(f *tier.Function, owner datastore.Owner) object {
	var there object
	for _, tag := range owner.Tags() {
		there = append(there, member{"aws:RequestTag/" + tag, "false"})
	}
	return object{
		{"Effect", "Allow"},
		{"Principal", object{{"AWS", getAtt(policy.RoleID(f), "Arn")}}},
		{"Action", array{"sts:AssumeRole", "sts:TagSession"}},
		{"Condition", object{
			{"ForAllValues:StringEquals", object{{"aws:TagKeys", texts(owner.Tags())}}},
			{"Null", there},
		}},
	}
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
	if st.Cluster != "" {
		part := func(n int) object {
			return object{{"Fn::Select", array{n, object{{"Fn::Split", array{"/", ref(st.Cluster)}}}}}}
		}
		return subWith(st.Resource, object{{policy.ClusterName(st.Cluster), part(1)}, {policy.ClusterUUID(st.Cluster), part(2)}})
	}
	if st.Proxy != "" {
		resource := object{{"Fn::Select", array{6, object{{"Fn::Split", array{":", getAtt(st.Proxy, "DBProxyArn")}}}}}}
		return subWith(st.Resource, object{{policy.ProxyResource(st.Proxy), resource}})
	}
	return subIfNamed(st.Resource)
}

// subIfNamed is a text in which names may stand.
func subIfNamed(text string) any {
	if !strings.Contains(text, "${") {
		return text
	}
	return sub(text)
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
