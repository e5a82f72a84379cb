package local_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
)

type maker interface {
	identity.Creator
	identity.GroupSetter
	identity.Getter
}

// asking is an App whose directory asks two functions, of which one uses it.
func asking(t testing.TB, claims func(app *tier.App, users *identity.Directory)) (*datastore.Data, *tier.App, maker) {
	t.Helper()
	data, app := datatest.New(t), tier.New("club")
	users := identity.New(data, "users")
	door := app.Function("door")
	own := datastore.Use[identity.Lister](door, users)
	tier.On(door, users.PreSignUp(), func(ctx context.Context, e *identity.PreSignUpEvent) error {
		page, err := own.List(ctx, identity.Query{Attribute: "email", Value: e.Request.UserAttributes["email"]})
		switch {
		case err != nil:
			return err
		case len(page.Items) > 0:
			return handler.Errorf(409, "the address is taken")
		case e.UserName == "broken":
			return errors.New("dial tcp: secret")
		}
		return nil
	})
	tier.On(door, users.CustomMessage(), func(_ context.Context, e *identity.CustomMessageEvent) error {
		e.Response.EmailSubject = "Welcome, " + e.UserName
		return nil
	})
	if claims != nil {
		claims(app, users)
	}
	clerk := app.Function("clerk")
	people := datastore.Use[maker](clerk, users)
	clerk.Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	delivering(t, app, data, nil)
	return data, app, people
}

// TestDirectoryAsks: a directory asks before it makes a user; the function may use the
// directory, and its refusal is the user's.
func TestDirectoryAsks(t *testing.T) {
	t.Parallel()
	_, _, people := asking(t, nil)
	make := func(name, email string) error {
		_, err := people.Create(t.Context(), identity.NewUser{Name: name, Attributes: map[string]string{"email": email}})
		return err
	}
	if err := make("ada", "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"bob": "PreSignUp failed with error the address is taken", "broken": "PreSignUp failed with error Internal Server Error"} {
		email := "ada@example.com"
		if name == "broken" {
			email = "b@example.com"
		}
		err := make(name, email)
		if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Create(%s) = %v, want %q", name, err, want)
		}
		if _, err := people.Get(t.Context(), name); !errors.Is(err, datastore.ErrNotFound) {
			t.Errorf("Get(%s) = %v, want no such user", name, err)
		}
	}
	if err := make("ada", "c@example.com"); !errors.Is(err, datastore.ErrConflict) {
		t.Errorf("Create of one that is there = %v", err)
	}
}

func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestDirectoryAsksForClaims: a function changes the claims of tokens, but not those
// that say whose they are.
func TestDirectoryAsksForClaims(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		claims func(app *tier.App, users *identity.Directory)
		want   map[string]any
	}{
		{"version 1", func(app *tier.App, users *identity.Directory) {
			tier.On(app.Function("claims"), users.PreTokenGeneration(), func(_ context.Context, e *identity.PreTokenGenerationEvent) error {
				e.Response.Claims = &identity.ClaimsOverride{
					Set: map[string]string{"plan": "gold", "sub": "forged", "email": "x"}, Suppress: []string{"email"},
					Groups: &identity.TokenGroups{Groups: append(e.Request.GroupConfiguration.Groups, "guests")},
				}
				return nil
			})
		}, map[string]any{"plan": "gold", "cognito:groups": []any{"editors", "guests"}}},
		{"version 2", func(app *tier.App, users *identity.Directory) {
			tier.On(app.Function("claims"), users.TokenClaims(), func(_ context.Context, e *identity.TokenClaimsEvent) error {
				e.Response.Claims = &identity.TokenOverride{ID: &identity.IDTokenClaims{
					Set: map[string]any{"plan": map[string]any{"seats": len(e.Request.Scopes)}, "exp": 1}, Suppress: []string{"email", "iss"}}}
				return nil
			})
		}, map[string]any{"plan": map[string]any{"seats": 1.0}, "cognito:groups": []any{"editors"}}},
		{"nothing", func(app *tier.App, users *identity.Directory) {
			tier.On(app.Function("claims"), users.MachineClaims(), func(context.Context, *identity.TokenClaimsEvent) error { return nil })
		}, map[string]any{"email": "ada@example.com", "cognito:groups": []any{"editors"}}},
	} {
		data, _, _ := asking(t, tt.claims)
		user := datatest.AddUser(t, data, "users", identity.NewUser{Name: "ada", Attributes: map[string]string{"email": "ada@example.com"}}, "editors")
		got := claimsOf(t, datatest.IDToken(t, data, "users", "ada"))
		if got["sub"] != user.ID || got["iss"] != "https://issuer.test/users" || got["exp"].(float64) < 1e9 {
			t.Errorf("%s: a token of somebody else: %v", tt.name, got)
		}
		for _, fixed := range []string{"sub", "iss", "exp", "iat", "auth_time", "jti", "aud", "token_use", "cognito:username"} {
			delete(got, fixed)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: claims (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestAsk: what gives an answer is asked by hand.
func TestAsk(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("club")
	users, worker := identity.New(data, "users"), app.Function("worker")
	tier.On(worker, users.CustomMessage(), func(_ context.Context, e *identity.CustomMessageEvent) error {
		e.Response.EmailSubject = "Welcome, " + e.UserName
		return nil
	})
	tier.On(worker, users.MachineClaims(), func(_ context.Context, e *identity.TokenClaimsEvent) error {
		e.Response.Claims = &identity.TokenOverride{Access: &identity.AccessTokenClaims{AddScopes: []string{e.Version + e.TriggerSource}}}
		return nil
	})
	tier.On(worker, bus.NewFirehose[string]("lines"), func(_ context.Context, r *bus.Transformation[string]) error {
		r.Value = strings.ToUpper(r.Value)
		return nil
	})
	tier.On(worker, bus.NewSchedule("nightly", "rate(1 day)", struct{}{}), func(context.Context, struct{}) error { return nil })
	codes := key.New(data, "codes", nil)
	members, sender := identity.New(data, "members", identity.CodesEncryptedBy(codes)), app.Function("sender")
	decrypter := datastore.Use[key.Decrypter](sender, codes)
	var sent []string
	tier.On(sender, members.CustomEmailSender(), func(ctx context.Context, e *identity.CustomSenderEvent) error {
		code, err := e.Request.Code.Open(ctx, decrypter)
		if err == nil {
			sent = append(sent, e.Request.UserAttributes["email"].(string)+" "+string(code))
		}
		return err
	})
	d := delivering(t, app, data, nil)
	for _, tt := range []struct{ name, given, want, wantErr string }{
		{"members", `{"request":{"code":"123456","userAttributes":{"email":"ada@example.com"}}}`, `"response":{}`, ""},
		{"members", `{"request":{"userAttributes":{"email":"ada@example.com"}}}`, "", "Not Found"},
		{"members", `{"request":{"code":123456}}`, "", "a text of at most"},
		{"users", `{"triggerSource":"CustomMessage_SignUp","userName":"ada"}`, `"emailSubject":"Welcome, ada"`, ""},
		{"users", `{"triggerSource":"TokenGeneration_ClientCredentials"}`, `"scopesToAdd":["3TokenGeneration_ClientCredentials"]`, ""},
		{"users", ``, "", `write {"triggerSource"`},
		{"users", `{"triggerSource":"PreSignUp_SignUp"}`, "", `write {"triggerSource"`},
		{"nightly", ``, "", "gives no answer; write Fire"},
		{"weekly", ``, "", `nothing to fire of the name "weekly"`},
	} {
		answer, err := d.Ask(tt.name, []byte(tt.given))
		if tt.wantErr == "" && (err != nil || !strings.Contains(string(answer), tt.want)) || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
			t.Errorf("Ask(%s, %s) = %s, %v, want %q%q", tt.name, tt.given, answer, err, tt.want, tt.wantErr)
		}
	}
	if diff := cmp.Diff([]string{"ada@example.com 123456"}, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	answer, err := d.Ask("lines", []byte("a line"))
	results, readErr := handlertest.ReadTransformed(answer)
	if err != nil || readErr != nil || len(results) != 1 || results[0].Result != "Ok" || string(results[0].Data) != "A LINE" {
		t.Errorf("Ask(lines) = %s, %v", answer, errors.Join(err, readErr))
	}
	if err := d.Fire("lines", []byte("a line")); err == nil || !strings.Contains(err.Error(), "write Ask") {
		t.Errorf("Fire(lines) = %v", err)
	}
	if got := d.Elsewhere(); slices.ContainsFunc(got, func(s datastore.Spec) bool { return s.Kind() == "identity" }) {
		t.Errorf("Elsewhere = %v", got)
	}
}
