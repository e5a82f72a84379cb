package cognitoidentity

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Groups implements [identity.Conn]. It reads all pages.
func (c *conn) Groups(ctx context.Context, name string) ([]string, error) {
	var groups []string
	in := &cip.AdminListGroupsForUserInput{UserPoolId: &c.id, Username: &name, Limit: aws.Int32(60)}
	for {
		var out *cip.AdminListGroupsForUserOutput
		err := c.read(ctx, func(ctx context.Context) (err error) {
			out, err = c.client.AdminListGroupsForUser(ctx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, g := range out.Groups {
			groups = append(groups, aws.ToString(g.GroupName))
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			slices.Sort(groups)
			return groups, nil
		}
	}
}

// AddToGroup implements [identity.Conn].
func (c *conn) AddToGroup(ctx context.Context, name, group string) error {
	return c.group(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminAddUserToGroup(ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &c.id, Username: &name, GroupName: &group})
		return err
	})
}

// RemoveFromGroup implements [identity.Conn].
func (c *conn) RemoveFromGroup(ctx context.Context, name, group string) error {
	return c.group(ctx, func(ctx context.Context) error {
		_, err := c.client.AdminRemoveUserFromGroup(ctx, &cip.AdminRemoveUserFromGroupInput{UserPoolId: &c.id, Username: &name, GroupName: &group})
		return err
	})
}

func (c *conn) group(ctx context.Context, send func(context.Context) error) error {
	return c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: inGroup}, send)
}
