package cognitoidentity_test

import (
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
	const attributes = `[{"Name":"sub","Value":"1"},{"Name":"email","Value":"ada@example.com"}]`
	type store interface {
		identity.Getter
		identity.Lister
	}
	ctx, pool := paired.Context(b), "eu-west-1_Abc"
	cfg := config("http://canned.invalid", paired.JSON11(`{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED","UserAttributes":`+attributes+`}`))
	client, driver := cip.NewFromConfig(cfg), datastore.Use[store](function{}, identity.New(dataFor(cfg, pool), "people"))
	paired.Compare(b, "get", func() error {
		out, err := client.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &pool, Username: aws.String("ada")})
		if err == nil && mapOf(out.UserAttributes)["email"] == "" {
			err = fmt.Errorf("%+v", out)
		}
		return err
	}, func() error {
		_, err := driver.Get(ctx, "ada")
		return err
	})

	const user = `{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED","UserCreateDate":1.7e9,"UserLastModifiedDate":1.7e9,"Attributes":` + attributes + `}`
	cfg = config("http://canned.invalid", paired.JSON11(`{"Users":[`+strings.Repeat(user+",", 59)+user+`]}`))
	client, driver = cip.NewFromConfig(cfg), datastore.Use[store](function{}, identity.New(dataFor(cfg, pool), "people"))
	paired.Compare(b, "list 60", func() error {
		out, err := client.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: &pool, Limit: aws.Int32(60)})
		if err != nil {
			return err
		}
		for _, u := range out.Users {
			if mapOf(u.Attributes)["email"] == "" {
				return fmt.Errorf("%+v", u)
			}
		}
		return nil
	}, func() error {
		page, err := driver.List(ctx, identity.Query{Limit: 60})
		if err == nil && len(page.Items) != 60 {
			err = fmt.Errorf("%d users", len(page.Items))
		}
		return err
	})
}

func mapOf(list []types.AttributeType) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	return m
}
