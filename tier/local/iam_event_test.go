package local_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// signedEvent is the event that a signed GET /a makes, and whom the doorway of
// the function takes for its caller.
func signedEvent(t *testing.T, api *tier.API, door local.Door, s signing) (payload []byte, caller handler.Caller) {
	t.Helper()
	doorway := lambda.New(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		caller = req.Caller()
		return &handler.Response{Status: 200}, nil
	}), nil)
	g := newGateway(t, api, &local.Options{Door: door, Identities: whoMayCall(t, mayAll)}, func(ctx context.Context, p []byte) ([]byte, error) {
		payload = p
		return doorway.Invoke(ctx, p)
	})
	if resp := do(t, g, s.request(t, "GET", "/a", "")); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", door, resp.StatusCode)
	}
	return payload, caller
}

// TestIAMEvents: the event tells who calls, as each door does, and the handler
// sees the same caller behind all of them (AUT-50, FUR-01, RST-18).
func TestIAMEvents(t *testing.T) {
	t.Parallel()
	ada := handler.Caller{Kind: handler.CallerIAM, ID: "AIDAADA", ARN: "arn:aws:iam::000000000000:user/ada", Account: "000000000000"}
	cleo := handler.Caller{Kind: handler.CallerIAM, ID: "AROASHOPPER:cleo", ARN: "arn:aws:sts::000000000000:assumed-role/shopper/cleo",
		Account: "000000000000", Identity: "eu-central-1:id"}
	const (
		adaIdentity = `{"accessKey":"AKIALOCALADA00000001","accountId":"000000000000","caller":"AIDAADA","cognitoAuthenticationProvider":null,` +
			`"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,"sourceIp":"192.0.2.1",` +
			`"user":"AIDAADA","userAgent":null,"userArn":"arn:aws:iam::000000000000:user/ada"}`
		cleoIdentity = `{"accessKey":"ASIALOCALCLEO0000001","accountId":"000000000000","caller":"AROASHOPPER:cleo","cognitoAuthenticationProvider":"provider",` +
			`"cognitoAuthenticationType":"authenticated","cognitoIdentityId":"eu-central-1:id","cognitoIdentityPoolId":"eu-central-1:pool","principalOrgId":null,` +
			`"sourceIp":"192.0.2.1","user":"AROASHOPPER:cleo","userAgent":null,"userArn":"arn:aws:sts::000000000000:assumed-role/shopper/cleo"}`
		adaIAM = `{"iam":{"accessKey":"AKIALOCALADA00000001","accountId":"000000000000","callerId":"AIDAADA","cognitoIdentity":null,"principalOrgId":null,` +
			`"userArn":"arn:aws:iam::000000000000:user/ada","userId":"AIDAADA"}}`
		cleoIAM = `{"iam":{"accessKey":"ASIALOCALCLEO0000001","accountId":"000000000000","callerId":"AROASHOPPER:cleo",` +
			`"cognitoIdentity":{"amr":["authenticated"],"identityId":"eu-central-1:id","identityPoolId":"eu-central-1:pool"},"principalOrgId":null,` +
			`"userArn":"arn:aws:sts::000000000000:assumed-role/shopper/cleo","userId":"AROASHOPPER:cleo"}}`
	)
	for name, c := range map[string]struct {
		door                 local.Door
		sign                 signing
		account              string // requestContext.accountId
		identity, authorizer string
		caller               handler.Caller
	}{
		"REST":            {local.REST{}, signing{keys: adaKeys}, "000000000000", adaIdentity, "", ada},
		"REST, presigned": {local.REST{}, signing{keys: adaKeys, presigned: 60e9}, "000000000000", adaIdentity, "", ada},
		"REST, Cognito":   {local.REST{}, signing{keys: cleoKeys}, "000000000000", cleoIdentity, "", cleo},
		"HTTP":            {local.HTTP{}, signing{keys: adaKeys}, "000000000000", "", adaIAM, ada},
		"HTTP, Cognito":   {local.HTTP{}, signing{keys: cleoKeys}, "000000000000", "", cleoIAM, cleo},
		"URL":             {local.URL{}, signing{keys: adaKeys, service: "lambda"}, "000000000000", "", adaIAM, ada},
		"URL, Cognito":    {local.URL{}, signing{keys: cleoKeys, service: "lambda"}, "000000000000", "", cleoIAM, cleo},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			api := app.API("orders")
			api.Handle("GET /a", noop, tier.IAM())
			payload, caller := signedEvent(t, api, c.door, c.sign)
			var e struct {
				Headers map[string]string `json:"headers"`
				Context struct {
					AccountID  string          `json:"accountId"`
					Identity   json.RawMessage `json:"identity"`
					Authorizer json.RawMessage `json:"authorizer"`
				} `json:"requestContext"`
			}
			if err := json.Unmarshal(payload, &e); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{c.account, c.identity, c.authorizer}, []string{e.Context.AccountID, string(e.Context.Identity), string(e.Context.Authorizer)}); d != "" {
				t.Errorf("requestContext (-want +got):\n%s", d)
			}
			if d := cmp.Diff(c.caller, caller); d != "" {
				t.Errorf("Caller() (-want +got):\n%s", d)
			}
			if got := value(http.Header{"Authorization": {e.Headers["authorization"], e.Headers["Authorization"]}}, "authorization"); got != "|" {
				t.Errorf("the signature reached the function (RST-13): %s", got)
			}
		})
	}
}

// TestAuthorizationOfOthers: what is no signature, or was not verified, goes to
// the function as it came (RST-13).
func TestAuthorizationOfOthers(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}, local.URL{}} {
		r := httptest.NewRequest("GET", "/a", nil)
		r.Header.Set("Authorization", "Bearer x")
		var e struct{ Headers map[string]string }
		if err := json.Unmarshal(payloadOf(t, declare(t, "GET /a"), door, r), &e); err != nil {
			t.Fatal(err)
		}
		if got := e.Headers["Authorization"] + e.Headers["authorization"]; got != "Bearer x" {
			t.Errorf("%s: Authorization %q", door, got)
		}
	}
}
