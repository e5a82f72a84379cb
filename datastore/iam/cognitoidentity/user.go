package cognitoidentity

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Get implements [identity.Conn].
func (c *conn) Get(ctx context.Context, name string) (identity.User, error) {
	var out *cip.AdminGetUserOutput
	err := c.read(ctx, func(ctx context.Context) (err error) {
		out, err = c.client.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &c.id, Username: &name})
		return err
	})
	if err != nil {
		return identity.User{}, err
	}
	return userOf(&types.UserType{
		Username: out.Username, Attributes: out.UserAttributes, Enabled: out.Enabled, UserStatus: out.UserStatus,
		UserCreateDate: out.UserCreateDate, UserLastModifiedDate: out.UserLastModifiedDate,
	}), nil
}

func userOf(u *types.UserType) identity.User {
	user := identity.User{
		Name: aws.ToString(u.Username), Enabled: u.Enabled, Status: string(u.UserStatus),
		Created: aws.ToTime(u.UserCreateDate).UTC(), Modified: aws.ToTime(u.UserLastModifiedDate).UTC(),
		Attributes: make(map[string]string, len(u.Attributes)),
	}
	for _, a := range u.Attributes {
		if name := aws.ToString(a.Name); name == "sub" {
			user.ID = aws.ToString(a.Value)
		} else {
			user.Attributes[name] = aws.ToString(a.Value)
		}
	}
	return user
}

// List implements [identity.Conn].
func (c *conn) List(ctx context.Context, q identity.Query) (page datastore.Page[identity.User], err error) {
	in := &cip.ListUsersInput{UserPoolId: &c.id, Limit: aws.Int32(int32(q.Limit)), Filter: filterOf(q)}
	if q.After != "" {
		in.PaginationToken = aws.String(string(q.After))
	}
	var out *cip.ListUsersOutput
	err = c.read(ctx, func(ctx context.Context) (err error) {
		out, err = c.client.ListUsers(ctx, in)
		return err
	})
	if err != nil {
		return page, err
	}
	page.Items = make([]identity.User, 0, len(out.Users))
	for i := range out.Users {
		page.Items = append(page.Items, userOf(&out.Users[i]))
	}
	page.Next = datastore.Token(aws.ToString(out.PaginationToken))
	return page, nil
}

// filterOf is a query as Cognito writes it: email ^= "a". Within the quotation marks
// these and backslashes are escaped.
func filterOf(q identity.Query) *string {
	if q.Attribute == "" {
		return nil
	}
	sign := " = "
	if q.Prefix {
		sign = " ^= "
	}
	value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(q.Value)
	return aws.String(q.Attribute + sign + `"` + value + `"`)
}

// Create implements [identity.Conn]. It is not repeated: a user that is there may be
// one that another caller has created.
func (c *conn) Create(ctx context.Context, user identity.NewUser) (identity.User, error) {
	in := &cip.AdminCreateUserInput{UserPoolId: &c.id, Username: &user.Name, UserAttributes: attributesOf(user.Attributes)}
	if user.Password != "" {
		in.TemporaryPassword = &user.Password
	}
	if !user.Invite {
		in.MessageAction = types.MessageActionTypeSuppress
	}
	var out *cip.AdminCreateUserOutput
	err := c.retry.Do(ctx, iam.Call{Write: true, Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.AdminCreateUser(ctx, in)
		return err
	})
	if err != nil {
		return identity.User{}, err
	}
	if out.User == nil {
		return c.Get(ctx, user.Name)
	}
	return userOf(out.User), nil
}

func attributesOf(attributes map[string]string) []types.AttributeType {
	var list []types.AttributeType
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		list = append(list, types.AttributeType{Name: &name, Value: aws.String(attributes[name])})
	}
	return list
}

// SetAttributes implements [identity.Conn]. Cognito removes an attribute that is
// blank.
func (c *conn) SetAttributes(ctx context.Context, name string, attributes map[string]string) error {
	in := &cip.AdminUpdateUserAttributesInput{UserPoolId: &c.id, Username: &name, UserAttributes: attributesOf(attributes)}
	return c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminUpdateUserAttributes(ctx, in)
		return err
	})
}

// SetPassword implements [identity.Conn].
func (c *conn) SetPassword(ctx context.Context, name, password string) error {
	in := &cip.AdminSetUserPasswordInput{UserPoolId: &c.id, Username: &name, Password: &password, Permanent: true}
	return c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminSetUserPassword(ctx, in)
		return err
	})
}

// Enable implements [identity.Conn].
func (c *conn) Enable(ctx context.Context, name string) error {
	return c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminEnableUser(ctx, &cip.AdminEnableUserInput{UserPoolId: &c.id, Username: &name})
		return err
	})
}

// Disable implements [identity.Conn].
func (c *conn) Disable(ctx context.Context, name string) error {
	return c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &c.id, Username: &name})
		return err
	})
}

// SignOut implements [identity.Conn].
func (c *conn) SignOut(ctx context.Context, name string) error {
	return c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminUserGlobalSignOut(ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &c.id, Username: &name})
		return err
	})
}

// Delete implements [identity.Conn].
func (c *conn) Delete(ctx context.Context, name string) error {
	err := c.write(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &c.id, Username: &name})
		return err
	})
	if own, ok := err.(*datastore.Error); ok && own.Code == "UserNotFoundException" {
		return nil // it is not there, whoever has deleted it
	}
	return err
}
