package middleware_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

var authNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func authClock() time.Time { return authNow }

// testIssuer makes tokens with a key of its own.
type testIssuer struct {
	name string
	key  ed25519.PrivateKey
}

func newIssuer(name string) *testIssuer {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return &testIssuer{"https://" + name + ".example", ed25519.NewKeyFromSeed(seed)}
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// keys are those that the issuer publishes.
func (i *testIssuer) keys(t testing.TB) *jwt.KeySet {
	t.Helper()
	public, _ := i.key.Public().(ed25519.PublicKey)
	set, err := jwt.NewKeySet(jwt.KeySettings{
		Embedded:   []byte(`{"keys":[{"kid":"k1","use":"sig","kty":"OKP","crv":"Ed25519","x":"` + b64(public) + `"}]}`),
		Algorithms: []string{"EdDSA"}, Now: authClock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (i *testIssuer) settings(t testing.TB) jwt.Settings {
	return jwt.Settings{Issuer: i.name, Audiences: []string{"orders"}, Keys: i.keys(t)}
}

// token has the claims beside those that every token of the issuer has.
func (i *testIssuer) token(t testing.TB, claims map[string]any) string {
	return i.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1"}, claims)
}

func (i *testIssuer) signed(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	all := map[string]any{"iss": i.name, "aud": "orders", "sub": "ada", "exp": authNow.Add(time.Hour).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	h, err := json.Marshal(header)
	p, err2 := json.Marshal(all)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	text := b64(h) + "." + b64(p)
	return text + "." + b64(ed25519.Sign(i.key, []byte(text)))
}

// seenCaller is who a handler was called by.
type seenCaller struct {
	calls  int
	caller handler.Caller
	id     string // for stores of the caller's own rows
	notes  map[string]string
}

func (s *seenCaller) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	s.calls++
	s.caller = req.Caller()
	s.id, _ = datastore.CallerID(ctx)
	s.notes = map[string]string{}
	for n := range middleware.Notes(ctx) {
		s.notes[n.Key] = n.Value.String()
	}
	return &handler.Response{Status: http.StatusNoContent}, nil
}

// wantAnswer sends a request and looks at status, code and whether the handler ran.
func wantAnswer(t testing.TB, mw handler.Middleware, req *handler.Request, status int, code string) (*seenCaller, handlertest.Answer, error) {
	t.Helper()
	s := &seenCaller{}
	a, err := handlertest.Do(t.Context(), mw(s), req)
	var problem handler.Problem
	if a.Status >= 400 {
		if err := a.JSON(&problem); err != nil {
			t.Fatal(err)
		}
	}
	if a.Status != status || problem.Code != code {
		t.Fatalf("answered %d %q (%v), want %d %q", a.Status, problem.Code, err, status, code)
	}
	if ran := s.calls == 1; ran != (status < 400) || s.calls > 1 {
		t.Fatalf("answered %d, and the handler ran %d times", a.Status, s.calls)
	}
	return s, a, err
}

func authGet(opts ...handlertest.Option) *handler.Request {
	return handlertest.Request("GET", "/orders/7", opts...)
}

func bearer(token string) handlertest.Option {
	return handlertest.Header("Authorization", "Bearer "+token)
}

// wantMisdeclared wants a declaration to be refused, at a line of this package.
func wantMisdeclared(t *testing.T, want string, declare func()) {
	t.Helper()
	defer func() {
		t.Helper()
		err, ok := recover().(*datastore.DeclarationError)
		if !ok || !strings.Contains(err.Error(), want) || !strings.Contains(err.At.File, "_test.go") {
			t.Errorf("panics with %v, want a *DeclarationError of this file with %q", err, want)
		}
	}()
	declare()
}

func TestJWT(t *testing.T) {
	t.Parallel()
	home, other := newIssuer("home"), newIssuer("other")
	opts := func(change func(*middleware.JWTOptions)) *middleware.JWTOptions {
		o := &middleware.JWTOptions{}
		if change != nil {
			change(o)
		}
		return o
	}
	both := func(o *middleware.JWTOptions) {
		o.Also, o.Caller = []jwt.Settings{other.settings(t)}, func(c jwt.Claims) handler.Caller {
			caller := c.Caller()
			caller.ID = strings.TrimPrefix(c.Issuer, "https://") + "/" + c.Subject
			return caller
		}
	}
	optional := func(o *middleware.JWTOptions) { o.Optional = true }
	cookie := func(o *middleware.JWTOptions) { o.Token = middleware.CookieToken("session") }
	good := home.token(t, map[string]any{"scope": "read write", "cognito:groups": []string{"staff"}, "tenant": 7})
	expired := home.token(t, map[string]any{"exp": authNow.Unix()})
	for _, c := range []struct {
		name   string
		with   func(*middleware.JWTOptions)
		req    *handler.Request
		status int
		code   string
		id     string
	}{
		{"a token", nil, authGet(bearer(good)), 204, "", "ada"},
		{"without a scheme", nil, authGet(handlertest.Header("Authorization", good)), 204, "", "ada"},
		{"no token", nil, authGet(), 401, "unauthenticated", ""},
		{"an empty header", nil, authGet(handlertest.Header("Authorization", "")), 401, "unauthenticated", ""},
		{"another scheme", nil, authGet(handlertest.Header("Authorization", "Basic YTpi")), 401, "unauthenticated", ""},
		{"two headers", nil, authGet(handlertest.Header("Authorization", "Bearer "+good, "Bearer "+good)), 401, "invalid_token", ""},
		{"in the query", nil, handlertest.Request("GET", "/?access_token="+good+"&token="+good+"&authorization=Bearer%20"+good), 401, "unauthenticated", ""},
		{"in a cookie that is not named", nil, authGet(handlertest.Header("Cookie", "session="+good)), 401, "unauthenticated", ""},
		{"in a cookie", cookie, authGet(handlertest.Header("Cookie", "a=b; session="+good)), 204, "", "ada"},
		{"in a header instead of the cookie", cookie, authGet(bearer(good)), 401, "unauthenticated", ""},
		{"of a machine", nil, authGet(bearer(home.token(t, map[string]any{"sub": nil, "client_id": "app"}))), 204, "", "app"},
		{"of nobody", nil, authGet(bearer(home.token(t, map[string]any{"sub": nil}))), 401, "invalid_token", ""},
		{"made for another service", nil, authGet(bearer(home.token(t, map[string]any{"aud": "films"}))), 401, "invalid_token", ""},
		{"expired", nil, authGet(bearer(expired)), 401, "invalid_token", ""},
		{"of another issuer", nil, authGet(bearer(other.token(t, nil))), 401, "invalid_token", ""},
		{"of a second issuer", both, authGet(bearer(other.token(t, nil))), 204, "", "other.example/ada"},
		{"of the first of two", both, authGet(bearer(good)), 204, "", "home.example/ada"},
		{"of a third", both, authGet(bearer(newIssuer("evil").token(t, nil))), 401, "invalid_token", ""},
		{"signed by the second in the name of the first", both, authGet(bearer(other.token(t, map[string]any{"iss": home.name}))), 401, "invalid_token", ""},
		{"optional, none", optional, authGet(), 204, "", ""},
		{"optional, wrong", optional, authGet(bearer(expired)), 401, "invalid_token", ""},
		{"the front door's caller is not enough", nil, authGet(handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: "root"})), 401, "unauthenticated", ""},
		{"the token's caller counts", nil, authGet(bearer(good), handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: "root"})), 204, "", "ada"},
		{"optional, the front door's", optional, authGet(handlertest.As(handler.Caller{Kind: handler.CallerIAM, ID: "root"})), 204, "", "root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, a, err := wantAnswer(t, middleware.JWT(home.settings(t), opts(c.with)), c.req, c.status, c.code)
			if s.caller.ID != c.id {
				t.Errorf("caller %+v, want %q", s.caller, c.id)
			}
			if challenge := a.Header.Get("Www-Authenticate"); (c.status == 401) != strings.HasPrefix(challenge, "Bearer") {
				t.Errorf("challenge %q with status %d", challenge, c.status)
			}
			if err != nil && strings.Contains(err.Error()+string(a.Body), good) {
				t.Errorf("the token is in the error or the answer: %v, %s", err, a.Body)
			}
		})
	}
	s, _, _ := wantAnswer(t, middleware.JWT(home.settings(t), nil), authGet(bearer(good)), 204, "")
	if c := s.caller; c.Kind != handler.CallerJWT || !c.HasScope("write") || !c.InGroup("staff") || c.Claim("tenant") != "7" {
		t.Errorf("caller %+v", c)
	}
	if s.id != "ada" || s.notes["caller"] != "ada" {
		t.Errorf("stores know %q, the log %v", s.id, s.notes)
	}
	_, a, _ := wantAnswer(t, middleware.JWT(home.settings(t), nil), authGet(bearer(expired)), 401, "invalid_token")
	if got := a.Header.Get("Www-Authenticate"); got != `Bearer error="invalid_token", error_description="the token has expired"` {
		t.Errorf("challenge %s", got)
	}
	own := opts(func(o *middleware.JWTOptions) {
		o.Caller = func(c jwt.Claims) handler.Caller { return handler.Caller{ID: c.Issuer + " " + c.Subject} }
	})
	s, _, _ = wantAnswer(t, middleware.JWT(home.settings(t), own), authGet(bearer(good)), 204, "")
	if s.caller.ID != home.name+" ada" || s.caller.Anonymous() {
		t.Errorf("caller of one's own %+v", s.caller)
	}
}

// TestJWTWithoutKeys: that keys cannot be had is not the token's fault.
func TestJWTWithoutKeys(t *testing.T) {
	t.Parallel()
	keys, err := jwt.NewKeySet(jwt.KeySettings{URL: "https://home.example/keys", Algorithms: []string{"EdDSA"}, Now: authClock,
		Client: &http.Client{Transport: refusingTransport{}}})
	if err != nil {
		t.Fatal(err)
	}
	home := newIssuer("home")
	settings := home.settings(t)
	settings.Keys = keys
	_, a, _ := wantAnswer(t, middleware.JWT(settings, nil), authGet(bearer(home.token(t, nil))), 503, "cannot_verify")
	if a.Header.Get("Retry-After") == "" || strings.Contains(string(a.Body), "keys") {
		t.Errorf("answer %v %s", a.Header, a.Body)
	}
}

type refusingTransport struct{}

func (refusingTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}

func TestJWTDeclaration(t *testing.T) {
	t.Parallel()
	wantMisdeclared(t, "middleware.JWT: jwt.New: the Issuer is empty", func() { middleware.JWT(jwt.Settings{}, nil) })
	also := func(s jwt.Settings, caller func(jwt.Claims) handler.Caller) func() {
		return func() {
			middleware.JWT(newIssuer("home").settings(t), &middleware.JWTOptions{Also: []jwt.Settings{s}, Caller: caller})
		}
	}
	wantMisdeclared(t, "no audience is named", also(jwt.Settings{Issuer: "https://a.example"}, jwt.Claims.Caller))
	wantMisdeclared(t, "two issuers can give one id to two people", also(newIssuer("other").settings(t), nil))
	also(newIssuer("home").settings(t), nil)() // another kind of token of one issuer
}

// TestForgedTokens: nothing that a token says of itself makes it believed.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	home := newIssuer("home")
	evil := newIssuer("evil")
	public, _ := evil.key.Public().(ed25519.PublicKey)
	ownKey := map[string]any{"kid": "k1", "kty": "OKP", "crv": "Ed25519", "x": b64(public)}
	as := map[string]any{"iss": home.name}
	good := home.token(t, nil)
	part := strings.Split(good, ".")
	header := func(text string) string { return b64([]byte(text)) + "." + part[1] + "." }
	for name, token := range map[string]string{
		"no algorithm":            header(`{"alg":"none","kid":"k1"}`),
		"NONE":                    header(`{"alg":"NONE","kid":"k1"}`) + part[2],
		"HMAC with the key":       evil.signed(t, map[string]any{"alg": "HS256", "kid": "k1"}, as),
		"a key of its own":        evil.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1", "jwk": ownKey}, as),
		"keys somewhere":          evil.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1", "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"}, as),
		"a key id that is a path": evil.signed(t, map[string]any{"alg": "EdDSA", "kid": "../../../../dev/null"}, as),
		"a key id with lines":     evil.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1\nlevel=info msg=\"root logged in\""}, as),
		"a key id in SQL":         evil.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1' UNION SELECT 'x"}, as),
		"an unknown extension":    home.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1", "crit": []string{"b64"}, "b64": false}, nil),
		"other claims":            part[0] + "." + b64([]byte(`{"iss":"https://home.example","aud":"orders","sub":"root","exp":1900000000}`)) + "." + part[2],
		"no signature":            part[0] + "." + part[1] + ".",
		"a line behind":           good + "\n",
		"padding":                 good + "=",
		"another kind of token":   home.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1", "typ": "logout+jwt"}, nil),
		"a name twice":            home.signed(t, map[string]any{"alg": "EdDSA", "kid": "k1"}, map[string]any{"x": json.RawMessage(`{"a":1,"a":2}`)}),
		"very long":               strings.Repeat("a", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mw := middleware.JWT(home.settings(t), &middleware.JWTOptions{Also: []jwt.Settings{newIssuer("third").settings(t)}, Caller: jwt.Claims.Caller})
			_, a, err := wantAnswer(t, mw, authGet(bearer(token)), 401, "invalid_token")
			if len(a.Body) > 400 || strings.ContainsAny(a.Header.Get("Www-Authenticate"), "\r\n") || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
				t.Errorf("answer %s, %v; error %v", a.Body, a.Header, err)
			}
		})
	}
}
