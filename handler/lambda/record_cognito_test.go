package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// poolEvent is an event of a user pool with members that nobody knows and odd spaces.
func poolEvent(version, source, request, response string) string {
	return `{ "version":"` + version + `", "triggerSource" : "` + source + `","region":"eu-west-1","userPoolId":"eu-west-1_A1","userName":"ada\u002b1",` +
		"\n" + `"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"c1"},"request":` + request + `,"response":` + response + ` , "newer":[1.50] }`
}

const someone = `{"userAttributes":{"sub":"s1","email":"ada@example.com"},"validationData":null,"clientMetadata":null,"later":{"a":1}}`

// club answers triggers of a user pool.
func club(t testing.TB) *tier.Function {
	f := tier.New("club").Function("worker")
	users := identity.New(datastore.New(nil, nil), "users")
	tier.On(f, users.PreSignUp(), func(ctx context.Context, e *identity.PreSignUpEvent) error {
		if r := datastore.RecordFrom(ctx); r.Source != "eu-west-1_A1" || r.Service != "cognito" {
			t.Errorf("the record is of %q, %q", r.Source, r.Service)
		}
		switch e.Request.ValidationData["do"] {
		case "refuse":
			return handler.Errorf(403, "not on the list")
		case "fail":
			return errors.New("dial tcp 10.0.0.1: secret")
		case "panic":
			panic("boom")
		case "nothing":
			return nil
		}
		e.Response.AutoConfirmUser = strings.HasSuffix(e.Request.UserAttributes["email"], "@example.com")
		return nil
	})
	tier.On(f, users.PreTokenGeneration(), func(_ context.Context, e *identity.PreTokenGenerationEvent) error {
		if e.UserName == "ada+1" && e.Request.UserAttributes != nil {
			e.Response.Claims = &identity.ClaimsOverride{Set: map[string]string{"plan": "<gold>"}, Suppress: []string{"email"}}
		}
		return nil
	})
	tier.On(f, users.DefineAuthChallenge(), func(_ context.Context, e *identity.DefineAuthChallengeEvent) error {
		switch n := len(e.Request.Session); {
		case e.Request.UserNotFound:
			e.Response.FailAuthentication = true
		case n == 0:
			e.Response.ChallengeName = "CUSTOM_CHALLENGE"
		default:
			e.Response.IssueTokens = e.Request.Session[n-1].Correct
		}
		return nil
	})
	tier.On(f, users.PostConfirmation(), func(context.Context, *identity.PostConfirmationEvent) error { return nil })
	return f
}

// TestTriggers (COG-01, COG-02): a user pool gets its own event back, with nothing but
// the response changed; null and empty members do no harm; an error tells the user what
// a client would be told.
func TestTriggers(t *testing.T) {
	t.Parallel()
	o := sourcesOf(t, club(t))
	o.Logger = slog.New(slog.DiscardHandler)
	d := lambda.New(nil, o)
	const noAnswer = `{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`
	define := func(session, unknown string) string {
		return `{"userAttributes":{},"session":` + session + `,"userNotFound":` + unknown + `}`
	}
	for _, tt := range []struct {
		name, version, source, request, response string
		want, wantErr                            string
	}{
		{"sign-up", "1", "PreSignUp_SignUp", someone, noAnswer, `{"autoConfirmUser":true,"autoVerifyEmail":false,"autoVerifyPhone":false}`, ""},
		{"unknown members of the response stay", "1", "PreSignUp_SignUp", someone, `{"autoConfirmUser":false,"also":[1.0]}`, `{"also":[1.0],"autoConfirmUser":true,"autoVerifyEmail":false,"autoVerifyPhone":false}`, ""},
		{"nothing changed", "1", "PreSignUp_AdminCreateUser", `{"userAttributes":{},"validationData":{"do":"nothing"}}`, `{ "autoConfirmUser" : false}`, `{ "autoConfirmUser" : false}`, ""},
		{"a response of null", "1", "PreSignUp_SignUp", someone, `null`, `{"autoConfirmUser":true,"autoVerifyEmail":false,"autoVerifyPhone":false}`, ""},
		{"no response to give", "1", "PostConfirmation_ConfirmSignUp", someone, `{}`, `{}`, ""},
		{"claims of null", "1", "TokenGeneration_Authentication", someone, `{"claimsOverrideDetails":null}`,
			`{"claimsOverrideDetails":{"claimsToAddOrOverride":{"plan":"\u003cgold\u003e"},"claimsToSuppress":["email"]}}`, ""},
		{"claims of null, unchanged", "1", "TokenGeneration_RefreshTokens", `{"userAttributes":null,"groupConfiguration":null}`, `{"claimsOverrideDetails":null}`, `{"claimsOverrideDetails":null}`, ""},
		{"another version", "2", "TokenGeneration_Authentication", someone, `{}`, "", `the body cannot be decoded`},
		{"session of null", "1", "DefineAuthChallenge_Authentication", define("null", "false"), `{"challengeName":null,"issueTokens":null}`,
			`{"challengeName":"CUSTOM_CHALLENGE","issueTokens":null,"failAuthentication":false}`, ""},
		{"an empty session", "1", "DefineAuthChallenge_Authentication", define("[]", "false"), `{}`,
			`{"challengeName":"CUSTOM_CHALLENGE","issueTokens":false,"failAuthentication":false}`, ""},
		{"a right answer", "1", "DefineAuthChallenge_Authentication", define(`[{"challengeName":"CUSTOM_CHALLENGE","challengeResult":true}]`, "false"), `{}`,
			`{"challengeName":"","issueTokens":true,"failAuthentication":false}`, ""},
		{"no such user", "1", "DefineAuthChallenge_Authentication", define("[]", "true"), `{}`,
			`{"challengeName":"","issueTokens":false,"failAuthentication":true}`, ""},
		{"refused", "1", "PreSignUp_SignUp", `{"validationData":{"do":"refuse"}}`, noAnswer, "", "not on the list"},
		{"failed", "1", "PreSignUp_SignUp", `{"validationData":{"do":"fail"}}`, noAnswer, "", "Internal Server Error"},
		{"panicked", "1", "PreSignUp_SignUp", `{"validationData":{"do":"panic"}}`, noAnswer, "", "Internal Server Error"},
		{"a type that nobody expects", "1", "PreSignUp_SignUp", `{"userAttributes":["secret"]}`, noAnswer, "", "the body cannot be decoded"},
		{"a trigger of nobody", "1", "CustomMessage_SignUp", someone, noAnswer, "", "batch of records of eu-west-1_A1, which the function does not serve"},
	} {
		event := poolEvent(tt.version, tt.source, tt.request, tt.response)
		out, err := d.Invoke(t.Context(), []byte(event))
		if tt.wantErr != "" {
			own := ""
			if e := (messages.InvokeResponse_Error{}); errors.As(err, &e) {
				own = e.Message
			} else if err != nil {
				own = err.Error()
			}
			if err == nil || !strings.Contains(own, tt.wantErr) || strings.Contains(own, "secret") {
				t.Errorf("%s: Invoke = %s, %v; want the error %q", tt.name, out, err, tt.wantErr)
			}
			continue
		}
		before, after, _ := strings.Cut(event, `"response":`+tt.response)
		gotBefore, rest, _ := strings.Cut(string(out), `"response":`)
		response, ok := strings.CutSuffix(rest, after)
		if err != nil || gotBefore != before || !ok {
			t.Errorf("%s: Invoke = %s, %v; want all but the response of %s", tt.name, out, err, event)
			continue
		}
		if tt.name == "nothing changed" && response != tt.want || !sameJSON(t, response, tt.want) {
			t.Errorf("%s: the response is %s, want %s", tt.name, response, tt.want)
		}
	}
}

// TestTriggerLog: a refusal that the user reads is no error of the function, and what
// the user does not read is in the log.
func TestTriggerLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := sourcesOf(t, club(t))
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := lambda.New(nil, o)
	for do, want := range map[string]string{"refuse": `level=INFO msg="trigger refused"`, "fail": `level=ERROR msg="record failed"`} {
		log.Reset()
		if _, err := d.Invoke(t.Context(), []byte(poolEvent("1", "PreSignUp_SignUp", `{"validationData":{"do":"`+do+`"}}`, `{}`))); err == nil {
			t.Errorf("%s: no error", do)
		}
		if text := log.String(); !strings.Contains(text, want) || do == "fail" && !strings.Contains(text, "dial tcp") || strings.Contains(text, "ada") {
			t.Errorf("%s: the log has %s, want %q", do, text, want)
		}
	}
}

func sameJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatalf("%s, %s: %v", a, b, err)
	}
	one, _ := json.Marshal(x)
	two, _ := json.Marshal(y)
	return bytes.Equal(one, two)
}

// TestTriggerWithoutResponse: the response is added where the event has none.
func TestTriggerWithoutResponse(t *testing.T) {
	t.Parallel()
	d := lambda.New(nil, sourcesOf(t, club(t)))
	const event = `{"version":"1","triggerSource":"PostConfirmation_ConfirmSignUp","userPoolId":"eu-west-1_A1","request":{}}`
	out, err := d.Invoke(t.Context(), []byte(event))
	if want := strings.TrimSuffix(event, "}") + `,"response":{}}`; err != nil || string(out) != want {
		t.Errorf("Invoke = %s, %v, want %s", out, err, want)
	}
}

// TestTriggerTime (COG-01): a function that has more time than the 5 seconds for which a
// user pool waits gets no more.
func TestTriggerTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := tier.New("club").Function("worker")
		users := identity.New(datastore.New(nil, nil), "users")
		tier.On(f, users.PostAuthentication(), func(ctx context.Context, _ *identity.PostAuthenticationEvent) error {
			<-ctx.Done()
			return ctx.Err()
		})
		o := sourcesOf(t, f)
		o.Logger = slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		out, err := lambda.New(nil, o).Invoke(ctx, []byte(poolEvent("1", "PostAuthentication_Authentication", "{}", "{}")))
		if took := time.Since(begin); err == nil || took != 5*time.Second {
			t.Errorf("Invoke = %s, %v after %v, want an error after 5s", out, err, took)
		}
	})
}

// FuzzTriggers: whatever comes, what is answered is the event with another response.
func FuzzTriggers(f *testing.F) {
	for _, seed := range []string{
		poolEvent("1", "PreSignUp_SignUp", someone, `{"autoConfirmUser":false}`),
		poolEvent("1", "TokenGeneration_Authentication", someone, `{"claimsOverrideDetails":null}`),
		poolEvent("1", "PostConfirmation_ConfirmSignUp", someone, `{}`),
		`{"triggerSource":"PostConfirmation_","userPoolId":"p","response":1,"response":{"a":{"response":2}}}`,
		`{"triggerSource":"DefineAuthChallenge_Authentication","userPoolId":"p","userPoolId":"q"}`,
	} {
		f.Add([]byte(seed))
	}
	o := sourcesOf(f, func() *tier.Function {
		fn := tier.New("club").Function("worker")
		users := identity.New(datastore.New(nil, nil), "users")
		tier.On(fn, users.PreSignUp(), func(_ context.Context, e *identity.PreSignUpEvent) error {
			e.Response.AutoConfirmUser = !e.Response.AutoConfirmUser
			return nil
		})
		tier.On(fn, users.PostConfirmation(), func(context.Context, *identity.PostConfirmationEvent) error { return nil })
		tier.On(fn, users.DefineAuthChallenge(), func(_ context.Context, e *identity.DefineAuthChallengeEvent) error {
			e.Response.IssueTokens = true
			return nil
		})
		return fn
	}())
	o.Logger = slog.New(slog.DiscardHandler)
	d := lambda.New(nil, o)
	f.Fuzz(func(t *testing.T, payload []byte) {
		out, err := d.Invoke(t.Context(), payload)
		if err != nil {
			return
		}
		var in, got map[string]json.RawMessage
		if err := json.Unmarshal(out, &got); err != nil {
			if string(out) == "null" || bytes.HasPrefix(out, []byte(`{"batchItemFailures"`)) {
				return // S3's test event, or no records
			}
			t.Fatalf("answered %q to %q: %v", out, payload, err)
		}
		if err := json.Unmarshal(payload, &in); err != nil {
			t.Fatalf("took %q: %v", payload, err)
		}
		if _, failures := got["batchItemFailures"]; failures {
			return
		}
		if response := got["response"]; len(response) == 0 || response[0] != '{' {
			t.Fatalf("the response is %q", response)
		}
		for name, value := range in {
			if name != "response" && !bytes.Equal(got[name], value) {
				t.Fatalf("%s is %s, and was %s", name, got[name], value)
			}
		}
	})
}
