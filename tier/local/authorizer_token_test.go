package local_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// Tokens are signed with golang-jwt, so that signer and gateway do not share their
// mistakes.

const (
	poolARN    = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"
	poolIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example12"
	idIssuer   = "https://id.example.com"
)

var (
	signer  = sync.OnceValue(newRSA)
	another = sync.OnceValue(newRSA)
)

func newRSA() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

type members = map[string]any

// changed are members with some changed; one that is nil is left out.
func changed(m, change members) members {
	m = maps.Clone(m)
	for name, v := range change {
		if m[name] = v; v == nil {
			delete(m, name)
		}
	}
	return m
}

// idToken and accessToken are claims of a user pool, jwtToken of another issuer.
func idToken(change members) members {
	return changed(members{"iss": poolIssuer, "sub": "ada", "aud": "app1", "token_use": "id",
		"iat": at.Unix(), "auth_time": at.Unix(), "exp": at.Add(time.Hour).Unix()}, change)
}

func accessToken(change members) members {
	return changed(members{"iss": poolIssuer, "sub": "ada", "client_id": "app1", "token_use": "access", "scope": "orders/read orders/write",
		"iat": at.Unix(), "exp": at.Add(time.Hour).Unix()}, change)
}

func jwtToken(change members) members {
	return changed(members{"iss": idIssuer, "sub": "ada", "aud": "orders", "scope": "read write", "iat": at.Unix(), "exp": at.Add(time.Hour).Unix()}, change)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signed is a token with a header and claims.
func signed(tb testing.TB, method golang.SigningMethod, key any, header, claims members) string {
	tb.Helper()
	var parts []string
	for _, m := range []members{changed(members{"alg": "RS256", "kid": "k1", "typ": "JWT"}, header), claims} {
		text, err := json.Marshal(m)
		if err != nil {
			tb.Fatal(err)
		}
		parts = append(parts, encode(text))
	}
	text := strings.Join(parts, ".")
	signature, err := method.Sign(text, key)
	if err != nil {
		tb.Fatal(err)
	}
	return text + "." + encode(signature)
}

// rs256 is a token with the first key.
func rs256(tb testing.TB, claims members) string {
	tb.Helper()
	return signed(tb, golang.SigningMethodRS256, signer(), nil, claims)
}

// issuer serves a key set on a loopback address.
type issuer struct {
	*httptest.Server
	fetches atomic.Int64
	mu      sync.Mutex
	keys    []members
	status  int
}

func newIssuer(tb testing.TB) *issuer {
	tb.Helper()
	i := &issuer{keys: []members{jwk("k1", signer())}, status: http.StatusOK}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.fetches.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		w.WriteHeader(i.status)
		json.NewEncoder(w).Encode(members{"keys": i.keys})
	}))
	tb.Cleanup(i.Close)
	return i
}

func (i *issuer) publish(status int, keys ...members) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status, i.keys = status, keys
}

func jwk(kid string, key *rsa.PrivateKey) members {
	return members{"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())}
}

// byJWT is an HTTP API with GET /a for any token and GET /write for a scope.
func byJWT(tb testing.TB, keys *issuer) *gated {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders", tier.HTTP)
	api.Authorize(tier.JWT("users", tier.JWTSettings{Issuer: idIssuer, Audience: []string{"orders", "app1"}}))
	api.Handle("GET /a", noop)
	api.Handle("GET /write", noop, tier.Scopes("write", "admin"))
	return serveGated(tb, app, api, &local.Options{Door: local.HTTP{}, Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: keys.URL}}}}, nil)
}

// byCognito is a REST API with GET /a for ID tokens and GET /write for access
// tokens.
func byCognito(tb testing.TB, keys *issuer, s tier.CognitoSettings) *gated {
	tb.Helper()
	app := tier.New("shop")
	api := app.API("orders")
	s.Pools = append(s.Pools, poolARN)
	api.Authorize(tier.Cognito("users", s))
	api.Handle("GET /a", noop)
	if s.Expression == "" {
		api.Handle("GET /write", noop, tier.Scopes("orders/write", "orders/admin"))
	}
	return serveGated(tb, app, api, &local.Options{Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: keys.URL}}}}, nil)
}

// badTokens are tokens that nobody may get in with, made of claims that somebody
// may.
func badTokens(tb testing.TB, claims func(members) members) map[string]string {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(signer().Public())
	if err != nil {
		tb.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := rs256(tb, claims(nil))
	header, rest, _ := strings.Cut(good, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	bad := map[string]string{
		"T242, JWT-01: HMAC with the public key": signed(tb, golang.SigningMethodHS256, public, members{"alg": "HS256"}, claims(nil)),
		"T242, JWT-01: HMAC that says RS256":     signed(tb, golang.SigningMethodHS256, public, nil, claims(nil)),
		"JWT-01: another algorithm":              signed(tb, golang.SigningMethodPS256, signer(), members{"alg": "PS256"}, claims(nil)),
		"JWT-02: unknown kid":                    signed(tb, golang.SigningMethodRS256, signer(), members{"kid": "k2"}, claims(nil)),
		"JWT-02: no kid":                         signed(tb, golang.SigningMethodRS256, signer(), members{"kid": nil}, claims(nil)),
		"JWT-02: its own key":                    signed(tb, golang.SigningMethodRS256, another(), members{"jwk": jwk("k1", another())}, claims(nil)),
		"JWT-02: crit":                           signed(tb, golang.SigningMethodRS256, signer(), members{"crit": []string{"exp"}}, claims(nil)),
		"signed by another":                      signed(tb, golang.SigningMethodRS256, another(), nil, claims(nil)),
		"another payload":                        header + "." + encode([]byte(`{"iss":"`+poolIssuer+`","sub":"root"}`)) + "." + signature,
		"no signature":                           header + "." + payload + ".",
		"T249, JWT-03: four parts":               good + ".x",
		"T249, JWT-03: padding":                  header + "." + payload + "=." + signature,
		"T249, JWT-03: a space":                  good + " ",
		"two schemes":                            "Bearer " + good,
		"JWT-04: another issuer":                 rs256(tb, claims(members{"iss": "https://evil.example"})),
		"JWT-04: a slash more":                   rs256(tb, claims(members{"iss": fmt.Sprint(claims(nil)["iss"], "/")})),
		"JWT-07: no exp":                         rs256(tb, claims(members{"exp": nil})),
		"JWT-07: exp as text":                    rs256(tb, claims(members{"exp": fmt.Sprint(at.Add(time.Hour).Unix())})),
		"JWT-07: nbf in the future":              rs256(tb, claims(members{"nbf": at.Add(time.Second * 2).Unix()})),
		"JWT-07: iat in the future":              rs256(tb, claims(members{"iat": at.Add(time.Second * 2).Unix()})),
		"no token":                               "x",
		"Basic":                                  "Basic YTpi",
	}
	for _, none := range []string{"none", "None", "nOnE"} {
		text, err := json.Marshal(members{"alg": none, "kid": "k1"})
		if err != nil {
			tb.Fatal(err)
		}
		bad["T241, JWT-01: "+none] = encode(text) + "." + payload + "."
		bad["T241, JWT-01: with a signature, "+none] = encode(text) + "." + payload + "." + signature
	}
	return bad
}

// TestBadTokens: none of them gets in by either kind of API.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	for name, api := range map[string]struct {
		gated  *gated
		claims func(members) members
		paths  []string
	}{
		"JWT":          {byJWT(t, keys), jwtToken, []string{"/a", "/write"}},
		"ID token":     {byCognito(t, keys, tier.CognitoSettings{}), idToken, []string{"/a"}},
		"access token": {byCognito(t, keys, tier.CognitoSettings{}), accessToken, []string{"/write"}},
	} {
		for _, path := range api.paths {
			if status, _, body := api.gated.ask(t, "GET "+path, "Authorization: Bearer "+rs256(t, api.claims(nil))); status != 200 {
				t.Errorf("%s, %s: the good one: %d %s", name, path, status, body)
			}
			for why, token := range badTokens(t, api.claims) {
				status, header, body := api.gated.ask(t, "GET "+path, "Authorization: Bearer "+token)
				if status != 401 || body != restUnauthorized {
					t.Errorf("%s, %s: %s: %d %s, want 401", name, path, why, status, body)
				}
				if got := value(header, "www-authenticate"); (name == "JWT") != strings.HasPrefix(got, `Bearer scope="" error="invalid_token" error_description="`) {
					t.Errorf("AUT-31: %s: %s: www-authenticate %q", name, why, got)
				}
			}
		}
		if _, in := api.gated.invocations(); in != len(api.paths) {
			t.Errorf("%s: the function was invoked %d times, want %d", name, in, len(api.paths))
		}
	}
}

func TestJWTAuthorizer(t *testing.T) {
	t.Parallel()
	g := byJWT(t, newIssuer(t))
	const insufficient = `Bearer scope="write admin" error="insufficient_scope"`
	for _, tt := range []struct {
		name, path, header string
		status             int
		challenge          string // "" for none
		why                string
	}{
		{"bare", "/a", rs256(t, jwtToken(nil)), 200, "", "AUT-30"},
		{"scheme in another case", "/a", "bearer " + rs256(t, jwtToken(nil)), 200, "", "AUT-30"},
		{"RS512", "/a", signed(t, golang.SigningMethodRS512, signer(), members{"alg": "RS512"}, jwtToken(nil)), 401, "Bearer scope", "JWT-01: the key says RS256"},
		{"none", "/a", "", 401, "Bearer", "AUT-31"},
		{"client_id", "/a", rs256(t, jwtToken(members{"aud": nil, "client_id": "app1"})), 200, "", "AUT-30, T244: aud or client_id"},
		{"list of audiences", "/a", rs256(t, jwtToken(members{"aud": []string{"x", "orders"}})), 200, "", "JWT-06"},
		{"another audience", "/a", rs256(t, jwtToken(members{"aud": "x"})), 401, "Bearer scope", "AUT-30"},
		{"another audience, our client", "/a", rs256(t, jwtToken(members{"aud": "x", "client_id": "app1"})), 401, "Bearer scope", "AUT-30"},
		{"no audience", "/a", rs256(t, jwtToken(members{"aud": nil})), 401, "Bearer scope", "JWT-06"},
		{"expired now", "/a", rs256(t, jwtToken(members{"exp": at.Unix()})), 401, `Bearer scope="" error="invalid_token" error_description="the token has expired"`, "JWT-07"},
		{"scope", "/write", rs256(t, jwtToken(nil)), 200, "", "AUT-30"},
		{"scp", "/write", rs256(t, jwtToken(members{"scope": nil, "scp": []string{"admin"}})), 200, "", "JWT-08"},
		{"a longer word", "/write", rs256(t, jwtToken(members{"scope": "read writeX"})), 403, insufficient, "T177, AUT-31, JWT-08"},
		{"no scope", "/write", rs256(t, jwtToken(members{"scope": nil})), 403, insufficient, "AUT-31"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if tt.header != "" {
				headers = []string{"Authorization: " + tt.header}
			}
			status, header, body := g.ask(t, "GET "+tt.path, headers...)
			if status != tt.status || status == 403 && body != httpForbidden {
				t.Errorf("%d %s, want %d\n%s", status, body, tt.status, tt.why)
			}
			if got := value(header, "www-authenticate"); tt.challenge == "" && got != "" || !strings.HasPrefix(got, tt.challenge) {
				t.Errorf("www-authenticate %q, want %q\n%s", got, tt.challenge, tt.why)
			}
		})
	}
}

// TestJWTClaims: AUT-32, T175.
func TestJWTClaims(t *testing.T) {
	t.Parallel()
	g := byJWT(t, newIssuer(t))
	claims := members{"iss": idIssuer, "sub": "ada", "aud": "orders", "exp": at.Add(time.Hour).Unix(), "scope": "read write",
		"groups": []string{"a", "b"}, "n": nil, "o": members{"k": 1}, "admin": true}
	const want = `{"jwt":{"claims":{"admin":"true","aud":"orders","exp":"1783588026","groups":"[a b]","iss":"https://id.example.com","o":"{\"k\":1}","scope":"read write","sub":"ada"},"scopes":`
	for path, scopes := range map[string]string{"/a": `null}}`, "/write": `["read","write"]}}`} {
		if status, _, body := g.ask(t, "GET "+path, "Authorization: Bearer "+rs256(t, claims)); status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		if got := g.authorizer(t); got != want+scopes {
			t.Errorf("AUT-32, T175: %s:\n%s, want\n%s", path, got, want+scopes)
		}
	}
}

func TestCognitoAuthorizer(t *testing.T) {
	t.Parallel()
	const expired = `{"message":"The incoming token has expired"}`
	keys := newIssuer(t)
	plain := byCognito(t, keys, tier.CognitoSettings{})
	second := strings.ReplaceAll(poolARN, "Example12", "Example34")
	pools := byCognito(t, keys, tier.CognitoSettings{Header: "X-Token", Pools: []string{second}})
	app1 := byCognito(t, keys, tier.CognitoSettings{Expression: "app[0-9]"})
	for _, tt := range []struct {
		name       string
		gated      *gated
		path       string
		header     string
		token      string
		status     int
		body, what string
	}{
		{"ID token", plain, "/a", "Authorization", rs256(t, idToken(nil)), 200, "in", "AUT-40"},
		{"access token without scopes", plain, "/a", "Authorization", rs256(t, accessToken(nil)), 401, restUnauthorized, "AUT-40, T244"},
		{"access token", plain, "/write", "Authorization", rs256(t, accessToken(nil)), 200, "in", "AUT-40, T244"},
		{"ID token with scopes", plain, "/write", "Authorization", rs256(t, idToken(members{"scope": "orders/write"})), 401, restUnauthorized, "AUT-40, T244"},
		{"without the scope", plain, "/write", "Authorization", rs256(t, accessToken(members{"scope": "orders/read orders/writeX"})), 401, restUnauthorized, "AUT-40, JWT-08"},
		{"any app", plain, "/a", "Authorization", rs256(t, idToken(members{"aud": "other"})), 200, "in", "AUT-40"},
		{"no token", plain, "/a", "Authorization", "", 401, restUnauthorized, "GWR-06"},
		{"expired", plain, "/a", "Authorization", rs256(t, idToken(members{"exp": at.Unix()})), 401, expired, "AUT-40"},
		{"another pool", plain, "/a", "Authorization", rs256(t, idToken(members{"iss": poolIssuer + "x"})), 401, restUnauthorized, "JWT-04"},
		{"the second pool", pools, "/a", "X-Token", rs256(t, idToken(members{"iss": strings.ReplaceAll(poolIssuer, "Example12", "Example34")})), 200, "in", "AUT-40"},
		{"the first pool", pools, "/a", "X-Token", rs256(t, idToken(nil)), 200, "in", "AUT-40"},
		{"another header", pools, "/a", "Authorization", rs256(t, idToken(nil)), 401, restUnauthorized, "GWR-06"},
		{"an app that matches", app1, "/a", "Authorization", rs256(t, idToken(nil)), 200, "in", "the audience of ID tokens"},
		{"one that does not", app1, "/a", "Authorization", rs256(t, idToken(members{"aud": "app12"})), 401, restUnauthorized, "the audience of ID tokens"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, header, body := tt.gated.ask(t, "GET "+tt.path, tt.header+": "+tt.token)
			if status != tt.status || body != tt.body {
				t.Errorf("%d %s, want %d %s\n%s", status, body, tt.status, tt.body, tt.what)
			}
			if got := value(header, "x-amzn-ErrorType"); status == 401 && got != "UnauthorizedException" {
				t.Errorf("x-amzn-ErrorType %q\nGWR-06", got)
			}
		})
	}
}

// TestCognitoClaims: AUT-40: all are texts.
func TestCognitoClaims(t *testing.T) {
	t.Parallel()
	g := byCognito(t, newIssuer(t), tier.CognitoSettings{})
	token := rs256(t, idToken(members{"cognito:groups": []string{"admins", "staff"}, "email_verified": true, "address": members{"zip": "1"}}))
	if status, _, body := g.ask(t, "GET /a", "Authorization: "+token); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	const want = `{"claims":{"address":"{\"zip\":\"1\"}","aud":"app1","auth_time":"1783584426","cognito:groups":"admins,staff","email_verified":"true",` +
		`"exp":"Thu Jul 09 09:07:06 UTC 2026","iat":"Thu Jul 09 08:07:06 UTC 2026","iss":"` + poolIssuer + `","sub":"ada","token_use":"id"}}`
	if got := g.authorizer(t); got != want {
		t.Errorf("AUT-40:\n%s, want\n%s", got, want)
	}
}

// TestTokensStayOutOfTheLog: neither tokens nor sources are logged.
func TestTokensStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	var log bytes.Buffer
	app := tier.New("shop")
	api := app.API("orders", tier.HTTP)
	api.Authorize(tier.JWT("users", tier.JWTSettings{Issuer: idIssuer, Audience: []string{"x"}, Source: "query.token"}))
	api.Handle("GET /a", noop)
	g := serveGated(t, app, api, &local.Options{Door: local.HTTP{}, Log: textLog(&log), Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: keys.URL}}}}, nil)
	token := rs256(t, jwtToken(nil))
	if status, _, _ := g.ask(t, "GET /a?token="+token); status != 401 {
		t.Errorf("status %d", status)
	}
	_, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if !strings.Contains(log.String(), "authorizer users") || strings.Contains(log.String(), payload) || strings.Contains(log.String(), signature) {
		t.Errorf("want why, and no token:\n%s", log.String())
	}
}
