package jwt_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// moto is the address of a moto server; the test is skipped without one, or
// fails if servers are required.
func moto(t *testing.T) string {
	t.Helper()
	const variable, required = "TIERKIT_TEST_MOTO", "TIERKIT_TEST_SERVERS"
	url := strings.TrimRight(os.Getenv(variable), "/")
	switch {
	case url != "":
	case os.Getenv(required) == "require":
		t.Fatalf("%s is not set, and %s=require: start the server and set its URL", variable, required)
	default:
		t.Skipf("%s is not set: not run against this server", variable)
	}
	return url
}

// cognito calls an operation of moto's user pools and reads its answer into
// out.
func cognito(t *testing.T, url, operation string, in members, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(mustJSON(t, in)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	// The region is read from it; the signature is not checked.
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260301/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", operation, resp.StatusCode, err, body)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatalf("%s: %v in %s", operation, err, body)
	}
}

// TestMoto: tokens of a signed-in user, made by another implementation, with
// the issuer on AWS and the keys on this machine.
func TestMoto(t *testing.T) {
	t.Parallel()
	url := moto(t)
	var created struct{ UserPool struct{ ID string } }
	cognito(t, url, "CreateUserPool", members{"PoolName": "shop"}, &created)
	id := created.UserPool.ID
	var client struct{ UserPoolClient struct{ ClientID string } }
	cognito(t, url, "CreateUserPoolClient", members{"UserPoolId": id, "ClientName": "app"}, &client)
	app := client.UserPoolClient.ClientID
	const password = "P4ss-word!"
	user := func(more members) members { return changed(members{"UserPoolId": id, "Username": "ada"}, more) }
	cognito(t, url, "AdminCreateUser", user(members{"UserAttributes": []members{{"Name": "email", "Value": "ada@shop.example"}}}), nil)
	cognito(t, url, "AdminSetUserPassword", user(members{"Password": password, "Permanent": true}), nil)
	cognito(t, url, "CreateGroup", members{"UserPoolId": id, "GroupName": "admins"}, nil)
	cognito(t, url, "AdminAddUserToGroup", user(members{"GroupName": "admins"}), nil)
	var auth struct {
		AuthenticationResult struct{ IDToken, AccessToken string }
	}
	cognito(t, url, "AdminInitiateAuth", members{
		"UserPoolId": id, "ClientId": app, "AuthFlow": "ADMIN_NO_SRP_AUTH",
		"AuthParameters": members{"USERNAME": "ada", "PASSWORD": password},
	}, &auth)

	pool := jwt.CognitoPool{Region: "eu-west-1", ID: id}
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: url + "/" + id + "/.well-known/jwks.json"})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s jwt.Settings) *jwt.Verifier {
		s.Keys, s.JWKSURL = keys, ""
		return verifier(t, s)
	}
	tokens := auth.AuthenticationResult
	idClaims, err := at(pool.IDTokens(app)).Verify(t.Context(), tokens.IDToken)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := at(pool.AccessTokens(app)).Verify(t.Context(), tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if claims.Subject == "" || claims.Subject != idClaims.Subject || claims.ClientID != app || claims.Audience != nil {
		t.Errorf("access token: %+v\nID token: %+v", claims, idClaims)
	}
	if diff := cmp.Diff([]string{"admins"}, claims.Groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
	if !claims.HasAnyScope("aws.cognito.signin.user.admin") {
		t.Errorf("scopes %v", claims.Scopes)
	}
	// AUT-30: API Gateway's JWT authorizer takes both, by one list.
	either := jwt.Settings{Issuer: pool.Issuer(), Audiences: []string{app}, ClientIDs: []string{app}}
	verifyCode(t, at(either), tokens.IDToken, "")
	verifyCode(t, at(either), tokens.AccessToken, "")

	verifyCode(t, at(pool.AccessTokens(app)), tokens.IDToken, jwt.CodeAudience)
	verifyCode(t, at(pool.IDTokens(app)), tokens.AccessToken, jwt.CodeAudience)
	verifyCode(t, at(pool.AccessTokens("other")), tokens.AccessToken, jwt.CodeAudience)
	otherPool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}
	verifyCode(t, at(otherPool.AccessTokens(app)), tokens.AccessToken, jwt.CodeIssuer)
	verifyCode(t, at(pool.AccessTokens(app)), tokens.AccessToken[:len(tokens.AccessToken)-6]+"AAAAAA", jwt.CodeSignature)
}
