package jwt_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

type signer struct {
	name   string
	method golang.SigningMethod
	key    func() crypto.Signer
}

func asSigner[K crypto.Signer](key func() K) func() crypto.Signer {
	return func() crypto.Signer { return key() }
}

var signers = []signer{
	{"RS256", golang.SigningMethodRS256, asSigner(rsaKey)},
	{"RS384", golang.SigningMethodRS384, asSigner(rsaKey)},
	{"RS512", golang.SigningMethodRS512, asSigner(rsaKey)},
	{"PS256", golang.SigningMethodPS256, asSigner(rsaKey)},
	{"PS384", golang.SigningMethodPS384, asSigner(rsaKey)},
	{"PS512", golang.SigningMethodPS512, asSigner(rsaKey)},
	{"ES256", golang.SigningMethodES256, asSigner(p256)},
	{"ES384", golang.SigningMethodES384, asSigner(p384)},
	{"ES512", golang.SigningMethodES512, asSigner(p521)},
	{"EdDSA", golang.SigningMethodEdDSA, asSigner(ed)},
	{"Ed25519", golang.SigningMethodEdDSA, asSigner(ed)},
}

// allKeys has one key of every kind, with the kind as its id.
func allKeys(t testing.TB) []byte {
	return jwks(t, jwk(t, "RSA", rsaKey(), nil), jwk(t, "P-256", p256(), nil), jwk(t, "P-384", p384(), nil),
		jwk(t, "P-521", p521(), nil), jwk(t, "Ed25519", ed(), nil))
}

func kidOf(s signer) string {
	switch s.name {
	case "ES256":
		return "P-256"
	case "ES384":
		return "P-384"
	case "ES512":
		return "P-521"
	case "EdDSA", "Ed25519":
		return "Ed25519"
	}
	return "RSA"
}

// TestAlgorithms: JWT-01. Each is accepted if it is configured, and otherwise
// not, also not on the key that it belongs to.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	for _, s := range signers {
		token := signRaw(t, s.method, s.key(), `{"alg":"`+s.name+`","kid":"`+kidOf(s)+`"}`, string(mustJSON(t, claims(nil))))
		for _, allowed := range signers {
			settings := standard(t)
			settings.Keys = keysOf(t, allKeys(t), allowed.name)
			_, err := verifier(t, settings).Verify(t.Context(), token)
			if allowed.name == s.name && err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			if allowed.name != s.name {
				wantCode(t, err, jwt.CodeAlgorithm)
			}
		}
		settings := standard(t)
		settings.Keys = keysOf(t, allKeys(t), s.name)
		part := strings.Split(token, ".")
		other := part[0] + "." + encode(mustJSON(t, claims(members{"sub": "eve"}))) + "." + part[2]
		_, err := verifier(t, settings).Verify(t.Context(), other)
		wantCode(t, err, jwt.CodeSignature)
	}
}

// TestKeyOfAnotherKind: a key is used for its own kind of algorithm only.
func TestKeyOfAnotherKind(t *testing.T) {
	t.Parallel()
	settings := standard(t)
	var names []string
	for _, s := range signers {
		names = append(names, s.name)
	}
	settings.Keys = keysOf(t, allKeys(t), names...)
	v := verifier(t, settings)
	for _, s := range signers {
		for _, kid := range []string{"RSA", "P-256", "P-384", "P-521", "Ed25519"} {
			token := signRaw(t, s.method, s.key(), `{"alg":"`+s.name+`","kid":"`+kid+`"}`, string(mustJSON(t, claims(nil))))
			_, err := v.Verify(t.Context(), token)
			if kid == kidOf(s) {
				wantCode(t, err, "")
			} else {
				wantCode(t, err, jwt.CodeKey)
			}
		}
	}
}

// TestNone is T241.
func TestNone(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	for _, alg := range []string{"none", "None", "nOnE", "NONE", "", " none"} {
		unsigned := encode([]byte(`{"alg":"`+alg+`","kid":"k1"}`)) + "." + encode(mustJSON(t, claims(nil))) + "."
		for _, signature := range []string{"", "AAAA", encode(make([]byte, 256))} {
			_, err := v.Verify(t.Context(), unsigned+signature)
			wantCode(t, err, jwt.CodeAlgorithm)
		}
		if _, err := jwt.NewKeySet(jwt.KeySettings{Embedded: allKeys(t), Algorithms: []string{alg}}); err == nil {
			t.Errorf("NewKeySet allows algorithm %q", alg)
		}
	}
}

// TestHMAC is T242: the public key is no secret.
func TestHMAC(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	pkix, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)
	for name, secret := range map[string][]byte{
		"PKIX PEM":  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
		"PKCS1 PEM": pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"DER":       pkix,
		"modulus":   rsaKey().N.Bytes(),
		"JWK":       mustJSON(t, jwk(t, "k1", rsaKey(), nil)),
		"empty":     {},
	} {
		for _, alg := range []string{"HS256", "hs256", "RS256"} {
			token := signRaw(t, golang.SigningMethodHS256, secret, `{"alg":"`+alg+`","kid":"k1"}`, string(mustJSON(t, claims(nil))))
			_, err := v.Verify(t.Context(), token)
			want := jwt.CodeAlgorithm
			if alg == "RS256" {
				want = jwt.CodeSignature
			}
			t.Log(name, alg)
			wantCode(t, err, want)
		}
	}
	secretKey := members{"kty": "oct", "kid": "k1", "k": encode([]byte("secret"))}
	if _, err := jwt.NewKeySet(jwt.KeySettings{Embedded: jwks(t, secretKey), Algorithms: []string{"HS256"}}); err == nil {
		t.Error("NewKeySet allows HS256")
	}
}

// TestSameKeyID is T251: of keys that share an id, the one of the algorithm's
// kind is used, in any order.
func TestSameKeyID(t *testing.T) {
	t.Parallel()
	rs, es := jwk(t, "k", rsaKey(), nil), jwk(t, "k", p256(), nil)
	second, broken := jwk(t, "k", rsaKey2(), nil), members{"kid": "k", "kty": "oct", "k": "AAAA"}
	payload := string(mustJSON(t, claims(nil)))
	for _, set := range [][]members{{rs, es, broken}, {es, rs}, {broken, second, es, rs}} {
		settings := standard(t)
		settings.Keys = keysOf(t, jwks(t, set...), "RS256", "ES256", "EdDSA")
		v := verifier(t, settings)
		for _, token := range []string{
			signRaw(t, golang.SigningMethodRS256, rsaKey(), `{"alg":"RS256","kid":"k"}`, payload),
			signRaw(t, golang.SigningMethodES256, p256(), `{"alg":"ES256","kid":"k"}`, payload),
		} {
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		}
		_, err := v.Verify(t.Context(), signRaw(t, golang.SigningMethodEdDSA, ed(), `{"alg":"EdDSA","kid":"k"}`, payload))
		wantCode(t, err, jwt.CodeKey)
	}
}

// TestSignatureForm: one signature has one form.
func TestSignatureForm(t *testing.T) {
	t.Parallel()
	settings := standard(t)
	settings.Keys = keysOf(t, allKeys(t), "RS256", "PS256", "ES256", "EdDSA")
	v := verifier(t, settings)
	payload := encode(mustJSON(t, claims(nil)))
	signed := func(alg, kid string) string {
		return encode([]byte(`{"alg":"`+alg+`","kid":"`+kid+`"}`)) + "." + payload
	}
	digest := func(s string) []byte { sum := sha256.Sum256([]byte(s)); return sum[:] }

	es := signed("ES256", "P-256")
	asn1, err := p256().Sign(rand.Reader, digest(es), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	ps := signed("PS256", "RSA")
	pss := func(salt int) []byte {
		sig, err := rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA256, digest(ps), &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	long, err := golang.SigningMethodES256.Sign(es, p256())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, signed string
		sig          []byte
		want         jwt.Code
	}{
		{"PSS, salt of the hash's length", ps, pss(32), ""},
		{"PSS, no salt", ps, pss(0), jwt.CodeSignature},
		{"PSS, long salt", ps, pss(64), jwt.CodeSignature},
		{"PKCS1 for PSS", ps, mustSign(t, golang.SigningMethodRS256, ps), jwt.CodeSignature},
		{"ECDSA", es, long, ""},
		{"ECDSA in ASN.1", es, asn1, jwt.CodeSignature},
		{"ECDSA of zeros", es, make([]byte, 64), jwt.CodeSignature},
		{"ECDSA with a byte more", es, append([]byte{0}, long...), jwt.CodeSignature},
		{"ECDSA with a byte more in between", es, slices.Insert(slices.Clone(long), 32, 0), jwt.CodeSignature},
		{"ECDSA with a byte less", es, long[1:], jwt.CodeSignature},
		{"ECDSA for the curve above", es, make([]byte, 96), jwt.CodeSignature},
		{"RSA of zeros", signed("RS256", "RSA"), make([]byte, 256), jwt.CodeSignature},
		{"RSA of ones", signed("RS256", "RSA"), append(make([]byte, 255), 1), jwt.CodeSignature},
		{"RSA, short", signed("RS256", "RSA"), []byte{1}, jwt.CodeSignature},
		{"Ed25519, short", signed("EdDSA", "Ed25519"), make([]byte, 63), jwt.CodeSignature},
		{"Ed25519 of zeros", signed("EdDSA", "Ed25519"), make([]byte, 64), jwt.CodeSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := v.Verify(t.Context(), c.signed+"."+encode(c.sig))
			wantCode(t, err, c.want)
		})
	}
}

func mustSign(t *testing.T, method golang.SigningMethod, signed string) []byte {
	t.Helper()
	sig, err := method.Sign(signed, rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	return sig
}
