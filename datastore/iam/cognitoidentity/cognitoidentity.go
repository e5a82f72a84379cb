// Package cognitoidentity reaches the users of Amazon Cognito user pools.
//
//	func main() { run.Main(newApp, dynamotable.Driver, cognitoidentity.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The id of the user pool is in the variable
// TIERKIT_IDENTITY_<NAME>, which the generated template sets: Ref of an
// AWS::Cognito::UserPool is its id. In a function that answers triggers of the pool it
// is [identity.FromTrigger], and the id is that of the event. Nothing is read and nothing is connected before
// the first operation. It opens the directories of package identity; package
// poolidentity opens its exchanges.
//
// # Permissions
//
// Each operation needs the action of its name on the user pool and on nothing else:
// Get cognito-idp:AdminGetUser, List ListUsers, Create AdminCreateUser, SetAttributes
// AdminUpdateUserAttributes, SetPassword AdminSetUserPassword, Enable AdminEnableUser,
// Disable AdminDisableUser, Groups AdminListGroupsForUser, SignOut
// AdminUserGlobalSignOut, Delete AdminDeleteUser; SetGroups AdminListGroupsForUser,
// AdminAddUserToGroup and AdminRemoveUserFromGroup.
//
// In the private network the generated template has an endpoint for cognito-idp, which
// AWS has in its commercial regions and for user pools that have no domain.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
// and https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
//
// # Limits
//
// The operations of administrators have their own quotas, of which some are as low as
// 5 to 25 a second for a pool: an API that anybody can call must not do one for each
// request. A page of List has at most 60 users, and is eventually consistent.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
//
// # Time and faults
//
// What is throttled, fails in the service or is lost on the way is repeated within
// the deadline of the context, except Create: one whose answer was lost answers
// datastore.ErrUnknown, and so does one whose invitation could not be sent. What the
// pool or one of its triggers does not allow answers datastore.ErrInvalid. The error of
// the SDK is found by errors.As.
package cognitoidentity

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Driver reaches user pools with the region and the credentials that Lambda puts
// into a function's environment, at the endpoint that
// AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER or AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("COGNITO_IDENTITY_PROVIDER", newClient))

// With reaches user pools with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.NewFromConfig(cfg)
}

type driver struct {
	client *iam.Client[*cognitoidentityprovider.Client]
	retry  *iam.Retry
}

var (
	_ identity.Driver   = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*cognitoidentityprovider.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "identity".
func (d *driver) Kind() string { return "identity" }

// Name is "cognitoidentity".
func (d *driver) Name() string { return "cognitoidentity" }

// Opens reports whether it is a directory.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(identity.Spec)
	return ok && !s.IsExchange()
}

// OpenDirectory implements [identity.Driver]. It sends nothing.
func (d *driver) OpenDirectory(ctx context.Context, data *datastore.Data, spec identity.Spec) (identity.Conn, error) {
	id, ok := data.Physical(spec)
	if id == identity.FromTrigger {
		r := datastore.RecordFrom(ctx)
		if r == nil || r.Service != "cognito" {
			return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New(
				"the function knows the user pool from its triggers alone, and this is none; use the directory in the function that tier.On was given, with its context")}
		}
		id = r.Source
	}
	if !ok || id == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the id of the user pool (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client, d.retry, id}, nil
}

// conn is one user pool.
type conn struct {
	client *cognitoidentityprovider.Client
	retry  *iam.Retry
	id     string
}

var _ identity.Conn = (*conn)(nil)

// special codes. What a client of the application may have written is ErrInvalid.
var special = map[string]error{
	"UserNotFoundException":                   datastore.ErrNotFound,
	"UsernameExistsException":                 datastore.ErrConflict,
	"AliasExistsException":                    datastore.ErrConflict,
	"UnsupportedUserStateException":           datastore.ErrConflict,
	"InvalidParameterException":               datastore.ErrInvalid,
	"InvalidPasswordException":                datastore.ErrInvalid,
	"PasswordHistoryPolicyViolationException": datastore.ErrInvalid,
	"UserLambdaValidationException":           datastore.ErrInvalid,
	"NotAuthorizedException":                  datastore.ErrDenied,
	"LimitExceededException":                  datastore.ErrThrottled,
	"CodeDeliveryFailureException":            datastore.ErrUnknown,
}

// inGroup are the codes where a group is named: it is what is not there.
var inGroup = func() map[string]error {
	codes := map[string]error{"ResourceNotFoundException": datastore.ErrNotFound}
	for code, kind := range special {
		codes[code] = kind
	}
	return codes
}()

func (c *conn) read(ctx context.Context, send func(context.Context) error) error {
	return c.retry.Do(ctx, iam.Call{Special: special}, send)
}

// write does what has the same effect if it is done twice.
func (c *conn) write(ctx context.Context, send func(context.Context) error) error {
	return c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: special}, send)
}
