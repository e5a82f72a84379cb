package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// asks is the member LambdaConfig of a user pool, none if no function answers its
// triggers. The pool so needs the functions, which cannot have its id in their
// environment: they know it from the events.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cognito-userpool-lambdaconfig.html.
func (s *stack) asks(spec identity.Spec) object {
	var config, key object
	for _, t := range s.app.Asked(spec) {
		arn := invokedARN(t.Function())
		name, version, versions := strings.Cut(t.Feed().Asks, " ")
		if spec.Key != nil && strings.HasSuffix(name, "Sender") {
			key = object{{"KMSKeyID", keyARN(spec)}}
		}
		switch {
		case name == "PreTokenGeneration":
			config = append(config, member{"PreTokenGenerationConfig", object{{"LambdaArn", arn}, {"LambdaVersion", version}}})
		case versions:
			config = append(config, member{name, object{{"LambdaArn", arn}, {"LambdaVersion", version}}})
		default:
			config = append(config, member{name, arn})
		}
	}
	if config == nil {
		return nil
	}
	return object{{"LambdaConfig", append(config, key...)}}
}

// askedBy lets a user pool invoke the function that answers its triggers, once for all
// of them.
func (s *stack) askedBy(t *tier.Trigger) {
	f, spec := t.Function(), t.Feed().Spec
	first := slices.IndexFunc(f.Triggers(), func(t *tier.Trigger) bool { return t.Feed().Service == "cognito" })
	if f.Triggers()[first] != t {
		return
	}
	s.invokedBy(t, policy.LogicalID(f.Name(), spec.Name(), "identity"), "cognito-idp.amazonaws.com", getAtt(policy.StoreID(spec), "Arn"),
		member{"SourceAccount", ref("AWS::AccountId")})
}

// directoryApart lets a function use the user pool that asks it, by a resource of its
// own: the pool needs the function, which needs its role.
func (s *stack) directoryApart(f *tier.Function) {
	var statements []policy.Statement
	for _, st := range policy.Statements(f) {
		if ofAsking(f, st) {
			statements = append(statements, st)
		}
	}
	if len(statements) == 0 {
		return
	}
	s.add(resource{id: policy.RoleID(f) + "Directory", typ: "AWS::IAM::RolePolicy", at: f.At(), properties: object{
		{"PolicyName", "directory"},
		{"RoleName", ref(policy.RoleID(f))},
		{"PolicyDocument", document(statementsOf(statements)...)},
	}})
}

// ofAsking reports whether a statement is about the user pool that asks the function.
func ofAsking(f *tier.Function, st policy.Statement) bool {
	users := f.AskedBy()
	return users != nil && strings.Contains(st.Resource, "${"+policy.StoreID(users)+"}")
}

// flows are how users sign in with the client of a user pool: by a password that is
// never sent, and as its triggers need it.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpoolclient.html.
func (s *stack) flows(users datastore.Spec) array {
	flows := []string{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"}
	for _, t := range s.app.Asked(users) {
		switch t.Feed().Asks {
		case "DefineAuthChallenge":
			flows = append(flows, "ALLOW_CUSTOM_AUTH")
		case "UserMigration":
			flows = append(flows, "ALLOW_USER_PASSWORD_AUTH")
		}
	}
	slices.Sort(flows)
	return texts(slices.Compact(flows))
}

// transformed tells whoever makes the delivery stream which function transforms its
// records. It is the role of the stream by which it invokes the function.
// See https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html.
func (s *stack) transformed(t *tier.Trigger) {
	id := policy.LogicalID(t.DeclaredFor().Name(), t.Feed().Spec.Name(), "firehose")
	s.output(id+"FunctionArn", "The function that transforms the records of "+t.Feed().Spec.Name()+
		": name it in the processing configuration of the delivery stream, whose role needs lambda:InvokeFunction and lambda:GetFunctionConfiguration on it.",
		invokedARN(t.Function()), t.At())
}
