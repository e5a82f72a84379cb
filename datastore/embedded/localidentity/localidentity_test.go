package localidentity_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity/identitytest"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type store interface {
	identity.Creator
	identity.Getter
	identity.PasswordSetter
	identity.GroupSetter
	identity.Disabler
}

func TestConformance(t *testing.T) {
	t.Parallel()
	groups := &localidentity.Options{Groups: identitytest.Groups}
	for name, driver := range map[string]func(testing.TB) datastore.Driver{
		"memory": func(testing.TB) datastore.Driver { return localidentity.Memory(groups) },
		"folder": func(t testing.TB) datastore.Driver { return localidentity.In(t.TempDir(), groups) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			identitytest.Run(t, func(t testing.TB, _ identity.Spec) *datastore.Data {
				return datastore.New([]datastore.Driver{driver(t)}, nil)
			})
		})
	}
}

const password = "Correct-Horse-7"

// ada signs up in the directory people of the App shop.
func ada(t testing.TB, d datastore.Driver, data *datastore.Data) store {
	t.Helper()
	users := datastore.Use[store](function{}, identity.New(data, "people"))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := users.Create(t.Context(), identity.NewUser{Name: "ada", Attributes: map[string]string{"email": "ada@example.com", "email_verified": "true"}})
	check(err)
	check(users.SetPassword(t.Context(), "ada", password))
	check(users.SetGroups(t.Context(), "ada", []string{"editors"}))
	return users
}

func dataOf(d datastore.Driver) *datastore.Data {
	return datastore.New([]datastore.Driver{d}, &datastore.Options{Namespace: "shop"})
}

// TestTokens: what an issuer signs is what handler/jwt takes for a user pool's, by
// the keys it serves, also in the next process.
func TestTokens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := &localidentity.Options{Groups: []string{"editors"}}
	first := localidentity.In(dir, opts)
	users := ada(t, first, dataOf(first))
	user, err := users.Get(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	var issuer *localidentity.Issuer
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	settings := localidentity.IssuerSettings{URL: server.URL + "/pool", ClientID: "client-1"}
	if issuer, err = first.Issuer("shop", "people", settings); err != nil {
		t.Fatal(err)
	}
	tokens, err := issuer.SignIn("ada", password)
	if err != nil {
		t.Fatal(err)
	}
	next, err := localidentity.In(dir, opts).Issuer("shop", "people", settings)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = next
	for use, token := range map[string]string{"access": tokens.Access, "id": tokens.ID} {
		verifier, err := jwt.New(jwt.Settings{Issuer: settings.URL, Audiences: []string{"client-1"}, ClientIDs: []string{"client-1"}, TokenUse: use})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := verifier.Verify(t.Context(), token)
		if err != nil {
			t.Fatalf("Verify of the %s token: %v", use, err)
		}
		caller := claims.Caller()
		if caller.ID != user.ID || fmt.Sprint(caller.Groups) != "[editors]" {
			t.Errorf("the caller of the %s token = %+v, want %s in editors", use, caller, user.ID)
		}
		if _, err := verifier.Verify(t.Context(), token[:len(token)-4]+"AAAA"); err == nil {
			t.Errorf("the %s token with another signature is taken", use)
		}
	}
}

// TestSchema: attributes are those of a user pool, in their form.
func TestSchema(t *testing.T) {
	t.Parallel()
	data := dataOf(localidentity.Memory(nil))
	users := datastore.Use[identity.Creator](function{}, identity.New(data, "people", identity.Custom("plan")))
	for name, tt := range map[string]struct {
		attribute, value string
		taken            bool
	}{
		"standard":             {"nickname", "ada", true},
		"declared":             {"custom:plan", "free", true},
		"not declared":         {"custom:seats", "1", false},
		"without the prefix":   {"plan", "free", false},
		"of Cognito":           {"cognito:groups", "admins", false},
		"a claim":              {"exp", "9999999999", false},
		"another case":         {"Email", "ada@example.com", false},
		"an address":           {"email", "ada@example.com", true},
		"no address":           {"email", "Ada <ada@example.com>", false},
		"a number":             {"phone_number", "+4930123456", true},
		"a number from here":   {"phone_number", "030 123456", false},
		"verified":             {"email_verified", "true", true},
		"verified perhaps":     {"email_verified", "perhaps", false},
		"a day":                {"birthdate", "1815-12-10", true},
		"a year":               {"birthdate", "1815", false},
		"a time":               {"updated_at", "1700000000", true},
		"a time that is none":  {"updated_at", "today", false},
		"an empty one is none": {"email", "", true},
	} {
		_, err := users.Create(t.Context(), identity.NewUser{Name: "u-" + strings.ReplaceAll(name, " ", "-"), Attributes: map[string]string{tt.attribute: tt.value}})
		if tt.taken {
			if err != nil {
				t.Errorf("%s: Create with %s = %q: %v", name, tt.attribute, tt.value, err)
			}
			continue
		}
		e, ok := errors.AsType[*datastore.Error](err)
		if !ok || !errors.Is(err, datastore.ErrInvalid) || e.Code != "InvalidParameterException" || strings.Contains(err.Error(), tt.value) {
			t.Errorf("%s: Create with %s = %q: error = %v, want InvalidParameterException without the value", name, tt.attribute, tt.value, err)
		}
	}
}

// TestSignIn: who is refused does not learn why.
func TestSignIn(t *testing.T) {
	t.Parallel()
	d := localidentity.Memory(&localidentity.Options{Groups: []string{"editors"}})
	users := ada(t, d, dataOf(d))
	if _, err := users.Create(t.Context(), identity.NewUser{Name: "new", Password: password}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Create(t.Context(), identity.NewUser{Name: "off"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(users.SetPassword(t.Context(), "off", password), users.Disable(t.Context(), "off")); err != nil {
		t.Fatal(err)
	}
	issuer, err := d.Issuer("shop", "people", localidentity.IssuerSettings{URL: "https://issuer.example", ClientID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ user, password, want string }{
		"right":          {"ada", password, ""},
		"wrong password": {"ada", password + "x", "incorrect username or password"},
		"no password":    {"ada", "", "incorrect username or password"},
		"nobody":         {"eve", password, "incorrect username or password"},
		"disabled":       {"off", password, "incorrect username or password"},
		"must change":    {"new", password, "must change"},
	} {
		_, err := issuer.SignIn(tt.user, tt.password)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("SignIn, %s: error = %v, want %q", name, err, tt.want)
		}
	}
	if _, err := issuer.Tokens("eve"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Tokens of nobody: error = %v, want %v", err, datastore.ErrNotFound)
	}
	if _, err := d.Issuer("shop", "people", localidentity.IssuerSettings{}); err == nil {
		t.Error("an issuer without a URL is made")
	}
}

// TestExchange: which tokens are taken, and whose the credentials are.
func TestExchange(t *testing.T) {
	t.Parallel()
	var told []string
	dir := t.TempDir()
	d := localidentity.In(dir, &localidentity.Options{Groups: []string{"editors"}, Session: func(c identity.Credentials, subject string) error {
		told = append(told, c.AccessKeyID+" "+subject)
		return nil
	}})
	data := dataOf(d)
	user, err := ada(t, d, data).Get(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	other := localidentity.Memory(&localidentity.Options{Groups: []string{"editors"}})
	ada(t, other, dataOf(other))
	tokensFor := func(d *localidentity.Driver, url, client string, now time.Time) localidentity.Tokens {
		issuer, err := d.Issuer("shop", "people", localidentity.IssuerSettings{URL: url, ClientID: client, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := issuer.Tokens("ada")
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	tokens := func(d *localidentity.Driver, now time.Time) localidentity.Tokens {
		return tokensFor(d, "https://issuer.example", "c", now)
	}
	own := tokens(d, time.Now())
	credentials := datastore.Use[identity.Exchanger](function{}, identity.NewExchange(data, "visitors", identity.New(data, "others")))
	if _, err := credentials.Exchange(t.Context(), own.ID); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Exchange of a token of another directory: error = %v, want %v", err, datastore.ErrInvalid)
	}
	// The same key signs here, for clients that this driver does not know.
	elsewhere := localidentity.In(dir, nil)
	tokensFor(d, "https://second.example", "d", time.Now())
	again := dataOf(d)
	credentials = datastore.Use[identity.Exchanger](function{}, identity.NewExchange(again, "visitors", identity.New(again, "people")))
	for name, token := range map[string]string{
		"no token": "", "an access token": own.Access, "an old token": tokens(d, time.Now().Add(-2*time.Hour)).ID,
		"a token of another key": tokens(other, time.Now()).ID, "text": "a.b.c", "a changed token": own.ID[:len(own.ID)-4] + "AAAA",
		"a token of another issuer":   tokensFor(elsewhere, "https://other.example", "c", time.Now()).ID,
		"a token for another client":  tokensFor(elsewhere, "https://issuer.example", "other", time.Now()).ID,
		"a token of both, not of one": tokensFor(elsewhere, "https://issuer.example", "d", time.Now()).ID,
	} {
		c, err := credentials.Exchange(t.Context(), token)
		if !errors.Is(err, datastore.ErrInvalid) || c != (identity.Credentials{}) || token != "" && strings.Contains(err.Error(), token) {
			t.Errorf("Exchange of %s = %v, %v, want %v", name, c, err, datastore.ErrInvalid)
		}
	}
	first, err := credentials.Exchange(t.Context(), own.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := credentials.Exchange(t.Context(), own.ID)
	if err != nil || first.IdentityID != second.IdentityID || first.SecretAccessKey == second.SecretAccessKey {
		t.Errorf("Exchange twice = %v and %v, %v, want one identity with two secrets", first, second, err)
	}
	if len(told) != 2 || told[0] != first.AccessKeyID+" "+user.ID {
		t.Errorf("the session was told of %q", told)
	}
}

// TestFile: the file is its owner's alone, has no password in clear, and one that is
// none is not replaced.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := localidentity.In(dir, &localidentity.Options{Groups: []string{"editors"}})
	ada(t, d, dataOf(d))
	path := filepath.Join(dir, "shop", "identity", "people.json")
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), password) {
		t.Fatalf("the file: %v, has the password: %v", err, strings.Contains(string(text), password))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the file can be read by others: %v, %v", info.Mode(), err)
	}
	for _, text := range []string{"hunter2", `{"version":2}`, `{"version":1,"users":{"a":{"name":"b","id":"1"}}}`, `{"version":1,"users":{"a":null}}`, ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		users := datastore.Use[store](function{}, identity.New(dataOf(localidentity.In(dir, nil)), "people"))
		_, err := users.Create(t.Context(), identity.NewUser{Name: "eve"})
		if !errors.Is(err, datastore.ErrUnavailable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Create in %q: error = %v, want %v", text, err, datastore.ErrUnavailable)
		}
		if after, _ := os.ReadFile(path); string(after) != text {
			t.Errorf("%q was replaced", text)
		}
	}
}

func ExampleMemory() {
	users := localidentity.Memory(&localidentity.Options{Groups: []string{"editors"}})
	data := datastore.New([]datastore.Driver{users}, nil)
	people := datastore.Use[store](function{}, identity.New(data, "people"))
	ctx := context.Background()
	ada, err := people.Create(ctx, identity.NewUser{Name: "ada"})
	fmt.Println(ada.Name, ada.Status, err)
	_, err = people.Create(ctx, identity.NewUser{Name: "ada"})
	fmt.Println(err)
	fmt.Println(people.SetGroups(ctx, "ada", []string{"writers"}))
	// Output:
	// ada FORCE_CHANGE_PASSWORD <nil>
	// identity people: create: conflict: UsernameExistsException
	// identity people: setgroups: not found: ResourceNotFoundException: there is no such group
}
