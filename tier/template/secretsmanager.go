package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// secret adds a secret of Secrets Manager, whose value somebody puts there; that of
// a login begins with a password that nobody has seen. A parameter of Systems
// Manager is not added: CloudFormation cannot make a SecureString. It has the name
// /STACK/NAME, and must be there before a function asks for it. That of a database's
// master user is RDS's own.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html.
func (s *stack) secret(store usedStore, spec secret.Spec) {
	if _, ofRDS := policy.MasterOf(s.usages(), spec); spec.Source != secret.Manager || ofRDS {
		return
	}
	properties := object{{"Description", "Secret " + spec.Name()}}
	if spec.Key != nil {
		properties = append(properties, member{"KmsKeyId", keyARN(spec)})
	}
	if spec.Login {
		properties = append(properties, member{"GenerateSecretString", object{
			{"SecretStringTemplate", `{"username":"` + spec.Name() + `"}`},
			{"GenerateStringKey", "password"},
			{"PasswordLength", 32},
			{"ExcludePunctuation", true},
		}})
	}
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::SecretsManager::Secret", at: store.at, properties: properties,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
	})
}
