package jwt_test

import (
	"testing"

	golang "github.com/golang-jwt/jwt/v5"
)

// BenchmarkVerify is one token with a key that is there: what a request costs
// whose caller has to be known.
func BenchmarkVerify(b *testing.B) {
	payload := string(mustJSON(b, claims(members{"scope": "read write", "cognito:groups": []string{"a", "b"}, "auth_time": now.Unix()})))
	for _, s := range signers {
		if s.name == "Ed25519" {
			continue // EdDSA by its newer name
		}
		b.Run(s.name, func(b *testing.B) {
			settings := standard(b)
			settings.Keys = keysOf(b, allKeys(b), s.name)
			v := verifier(b, settings)
			token := signRaw(b, s.method, s.key(), `{"alg":"`+s.name+`","kid":"`+kidOf(s)+`"}`, payload)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGolang is the same token checked by golang-jwt, which checks less.
func BenchmarkGolang(b *testing.B) {
	payload := string(mustJSON(b, claims(members{"scope": "read write", "cognito:groups": []string{"a", "b"}, "auth_time": now.Unix()})))
	token := signRaw(b, golang.SigningMethodRS256, rsaKey(), `{"alg":"RS256","kid":"RSA"}`, payload)
	parser := golang.NewParser(golang.WithValidMethods([]string{"RS256"}), golang.WithTimeFunc(clock), golang.WithStrictDecoding(),
		golang.WithIssuer(issuer), golang.WithAudience("orders"), golang.WithExpirationRequired(), golang.WithIssuedAt())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Parse(token, func(*golang.Token) (any, error) { return rsaKey().Public(), nil }); err != nil {
			b.Fatal(err)
		}
	}
}
