package cognitoidentity_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/cognitoidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity/identitytest"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

func TestConformanceMoto(t *testing.T) {
	t.Parallel()
	conformance(t, servers.URL(t, "TIERKIT_TEST_MOTO"), &cip.CreateUserPoolInput{},
		identitytest.BlankStays, identitytest.AnyAttribute, identitytest.AnyNewAttribute)
}

func TestConformanceCognitoLocal(t *testing.T) {
	t.Parallel()
	// By itself it takes addresses as names.
	in := &cip.CreateUserPoolInput{UsernameAttributes: []types.UsernameAttributeType{types.UsernameAttributeTypePhoneNumber}}
	conformance(t, servers.URL(t, "TIERKIT_TEST_COGNITO"), in,
		identitytest.AnyPassword, identitytest.OnePage, identitytest.NoSignOut, identitytest.MissingDenied, identitytest.AnyNewAttribute)
}

func conformance(t *testing.T, url string, in *cip.CreateUserPoolInput, differs ...identitytest.Difference) {
	identitytest.Run(t, func(t testing.TB, spec identity.Spec) *datastore.Data {
		in := *in
		for _, name := range spec.CustomList() {
			in.Schema = append(in.Schema, types.SchemaAttributeType{
				Name: &name, AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true),
				StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String("0"), MaxLength: aws.String("2048")},
			})
		}
		id := newPool(t, url, in)
		for _, group := range identitytest.Groups {
			if _, err := client(url).CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &id, GroupName: &group}); err != nil {
				t.Fatal(err)
			}
		}
		return dataFor(config(url, nil), id)
	}, differs...)
}

func client(url string) *cip.Client { return cip.NewFromConfig(config(url, nil)) }

// newPool makes a user pool in the server at url.
func newPool(t testing.TB, url string, in cip.CreateUserPoolInput) string {
	t.Helper()
	in.PoolName = aws.String("tierkit")
	made, err := client(url).CreateUserPool(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := client(url).DeleteUserPool(context.WithoutCancel(t.Context()), &cip.DeleteUserPoolInput{UserPoolId: made.UserPool.Id}); err != nil {
			t.Logf("DeleteUserPool: %v", err)
		}
	})
	return *made.UserPool.Id
}

func config(url string, client *http.Client) aws.Config {
	cfg := aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
		}),
	}
	if client != nil {
		cfg.HTTPClient = client
	}
	return cfg
}

func dataFor(cfg aws.Config, id string) *datastore.Data {
	return datastore.New([]datastore.Driver{cognitoidentity.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return id, true },
	})
}

// A function needs no configuration. Elsewhere With takes the one that the SDK's own
// package config loads, or one by hand.
func ExampleWith() {
	driver := cognitoidentity.With(aws.Config{Region: "eu-central-1"})
	data := datastore.New([]datastore.Driver{driver}, nil)
	spec := identity.New(data, "users").Spec()
	fmt.Println(driver.Name(), "reaches the", spec.Kind(), spec.Name(), "by the id in", datastore.Variable(spec))
	// Output: cognitoidentity reaches the identity users by the id in TIERKIT_IDENTITY_USERS
}
