package jwt_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	got, err := verifier(t, standard(t)).Verify(t.Context(), sign(t, nil, claims(members{"scope": "read write"})))
	if err != nil {
		t.Fatal(err)
	}
	if got.Issuer != issuer || got.Subject != "ada" || !cmp.Equal(got.Audience, []string{"orders"}) {
		t.Errorf("claims %+v", got)
	}
	if !got.Expires.Equal(now.Add(time.Hour)) || !got.IssuedAt.Equal(now) {
		t.Errorf("expires %s, issued at %s", got.Expires, got.IssuedAt)
	}
	if diff := cmp.Diff([]string{"read", "write"}, got.Scopes); diff != "" {
		t.Errorf("scopes (-want +got):\n%s", diff)
	}
}

// TestClaimsRules: JWT-04, JWT-06, JWT-07.
func TestClaimsRules(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	minute := func(s *jwt.Settings) { s.Leeway = time.Minute }
	for _, c := range []struct {
		name   string
		change members
		with   func(*jwt.Settings)
		want   jwt.Code
	}{
		{"accepted", nil, nil, ""},
		{"another issuer", members{"iss": issuer + ".evil.example"}, nil, jwt.CodeIssuer},
		{"issuer with a slash", members{"iss": issuer + "/"}, nil, jwt.CodeIssuer},
		{"issuer in capitals", members{"iss": strings.ToUpper(issuer)}, nil, jwt.CodeIssuer},
		{"no issuer", members{"iss": nil}, nil, jwt.CodeIssuer},
		{"issuer in a list", members{"iss": []string{issuer}}, nil, jwt.CodeMalformed},
		{"subject is a number", members{"sub": 7}, nil, jwt.CodeMalformed},
		{"no subject", members{"sub": nil}, nil, ""},

		{"audience in a list", members{"aud": []string{"other", "orders"}}, nil, ""},
		{"another audience", members{"aud": "other"}, nil, jwt.CodeAudience},
		{"audience is a part", members{"aud": "orders2"}, nil, jwt.CodeAudience},
		{"empty list of audiences", members{"aud": []string{}}, nil, jwt.CodeAudience},
		{"audience is a number", members{"aud": 5}, nil, jwt.CodeMalformed},
		{"audiences with a number", members{"aud": []any{"orders", 5}}, nil, jwt.CodeMalformed},
		{"audiences with a null", members{"aud": []any{"orders", nil}}, nil, jwt.CodeMalformed},
		{"no audience, no client", members{"aud": nil}, nil, jwt.CodeAudience},
		{"audience null, client", members{"aud": json.RawMessage("null"), "client_id": "app"}, nil, ""},
		{"client for audience", members{"aud": nil, "client_id": "app"}, nil, ""},
		{"another client", members{"aud": nil, "client_id": "app2"}, nil, jwt.CodeAudience},
		{"empty client", members{"aud": nil, "client_id": ""}, nil, jwt.CodeAudience},
		{"client is a list", members{"aud": nil, "client_id": []string{"app"}}, nil, jwt.CodeMalformed},
		{"client does not help an audience", members{"aud": "other", "client_id": "app"}, nil, jwt.CodeAudience},
		{"audience as client", members{"aud": nil, "client_id": "orders"}, nil, jwt.CodeAudience},
		{"client as audience", members{"aud": "app"}, nil, jwt.CodeAudience},
		{"audience where only clients are named", nil, func(s *jwt.Settings) { s.Audiences = nil }, jwt.CodeAudience},
		{"any audience", members{"aud": "other"}, anyAudience, ""},
		{"any audience, none", members{"aud": nil}, anyAudience, ""},

		{"no token use", nil, func(s *jwt.Settings) { s.TokenUse = "id" }, jwt.CodeTokenUse},
		{"token use is a list", members{"token_use": []string{"id"}}, func(s *jwt.Settings) { s.TokenUse = "id" }, jwt.CodeMalformed},

		{"expires now", members{"exp": at(0)}, nil, jwt.CodeExpired},
		{"expires in a second", members{"exp": at(time.Second)}, nil, ""},
		{"expired", members{"exp": at(-time.Hour)}, nil, jwt.CodeExpired},
		{"expired, within leeway", members{"exp": at(-59 * time.Second)}, minute, ""},
		{"expired, after leeway", members{"exp": at(-time.Minute)}, minute, jwt.CodeExpired},
		{"no expiry", members{"exp": nil}, nil, jwt.CodeMalformed},
		{"expiry null", members{"exp": json.RawMessage("null")}, nil, jwt.CodeMalformed},
		{"not before null", members{"nbf": json.RawMessage("null")}, nil, jwt.CodeMalformed},
		{"issued null", members{"iat": json.RawMessage("null")}, nil, jwt.CodeMalformed},
		{"subject null", members{"sub": json.RawMessage("null")}, nil, ""},
		{"expiry is text", members{"exp": "9999999999"}, nil, jwt.CodeMalformed},
		{"expiry is true", members{"exp": true}, nil, jwt.CodeMalformed},
		{"expiry in a list", members{"exp": []int64{at(time.Hour)}}, nil, jwt.CodeMalformed},
		{"expiry out of range", members{"exp": json.RawMessage("1e12")}, nil, jwt.CodeMalformed},
		{"expiry beyond float64", members{"exp": json.RawMessage("1e999")}, nil, jwt.CodeMalformed},
		{"negative expiry", members{"exp": -1}, nil, jwt.CodeMalformed},
		{"expiry zero", members{"exp": 0}, nil, jwt.CodeExpired},
		{"expiry with a fraction", members{"exp": json.RawMessage("1772366400.5")}, nil, ""},
		{"expiry with an exponent", members{"exp": json.RawMessage("1.9e9")}, nil, ""},
		{"not before a second", members{"nbf": at(time.Second)}, nil, jwt.CodeNotYetValid},
		{"not before, within leeway", members{"nbf": at(time.Minute)}, minute, ""},
		{"not before, after leeway", members{"nbf": at(61 * time.Second)}, minute, jwt.CodeNotYetValid},
		{"not before is text", members{"nbf": "0"}, nil, jwt.CodeMalformed},
		{"issued in the future", members{"iat": at(time.Second)}, nil, jwt.CodeNotYetValid},
		{"issued is an object", members{"iat": members{}}, nil, jwt.CodeMalformed},
		{"no other times", members{"iat": nil, "nbf": nil}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := standard(t)
			if c.with != nil {
				c.with(&s)
			}
			_, err := verifier(t, s).Verify(t.Context(), sign(t, nil, claims(c.change)))
			wantCode(t, err, c.want)
		})
	}
}

func anyAudience(s *jwt.Settings) { s.Audiences, s.ClientIDs, s.AnyAudience = nil, nil, true }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(*jwt.Settings)
		want string
	}{
		{"no issuer", func(s *jwt.Settings) { s.Issuer = "" }, "the Issuer is empty"},
		{"no audience", func(s *jwt.Settings) { s.Audiences, s.ClientIDs = nil, nil }, "set Audiences or ClientIDs"}, // JWT-06
		{"any and one", func(s *jwt.Settings) { s.AnyAudience = true }, "AnyAudience is set, and so are"},
		{"empty audience", func(s *jwt.Settings) { s.Audiences = []string{""} }, "is empty"},
		{"empty client", func(s *jwt.Settings) { s.ClientIDs = []string{"app", ""} }, "is empty"},
		{"negative leeway", func(s *jwt.Settings) { s.Leeway = -1 }, "the Leeway is -1ns"},
		{"long leeway", func(s *jwt.Settings) { s.Leeway = 2 * time.Minute }, "the Leeway is 2m0s, not 0 to 1m0s"},
		{"zero keys", func(s *jwt.Settings) { s.Keys = &jwt.KeySet{} }, "not made by NewKeySet"},
		{"two places of keys", func(s *jwt.Settings) { s.JWKSURL = issuer }, "both Keys and JWKSURL"},
		{"no place of keys", func(s *jwt.Settings) { s.Keys, s.Issuer = nil, "shop" }, `"shop" is not a URL`},
		{"plain http", func(s *jwt.Settings) { s.Keys, s.JWKSURL = nil, "http://issuer.example/keys" }, "is not https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := standard(t)
			c.with(&s)
			v, err := jwt.New(s)
			if err == nil || v != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("New = %v, %v, want an error with %q", v, err, c.want)
			}
		})
	}
}

// TestSettingsAreKept: what New was given can be changed afterwards without
// effect.
func TestSettingsAreKept(t *testing.T) {
	t.Parallel()
	s := standard(t)
	v := verifier(t, s)
	s.Audiences[0], s.ClientIDs[0] = "other", "other"
	for _, change := range []members{nil, {"aud": nil, "client_id": "app"}} {
		if _, err := v.Verify(t.Context(), sign(t, nil, claims(change))); err != nil {
			t.Error(err)
		}
	}
}

// TestZero: values that no constructor made accept nothing, and do not panic.
func TestZero(t *testing.T) {
	t.Parallel()
	verifyCode(t, &jwt.Verifier{}, sign(t, nil, claims(nil)), jwt.CodeKeysUnavailable)
	verifyCode(t, nil, sign(t, nil, claims(nil)), jwt.CodeKeysUnavailable)
	if err := (&jwt.KeySet{}).Err(); err != nil {
		t.Errorf("Err of a zero KeySet = %v", err)
	}
}

func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	_, err := verifier(t, standard(t)).Verify(t.Context(), "x")
	if status := handler.AsError(err).StatusCode(); status != http.StatusUnauthorized {
		t.Errorf("status of %v = %d, want 401", err, status)
	}
	err = &jwt.Error{Code: jwt.CodeKeysUnavailable}
	if status := handler.AsError(err).StatusCode(); status != http.StatusServiceUnavailable {
		t.Errorf("status of %v = %d, want 503", err, status)
	}
	if err.Error() != "jwt: keys_unavailable" {
		t.Errorf("text %q", err.Error())
	}
}

func TestFromHeader(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, want string }{
		{"Bearer a.b.c", "a.b.c"}, {"bearer a.b.c", "a.b.c"}, {"a.b.c", "a.b.c"}, {"", ""},
		{"Bearer ", ""}, {"Bearer", "Bearer"}, {"Bearer  a.b.c", " a.b.c"}, {"Basic YTpi", "Basic YTpi"},
	} {
		if got := jwt.FromHeader(c.value); got != c.want {
			t.Errorf("FromHeader(%q) = %q, want %q", c.value, got, c.want)
		}
	}
}
