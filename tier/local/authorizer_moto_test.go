package local_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
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

// userPools calls an operation of moto's user pools and reads its answer into out.
func userPools(t *testing.T, url, operation string, in members, out any) {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(text))
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

// signedIn is a user of a pool of moto who is signed in.
type signedIn struct {
	pool, client         string
	IDToken, AccessToken string
}

func signIn(t *testing.T, url string) signedIn {
	t.Helper()
	var pool struct{ UserPool struct{ ID string } }
	userPools(t, url, "CreateUserPool", members{"PoolName": "shop"}, &pool)
	id := pool.UserPool.ID
	var client struct{ UserPoolClient struct{ ClientID string } }
	userPools(t, url, "CreateUserPoolClient", members{"UserPoolId": id, "ClientName": "app"}, &client)
	user := func(more members) members { return changed(members{"UserPoolId": id, "Username": "ada"}, more) }
	const password = "P4ss-word!"
	userPools(t, url, "AdminCreateUser", user(members{"UserAttributes": []members{{"Name": "email", "Value": "ada@shop.example"}}}), nil)
	userPools(t, url, "AdminSetUserPassword", user(members{"Password": password, "Permanent": true}), nil)
	userPools(t, url, "CreateGroup", members{"UserPoolId": id, "GroupName": "admins"}, nil)
	userPools(t, url, "AdminAddUserToGroup", user(members{"GroupName": "admins"}), nil)
	var auth struct{ AuthenticationResult signedIn }
	userPools(t, url, "AdminInitiateAuth", members{
		"UserPoolId": id, "ClientId": client.UserPoolClient.ClientID, "AuthFlow": "ADMIN_NO_SRP_AUTH",
		"AuthParameters": members{"USERNAME": "ada", "PASSWORD": password},
	}, &auth)
	s := auth.AuthenticationResult
	s.pool, s.client = id, client.UserPoolClient.ClientID
	return s
}

// TestMotoTokens: tokens of a signed-in user, made by another implementation, get
// in by a Cognito authorizer and by a JWT authorizer, each where it should.
func TestMotoTokens(t *testing.T) {
	t.Parallel()
	url := moto(t)
	user := signIn(t, url)
	opts := func(door local.Door) *local.Options {
		return &local.Options{Door: door, Now: time.Now, Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: url + "/" + user.pool + "/.well-known/jwks.json"}}}}
	}
	const scope = "aws.cognito.signin.user.admin"
	serve := func(kind tier.Kind, door local.Door, auth tier.Authorizer) *gated {
		app := tier.New("shop")
		api := app.API("orders", kind)
		api.Authorize(auth)
		api.Handle("GET /me", whoami)
		api.Handle("GET /scoped", whoami, tier.Scopes(scope))
		api.Handle("GET /other", whoami, tier.Scopes("orders/write"))
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		gateway, err := local.NewGateway(api, doorways(t, app), opts(door))
		if err != nil {
			t.Fatal(err)
		}
		return &gated{Gateway: gateway}
	}
	arn := "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + user.pool
	cognito := serve(tier.REST, local.REST{}, tier.Cognito("users", tier.CognitoSettings{Pools: []string{arn}}))
	jwts := serve(tier.HTTP, local.HTTP{}, tier.JWT("users", tier.JWTSettings{
		Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/" + user.pool, Audience: []string{user.client}}))
	strangers := serve(tier.HTTP, local.HTTP{}, tier.JWT("users", tier.JWTSettings{
		Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/" + user.pool, Audience: []string{"another"}}))
	for _, tt := range []struct {
		name   string
		gated  *gated
		path   string
		token  string
		status int
		why    string
	}{
		{"Cognito, ID token", cognito, "/me", user.IDToken, 200, "AUT-40"},
		{"Cognito, access token", cognito, "/me", user.AccessToken, 401, "AUT-40, T244"},
		{"Cognito, access token for a scope", cognito, "/scoped", user.AccessToken, 200, "AUT-40"},
		{"Cognito, ID token for a scope", cognito, "/scoped", user.IDToken, 401, "AUT-40, T244"},
		{"Cognito, another scope", cognito, "/other", user.AccessToken, 401, "AUT-40"},
		{"JWT, ID token", jwts, "/me", user.IDToken, 200, "AUT-30: aud"},
		{"JWT, access token", jwts, "/me", user.AccessToken, 200, "AUT-30: client_id"},
		{"JWT, scope", jwts, "/scoped", user.AccessToken, 200, "AUT-30"},
		{"JWT, another scope", jwts, "/other", user.AccessToken, 403, "AUT-31"},
		{"JWT, another client", strangers, "/me", user.AccessToken, 401, "AUT-30"},
		{"cut", jwts, "/me", user.IDToken[:len(user.IDToken)-4] + "AAAA", 401, "JWT-01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, body := tt.gated.ask(t, "GET "+tt.path, "Authorization: Bearer "+tt.token)
			if status != tt.status {
				t.Fatalf("%d %s, want %d\n%s", status, body, tt.status, tt.why)
			}
			if status != 200 {
				return
			}
			var caller handler.Caller
			if err := json.Unmarshal([]byte(body), &caller); err != nil {
				t.Fatal(err)
			}
			if caller.Kind != handler.CallerJWT || caller.ID == "" || !caller.InGroup("admins") {
				t.Errorf("caller %+v\n%s", caller, tt.why)
			}
		})
	}
}
