package localidentity

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// TestAttributesAreNoClaims: an attribute that a directory of before the schema was
// asked for has does not become a claim of the issuer.
func TestAttributesAreNoClaims(t *testing.T) {
	t.Parallel()
	issuer, err := Memory(nil).Issuer("shop", "people", IssuerSettings{URL: "https://issuer.example", ClientID: "c"})
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := issuer.open()
	if err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{"cognito:groups": "admins", "exp": "9999999999", "iss": "x", "token_use": "access", "jti": "x", "custom:plan": "free"}
	tokens, err := issuer.sign(key, &record{Name: "eve", ID: "1", Attributes: forged})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens.ID, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	for name, value := range forged {
		if name != "custom:plan" && claims[name] == value {
			t.Errorf("the claim %s = %v, want that of the issuer", name, value)
		}
	}
	if claims["custom:plan"] != "free" {
		t.Errorf("claims = %v, want the attributes too", claims)
	}
}
