package local

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestAuthorizerNotes: every decision says who made it and why, without the token.
func TestAuthorizerNotes(t *testing.T) {
	t.Parallel()
	const token = "s3cret"
	arn := "arn:aws:execute-api:us-east-1:000000000000:8ysbfcyru4/local/GET/a"
	policy := func(effect string) string {
		return `{"principalId":"ada","usageIdentifierKey":"key-1","policyDocument":{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"*","Resource":"*"}}}`
	}
	for _, tt := range []struct {
		name, token string
		output      string
		err         error
		want, key   string
	}{
		{"allowed", token, policy("Allow"), nil, "the policy allows " + arn + " by statement 0", "key-1"},
		{"denied", token, policy("Deny"), nil, "the policy says explicit deny of " + arn + " by statement 0", ""},
		{"no token", "", "", nil, "the request has no header.X-Token; the function was not asked", ""},
		{"no match", "S", "", nil, "the token does not match", ""},
		{"unauthorized", token, "", errors.New("Unauthorized"), "the function answered Unauthorized", ""},
		{"broken", token, "", errors.New("no database"), "function gate: no database", ""},
		{"malformed", token, "{}", nil, "malformed answer: answer: no policyDocument", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			api := app.API("orders")
			gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "X-Token", Expression: "[a-z0-9]+"})
			gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
			api.Handle("GET /a", handler.HandlerFunc(nil), gate)
			g, err := NewGateway(api, func(name string) Function {
				return Function{Invoke: func(context.Context, []byte) ([]byte, error) {
					if name == "gate" {
						return []byte(tt.output), tt.err
					}
					return []byte(`{}`), nil
				}}
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", "/a", nil)
			r.Header.Set("X-Token", tt.token)
			x := &exchange{Request: r, at: g.now(), method: "GET", path: "/a", explained: true}
			g.serve(x)
			said := ""
			for _, n := range x.notes {
				said += n.who + ": " + n.what + "\n"
			}
			if !strings.Contains(said, "authorizer gate: ") || !strings.Contains(said, tt.want) || strings.Contains(said+fmt.Sprint(x.err), token) {
				t.Errorf("notes\n%s, want %q and no token", said, tt.want)
			}
			if x.usageKey != tt.key {
				t.Errorf("AUT-12: usage key %q, want %q", x.usageKey, tt.key)
			}
			if refused := tt.name != "allowed"; refused == (x.err == nil) {
				t.Errorf("the log is told %v", x.err)
			}
		})
	}
}
