package local

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestResponseType: every error of a REST API has the type that AWS gives it,
// by what its refusal says.
func TestResponseType(t *testing.T) {
	t.Parallel()
	routed := &method{}
	for _, tt := range []struct {
		refusal refusal
		routed  *method
		want    string
	}{
		{restNotFound, nil, "MISSING_AUTHENTICATION_TOKEN"},
		{refusal{403, jsonType, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException"}, routed, "MISSING_AUTHENTICATION_TOKEN"}, // GWR-02
		{restForbidden, routed, "INVALID_API_KEY"},
		{restForbidden, nil, notCustomised}, // GWR-20
		{restTooMany, routed, "THROTTLED"},
		{restLimitExceeded, routed, "QUOTA_EXCEEDED"},
		{refusal{401, jsonType, `{"message":"Unauthorized"}`, "UnauthorizedException"}, routed, "UNAUTHORIZED"},                                      // GWR-06
		{refusal{403, jsonType, `{"Message":"User is not authorized"}`, "AccessDeniedException"}, routed, "ACCESS_DENIED"},                           // GWR-08
		{refusal{500, jsonType, `{"message":null}`, "AuthorizerConfigurationException"}, routed, "AUTHORIZER_CONFIGURATION_ERROR"},                   // GWR-10
		{refusal{400, jsonType, `{"message": "Missing required request parameters: [a]"}`, "BadRequestException"}, routed, "BAD_REQUEST_PARAMETERS"}, // GWR-12
		{refusal{400, jsonType, `{"message": "Invalid request body"}`, "BadRequestException"}, routed, "BAD_REQUEST_BODY"},                           // GWR-13
		{refusal{415, jsonType, `{"message": "Unsupported Media Type"}`, "BadRequestException"}, routed, "UNSUPPORTED_MEDIA_TYPE"},                   // GWR-14
		{restFailed, routed, "INTEGRATION_FAILURE"},
		{restTimedOut, routed, "INTEGRATION_TIMEOUT"},
		{restNotInvoked, routed, "INTEGRATION_FAILURE"},
		{restRequestTooLong, routed, "REQUEST_TOO_LARGE"},
		{refusal{403, jsonType, "x", "InvalidSignatureException"}, routed, "INVALID_SIGNATURE"},    // GWR-18
		{refusal{403, jsonType, "x", "IncompleteSignatureException"}, routed, "INVALID_SIGNATURE"}, // GWR-34
		{refusal{403, jsonType, "x", "ExpiredTokenException"}, routed, "EXPIRED_TOKEN"},            // GWR-19
		{restBadRequest, nil, ""},
		{restURLTooLong, nil, ""},
	} {
		x := &exchange{}
		x.match.method = tt.routed
		if got := responseType(x, &tt.refusal); got != tt.want {
			t.Errorf("%+v: type %q, want %q", tt.refusal, got, tt.want)
		}
		if tt.want != "" && tt.want != notCustomised && tier.DefaultStatus(tt.want) == 0 {
			t.Errorf("AWS knows no type %s", tt.want)
		}
	}
}

// TestUnauthorizedAlone: GWR-32: DEFAULT_4XX is not about UNAUTHORIZED.
func TestUnauthorizedAlone(t *testing.T) {
	t.Parallel()
	unauthorized := refusal{401, jsonType, `{"message":"Unauthorized"}`, "UnauthorizedException"}
	for _, tt := range []struct {
		declared string
		status   int
	}{{"DEFAULT_4XX", 401}, {"UNAUTHORIZED", 418}} {
		all := gatewayResponses{"orders", map[string]*tier.GatewayResponse{tt.declared: {Type: tt.declared, Status: 418}}}
		a := unauthorized.answer("")
		all.customise(&exchange{}, a)
		if a.status != tt.status {
			t.Errorf("GWR-32: with %s: %d, want %d", tt.declared, a.status, tt.status)
		}
	}
}

// TestVariables: what is known of a request and what is not.
func TestVariables(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("PUT", "http://api.example:8080/a/b?x=1&x=2", nil)
	r.Header = http.Header{"User-Agent": {"me"}, "X-A": {"1", "2"}}
	x := &exchange{Request: r, at: anyTime, method: "PUT", path: "/a/b", full: "/live/a/b", ids: identifiers{request: "id", extended: "ext"},
		authorizer: []byte(`{"claims":{"sub":"ada","n":5,"ok":true,"groups":["a"]},"principalId":"p"}`),
		stage:      &stage{name: "live", canary: &canary{}}, canary: true, variables: []byte(`{"level":"2"}`),
		client: identity{accountID: "1", caller: "c", user: "u", userARN: "arn", apiKey: "secret", apiKeyID: "k"}}
	x.match = match{method: &method{}, resource: &resource{path: "/a/{id}", params: []string{"id"}}, values: []string{"b"}}
	w := &errorWords{exchange: x, responseType: "THROTTLED", body: []byte(`{"Message":"say \"no\""}`)}
	for name, want := range map[string]string{
		"context.requestId": "id", "context.extendedRequestId": "ext", "context.httpMethod": "PUT", "context.path": "/live/a/b",
		"context.resourcePath": "/a/{id}", "context.stage": "live", "context.accountId": accountID, "context.protocol": "HTTP/1.1",
		"context.domainName": "api.example", "context.requestTime": "09/Jul/2026:08:07:06 +0000", "context.requestTimeEpoch": "1783584426000",
		"context.error.message": `say "no"`, "context.error.messageString": `"say \"no\""`, "context.error.responseType": "THROTTLED",
		"context.identity.sourceIp": "192.0.2.1", "context.identity.userAgent": "me", "context.identity.accountId": "1",
		"context.identity.caller": "c", "context.identity.user": "u", "context.identity.userArn": "arn",
		"context.identity.apiKeyId": "k", "context.identity.apiKey": "", "context.identity.cognitoIdentityId": "",
		"context.authorizer.claims.sub": "ada", "context.authorizer.claims.n": "5", "context.authorizer.claims.ok": "true",
		"context.authorizer.claims.groups": "", "context.authorizer.principalId": "p", "context.authorizer.principalId.x": "", "context.authorizer.none": "",
		"method.request.header.x-a": "2", "method.request.header.Host": "api.example:8080", "method.request.querystring.x": "2",
		"method.request.querystring.y": "", "method.request.path.id": "b", "method.request.path.none": "", "method.request.body.x": "",
		"stageVariables.level": "2", "stageVariables.x": "", "context.isCanaryRequest": "true", "context.none": "", "none": "",
	} {
		if got := w.value(name); got != want {
			t.Errorf("GWR-31: %s = %q, want %q", name, got, want)
		}
	}
	w.body = []byte(`{"message":null}`)
	if got := w.value("context.error.messageString"); got != "null" {
		t.Errorf("GWR-10: a message that is null: %s", got)
	}
}
