package middleware_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

type emptyHandler struct{ resp *handler.Response }

func (b emptyHandler) Handle(context.Context, *handler.Request) (*handler.Response, error) {
	return b.resp, nil
}

// authCase is a middleware with a request that it lets in.
type authCase struct {
	name string
	mw   handler.Middleware
	req  *handler.Request
}

// authToken is one as Cognito makes access tokens.
func authToken(tb testing.TB) string {
	return newIssuer("home").token(tb, map[string]any{"scope": "read write", "cognito:groups": []string{"staff"}, "client_id": "app", "token_use": "access",
		"jti": "0b7c2a4e-6a1c-4c53-9f0e-3f1f0a4b9d11", "iat": authNow.Unix(), "auth_time": authNow.Unix(), "version": 2, "username": "ada"})
}

func authCases(tb testing.TB) []authCase {
	home, token := newIssuer("home"), authToken(tb)
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada", Scopes: []string{"read", "write"}, Claims: map[string]string{"tenant": "acme", "limit": "7"}})
	body := `{"id":"evt_1"}`
	return []authCase{
		{"JWT", middleware.JWT(home.settings(tb), nil), authGet(bearer(token))},
		{"APIKeys", middleware.APIKeys(middleware.StaticAPIKeys(middleware.APIKey{Hash: middleware.HashAPIKey("k"), Owner: "ada"}), nil), authGet(xAPIKey("k"))},
		{"Signed", middleware.Signed(middleware.GitHub(), middleware.StaticSigningSecrets("k"), nil), hook(body, "X-Hub-Signature-256", "sha256="+hex.EncodeToString(macOf("k", body)))},
		{"Require", middleware.Require(middleware.Scopes("read"), middleware.Claim("tenant", "acme")), authGet(ada)},
		{"Claims", middleware.Claims[struct {
			Tenant string `claim:"tenant,required"`
			Limit  int    `claim:"limit"`
		}](), authGet(ada)},
	}
}

// BenchmarkAuth is each middleware before a handler that does nothing, beside that
// handler. "beside-ns" of JWT is the difference of the medians of the whole and of its
// signature check alone, which is the larger part.
func BenchmarkAuth(b *testing.B) {
	bare := emptyHandler{&handler.Response{}}
	run := func(name string, h handler.Handler, req *handler.Request) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare, authGet())
	for _, c := range authCases(b) {
		run(c.name, c.mw(bare), c.req)
	}
	b.Run("JWT beside its signature", func(b *testing.B) {
		c, check := authCases(b)[0], signatureAlone(b)
		h, ctx := c.mw(bare), middleware.WithNotes(b.Context())
		wholes, alones := make([]time.Duration, 0, 1<<16), make([]time.Duration, 0, 1<<16)
		for b.Loop() {
			start := time.Now()
			check()
			middle := time.Now()
			if _, err := h.Handle(ctx, c.req); err != nil {
				b.Fatal(err)
			}
			alones, wholes = append(alones, middle.Sub(start)), append(wholes, time.Since(middle))
		}
		slices.Sort(alones)
		slices.Sort(wholes)
		b.ReportMetric(float64(wholes[len(wholes)/2]-alones[len(alones)/2]), "beside-ns")
	})
}

// signatureAlone is the signature check of authToken.
func signatureAlone(tb testing.TB) func() {
	tb.Helper()
	public, _ := newIssuer("home").key.Public().(ed25519.PublicKey)
	token := authToken(tb)
	last := strings.LastIndexByte(token, '.')
	signed := []byte(token[:last])
	sig, err := base64.RawURLEncoding.DecodeString(token[last+1:])
	if err != nil || !ed25519.Verify(public, signed, sig) {
		tb.Fatal("the token is not signed", err)
	}
	return func() { ed25519.Verify(public, signed, sig) }
}

// TestAuthAllocates: the share of auth in what the chain of a production function may
// allocate, beside the signature check.
func TestAuthAllocates(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	bare := emptyHandler{&handler.Response{}}
	most := map[string]float64{"JWT": 9, "APIKeys": 5, "Signed": 13, "Require": 0, "Claims": 3}
	for _, c := range authCases(t) {
		h := c.mw(bare)
		ctx := middleware.WithNotes(t.Context()) // as whatever tells about the request has made it
		got := testing.AllocsPerRun(100, func() {
			if _, err := h.Handle(ctx, c.req); err != nil {
				t.Fatal(err)
			}
		})
		if c.name == "JWT" {
			got -= testing.AllocsPerRun(100, signatureAlone(t))
		}
		if got > most[c.name] {
			t.Errorf("%s allocates %v times, want at most %v", c.name, got, most[c.name])
		}
	}
}
