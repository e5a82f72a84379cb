package jwt_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// benchToken is a token as a user pool makes them.
func benchToken(b testing.TB, s signer) string {
	payload := string(mustJSON(b, claims(members{"scope": "read write", "cognito:groups": []string{"a", "b"}, "auth_time": now.Unix()})))
	return signRaw(b, s.method, s.key(), `{"alg":"`+s.name+`","kid":"`+kidOf(s)+`"}`, payload)
}

func benchVerifier(b testing.TB, s signer) *jwt.Verifier {
	settings := standard(b)
	settings.Keys, settings.Remember = keysOf(b, allKeys(b), s.name), -1
	return verifier(b, settings)
}

// BenchmarkVerify is one token with a key that is there: what a request costs
// whose caller has to be known.
func BenchmarkVerify(b *testing.B) {
	for _, s := range signers {
		if s.name == "Ed25519" {
			continue // EdDSA by its newer name
		}
		b.Run(s.name, func(b *testing.B) {
			v, token := benchVerifier(b, s), benchToken(b, s)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyAgain is a token that comes again.
func BenchmarkVerifyAgain(b *testing.B) {
	s := signers[0]
	settings := standard(b)
	settings.Keys = keysOf(b, allKeys(b), s.name)
	v, token := verifier(b, settings), benchToken(b, s)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// besideSignature is a whole verification, and what crypto alone does for it.
func besideSignature(b testing.TB) (whole, alone func()) {
	s := signers[0]
	v, token := benchVerifier(b, s), benchToken(b, s)
	end := strings.LastIndexByte(token, '.')
	signed := []byte(token[:end])
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil || s.name != "RS256" {
		b.Fatal(s.name, err)
	}
	whole = func() {
		if _, err := v.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
	return whole, func() {
		sum := sha256.Sum256(signed)
		if err := rsa.VerifyPKCS1v15(&rsaKey().PublicKey, crypto.SHA256, sum[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBesideSignature takes the signature apart from the rest: each round is a
// whole verification, and the signature of the same token alone. "beside-ns" is the
// difference of their medians.
func BenchmarkBesideSignature(b *testing.B) {
	whole, alone := besideSignature(b)
	wholes, alones := make([]time.Duration, 0, 1<<16), make([]time.Duration, 0, 1<<16)
	for b.Loop() {
		start := time.Now()
		alone()
		middle := time.Now()
		whole()
		alones = append(alones, middle.Sub(start))
		wholes = append(wholes, time.Since(middle))
	}
	slices.Sort(alones)
	slices.Sort(wholes)
	b.ReportMetric(float64(wholes[len(wholes)/2]-alones[len(alones)/2]), "beside-ns")
	b.ReportMetric(testing.AllocsPerRun(100, whole)-testing.AllocsPerRun(100, alone), "beside-allocs")
}

// TestVerifyAllocates: beside the signature check itself, a token costs few pieces
// of memory.
func TestVerifyAllocates(t *testing.T) {
	if underRace {
		t.Skip("the race detector has pools forget")
	}
	whole, alone := besideSignature(t)
	if beside := testing.AllocsPerRun(100, whole) - testing.AllocsPerRun(100, alone); beside > 3 {
		t.Errorf("Verify allocates %v times beside the signature, want at most 3", beside)
	}
}

// BenchmarkGolang is the same token checked by golang-jwt, which checks less.
func BenchmarkGolang(b *testing.B) {
	token := benchToken(b, signers[0])
	parser := golang.NewParser(golang.WithValidMethods([]string{"RS256"}), golang.WithTimeFunc(clock), golang.WithStrictDecoding(),
		golang.WithIssuer(issuer), golang.WithAudience("orders"), golang.WithExpirationRequired(), golang.WithIssuedAt())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parser.Parse(token, func(*golang.Token) (any, error) { return rsaKey().Public(), nil }); err != nil {
			b.Fatal(err)
		}
	}
}
