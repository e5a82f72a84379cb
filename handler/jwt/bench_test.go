package jwt_test

import (
	"testing"
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
