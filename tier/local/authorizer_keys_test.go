package local_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	golang "github.com/golang-jwt/jwt/v5"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestRotation: JWT-02, T246: a new key is fetched once, unknown ones do not make
// the gateway hammer the issuer, and while it is away nobody new gets in.
func TestRotation(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(testing.TB, *issuer) (*gated, func(members) members){
		"JWT": func(tb testing.TB, i *issuer) (*gated, func(members) members) { return byJWT(tb, i), jwtToken },
		"Cognito": func(tb testing.TB, i *issuer) (*gated, func(members) members) {
			return byCognito(tb, i, tier.CognitoSettings{}), idToken
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := newIssuer(t)
			g, claims := make(t, keys)
			older := rs256(t, claims(nil))
			newer := signed(t, golang.SigningMethodRS256, another(), members{"kid": "k2"}, claims(nil))
			want := func(what, token string, status int, fetches int64) {
				t.Helper()
				got, _, body := g.ask(t, "GET /a", "Authorization: "+token)
				if n := keys.fetches.Load(); got != status || n != fetches {
					t.Errorf("JWT-02, T246: %s: %d %s, %d fetches; want %d, %d", what, got, body, n, status, fetches)
				}
			}
			want("the first", older, 200, 1)
			want("a key that is not there", newer, 401, 1)
			keys.publish(200, jwk("k1", signer()), jwk("k2", another()))
			for i := range 50 {
				want("many unknown", signed(t, golang.SigningMethodRS256, signer(), members{"kid": fmt.Sprint("x", i)}, claims(nil)), 401, 1)
			}
			g.move(11 * time.Second)
			want("rotated", newer, 200, 2)
			want("both serve", older, 200, 2)
			keys.publish(503)
			g.move(11 * time.Second)
			want("the issuer is away", older, 200, 2)
			keys.publish(200, jwk("k2", another()))
			g.move(50 * time.Minute)
			want("still", older, 200, 2)
			g.move(11 * time.Minute)
			if status, _, _ := g.ask(t, "GET /a", "Authorization: "+older); status != 401 {
				t.Errorf("JWT-02: a withdrawn key, an hour later: %d", status)
			}
		})
	}
}

// TestNoKeys: AUT-33: without keys nobody gets in, and the client is told nothing.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	keys.publish(500)
	for _, g := range []*gated{byJWT(t, keys), byCognito(t, keys, tier.CognitoSettings{})} {
		for _, token := range []string{rs256(t, jwtToken(nil)), rs256(t, idToken(nil))} {
			if status, header, body := g.ask(t, "GET /a", "Authorization: "+token); status != 401 || strings.Contains(fmt.Sprint(header, body), keys.URL) {
				t.Errorf("AUT-33: %d %v %s", status, header, body)
			}
		}
	}
}

// TestSameKid: T251, JWT-01.
func TestSameKid(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	keys.publish(200, members{"kid": "k1", "kty": "oct", "k": encode([]byte("secret"))}, members{"kid": "k1", "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, jwk("k1", signer()))
	g := byJWT(t, keys)
	if status, _, body := g.ask(t, "GET /a", "Authorization: "+rs256(t, jwtToken(nil))); status != 200 {
		t.Errorf("T251: %d %s", status, body)
	}
	hmac := signed(t, golang.SigningMethodHS256, []byte("secret"), members{"alg": "HS256"}, jwtToken(nil))
	if status, _, _ := g.ask(t, "GET /a", "Authorization: "+hmac); status != 401 {
		t.Errorf("T251, JWT-01: HMAC with a published secret: %d", status)
	}
}

// TestBadIssuer: keys come from https, or from this machine.
func TestBadIssuer(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Authorize(tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}}))
	api.Handle("GET /a", noop)
	_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} },
		&local.Options{Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: "http://issuer.example/keys"}}}})
	if err == nil || !strings.Contains(err.Error(), "is not https") || !strings.Contains(err.Error(), "route GET /a") {
		t.Errorf("NewGateway: %v", err)
	}
}

func ExampleIssuer() {
	app := tier.New("shop")
	api := app.API("orders")
	api.Authorize(tier.Cognito("users", tier.CognitoSettings{
		Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Example12"},
	}))
	api.Handle("GET /orders", noop)
	gateway, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }, &local.Options{
		Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: "http://127.0.0.1:5000/eu-west-1_Example12/.well-known/jwks.json"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, httptest.NewRequest("GET", "/orders", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 401 {"message":"Unauthorized"}
}

// TestAlgorithms: AUT-30, JWT-01: what an issuer's key leaves open the gateway
// does not.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	key := jwk("k1", signer())
	delete(key, "alg")
	keys.publish(200, key)
	jwts, cognito := byJWT(t, keys), byCognito(t, keys, tier.CognitoSettings{})
	for _, tt := range []struct {
		method       golang.SigningMethod
		jwt, cognito int
	}{
		{golang.SigningMethodRS256, 200, 200},
		{golang.SigningMethodRS384, 200, 401},
		{golang.SigningMethodRS512, 200, 401},
		{golang.SigningMethodPS256, 401, 401},
	} {
		header := members{"alg": tt.method.Alg()}
		if status, _, body := jwts.ask(t, "GET /a", "Authorization: "+signed(t, tt.method, signer(), header, jwtToken(nil))); status != tt.jwt {
			t.Errorf("JWT, %s: %d %s, want %d", tt.method.Alg(), status, body, tt.jwt)
		}
		if status, _, body := cognito.ask(t, "GET /a", "Authorization: "+signed(t, tt.method, signer(), header, idToken(nil))); status != tt.cognito {
			t.Errorf("Cognito, %s: %d %s, want %d", tt.method.Alg(), status, body, tt.cognito)
		}
	}
}

// TestKeysElsewhere: where the keys of an issuer cannot be had, the log says how
// others are named, and the client is not told.
func TestKeysElsewhere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := "http://" + listener.Addr().String() + "/keys"
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ids := &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: nowhere}}}
	for name, tt := range map[string]struct {
		auth  tier.Authorizer
		kind  tier.Kind
		door  local.Door
		token members
	}{
		"JWT":     {tier.JWT("users", tier.JWTSettings{Issuer: idIssuer, Audience: []string{"orders"}}), tier.HTTP, local.HTTP{}, jwtToken(nil)},
		"Cognito": {tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}}), tier.REST, local.REST{}, idToken(nil)},
	} {
		var log bytes.Buffer
		app := tier.New("shop")
		api := app.API("orders", tt.kind)
		api.Authorize(tt.auth)
		api.Handle("GET /a", noop)
		g := serveGated(t, app, api, &local.Options{Door: tt.door, Log: textLog(&log), Identities: ids}, nil)
		status, _, body := g.ask(t, "GET /a", "Authorization: Bearer "+rs256(t, tt.token))
		if status != 401 || strings.Contains(body, "issuers") {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if !strings.Contains(log.String(), "name it in the file of identities as issuers.users.jwks") {
			t.Errorf("%s: the log does not say what to write:\n%s", name, log.String())
		}
	}
}
