package identity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// asks has one trigger asked with an event that is made up, and changed by change.
func asks[Request, Response any](t *testing.T, trigger *identity.Trigger[Request, Response], given string, change func(e *identity.TriggerEvent[Request, Response]), want string) {
	t.Helper()
	event, err := identity.NewEvent(trigger.Feed().Asks, []byte(given))
	if err != nil {
		t.Errorf("NewEvent(%s): %v", trigger.Feed().Asks, err)
		return
	}
	var e *identity.TriggerEvent[Request, Response]
	if err := trigger.Decoder()(&datastore.Record{Data: event}, &e); err != nil {
		t.Errorf("%s: %v", trigger.Feed().Asks, err)
		return
	}
	if text := fmt.Sprintf("%v %+v %#v", e, e, e) + slog.AnyValue(e).Resolve().String(); strings.Contains(text, "secret") || !strings.Contains(text, "event ") {
		t.Errorf("%s: an event shows %s", trigger.Feed().Asks, text)
	}
	change(e)
	if got, err := trigger.Answer(e); err != nil || string(got) != want {
		t.Errorf("%s: Answer = %s, %v, want %s", trigger.Feed().Asks, got, err, want)
	}
}

// TestTriggerAnswers (COG-02): the answer to each trigger has the members that Cognito
// reads.
func TestTriggerAnswers(t *testing.T) {
	t.Parallel()
	users := identity.New(datastore.New(nil, nil), "users")
	asks(t, users.PreSignUp(), "", func(e *identity.PreSignUpEvent) { e.Response.AutoVerifyPhone = true },
		`{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":true}`)
	asks(t, users.PostConfirmation(), "", func(*identity.PostConfirmationEvent) {}, `{}`)
	asks(t, users.PreAuthentication(), `{"request":{"userNotFound":true}}`, func(e *identity.PreAuthenticationEvent) {
		if !e.Request.UserNotFound {
			t.Error("nobody says that there is no such user")
		}
	}, `{}`)
	asks(t, users.PostAuthentication(), `{"response":{"a":1}}`, func(*identity.PostAuthenticationEvent) {}, `{"a":1}`)
	asks(t, users.UserMigration(), `{"request":{"password":"secret"},"response":{"userAttributes":null,"forceAliasCreation":null}}`, func(e *identity.UserMigrationEvent) {
		if e.Request.Password != "secret" {
			t.Errorf("the password is %q", e.Request.Password)
		}
		e.Response = identity.UserMigrationResponse{UserAttributes: map[string]string{"email": "a@example.com"}, FinalUserStatus: "CONFIRMED", MessageAction: "SUPPRESS"}
	}, `{"desiredDeliveryMediums":null,"enableSMSMFA":false,"finalUserStatus":"CONFIRMED","forceAliasCreation":null,"messageAction":"SUPPRESS","userAttributes":{"email":"a@example.com"}}`)
	asks(t, users.CustomMessage(), `{"request":{"userAttributes":{"email_verified":true,"email":"a"},"codeParameter":"{####}"}}`, func(e *identity.CustomMessageEvent) {
		e.Response.EmailMessage = "Your code is " + e.Request.CodeParameter
	}, `{"emailMessage":"Your code is {####}","emailSubject":"","smsMessage":""}`)
	for _, sender := range []*identity.Trigger[identity.CustomSenderRequest, identity.NoResponse]{users.CustomEmailSender(), users.CustomSMSSender()} {
		asks(t, sender, `{"request":{"code":"c2VjcmV0","userAttributes":{"email":"a","email_verified":true}}}`, func(e *identity.CustomSenderEvent) {
			if text := fmt.Sprintf("%v %+v %#v", e.Request, e.Request.Code, &e.Request.Code); strings.Contains(text, "c2V") || strings.Contains(text, "115") || e.Request.UserAttributes["email"] != "a" {
				t.Errorf("the request shows %s", text)
			}
		}, `{}`)
	}
	asks(t, users.InboundFederation(), `{"request":{"providerType":"OIDC","attributes":{"idToken":{"email":"a","email_verified":true}}}}`, func(e *identity.InboundFederationEvent) {
		e.Response.UserAttributesToMap = map[string]string{"email": e.Request.Attributes.IDToken["email"].(string)}
	}, `{"userAttributesToMap":{"email":"a"}}`)
	asks(t, users.PreTokenGeneration(), `{"request":{"groupConfiguration":{"groupsToOverride":["a"],"preferredRole":null}},"response":{"claimsOverrideDetails":null}}`,
		func(e *identity.PreTokenGenerationEvent) {
			groups := e.Request.GroupConfiguration
			e.Response.Claims = &identity.ClaimsOverride{Suppress: []string{"email"}, Groups: &groups}
		}, `{"claimsOverrideDetails":{"claimsToSuppress":["email"],"groupOverrideDetails":{"groupsToOverride":["a"],"iamRolesToOverride":null,"preferredRole":null}}}`)
	claims := func(e *identity.TokenClaimsEvent) {
		e.Response.Claims = &identity.TokenOverride{
			ID:     &identity.IDTokenClaims{Set: map[string]any{"seats": 3, "tags": []string{"a"}}},
			Access: &identity.AccessTokenClaims{AddScopes: []string{"x"}, SuppressScopes: e.Request.Scopes},
		}
	}
	const both = `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":{"claimsToAddOrOverride":{"seats":3,"tags":["a"]}},"accessTokenGeneration":{"scopesToAdd":["x"],"scopesToSuppress":["y"]}}}`
	asks(t, users.TokenClaims(), `{"request":{"scopes":["y"]},"response":{"claimsAndScopeOverrideDetails":null}}`, claims, both)
	asks(t, users.MachineClaims(), `{"triggerSource":"TokenGeneration_ClientCredentials","request":{"scopes":["y"]}}`, claims, both)
	asks(t, users.CreateAuthChallenge(), `{"request":{"session":null}}`, func(e *identity.CreateAuthChallengeEvent) {
		e.Response = identity.CreateAuthChallengeResponse{Public: map[string]string{"q": "1+1"}, Private: map[string]string{"a": "2"}}
	}, `{"challengeMetadata":"","privateChallengeParameters":{"a":"2"},"publicChallengeParameters":{"q":"1+1"}}`)
	asks(t, users.VerifyAuthChallenge(), `{"request":{"privateChallengeParameters":{"a":"2"},"challengeAnswer":"2"},"response":{"answerCorrect":null}}`, func(e *identity.VerifyAuthChallengeEvent) {
		e.Response.Correct = e.Request.Answer == e.Request.Private["a"]
	}, `{"answerCorrect":true}`)
	asks(t, users.DefineAuthChallenge(), `{"request":{"session":[]},"response":{}}`, func(e *identity.DefineAuthChallengeEvent) { e.Response.FailAuthentication = true },
		`{"challengeName":"","failAuthentication":true,"issueTokens":false}`)
}

// TestTriggerMistakes: what is no event of the trigger is refused, and no answer is
// made of what has none.
func TestTriggerMistakes(t *testing.T) {
	t.Parallel()
	users := identity.New(datastore.New(nil, nil), "users")
	for _, data := range []string{``, `null`, `[]`, `{}`, `{"triggerSource":"PreSignUp"}`, `{"triggerSource":"PostConfirmation_X"}`,
		`{"triggerSource":"PreSignUp_SignUp","request":{"userAttributes":["secret"]}}`} {
		var e *identity.PreSignUpEvent
		err := users.PreSignUp().Decoder()(&datastore.Record{Data: []byte(data)}, &e)
		if !errors.Is(err, datastore.ErrCorrupt) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", data, err)
		}
	}
	for version, ok := range map[string]bool{"1": false, "2": true, "3": true} {
		var e *identity.TokenClaimsEvent
		err := users.TokenClaims().Decoder()(&datastore.Record{Data: []byte(`{"version":"` + version + `","triggerSource":"TokenGeneration_HostedAuth"}`)}, &e)
		if (err == nil) != ok {
			t.Errorf("version %s: %v", version, err)
		}
	}
	if _, err := users.PreSignUp().Answer(nil); err == nil {
		t.Error("an answer of no event")
	}
	e := &identity.TokenClaimsEvent{}
	e.Response.Claims = &identity.TokenOverride{ID: &identity.IDTokenClaims{Set: map[string]any{"a": func() {}}}}
	if _, err := users.TokenClaims().Answer(e); err == nil {
		t.Error("an answer without JSON")
	}
	for asks, given := range map[string]string{"Nothing": "", "PreSignUp": "[]", "CustomMessage": `{"triggerSource":"PreSignUp_SignUp"}`, "PreTokenGeneration V2_0": `{`} {
		if event, err := identity.NewEvent(asks, []byte(given)); err == nil {
			t.Errorf("NewEvent(%s, %s) = %s", asks, given, event)
		}
	}
	if event, err := identity.NewEvent("PreTokenGeneration V3_0", nil); err != nil || !strings.Contains(string(event), `"version":"3"`) {
		t.Errorf("NewEvent = %s, %v", event, err)
	}
}

// FuzzTriggerEvents: whatever Cognito sends, what is answered is an object that has what
// the function did not change.
func FuzzTriggerEvents(f *testing.F) {
	f.Add([]byte(`{"triggerSource":"CustomMessage_SignUp","response":{"smsMessage":null,"more":[1.0],"EmailSubject":"a"}}`))
	f.Add([]byte(`{"triggerSource":"CustomMessage_SignUp","response":null}`))
	trigger := identity.New(datastore.New(nil, nil), "users").CustomMessage()
	decode := trigger.Decoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		var e *identity.CustomMessageEvent
		if err := decode(&datastore.Record{Data: data}, &e); err != nil {
			if !errors.Is(err, datastore.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		e.Response.EmailSubject += "!"
		answer, err := trigger.Answer(e)
		var got map[string]any // whose names do not match in another case
		if err == nil {
			err = json.Unmarshal(answer, &got)
		}
		if err != nil || got["emailSubject"] != e.Response.EmailSubject {
			t.Fatalf("Answer = %s, %v, want %+v", answer, err, e.Response)
		}
	})
}

// A trigger is tested with events, as Cognito sends them.
func ExampleDirectory_TokenClaims() {
	users := identity.New(datastore.New(nil, nil), "users")
	worker := tier.New("club").Function("claims")
	tier.On(worker, users.TokenClaims(), func(_ context.Context, e *identity.TokenClaimsEvent) error {
		e.Response.Claims = &identity.TokenOverride{Access: &identity.AccessTokenClaims{
			Set: map[string]any{"tenant": e.Request.UserAttributes["custom:tenant"]},
		}}
		return nil
	})

	h, err := worker.Triggers()[0].Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	event := &identity.TokenClaimsEvent{Version: "2", TriggerSource: "TokenGeneration_Authentication", UserName: "ada"}
	event.Request.UserAttributes = map[string]string{"custom:tenant": "acme"}
	record := handlertest.RecordsOf(users.TokenClaims(), event)[0]
	answer, err := handlertest.AskRecord(context.Background(), h, record)
	fmt.Println(string(answer), err)
	// Output:
	// {"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"claimsToAddOrOverride":{"tenant":"acme"}}}} <nil>
}
