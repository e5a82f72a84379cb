package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// identity adds a Cognito user pool whose users are made by who may and do not sign
// up themselves, or the identity pool in which they get credentials, with the
// client that its tokens are for.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-userpool.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cognito-identitypool.html.
func (s *stack) identity(store usedStore, spec identity.Spec) {
	id := policy.StoreID(spec)
	if !spec.IsExchange() {
		s.add(resource{
			id: id, typ: "AWS::Cognito::UserPool", at: store.at,
			attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
			properties: object{
				{"DeletionProtection", "ACTIVE"},
				{"AdminCreateUserConfig", object{{"AllowAdminCreateUserOnly", true}}},
				{"AccountRecoverySetting", object{{"RecoveryMechanisms", array{object{{"Name", "verified_email"}, {"Priority", 1}}}}}},
				{"AutoVerifiedAttributes", array{"email"}},
			},
		})
		return
	}
	users := policy.StoreID(spec.Users)
	s.add(resource{id: id + "Client", typ: "AWS::Cognito::UserPoolClient", at: store.at, properties: object{
		{"UserPoolId", ref(users)},
		{"GenerateSecret", false},
		{"ExplicitAuthFlows", array{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"}},
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
}
