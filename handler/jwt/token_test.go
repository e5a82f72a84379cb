package jwt_test

import (
	"encoding/json"
	"strings"
	"testing"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/handler/jwt"
)

// TestForm: T249 and JWT-03. All of these tokens are signed as they stand where
// that is possible, so that nothing but the form is wrong.
func TestForm(t *testing.T) {
	t.Parallel()
	good := sign(t, nil, claims(nil))
	part := strings.Split(good, ".")
	payload := string(mustJSON(t, claims(nil)))
	const header = `{"alg":"RS256","kid":"k1"}`
	raw := func(header, payload string) string {
		return signRaw(t, golang.SigningMethodRS256, rsaKey(), header, payload)
	}
	// other is the last character with a bit set that no byte uses.
	other := func(s string) string {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		return s[:len(s)-1] + string(alphabet[strings.IndexByte(alphabet, s[len(s)-1])+1])
	}
	for _, c := range []struct{ name, token string }{
		{"empty", ""},
		{"one part", part[0]},
		{"two parts", part[0] + "." + part[1]},
		{"four parts", good + ".AAAA"},
		{"five parts, as encrypted", good + ".AAAA.AAAA"},
		{"trailing dot", good + "."},
		{"only dots", ".."},
		{"empty header", "." + part[1] + "." + part[2]},
		{"empty payload", part[0] + ".." + part[2]},
		{"empty signature", part[0] + "." + part[1] + "."},
		{"padded signature", good + "=="},
		{"padded payload", part[0] + "." + part[1] + "=." + part[2]},
		{"newline at the end", good + "\n"},
		{"newline in a part", part[0] + "." + part[1] + "\n." + part[2]},
		{"carriage return in a part", part[0] + "\r." + part[1] + "." + part[2]},
		{"space before", " " + good},
		{"Bearer before", "Bearer " + good},
		{"standard alphabet", part[0] + "." + part[1] + "." + "+/" + part[2][2:]},
		{"zero byte", good[:len(good)-1] + "\x00"},
		{"bits left over", part[0] + "." + part[1] + "." + other(part[2])},
		{"half a byte", part[0] + "." + part[1] + "." + part[2] + "AAA"},
		{"too long", raw(header, strings.Replace(payload, "{", `{"fill":"`+strings.Repeat("x", 16<<10)+`",`, 1))},
		{"many dots", strings.Repeat(".", 1<<20)},

		{"header is a list", raw(`["RS256"]`, payload)},
		{"header is null", raw(`null`, payload)},
		{"header is text", raw(`"RS256"`, payload)},
		{"header is cut", raw(`{"alg":"RS256","kid":"k1"`, payload)},
		{"something after the header", raw(header+`{}`, payload)},
		{"header is not UTF-8", raw("{\"alg\":\"RS256\",\"kid\":\"k1\",\"x\":\"\xff\"}", payload)},
		{"two algorithms", raw(`{"alg":"none","alg":"RS256","kid":"k1"}`, payload)},
		{"two key ids", raw(`{"alg":"RS256","kid":"k1","kid":"k1"}`, payload)},
		{"algorithm is a list", raw(`{"alg":["RS256"],"kid":"k1"}`, payload)},
		{"key id is a number", raw(`{"alg":"RS256","kid":1}`, payload)},
		{"type is a number", raw(`{"alg":"RS256","kid":"k1","typ":1}`, payload)},
		{"crit", raw(`{"alg":"RS256","kid":"k1","crit":["exp"],"exp":1}`, payload)}, // JWT-02
		{"crit null", raw(`{"alg":"RS256","kid":"k1","crit":null}`, payload)},
		{"crit b64", raw(`{"alg":"RS256","kid":"k1","crit":["b64"],"b64":true}`, payload)},

		{"payload is a list", raw(header, `[]`)},
		{"payload is null", raw(header, `null`)},
		{"payload is a token", raw(header, good)},
		{"payload is cut", raw(header, payload[:len(payload)-1])},
		{"something after the payload", raw(header, payload+"x")},
		{"two subjects", raw(header, strings.Replace(payload, "{", `{"sub":"eve",`, 1))},
		{"two subjects, one escaped", raw(header, strings.Replace(payload, "{", `{"s\u0075b":"eve",`, 1))},
		{"a name twice further down", raw(header, strings.Replace(payload, "{", `{"act":[{"sub":1,"sub":2}],`, 1))},
		{"a name twice after other things", raw(header, strings.Replace(payload, "{", `{"a":{"x":[{},"\"{",[1,{"y":"}"}]],"x":1},`, 1))},
		{"an empty name twice", raw(header, strings.Replace(payload, "{", `{"":1,"":2,`, 1))},
		{"too deep", raw(header, strings.Replace(payload, "{", `{"x":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,`, 1))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := verifier(t, standard(t)).Verify(t.Context(), c.token)
			wantCode(t, err, jwt.CodeMalformed)
			if len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
	t.Run("a name in several objects", func(t *testing.T) {
		t.Parallel()
		more := `{"a":{"sub":["sub","sub",{"sub":"sub"},{"sub":1}],"b":{"sub":{}}},"c":"\\\"\u005c","d":"sub","":{"":0},`
		_, err := verifier(t, standard(t)).Verify(t.Context(), raw(header, strings.Replace(payload, "{", more, 1)))
		wantCode(t, err, "")
	})
	t.Run("spaces in the JSON", func(t *testing.T) {
		t.Parallel()
		_, err := verifier(t, standard(t)).Verify(t.Context(), raw(" "+header+"\n", "\t"+payload+" "))
		wantCode(t, err, "")
	})
}

// TestHeader: JWT-02. Nothing that a token says about its key but the id counts.
func TestHeader(t *testing.T) {
	t.Parallel()
	own := jwk(t, "k1", rsaKey2(), nil)
	for _, c := range []struct {
		name   string
		header members
		want   jwt.Code
	}{
		{"no type", members{"typ": nil}, ""},
		{"access token", members{"typ": "at+jwt"}, ""},
		{"access token, long", members{"typ": "application/at+JWT"}, ""},
		{"logout token", members{"typ": "logout+jwt"}, jwt.CodeTokenUse},
		{"proof", members{"typ": "application/DPoP+jwt"}, jwt.CodeTokenUse},
		{"null members", members{"typ": json.RawMessage("null"), "cty": json.RawMessage("null")}, ""},
		{"no key id", members{"kid": nil}, jwt.CodeKey},
		{"empty key id", members{"kid": ""}, jwt.CodeKey},
		{"path as key id", members{"kid": "../../dev/null"}, jwt.CodeKey},
		{"no algorithm", members{"alg": nil}, jwt.CodeAlgorithm},
		{"addresses of other keys", members{"jku": "https://evil.example", "x5u": "https://evil.example", "jwk": own, "x5c": []string{"AA"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := verifier(t, standard(t)).Verify(t.Context(), sign(t, c.header, claims(nil)))
			wantCode(t, err, c.want)
		})
	}
	t.Run("key in the token", func(t *testing.T) {
		t.Parallel()
		header := mustJSON(t, members{"alg": "RS256", "kid": "k1", "jwk": own})
		_, err := verifier(t, standard(t)).Verify(t.Context(),
			signRaw(t, golang.SigningMethodRS256, rsaKey2(), string(header), string(mustJSON(t, claims(nil)))))
		wantCode(t, err, jwt.CodeSignature)
	})
}

// TestTampered: no token survives the change of a character.
func TestTampered(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	good := sign(t, nil, claims(nil))
	for i := range good {
		b := []byte(good)
		if b[i] == 'A' {
			b[i] = 'B'
		} else {
			b[i] = 'A'
		}
		if _, err := v.Verify(t.Context(), string(b)); err == nil {
			t.Errorf("accepted with byte %d changed", i)
		}
	}
	part := strings.Split(good, ".")
	swapped := part[0] + "." + encode(mustJSON(t, claims(members{"sub": "eve"}))) + "." + part[2]
	_, err := v.Verify(t.Context(), swapped)
	wantCode(t, err, jwt.CodeSignature)
}

// TestErrorsHideTokens: an error may be logged, a token may not.
func TestErrorsHideTokens(t *testing.T) {
	t.Parallel()
	v := verifier(t, standard(t))
	long := strings.Repeat("secret", 100)
	for name, token := range map[string]string{
		"expired":      sign(t, nil, claims(members{"exp": 1})),
		"signature":    sign(t, nil, claims(nil))[:200] + "." + strings.Repeat("A", 342),
		"key":          sign(t, members{"kid": long}, claims(nil)),
		"algorithm":    sign(t, members{"alg": long}, claims(nil)),
		"issuer":       sign(t, nil, claims(members{"iss": long})),
		"line breaks":  sign(t, nil, claims(members{"iss": "x\nlevel=error msg=forged"})),
		"twice a name": signRaw(t, golang.SigningMethodRS256, rsaKey(), `{"alg":"RS256","kid":"k1","`+long+`":1,"`+long+`":1}`, `{}`),
	} {
		_, err := v.Verify(t.Context(), token)
		if err == nil {
			t.Fatalf("%s: accepted", name)
		}
		if text := err.Error(); strings.Contains(text, long) || strings.Contains(text, "\n") || len(text) > 400 {
			t.Errorf("%s: error %q", name, text)
		}
		for _, part := range strings.Split(token, ".") {
			if part != "" && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error contains a part of the token: %v", name, err)
			}
		}
	}
}
