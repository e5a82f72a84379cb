package jwt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestKeys: JWT-01. A key that is not made for verifying with the algorithm is
// named and not used, and does not keep the others from being used.
func TestKeys(t *testing.T) {
	t.Parallel()
	point := jwk(t, "", p256(), nil)
	for _, c := range []struct {
		name   string
		change members
		want   string // in the error; "" if the key is used
	}{
		{"as it is", nil, ""},
		{"without use", members{"use": nil}, ""},
		{"null use", members{"use": json.RawMessage("null")}, ""},
		{"for encryption", members{"use": "enc"}, `"use" is`},
		{"use is a list", members{"use": []string{"sig"}}, `"use" is`},
		{"to verify", members{"key_ops": []string{"verify"}}, ""},
		{"to sign", members{"key_ops": []string{"sign"}}, `"key_ops"`},
		{"for no operation", members{"key_ops": []string{}}, `"key_ops"`},
		{"operations are text", members{"key_ops": "verify"}, `"key_ops"`},
		{"for its algorithm", members{"alg": "RS256"}, ""},
		{"for another algorithm", members{"alg": "RS512"}, "not for RS256"},
		{"for encryption's algorithm", members{"alg": "RSA-OAEP"}, "not for RS256"},
		{"algorithm is a number", members{"alg": 1}, `"alg" is not text`},
		{"with its private part", members{"d": "AAAA"}, "secret or private"},
		{"with certificates", members{"x5c": []string{"AA=="}, "x5t": "AA", "x5u": "https://evil.example"}, ""},
		{"unknown type", members{"kty": "AKP"}, `"AKP", not RSA, EC or OKP`},
		{"no type", members{"kty": nil}, "not RSA, EC or OKP"},
		{"symmetric", members{"kty": "oct"}, "not RSA, EC or OKP"},
		{"RSA as EC", members{"kty": "EC"}, "its curve is"},
		{"a point as RSA", members{"kty": "EC", "crv": "P-256", "x": point["x"], "y": point["y"]}, "not for RS256"},
		{"no modulus", members{"n": nil}, `"n" is missing`},
		{"modulus is a number", members{"n": 5}, `"n" is missing or not text`},
		{"modulus with padding", members{"n": base64.URLEncoding.EncodeToString(rsaKey().N.Bytes())}, `"n" has a character`},
		{"modulus with leading zeros", members{"n": encode(append([]byte{0, 0}, rsaKey().N.Bytes()...))}, ""},
		{"1,024 bits", members{"n": encode(rsaWeak().N.Bytes())}, "1024 bits, not 2048 to 8192"},
		{"16,384 bits", members{"n": encode(bytes.Repeat([]byte{255}, 2048))}, "16384 bits"},
		{"even modulus", members{"n": encode(append(bytes.Repeat([]byte{255}, 255), 254))}, "modulus or exponent"},
		{"no exponent", members{"e": nil}, `"e" is missing`},
		{"exponent 1", members{"e": "AQ"}, "modulus or exponent"},
		{"exponent 65536", members{"e": encode([]byte{1, 0, 0})}, "modulus or exponent"},
		{"exponent of 33 bits", members{"e": encode([]byte{1, 0, 0, 0, 1})}, "modulus or exponent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			settings := standard(t)
			settings.Keys = keysOf(t, jwks(t, jwk(t, "k1", rsaKey(), c.change), jwk(t, "other", rsaKey2(), nil)))
			_, err := verifier(t, settings).Verify(t.Context(), sign(t, nil, claims(nil)))
			if c.want == "" {
				wantCode(t, err, "")
				return
			}
			wantCode(t, err, jwt.CodeKey)
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want it to contain %q", err, c.want)
			}
		})
	}
}

func TestCurves(t *testing.T) {
	t.Parallel()
	own := jwk(t, "", p256(), nil)
	for _, c := range []struct {
		name   string
		key    members
		change members
		want   string
	}{
		{"point off the curve", own, members{"y": own["x"]}, "no point of its curve"},
		{"coordinate too short", own, members{"x": "AAAA"}, `"x" has 3 bytes, not 32`},
		{"coordinate of zeros", own, members{"x": encode(make([]byte, 32)), "y": encode(make([]byte, 32))}, "no point"},
		{"no coordinate", own, members{"y": nil}, `"y" is missing`},
		{"secp256k1", own, members{"crv": "secp256k1"}, "not P-256"},
		{"X25519", jwk(t, "", ed(), nil), members{"crv": "X25519"}, "not Ed25519"},
		{"Ed25519, short", jwk(t, "", ed(), nil), members{"x": "AAAA"}, `"x" has 3 bytes, not 32`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := changed(changed(c.key, c.change), members{"kid": "k1"})
			_, err := jwt.NewKeySet(jwt.KeySettings{Embedded: jwks(t, k), Algorithms: []string{"ES256", "EdDSA"}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewKeySet = %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestKeySetForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, set, want string }{
		{"no JSON", `keys`, "is not a JSON object"},
		{"a list", `[]`, "is not a JSON object"},
		{"no list", `{}`, `no list "keys"`},
		{"null", `{"keys":null}`, `no list "keys"`},
		{"an object", `{"keys":{}}`, `no list "keys"`},
		{"two lists", `{"keys":[],"keys":[]}`, "twice"},
		{"no keys", `{"keys":[]}`, "no key with an id"},
		{"keys of other types", `{"keys":[1,null,"x",[],{}]}`, "no key with an id"},
		{"id twice in a key", `{"keys":[{"kid":"a","kid":"b"}]}`, "the key set has the member"},
		{"wrong algorithm", string(jwks(t, jwk(t, "k1", p256(), nil))), `key "k1" is not for RS256`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := jwt.NewKeySet(jwt.KeySettings{Embedded: []byte(c.set)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewKeySet(%s) = %v, want an error with %q", c.set, err, c.want)
			}
		})
	}
	t.Run("odd keys beside a good one", func(t *testing.T) {
		t.Parallel()
		settings := standard(t)
		odd := `{"keys":[1,null,"x",{},{"kid":7},{"kid":"k1","kty":"AKP"},` + string(mustJSON(t, jwk(t, "k1", rsaKey(), nil))) + `],"more":{}}`
		settings.Keys = keysOf(t, []byte(odd))
		_, err := verifier(t, settings).Verify(t.Context(), sign(t, nil, claims(nil)))
		wantCode(t, err, "")
	})
}
