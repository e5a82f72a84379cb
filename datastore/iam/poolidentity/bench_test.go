package poolidentity_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
)

// BenchmarkDriver is the driver beside the bare SDK, which makes the same two requests:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/iam/poolidentity
func BenchmarkDriver(b *testing.B) {
	ctx := paired.Context(b)
	const poolID, users = "eu-central-1:11111111-2222-3333-4444-555555555555", "eu-central-1_Abc"
	cfg := config("http://canned.invalid", paired.JSON11(`{"IdentityId":"eu-central-1:1","Credentials":`+
		`{"AccessKeyId":"AKIDEXAMPLE","SecretKey":"hunter2","SessionToken":"session","Expiration":1.9e9}}`))
	client, driver := cognitoidentity.NewFromConfig(cfg), open(cfg, poolID, users)
	logins := map[string]string{"cognito-idp.eu-central-1.amazonaws.com/" + users: "a.b.c"}
	paired.Compare(b, "exchange", func() error {
		id, err := client.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: aws.String(poolID), Logins: logins})
		if err != nil {
			return err
		}
		out, err := client.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id.IdentityId, Logins: logins})
		if err != nil {
			return err
		}
		return whole(identity.Credentials{IdentityID: *id.IdentityId, AccessKeyID: *out.Credentials.AccessKeyId, SessionToken: *out.Credentials.SessionToken})
	}, func() error {
		credentials, err := driver.Exchange(ctx, "a.b.c")
		if err != nil {
			return err
		}
		return whole(credentials)
	})
}

// whole says that a part of the answer is missing.
func whole(c identity.Credentials) error {
	if c.IdentityID == "" || c.AccessKeyID == "" || c.SessionToken == "" {
		return errors.New("a part of the credentials is missing")
	}
	return nil
}
