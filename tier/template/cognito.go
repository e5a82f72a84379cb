package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// identity adds a Cognito user pool whose users are made by who may, and sign up
// themselves only if that is declared, or the identity pool in which they get credentials, with the
// client that its tokens are for.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpool.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-identitypool.html.
func (s *stack) identity(store usedStore, spec identity.Spec) {
	id := policy.StoreID(spec)
	if !spec.IsExchange() {
		s.add(resource{
			id: id, typ: "AWS::Cognito::UserPool", at: store.at,
			attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
			properties: append(object{
				{"DeletionProtection", "ACTIVE"},
				{"AdminCreateUserConfig", object{{"AllowAdminCreateUserOnly", !spec.SelfSignUp}}},
				{"AccountRecoverySetting", object{{"RecoveryMechanisms", array{object{{"Name", "verified_email"}, {"Priority", 1}}}}}},
				{"AutoVerifiedAttributes", array{"email"}},
			}, append(customAttributes(spec), s.asks(spec)...)...),
		})
		return
	}
	users := policy.StoreID(spec.Users)
	s.add(resource{id: id + "Client", typ: "AWS::Cognito::UserPoolClient", at: store.at, properties: object{
		{"UserPoolId", ref(users)},
		{"GenerateSecret", false},
		{"ExplicitAuthFlows", s.flows(spec.Users)},
		{"PreventUserExistenceErrors", "ENABLED"},
	}})
	s.add(resource{id: id, typ: "AWS::Cognito::IdentityPool", at: store.at, properties: object{
		{"AllowUnauthenticatedIdentities", false},
		{"AllowClassicFlow", false},
		{"CognitoIdentityProviders", array{object{
			{"ClientId", ref(id + "Client")},
			{"ProviderName", getAtt(users, "ProviderName")},
			{"ServerSideTokenCheck", true},
		}}},
	}})
	s.visitorRole(store, id)
}

// customAttributes is the member Schema of a user pool with attributes beside the standard ones.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cognito-userpool-schemaattribute.html.
func customAttributes(spec identity.Spec) object {
	var attributes array
	for _, name := range spec.CustomList() {
		attributes = append(attributes, object{
			{"Name", name},
			{"AttributeDataType", "String"},
			{"Mutable", true},
			{"StringAttributeConstraints", object{{"MinLength", "0"}, {"MaxLength", "2048"}}},
		})
	}
	if attributes == nil {
		return nil
	}
	return object{{"Schema", attributes}}
}

// visitorRole adds the role that the credentials of an identity pool are of, without
// which it gives out none. It may invoke the routes with tier.SignedIn, and nothing else
// before somebody attaches a policy.
// See https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html.
func (s *stack) visitorRole(store usedStore, pool string) {
	const provider = "cognito-identity.amazonaws.com"
	properties := object{
		{"AssumeRolePolicyDocument", document(object{
			{"Effect", "Allow"},
			{"Principal", object{{"Federated", provider}}},
			{"Action", "sts:AssumeRoleWithWebIdentity"},
			{"Condition", object{
				{"StringEquals", object{{provider + ":aud", ref(pool)}}},
				{"ForAnyValue:StringLike", object{{provider + ":amr", "authenticated"}}},
			}},
		})},
	}
	if routes := policy.SignedInStatements(s.app, store.spec); len(routes) > 0 {
		properties = append(properties, member{"Policies", array{object{
			{"PolicyName", "declared"},
			{"PolicyDocument", document(s.invoking(store, routes))},
		}}})
		s.signInOutputs(store, pool)
	}
	s.add(resource{id: policy.SignedInRoleID(store.spec), typ: "AWS::IAM::Role", at: store.at, properties: properties})
	s.add(resource{id: pool + "Roles", typ: "AWS::Cognito::IdentityPoolRoleAttachment", at: store.at, properties: object{
		{"IdentityPoolId", ref(pool)},
		{"Roles", object{{"authenticated", getAtt(pool+"Role", "Arn")}}},
	}})
	s.output(pool+"RoleName", "The role of who has credentials of "+store.spec.Name()+": attach what they may do.", ref(pool+"Role"), store.at)
}

// signInOutputs are what a page or an app must know to sign its users in, and to get
// credentials for them.
func (s *stack) signInOutputs(store usedStore, pool string) {
	users := store.spec.(identity.Spec).Users
	s.output(pool+"Id", "The identity pool "+store.spec.Name()+", for a client.", ref(pool), store.at)
	s.output(pool+"ClientId", "The client of the user pool "+users.Name()+" that a page or an app is.", ref(pool+"Client"), store.at)
	s.output(pool+"UserPoolId", "The user pool "+users.Name()+", for a client.", ref(policy.StoreID(users)), store.at)
}

// invoking is one statement for all routes, since a role has room for few.
func (s *stack) invoking(store usedStore, routes []policy.Statement) object {
	var arns array
	size := len(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":[]}]}`)
	for _, st := range routes {
		arns = append(arns, sub(st.Resource))
		_, path, _ := strings.Cut(st.Resource, "}/")
		size += len(`"arn:aws-us-gov:execute-api:ap-southeast-1:123456789012:a1b2c3d4e5/",`) + len(path)
	}
	if size > MaxRolePolicy {
		s.refuse(routes[0].Because[0].At, "identity %s: the policy of who has signed in takes up to %d bytes for %d routes and stages, and IAM allows %d; give some routes to another exchange, or have them under one route with a greedy parameter",
			store.spec.Name(), size, len(routes), MaxRolePolicy)
	}
	return object{{"Effect", "Allow"}, {"Action", texts(routes[0].Actions)}, {"Resource", arns}}
}

// ofIdentityPools lets the exchanges of tokens in the identity pools of functions
// through an endpoint. Their requests are of no role: the pool is known by a key for
// those with a token and another for those without.
// See https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html.
func ofIdentityPools(functions []networked) array {
	var actions, arns []string
	for _, f := range functions {
		for _, s := range policy.Unsigned(f.function, "cognito-identity") {
			actions, arns = append(actions, s.Actions...), append(arns, s.Resource)
		}
	}
	slices.Sort(actions)
	slices.Sort(arns)
	var pools array
	for _, arn := range slices.Compact(arns) {
		pools = append(pools, sub(arn))
	}
	var allowed array
	for _, who := range []string{"auth", "unauth"} {
		allowed = append(allowed, object{
			{"Effect", "Allow"},
			{"Principal", "*"},
			{"Action", texts(slices.Compact(actions))},
			{"Resource", "*"},
			{"Condition", object{{"StringEquals", object{{"cognito-identity-" + who + ":IdentityPoolArn", pools}}}}},
		})
	}
	return allowed
}
