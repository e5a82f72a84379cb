package jwt_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// forged are tokens that nobody signed with the keys of the fuzz tests.
func forged(t testing.TB) []string {
	payload := string(mustJSON(t, claims(nil)))
	good := signRaw(t, golang.SigningMethodES256, newEC(p256().Curve), `{"alg":"ES256","kid":"P-256"}`, payload)
	part := strings.Split(good, ".")
	return []string{
		"", ".", "..", "...", good, good + "=", good + "\n", good + ".AAAA", part[0] + "." + part[1] + ".",
		encode([]byte(`{"alg":"none","kid":"P-256"}`)) + "." + part[1] + ".",
		encode([]byte(`{"alg":"HS256","kid":"RSA"}`)) + "." + part[1] + "." + part[2],
		encode([]byte(`{"alg":"RS256","kid":"RSA","crit":["b64"],"b64":false}`)) + "." + payload + "." + part[2],
		signRaw(t, golang.SigningMethodEdDSA, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)), `{"alg":"EdDSA","kid":"P-256"}`, payload),
	}
}

// FuzzVerify: no bytes make it panic, and none that were not signed are
// accepted. Every refusal is an *Error with a code and without the token.
func FuzzVerify(f *testing.F) {
	for _, token := range forged(f) {
		f.Add(token)
	}
	s := standard(f)
	s.Keys = keysOf(f, allKeys(f), "RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA")
	v := verifier(f, s)
	f.Fuzz(func(t *testing.T, token string) {
		c, err := v.Verify(t.Context(), token)
		var e *jwt.Error
		if !errors.As(err, &e) || e.Code == "" || c.Subject != "" || len(c.Strings()) != 0 {
			t.Fatalf("Verify(%q) = %+v, %v", token, c, err)
		}
		if strings.Contains(err.Error(), "\n") || len(err.Error()) > 1000 {
			t.Fatalf("error %q", err)
		}
	})
}

// FuzzSigned: whatever an issuer signs does not make it panic, and what is
// accepted is also accepted by golang-jwt, with the same claims.
func FuzzSigned(f *testing.F) {
	const header = `{"alg":"ES256","kid":"P-256"}`
	for _, payload := range []string{
		string(mustJSON(f, claims(nil))), `{}`, `null`, `[]`, `{"exp":"1"}`, `{"exp":1e999}`, `{"aud":[1]}`,
		`{"iss":"` + issuer + `","aud":["orders"],"exp":1900000000.5,"scope":["a"],"cognito:groups":"[a b]","o":{"o":[{}]}}`,
		`{"iss":"` + issuer + `","aud":"orders","exp":1900000000,"exp":1}`,
		`{"iss":"` + issuer + `","client_id":"app","exp":1900000000,"sub":null,"x":"\ud800\"{"}`,
	} {
		f.Add(header, payload)
	}
	f.Add(`{"alg":"ES256","kid":"P-256","crit":["x"]}`, `{}`)
	f.Add(`{"alg":"ES256","kid":"P-256","typ":"at+jwt","jwk":{}}`, string(mustJSON(f, claims(nil))))
	s := standard(f)
	s.Keys = keysOf(f, allKeys(f), "ES256")
	v := verifier(f, s)
	oracle := golang.NewParser(golang.WithValidMethods([]string{"ES256"}), golang.WithTimeFunc(clock),
		golang.WithIssuer(issuer), golang.WithExpirationRequired(), golang.WithIssuedAt(), golang.WithStrictDecoding())
	f.Fuzz(func(t *testing.T, header, payload string) {
		token := signRaw(t, golang.SigningMethodES256, p256(), header, payload)
		c, err := v.Verify(t.Context(), token)
		var e *jwt.Error
		if err != nil {
			if !errors.As(err, &e) || e.Code == jwt.CodeSignature {
				t.Fatalf("Verify = %v for %s %s", err, header, payload)
			}
			return
		}
		for _, text := range []string{header, payload} { // it refuses a name that stands twice
			if !jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true)) {
				t.Fatalf("accepted JSON that is not, or has a name twice: %s", text)
			}
		}
		want := golang.MapClaims{} // a struct would be filled by names in any case
		if _, err := oracle.ParseWithClaims(token, want, func(*golang.Token) (any, error) { return p256().Public(), nil }); err != nil {
			t.Fatalf("golang-jwt refuses %s %s: %v", header, payload, err)
		}
		subject, _ := want.GetSubject()
		audience, _ := want.GetAudience()
		if subject != c.Subject || strings.Join(audience, ",") != strings.Join(c.Audience, ",") {
			t.Fatalf("golang-jwt reads %+v, we %+v", want, c)
		}
		c.Strings()
		c.Caller()
	})
}

// FuzzKeys: no key set makes it panic, nor does the use of its keys.
func FuzzKeys(f *testing.F) {
	f.Add(allKeys(f))
	for _, set := range []string{`{"keys":[]}`, `{"keys":[{"kid":"k1","kty":"RSA","n":"AQ","e":"AQ"}]}`, `{"keys":[{"kid":"P-256","kty":"EC","crv":"P-256","x":"","y":""}]}`} {
		f.Add([]byte(set))
	}
	token := forged(f)[4]
	algorithms := []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}
	f.Fuzz(func(t *testing.T, set []byte) {
		keys, err := jwt.NewKeySet(jwt.KeySettings{Embedded: set, Algorithms: algorithms, Now: clock})
		if err != nil {
			return
		}
		s := standard(t)
		s.Keys = keys
		if _, err := verifier(t, s).Verify(t.Context(), token); err == nil {
			t.Fatalf("accepted with %s", set)
		}
	})
}
