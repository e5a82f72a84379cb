// Package smsecret reads secrets of AWS Secrets Manager.
//
//	func main() { run.Main(newApp, dynamotable.Driver, smsecret.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The ARN of the secret, or its name, is in the variable
// TIERKIT_SECRET_<NAME>, which the generated template sets: Ref of an
// AWS::SecretsManager::Secret is its ARN. Nothing is read and nothing is connected
// before the first operation. It opens the secrets that are declared with
// secret.Manager.
//
// # Permissions
//
// Reading needs secretsmanager:GetSecretValue on the secret and on nothing
// else, and one with a customer managed key kms:Decrypt on that key, through
// Secrets Manager. The ARN of a secret ends with six random characters after its
// name: a policy names the whole ARN, which Ref gives, or ends with "-??????" where
// only the name is known.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
// and https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html
//
// # Stages
//
// Get and Fresh read the version labelled AWSCURRENT, Previous the one labelled
// AWSPREVIOUS. The version that a rotation is preparing, AWSPENDING, is read and written
// by the function of a secret.Rotation alone, which needs
// secretsmanager:DescribeSecret, GetSecretValue, PutSecretValue and
// UpdateSecretVersionStage, and kms:GenerateDataKey for a customer managed key.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
//
// # Limits
//
// A value has at most 64 KB. An account can read 10,000 values a second.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
//
// # Time and faults
//
// What is throttled, fails in the service or is lost on the way is repeated within
// the deadline of the context. A secret that is not there, has no value yet or is
// marked for deletion answers datastore.ErrNotFound. The error of the SDK is found
// by errors.As, except one about an answer that could not be read, which has a part
// of it.
package smsecret

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// Driver reads secrets with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_SECRETS_MANAGER or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("SECRETS_MANAGER", newClient))

// With reads secrets with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *secretsmanager.Client { return secretsmanager.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*secretsmanager.Client]
	retry  *iam.Retry
}

var (
	_ secret.Driver     = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*secretsmanager.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "secret".
func (d *driver) Kind() string { return "secret" }

// Name is "smsecret".
func (d *driver) Name() string { return "smsecret" }

// Opens reports whether the secret is kept in Secrets Manager.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(secret.Spec)
	return ok && s.Source == secret.Manager
}

// OpenSecret implements [secret.Driver]. It sends nothing.
func (d *driver) OpenSecret(_ context.Context, data *datastore.Data, spec secret.Spec) (secret.Conn, error) {
	id, ok := data.Physical(spec)
	if !ok || id == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the ARN of the secret in Secrets Manager (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client, d.retry, id}, nil
}

// conn is one secret.
type conn struct {
	client *secretsmanager.Client
	retry  *iam.Retry
	id     string // its ARN or its name
}

var _ secret.Conn = (*conn)(nil)

// special codes: InvalidRequestException is the answer for a secret that is marked
// for deletion.
var special = map[string]error{
	"ResourceNotFoundException": datastore.ErrNotFound,
	"InvalidRequestException":   datastore.ErrNotFound,
	"InvalidParameterException": datastore.ErrDeclaration,
}

// labels of the stages.
var labels = map[secret.Stage]*string{
	secret.Current: aws.String(current),
	secret.Before:  aws.String("AWSPREVIOUS"),
}

// Read implements [secret.Conn].
func (c *conn) Read(ctx context.Context, stage secret.Stage) (secret.Value, error) {
	return c.get(ctx, &secretsmanager.GetSecretValueInput{SecretId: &c.id, VersionStage: labels[stage]})
}

func (c *conn) get(ctx context.Context, in *secretsmanager.GetSecretValueInput) (secret.Value, error) {
	var out *secretsmanager.GetSecretValueOutput
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.GetSecretValue(ctx, in)
		return err
	})
	if err != nil {
		return secret.Value{}, err
	}
	v := secret.Value{Data: out.SecretBinary, Version: aws.ToString(out.VersionId)}
	if out.SecretString != nil {
		v.Data = []byte(*out.SecretString)
	}
	return v, nil
}
