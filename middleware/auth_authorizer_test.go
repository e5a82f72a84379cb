package middleware_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestAuthorizer: the same middleware as a Lambda authorizer.
func TestAuthorizer(t *testing.T) {
	t.Parallel()
	home := newIssuer("home")
	good := home.token(t, map[string]any{"scope": "read", "cognito:groups": []string{"staff", "on call"}, "principalId": "root", "integrationLatency": 1})
	auth := middleware.JWT(home.settings(t), nil)
	answers := func(status int, err error) handler.Middleware {
		return func(handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				if err != nil {
					return nil, err
				}
				return &handler.Response{Status: status}, nil
			})
		}
	}
	for _, c := range []struct {
		name   string
		chain  []handler.Middleware
		check  handler.Check
		allow  bool
		status int // of the error, 0 for none
	}{
		{"a token", []handler.Middleware{auth}, handler.Check{Token: "Bearer " + good, Request: authGet()}, true, 0},
		{"in the request", []handler.Middleware{auth}, handler.Check{Token: "Bearer " + good, Request: authGet(bearer(good))}, true, 0},
		{"none", []handler.Middleware{auth}, handler.Check{Request: authGet()}, false, 401},
		{"a wrong one", []handler.Middleware{auth}, handler.Check{Token: "Bearer x", Request: authGet()}, false, 401},
		{"with the scope", []handler.Middleware{auth, middleware.Require(middleware.Scopes("read"))}, handler.Check{Token: good, Request: authGet()}, true, 0},
		{"without the scope", []handler.Middleware{auth, middleware.Require(middleware.Scopes("write"))}, handler.Check{Token: good, Request: authGet()}, false, 0},
		{"nobody comes through", []handler.Middleware{middleware.JWT(home.settings(t), &middleware.JWTOptions{Optional: true})}, handler.Check{Request: authGet()}, false, 401},
		{"answered 204 early", []handler.Middleware{auth, answers(204, nil)}, handler.Check{Token: good, Request: authGet()}, false, 0},
		{"answered 403", []handler.Middleware{auth, answers(403, nil)}, handler.Check{Token: good, Request: authGet()}, false, 0},
		{"answered 500", []handler.Middleware{auth, answers(500, nil)}, handler.Check{Token: good, Request: authGet()}, false, 500},
		{"fails", []handler.Middleware{auth, answers(0, errors.New("down"))}, handler.Check{Token: good, Request: authGet()}, false, 500},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := middleware.Authorizer(c.chain...)(t.Context(), c.check)
			if status := 0; err != nil {
				if status = handler.AsError(err).StatusCode(); status != c.status {
					t.Fatalf("error %v", err)
				}
			} else if c.status != 0 {
				t.Fatalf("verdict %+v, want an error of status %d", got, c.status)
			}
			if got.Allow != c.allow || !c.allow && got.Context != nil {
				t.Fatalf("verdict %+v", got)
			}
			if !c.allow {
				return
			}
			want := map[string]any{"iss": home.name, "aud": "orders", "sub": "ada", "exp": got.Context["exp"], "scope": "read",
				"groups": `["staff","on call"]`, "cognito:groups": "[staff on call]"}
			if d := cmp.Diff(want, got.Context); d != "" || got.Principal != "ada" {
				t.Errorf("principal %s, context (-want +got)\n%s", got.Principal, d)
			}
		})
	}
	wantMisdeclared(t, "Authorizer: there is no middleware", func() { middleware.Authorizer() })
	wantMisdeclared(t, "Authorizer: there is no middleware, or a nil one", func() { middleware.Authorizer(nil) })
}

// TestAuthorizerClaims: behind an authorizer nobody has scopes or groups that he has not
// before it, whatever claims are called.
func TestAuthorizerClaims(t *testing.T) {
	t.Parallel()
	home := newIssuer("home")
	for name, claims := range map[string]map[string]any{
		"a claim of its name":       {"groups": []string{"staff"}},
		"a text":                    {"groups": `["staff"]`, "scope": 7},
		"a scope of several words":  {"scope": []string{"read write", "write read"}},
		"a scope that is an object": {"scope": map[string]any{"read": true}},
		"scopes in brackets":        {"scp": []string{"a read"}, "groups": "staff"},
	} {
		token := home.token(t, claims)
		jwt := middleware.JWT(home.settings(t), nil)
		before, _, _ := wantAnswer(t, jwt, authGet(bearer(token)), http.StatusNoContent, "")
		verdict, err := middleware.Authorizer(jwt)(t.Context(), handler.Check{Token: token, Request: authGet()})
		if err != nil || !verdict.Allow {
			t.Fatalf("%s: %v, %v", name, verdict, err)
		}
		passed := map[string]string{}
		for name, value := range verdict.Context {
			passed[name] = fmt.Sprint(value)
		}
		behind, _, _ := wantAnswer(t, middleware.AuthorizerContext(nil),
			authGet(handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: passed})), http.StatusNoContent, "")
		for _, word := range slices.Concat(behind.caller.Scopes, behind.caller.Groups) {
			if !slices.Contains(slices.Concat(before.caller.Scopes, before.caller.Groups), word) {
				t.Errorf("%s: %q behind the authorizer, and before it scopes %q, groups %q", name, word, before.caller.Scopes, before.caller.Groups)
			}
		}
	}
}

// TestAuthorizerRoundTrip: what an authorizer lets in arrives at the handler behind it as
// the same caller, over both kinds of API, also for the handshake of a WebSocket.
func TestAuthorizerRoundTrip(t *testing.T) {
	t.Parallel()
	home := newIssuer("home")
	token := home.token(t, map[string]any{"scope": "read write", "cognito:groups": []string{"staff", "on call"}})
	gate := middleware.Authorizer(middleware.JWT(home.settings(t), &middleware.JWTOptions{}))
	cookies := middleware.Authorizer(middleware.JWT(home.settings(t), &middleware.JWTOptions{Token: middleware.CookieToken("session")}))
	const rest = `"methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/live/GET/orders/7"`
	for _, c := range []struct {
		name, event string
		check       handler.AuthorizerFunc
		allow       bool
	}{
		{"a token authorizer", `{"type":"TOKEN","authorizationToken":"Bearer ` + token + `",` + rest + `}`, gate, true},
		{"a token authorizer, wrong", `{"type":"TOKEN","authorizationToken":"Bearer x",` + rest + `}`, gate, false},
		{"a request authorizer", `{"type":"REQUEST",` + rest + `,"httpMethod":"GET","path":"/orders/7","headers":{"authorization":"Bearer ` + token + `"},"requestContext":{"stage":"live"}}`, gate, true},
		{"an HTTP API", `{"version":"2.0","type":"REQUEST","routeArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/live/GET/orders/7","identitySource":["Bearer ` + token + `"],"rawPath":"/orders/7","headers":{"authorization":"Bearer ` + token + `"},"requestContext":{"http":{"method":"GET"}}}`, gate, true},
		{"a handshake with a cookie", `{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/live/$connect","headers":{"Cookie":"session=` + token + `","Upgrade":"websocket"},"requestContext":{"routeKey":"$connect","eventType":"CONNECT","connectionId":"c1","stage":"live"}}`, cookies, true},
		{"a handshake with the token in its query", `{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3/live/$connect","headers":{"Upgrade":"websocket"},"queryStringParameters":{"token":"` + token + `","session":"` + token + `"},"requestContext":{"routeKey":"$connect","eventType":"CONNECT","connectionId":"c1","stage":"live"}}`, cookies, false},
		{"a context that was smuggled", `{"type":"REQUEST",` + rest + `,"httpMethod":"GET","path":"/orders/7","headers":{"x":"y"},"requestContext":{"stage":"live","authorizer":{"principalId":"root","sub":"root"}}}`, gate, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := lambda.New(nil, &lambda.Options{Authorizer: &handler.Authorizer{Check: c.check}, Logger: slog.New(slog.DiscardHandler)})
			out, err := d.Invoke(t.Context(), []byte(c.event))
			if (err == nil) != c.allow {
				t.Fatalf("answered %s, %v", out, err)
			}
			if err != nil {
				if err.Error() != "Unauthorized" {
					t.Errorf("error %v, want Unauthorized", err)
				}
				return
			}
			var policy struct {
				PrincipalID string            `json:"principalId"`
				Context     map[string]string `json:"context"`
			}
			if err := json.Unmarshal(out, &policy); err != nil || !strings.Contains(string(out), `"Effect":"Allow"`) {
				t.Fatalf("answered %s, %v", out, err)
			}
			behind := handler.Caller{Kind: handler.CallerLambda, ID: policy.PrincipalID, Claims: policy.Context}
			for _, e := range handlertest.Events(authGet(handlertest.As(behind))) {
				if e.Door != "rest" && e.Door != "http" {
					continue
				}
				s := &seenCaller{}
				mw := handler.Chain(s, middleware.AuthorizerContext(nil), middleware.Require(middleware.Scopes("read", "write"), middleware.Groups("on call", "staff"), middleware.Claim("iss", home.name)))
				if _, err := lambda.New(mw, nil).Invoke(t.Context(), e.Payload); err != nil || s.calls != 1 || s.caller.ID != "ada" || s.id != "ada" {
					t.Errorf("%s: %v, caller %+v", e.Door, err, s.caller)
				}
			}
		})
	}
}

func TestAuthorizerContext(t *testing.T) {
	t.Parallel()
	claims := map[string]string{"scope": "a b", "groups": `["c","d e"]`, "perms": "[x y]", "teams": "z"}
	for _, c := range []struct {
		name           string
		opts           *middleware.AuthorizerContextOptions
		kind           handler.CallerKind
		scopes, groups []string
	}{
		{"default", nil, handler.CallerLambda, []string{"a", "b"}, []string{"c", "d e"}},
		{"named", &middleware.AuthorizerContextOptions{Scopes: "perms", Groups: "teams"}, handler.CallerLambda, []string{"x", "y"}, []string{"z"}},
		{"absent", &middleware.AuthorizerContextOptions{Scopes: "no", Groups: "no"}, handler.CallerLambda, nil, nil},
		{"of a token", nil, handler.CallerJWT, nil, nil},
		{"of nobody", nil, "", nil, nil},
	} {
		s, _, _ := wantAnswer(t, middleware.AuthorizerContext(c.opts), authGet(handlertest.As(handler.Caller{Kind: c.kind, ID: "ada", Claims: claims})), 204, "")
		if !slices.Equal(s.caller.Scopes, c.scopes) || !slices.Equal(s.caller.Groups, c.groups) || s.caller.Kind != c.kind {
			t.Errorf("%s: caller %+v", c.name, s.caller)
		}
	}
}
