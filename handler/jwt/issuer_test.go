package jwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"sync"
	"testing"
	"time"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// Tokens are signed with golang-jwt, so that signer and verifier do not share
// their mistakes.

const issuer = "https://issuer.example"

// now is the time of all tests with a clock of their own, as is what fresh
// tokens say.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// The keys of the tests. RSA keys take a while to make.
var (
	rsaKey  = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	rsaKey2 = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	rsaWeak = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) })
	p256    = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	p384    = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P384()) })
	p521    = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P521()) })
	ed      = sync.OnceValue(func() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) })
)

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func newEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

type members = map[string]any

// jwk is a public key as an issuer publishes it, with some members changed; one
// that is nil is left out.
func jwk(t testing.TB, kid string, private crypto.Signer, change members) members {
	t.Helper()
	k := members{"kid": kid, "use": "sig"}
	switch public := private.Public().(type) {
	case *rsa.PublicKey:
		k["kty"], k["n"], k["e"] = "RSA", encode(public.N.Bytes()), encode(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		size := (len(point) - 1) / 2
		k["kty"], k["crv"] = "EC", public.Params().Name
		k["x"], k["y"] = encode(point[1:1+size]), encode(point[1+size:])
	case ed25519.PublicKey:
		k["kty"], k["crv"], k["x"] = "OKP", "Ed25519", encode(public)
	default:
		t.Fatalf("no JWK of a %T", public)
	}
	return changed(k, change)
}

func changed(m, change members) members {
	m = maps.Clone(m)
	for name, value := range change {
		if m[name] = value; value == nil {
			delete(m, name)
		}
	}
	return m
}

func jwks(t testing.TB, keys ...members) []byte {
	t.Helper()
	return mustJSON(t, members{"keys": keys})
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signRaw signs a header and a payload as they are.
func signRaw(t testing.TB, method golang.SigningMethod, key any, header, payload string) string {
	t.Helper()
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	sig, err := method.Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(sig)
}

// sign makes a token with RS256 and the first RSA key.
func sign(t testing.TB, header, claims members) string {
	t.Helper()
	return signRaw(t, golang.SigningMethodRS256, rsaKey(),
		string(mustJSON(t, changed(members{"alg": "RS256", "kid": "k1", "typ": "JWT"}, header))), string(mustJSON(t, claims)))
}

// claims are those of a token that is accepted, with some changed.
func claims(change members) members {
	return changed(members{
		"iss": issuer, "sub": "ada", "aud": "orders",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}, change)
}

// keysOf are embedded keys that allow the algorithms.
func keysOf(t testing.TB, set []byte, algorithms ...string) *jwt.KeySet {
	t.Helper()
	keys, err := jwt.NewKeySet(jwt.KeySettings{Embedded: set, Algorithms: algorithms, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// standard is the issuer's first key, by settings that accept claims(nil).
func standard(t testing.TB) jwt.Settings {
	t.Helper()
	return jwt.Settings{
		Issuer: issuer, Audiences: []string{"orders"}, ClientIDs: []string{"app"},
		Keys: keysOf(t, jwks(t, jwk(t, "k1", rsaKey(), nil))),
	}
}

func verifier(t testing.TB, s jwt.Settings) *jwt.Verifier {
	t.Helper()
	v, err := jwt.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// wantCode fails unless err has the code, or is nil for "".
func wantCode(t testing.TB, err error, want jwt.Code) {
	t.Helper()
	var e *jwt.Error
	switch {
	case want == "" && err == nil:
	case err == nil:
		t.Fatalf("Verify accepts the token, want code %s", want)
	case !errors.As(err, &e):
		t.Fatalf("Verify = %v (%T), want a *jwt.Error", err, err)
	case e.Code != want:
		t.Fatalf("Verify = %v, want code %q", err, want)
	}
}
