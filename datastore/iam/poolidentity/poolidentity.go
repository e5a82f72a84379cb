// Package poolidentity exchanges tokens for temporary credentials in Amazon Cognito
// identity pools.
//
//	func main() { run.Main(newApp, dynamotable.Driver, poolidentity.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The id of the identity pool is in the variable
// TIERKIT_IDENTITY_<NAME>, and that of the user pool whose tokens it takes in the one of
// the directory; the generated template sets both. Nothing is read and nothing is
// connected before the first operation. It opens the exchanges of package identity;
// package cognitoidentity opens its directories.
//
// # Permissions
//
// None: the token is the permission, and requests are not signed. What the
// credentials allow is in the roles of the identity pool. In the private network the
// generated template has an endpoint for cognito-identity, which lets requests for this
// pool through; AWS has it in its commercial regions.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
//
// # Time and faults
//
// An exchange is two calls, GetId and GetCredentialsForIdentity, which may be repeated:
// a user has one identity. What is throttled, fails in the service or is lost on the
// way is repeated within the deadline of the context. A token that the pool does not
// take answers datastore.ErrInvalid. The error of the SDK is found by errors.As, except
// one about an answer that could not be read, which has a part of it.
package poolidentity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Driver exchanges in the region of the function, at the endpoint that
// AWS_ENDPOINT_URL_COGNITO_IDENTITY or AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("COGNITO_IDENTITY", newClient))

// With exchanges with cfg. Its retryer and its credentials are not used. Its
// HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *cognitoidentity.Client { return cognitoidentity.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*cognitoidentity.Client]
	retry  *iam.Retry
}

var (
	_ identity.ExchangeDriver = (*driver)(nil)
	_ datastore.Chooser       = (*driver)(nil)
)

func newDriver(client *iam.Client[*cognitoidentity.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "identity".
func (d *driver) Kind() string { return "identity" }

// Name is "poolidentity".
func (d *driver) Name() string { return "poolidentity" }

// Opens reports whether it is an exchange.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(identity.Spec)
	return ok && s.IsExchange()
}

// OpenExchange implements [identity.ExchangeDriver]. It sends nothing.
func (d *driver) OpenExchange(_ context.Context, data *datastore.Data, spec identity.Spec) (identity.ExchangeConn, error) {
	pool, ok := data.Physical(spec)
	if !ok || pool == "" {
		return nil, unavailable(fmt.Errorf("%s is not set; it holds the id of the identity pool (the generated template sets it)", datastore.Variable(spec)))
	}
	users, _ := data.Physical(spec.Users)
	provider, err := providerOf(users)
	if err != nil {
		return nil, unavailable(fmt.Errorf("%s %w", datastore.Variable(spec.Users), err))
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client, d.retry, pool, provider}, nil
}

// providerOf is the name of a user pool as a provider of logins:
// "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12".
func providerOf(userPool string) (string, error) {
	region, rest, ok := strings.Cut(userPool, "_")
	if !ok || region == "" || rest == "" {
		return "", errors.New("is not set to the id of a user pool, such as eu-west-1_Example12 (the generated template sets it)")
	}
	return "cognito-idp." + region + "." + iam.Domain(region) + "/" + userPool, nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

// conn is one identity pool.
type conn struct {
	client   *cognitoidentity.Client
	retry    *iam.Retry
	pool     string
	provider string
}

var _ identity.ExchangeConn = (*conn)(nil)

// call may be repeated, and its answers are secret. What is not authorised is the
// token, which comes from a client of the application.
var call = iam.Call{Special: map[string]error{
	"NotAuthorizedException":                    datastore.ErrInvalid,
	"InvalidParameterException":                 datastore.ErrInvalid,
	"ResourceConflictException":                 datastore.ErrConflict,
	"ResourceNotFoundException":                 datastore.ErrUnavailable,
	"InvalidIdentityPoolConfigurationException": datastore.ErrDeclaration,
	"LimitExceededException":                    datastore.ErrThrottled,
}}

// Exchange implements [identity.ExchangeConn].
func (c *conn) Exchange(ctx context.Context, token string) (identity.Credentials, error) {
	var logins map[string]string
	if token != "" {
		logins = map[string]string{c.provider: token}
	}
	var id *cognitoidentity.GetIdOutput
	err := c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		id, err = c.client.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &c.pool, Logins: logins})
		return err
	})
	if err != nil {
		return identity.Credentials{}, err
	}
	var out *cognitoidentity.GetCredentialsForIdentityOutput
	err = c.retry.Do(ctx, call, func(ctx context.Context) (err error) {
		out, err = c.client.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
		return err
	})
	if err != nil {
		return identity.Credentials{}, err
	}
	if out.Credentials == nil {
		return identity.Credentials{}, unavailable(errors.New("the answer has no credentials"))
	}
	return identity.Credentials{
		IdentityID:      aws.ToString(id.IdentityId),
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
		Expires:         aws.ToTime(out.Credentials.Expiration).UTC(),
	}, nil
}
