package localidentity_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// TestSignInAsks: a sign-in asks before the password is looked at and after it was
// right, and for the claims; who is asked no longer is not.
func TestSignInAsks(t *testing.T) {
	t.Parallel()
	driver := localidentity.Memory(nil)
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "shop"})
	ada(t, driver, data)
	issuer, err := driver.Issuer("shop", "people", localidentity.IssuerSettings{URL: "https://issuer.test", ClientID: "web"})
	if err != nil {
		t.Fatal(err)
	}
	var heard []string
	refuse := ""
	ask := func(asks string) (stop func()) {
		t.Helper()
		stop, err := driver.Ask("shop", "people", asks, func(_ context.Context, event []byte) ([]byte, error) {
			source := identity.SourceOf(event)
			heard = append(heard, source)
			if !strings.Contains(string(event), `"clientId":"web"`) || !strings.Contains(string(event), `"userName":"ada"`) {
				t.Errorf("%s: event %s", asks, event)
			}
			if source == refuse {
				return nil, errors.New("closed on Sundays")
			}
			return event, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return stop
	}
	stops := []func(){ask("PreAuthentication"), ask("PostAuthentication"), ask("PreTokenGeneration V1_0")}
	for _, tt := range []struct{ refuse, password, want, wantErr string }{
		{"", password, "PreAuthentication_Authentication PostAuthentication_Authentication TokenGeneration_Authentication", ""},
		{"", "wrong", "PreAuthentication_Authentication", localidentity.ErrSignIn.Error()},
		{"PreAuthentication_Authentication", password, "PreAuthentication_Authentication", "PreAuthentication failed with error closed on Sundays"},
		{"PostAuthentication_Authentication", password, "PreAuthentication_Authentication PostAuthentication_Authentication", "PostAuthentication failed with error closed"},
	} {
		heard, refuse = nil, tt.refuse
		tokens, err := issuer.SignIn("ada", tt.password)
		if got := strings.Join(heard, " "); got != tt.want {
			t.Errorf("%s: asked at %s, want %s", tt.refuse, got, tt.want)
		}
		if tt.wantErr == "" && (err != nil || tokens.ID == "") || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr) || tokens.ID != "") {
			t.Errorf("%s: SignIn = %+v, %v, want %q", tt.refuse, tokens, err, tt.wantErr)
		}
	}
	for _, stop := range stops {
		stop()
	}
	heard = nil
	if _, err := issuer.SignIn("ada", password); err != nil || len(heard) > 0 {
		t.Errorf("after the end: %v, asked at %v", err, heard)
	}
	if _, err := driver.Ask("../shop", "people", "PreSignUp", nil); err == nil {
		t.Error("a directory outside the folder is asked")
	}
}

// TestWrongAnswers: what is not the event refuses, as Cognito does.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "null", "{}", `{"triggerSource":"PreSignUp_AdminCreateUser"}`, `{"triggerSource":"PreSignUp_AdminCreateUser","response":null}`,
		`{"triggerSource":"PreSignUp_SignUp","response":{}}`} {
		driver := localidentity.Memory(nil)
		users := datastore.Use[identity.Creator](function{}, identity.New(datastore.New([]datastore.Driver{driver}, nil), "people"))
		if _, err := driver.Ask("", "people", "PreSignUp", func(context.Context, []byte) ([]byte, error) { return []byte(answer), nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := users.Create(t.Context(), identity.NewUser{Name: "ada"}); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "InvalidLambdaResponseException") {
			t.Errorf("%s: Create = %v", answer, err)
		}
	}
	for _, claims := range []string{`{"claimsAndScopeOverrideDetails":7}`, `{"claimsAndScopeOverrideDetails":{"accessTokenGeneration":{"scopesToAdd":"x"}}}`} {
		driver := localidentity.Memory(nil)
		data := datastore.New([]datastore.Driver{driver}, nil)
		ada(t, driver, data)
		issuer, err := driver.Issuer("", "people", localidentity.IssuerSettings{URL: "https://issuer.test", ClientID: "web"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := driver.Ask("", "people", "PreTokenGeneration V3_0", func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"triggerSource":"TokenGeneration_Authentication","response":` + claims + `}`), nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.Tokens("ada"); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("%s: Tokens = %v", claims, err)
		}
	}
}
