package run_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// emulator is where pages say that an emulator of Cognito listens.
const emulator = "http://127.0.0.1:5000"

// howtoEnv is the environment of a page's command lines. Where the page names an
// emulator of Cognito there is one, and its tokens are in the environment.
func howtoEnv(t *testing.T, h *howto) []string {
	t.Helper()
	if !strings.Contains(h.files["identities.json"], emulator) {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	part := base64.RawURLEncoding.EncodeToString
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kid": "k1", "kty": "RSA", "alg": "RS256", "use": "sig", "n": part(key.N.Bytes()), "e": part(big.NewInt(int64(key.E)).Bytes()),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) }))
	t.Cleanup(server.Close)
	h.files["identities.json"] = strings.ReplaceAll(h.files["identities.json"], emulator, server.URL)
	sign := func(claims jwt.MapClaims) string {
		now := time.Now()
		claims["iat"], claims["exp"] = now.Unix(), now.Add(time.Hour).Unix()
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
		token.Header["kid"] = "k1"
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12"
	return []string{
		"ID_TOKEN=" + sign(jwt.MapClaims{"iss": pool, "aud": "client", "sub": "ada", "token_use": "id", "cognito:groups": []string{"staff"}}),
		"ACCESS_TOKEN=" + sign(jwt.MapClaims{"iss": pool, "client_id": "client", "sub": "ada", "token_use": "access", "scope": "orders/refund"}),
		"PARTNER_TOKEN=" + sign(jwt.MapClaims{"iss": "https://id.example.com", "aud": "films", "sub": "acme", "scope": "films/read"}),
	}
}
