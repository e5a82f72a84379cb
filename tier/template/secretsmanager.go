package template

import (
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier"
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

// rotation has Secrets Manager rotate a secret by a function, which it may invoke for this
// one alone: it does so at once, so that the function must be ready, and then by the
// schedule. It invokes the newest code, also of a function with tier.Live: an alias as the
// function of a rotation is documented nowhere.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html
// and https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html.
func (s *stack) rotation(t *tier.Trigger) {
	f, feed := t.Function(), t.Feed()
	if db, ofRDS := policy.MasterOf(s.usages(), feed.Spec); ofRDS {
		s.refuse(t.At(), "%s: RDS keeps the password of sqldb %s there and rotates it itself, each 7 days; leave the tier.On out", t, db.Logical)
		return
	}
	id := triggerID(t)
	s.letIn(t, ref(policy.FunctionID(f)), id, "secretsmanager.amazonaws.com", ref(policy.StoreID(feed.Spec)), member{"SourceAccount", ref("AWS::AccountId")})
	s.add(resource{
		id: id + "Rotation", typ: "AWS::SecretsManager::RotationSchedule", at: t.At(),
		attributes: object{{"DependsOn", texts(append([]string{id + "Permission"}, s.neededBy(f)...))}},
		properties: object{
			{"SecretId", ref(policy.StoreID(feed.Spec))},
			{"RotationLambdaARN", getAtt(policy.FunctionID(f), "Arn")},
			{"RotationRules", object{{"ScheduleExpression", rate(feed.Every)}}},
		},
	})
}

// rate is a while of whole days, or of hours, as schedules have it.
func rate(every time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case every == day:
		return "rate(1 day)"
	case every%day == 0:
		return fmt.Sprintf("rate(%d days)", every/day)
	}
	return fmt.Sprintf("rate(%d hours)", every/time.Hour)
}
