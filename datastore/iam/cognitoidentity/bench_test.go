package cognitoidentity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK, whose attributes are made a map
// as every user of it does:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/cognitoidentity
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	client, driver := beside(`{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED","UserAttributes":` + attributes + `}`)
	paired.Compare(b, "get", func() error {
		out, err := client.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: aws.String(poolID), Username: aws.String("ada")})
		if err != nil {
			return err
		}
		users = append(users[:0], mapOf(out.UserAttributes))
		return nil
	}, func() error {
		_, err := driver.Get(ctx, "ada")
		return err
	})
	bare, driven := list(ctx, 60)
	paired.Compare(b, "list 60", bare, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "List", 10, 60, func(n int) (bare, driver func() error) { return list(t.Context(), n) })
}

const (
	poolID     = "eu-west-1_Abc"
	attributes = `[{"Name":"sub","Value":"1"},{"Name":"email","Value":"ada@example.com"}]`
	aUser      = `{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED","UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":` + attributes + `}`
)

type directory interface {
	identity.Getter
	identity.Lister
}

// beside are the SDK and the driver, at a server with one answer.
func beside(answer string) (*cip.Client, directory) {
	cfg := config("http://canned.invalid", paired.JSON11(answer))
	return cip.NewFromConfig(cfg), datastore.Use[directory](function{}, identity.New(dataFor(cfg, poolID), "people"))
}

// users are those that the bare SDK's user keeps.
var users []map[string]string

func list(ctx context.Context, n int) (bare, driver func() error) {
	client, driven := beside(`{"Users":[` + strings.Repeat(aUser+",", n-1) + aUser + `]}`)
	return func() error {
			out, err := client.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: aws.String(poolID), Limit: aws.Int32(int32(n))})
			if err != nil {
				return err
			}
			users = users[:0]
			for _, u := range out.Users {
				users = append(users, mapOf(u.Attributes))
			}
			return nil
		}, func() error {
			page, err := driven.List(ctx, identity.Query{Limit: n})
			if err == nil && len(page.Items) != n {
				err = fmt.Errorf("%d users", len(page.Items))
			}
			return err
		}
}

func mapOf(list []types.AttributeType) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	return m
}
