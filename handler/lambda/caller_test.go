package lambda_test

import (
	"reflect"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// TestIAMCaller: who signed a request is one caller behind every front door, and
// nothing that a client can write makes one.
func TestIAMCaller(t *testing.T) {
	t.Parallel()
	const (
		user    = `"accessKey":"AKIA","accountId":"111122223333","callerId":"AIDA","cognitoIdentity":null,"principalOrgId":null,"userArn":"arn:aws:iam::111122223333:user/ada","userId":"AIDA"`
		cognito = `"accessKey":"ASIA","accountId":"111122223333","callerId":"AROA:c","cognitoIdentity":{"amr":["authenticated"],"identityId":"eu:1","identityPoolId":"eu:2"},"userArn":"arn:aws:sts::111122223333:assumed-role/r/c","userId":"AROA:c"`
	)
	ada := handler.Caller{Kind: handler.CallerIAM, ID: "AIDA", ARN: "arn:aws:iam::111122223333:user/ada", Account: "111122223333"}
	session := handler.Caller{Kind: handler.CallerIAM, ID: "AROA:c", ARN: "arn:aws:sts::111122223333:assumed-role/r/c", Account: "111122223333", Identity: "eu:1"}
	identity := func(members string) string {
		return restEvent(`"requestContext":{"identity":{` + members + `}}`)
	}
	for _, tt := range []struct {
		name, event string
		want        handler.Caller
		why         string
	}{
		{"REST, user", identity(`"accessKey":"AKIA","accountId":"111122223333","caller":"AIDA","cognitoIdentityId":null,"user":"AIDA","userArn":"arn:aws:iam::111122223333:user/ada"`), ada, "AUT-50"},
		{"REST, Cognito", identity(`"accessKey":"ASIA","accountId":"111122223333","caller":"AROA:c","cognitoIdentityId":"eu:1","cognitoIdentityPoolId":"eu:2","user":"AROA:c","userArn":"arn:aws:sts::111122223333:assumed-role/r/c"`), session, "AUT-50"},
		{"REST, only a caller", identity(`"caller":"AIDA","user":null,"accountId":"111122223333","userArn":"arn:aws:iam::111122223333:user/ada"`), ada, "AUT-50"},
		{"REST, an API key is nobody", identity(`"apiKey":"k","apiKeyId":"1","user":null,"userArn":null`), handler.Caller{}, "KEY-04"},
		{"HTTP, user", httpEvent(`"requestContext":{"http":{"method":"GET"},"authorizer":{"iam":{` + user + `}}}`), ada, "AUT-50"},
		{"HTTP, Cognito", httpEvent(`"requestContext":{"http":{"method":"GET"},"authorizer":{"iam":{` + cognito + `}}}`), session, "AUT-50"},
		{"URL, user", urlEvent(`"requestContext":{"accountId":"111122223333","domainName":"x.lambda-url.eu-central-1.on.aws","http":{"method":"GET"},"authorizer":{"iam":{` + user + `}}}`), ada, "FUR-01, AUT-50"},
		{"URL, Cognito", urlEvent(`"requestContext":{"domainName":"x.lambda-url.eu-central-1.on.aws","http":{"method":"GET"},"authorizer":{"iam":{` + cognito + `}}}`), session, "FUR-01, AUT-50"},
		{"URL, anonymous", urlEvent(`"requestContext":{"accountId":"anonymous","domainName":"x.lambda-url.eu-central-1.on.aws","http":{"method":"GET"}}`), handler.Caller{}, "FUR-01"},
		{"a signature alone", restEvent(`"headers":{"Authorization":"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu/execute-api/aws4_request, SignedHeaders=host, Signature=00"}`), handler.Caller{}, "ADP-10"},
		{"an identity in the body", restEvent(`"body":"{\"requestContext\":{\"identity\":{\"userArn\":\"arn\"}}}"`), handler.Caller{}, "ADP-10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := request(t, []byte(tt.event), nil).Caller(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Caller() = %+v, want %+v (%s)", got, tt.want, tt.why)
			}
		})
	}
}
