package jwt_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// exampleSet is what an issuer publishes, embedded so that examples run without
// one. exampleToken is a token of it.
func exampleSet() string {
	public := exampleKey().Public().(ed25519.PublicKey)
	return `{"keys": [{"kid": "2026-03", "use": "sig", "kty": "OKP", "crv": "Ed25519", "x": "` +
		base64.RawURLEncoding.EncodeToString(public) + `"}]}`
}

func exampleKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func exampleToken(payload string) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"2026-03"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(exampleKey(), []byte(signed)))
}

func exampleNow() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func ExampleNew() {
	keys, err := jwt.NewKeySet(jwt.KeySettings{
		Embedded: []byte(exampleSet()), Algorithms: []string{"EdDSA"}, Now: exampleNow,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := jwt.New(jwt.Settings{Issuer: "https://issuer.example", Audiences: []string{"orders"}, Keys: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := verifier.Verify(context.Background(), exampleToken(
		`{"iss":"https://issuer.example","aud":"orders","sub":"ada","scope":"orders/read","exp":1772370000}`))
	fmt.Println(claims.Subject, claims.HasAnyScope("orders/read", "orders/write"), claims.Expires, err)

	_, err = verifier.Verify(context.Background(), exampleToken(
		`{"iss":"https://issuer.example","aud":"orders","sub":"ada","exp":1772360000}`))
	fmt.Println(err)
	// Output:
	// ada true 2026-03-01 13:00:00 +0000 UTC <nil>
	// jwt: expired: the token expired at 2026-03-01T10:13:20Z
}

// What an issuer says is not taken on trust: a declaration that would let
// tokens for other services in is refused.
func ExampleNew_audience() {
	_, err := jwt.New(jwt.Settings{Issuer: "https://issuer.example"})
	fmt.Println(err)
	// Output: jwt.New: no audience is named: set Audiences or ClientIDs, or AnyAudience to take tokens made for others
}

// Keys from a URL, with a set of them embedded: a cold start fetches nothing, a
// new key of the issuer is found when a token names it.
func ExampleNewKeySet() {
	keys, err := jwt.NewKeySet(jwt.KeySettings{
		URL:        "https://issuer.example/keys.json",
		Embedded:   []byte(exampleSet()), // with go:embed in a program
		Algorithms: []string{"EdDSA"},
		MaxAge:     2 * time.Hour,
	})
	fmt.Println(keys.Err(), err)

	_, err = jwt.NewKeySet(jwt.KeySettings{URL: "http://issuer.example/keys.json"})
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// jwt.NewKeySet: "http://issuer.example/keys.json" is not https
}

// The tokens of a user pool; both verifiers share the pool's keys.
func ExampleCognitoPool() {
	pool := jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: pool.JWKSURL()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, settings := range []jwt.Settings{pool.AccessTokens("app-client"), pool.IDTokens("app-client")} {
		settings.Keys, settings.JWKSURL = keys, ""
		_, err := jwt.New(settings)
		fmt.Println(settings.TokenUse, settings.Issuer, err)
	}
	// Output:
	// access https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12 <nil>
	// id https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12 <nil>
}

func ExampleError() {
	verifier, err := jwt.New(jwt.CognitoPool{Region: "eu-west-1", ID: "eu-west-1_Example12"}.AccessTokens("app-client"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.")
	var e *jwt.Error
	fmt.Println(errors.As(err, &e), e.Code, e.StatusCode())
	fmt.Println(err)
	// Output:
	// true algorithm 401
	// jwt: algorithm: the token is signed with "none", allowed is RS256
}

func ExampleFromHeader() {
	fmt.Println(jwt.FromHeader("Bearer eyJhbGciOiJub25lIn0.e30."))
	// Output: eyJhbGciOiJub25lIn0.e30.
}
