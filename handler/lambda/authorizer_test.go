package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/jwt"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

const (
	routeARN   = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/orders/7"
	tokenEvent = `{"type":"TOKEN","authorizationToken":"Bearer t0ken","methodArn":"` + routeARN + `"}`
)

// requestEvent is one of a REST API.
func requestEvent(arn string) string {
	return `{"type":"REQUEST","methodArn":"` + arn + `","resource":"/orders/{id}","path":"/orders/7","httpMethod":"GET",
		"headers":{"authorization":"Bearer t0ken","X-Key":"k"},"multiValueHeaders":{"authorization":["Bearer t0ken"],"X-Key":["k"]},
		"queryStringParameters":{"q":"1"},"multiValueQueryStringParameters":{"q":["1"]},"pathParameters":{"id":"7"},"stageVariables":{},
		"body":"secret","requestContext":{"stage":"live","requestId":"r-1","identity":{"sourceIp":"192.0.2.1"},"authorizer":{"principalId":"forged"}}}`
}

// format2 is an event of an HTTP API, format1 one of the older format.
const (
	format2 = `{"version":"2.0","type":"REQUEST","routeArn":"` + routeARN + `","identitySource":["Bearer t0ken","k"],"routeKey":"GET /orders/{id}",
		"rawPath":"/live/orders/7","rawQueryString":"q=1","cookies":["a=b"],"headers":{"authorization":"Bearer t0ken"},
		"requestContext":{"http":{"method":"GET","path":"/live/orders/7","sourceIp":"192.0.2.1"},"stage":"live","requestId":"r-1"}}`
	format1 = `{"version":"1.0","type":"REQUEST","methodArn":"` + routeARN + `","identitySource":"Bearer t0ken,k","authorizationToken":"Bearer t0ken,k",
		"resource":"/orders/{id}","path":"/live/orders/7","httpMethod":"GET","headers":{"authorization":"Bearer t0ken"},"queryStringParameters":{"q":"1"},
		"requestContext":{"stage":"live","requestId":"r-1","identity":{"sourceIp":"192.0.2.1"}}}`
)

// authorizing is a doorway of an authorizer.
func authorizing(a handler.Authorizer) *lambda.Doorway {
	return lambda.New(nil, &lambda.Options{Function: "gate", Authorizer: &a, Logger: slog.New(slog.DiscardHandler)})
}

// verdict is a check that always says this.
func verdict(v handler.Verdict, err error) handler.AuthorizerFunc {
	return func(context.Context, handler.Check) (handler.Verdict, error) { return v, err }
}

// TestCheck: what an authorizer is asked, by each form of the event.
func TestCheck(t *testing.T) {
	t.Parallel()
	type asked struct {
		Token, ARN                    string
		Sources                       []string
		Method, Path, Query, ID, Door string
		Stage, Remote                 string
	}
	for _, tt := range []struct {
		name, event string
		want        asked
		why         string
	}{
		{"TOKEN", tokenEvent, asked{Token: "Bearer t0ken", ARN: routeARN, Method: "GET", Path: "/orders/7", Door: "rest", Stage: "live"}, "AUT-10"},
		{"REQUEST", requestEvent(routeARN), asked{Token: "Bearer t0ken", ARN: routeARN, Method: "GET", Path: "/orders/7", Query: "q=1", ID: "r-1",
			Door: "rest", Stage: "live", Remote: "192.0.2.1:0"}, "AUT-11"},
		{"payload 2.0", format2, asked{Token: "Bearer t0ken", ARN: routeARN, Sources: []string{"Bearer t0ken", "k"}, Method: "GET", Path: "/orders/7",
			Query: "q=1", ID: "r-1", Door: "http", Stage: "live", Remote: "192.0.2.1:0"}, "AUT-20"},
		{"payload 1.0", format1, asked{Token: "Bearer t0ken,k", ARN: routeARN, Method: "GET", Path: "/orders/7", Query: "q=1", ID: "r-1",
			Door: "http", Stage: "live", Remote: "192.0.2.1:0"}, "AUT-20"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got asked
			_, err := authorizing(handler.Authorizer{Check: func(ctx context.Context, c handler.Check) (handler.Verdict, error) {
				r, f := c.Request, c.Request.Facts()
				got = asked{c.Token, c.ARN, c.Sources, r.Method(), r.Path(), r.RawQuery(), f.ID, f.FrontDoor, f.Stage, f.Remote}
				if body, err := r.Body(); body != nil || err != nil {
					t.Errorf("body %q, %v; want none", body, err)
				}
				if !r.Caller().Anonymous() {
					t.Errorf("caller %+v before anybody was let in", r.Caller())
				}
				if name, _ := datastore.FunctionFrom(ctx); name != "gate" {
					t.Errorf("it runs as function %q", name)
				}
				return handler.Verdict{}, nil
			}}).Invoke(t.Context(), []byte(tt.event))
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", tt.why, err, d)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	policy := func(effect string, resources ...string) string {
		list, _ := json.Marshal(resources)
		return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":` + string(list) + `}]}`
	}
	const stage = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/"
	long := "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/" + strings.Repeat("a", 1000)
	allow := handler.Verdict{Allow: true, Principal: "ada"}
	for _, tt := range []struct {
		name, event string
		auth        handler.Authorizer
		verdict     handler.Verdict
		want        string
		why         string
	}{
		{"this route", tokenEvent, handler.Authorizer{}, allow, `{"principalId":"ada","policyDocument":` + policy("Allow", routeARN) + `}`, "AUT-12"},
		{"the stage", tokenEvent, handler.Authorizer{Cached: true}, allow, `{"principalId":"ada","policyDocument":` + policy("Allow", stage+"*") + `}`,
			"AUT-14: what is kept is asked about other routes"},
		{"zero", tokenEvent, handler.Authorizer{}, handler.Verdict{}, `{"principalId":"unnamed","policyDocument":` + policy("Deny", routeARN) + `}`, "closed by default"},
		{"denied everywhere", tokenEvent, handler.Authorizer{Cached: true}, handler.Verdict{},
			`{"principalId":"unnamed","policyDocument":` + policy("Deny", stage+"*") + `}`, "closed by default"},
		{"routes", requestEvent(routeARN), handler.Authorizer{Cached: true}, handler.Verdict{Allow: true, Routes: []string{"GET /orders/*", "* /"}},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", stage+"GET/orders/*", stage+"*/") + `}`, "narrowed"},
		{"default stage", strings.ReplaceAll(tokenEvent, "/live/", "/$default/"), handler.Authorizer{Cached: true}, handler.Verdict{Allow: true},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", strings.Replace(stage, "live", "$default", 1)+"*") + `}`, "AUT-01"},
		{"long path", requestEvent(long), handler.Authorizer{}, handler.Verdict{Allow: true},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", long[:511]+"*") + `}`, "AUT-03"},
		{"policy variable in a path", strings.ReplaceAll(tokenEvent, "/7", "/${aws:userid}"), handler.Authorizer{}, handler.Verdict{Allow: true},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", strings.Replace(routeARN, "/7", "/?{aws:userid}", 1)) + `}`, "a client's path is text"},
		{"context and key", tokenEvent, handler.Authorizer{}, handler.Verdict{Allow: true, UsageKey: "key-1",
			Context: map[string]any{"tenant": "t1", "age": 7, "share": 0.5, "admin": true}},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", routeARN) + `,"context":{"admin":true,"age":7,"share":0.5,"tenant":"t1"},"usageIdentifierKey":"key-1"}`, "AUT-12"},
		{"own policy", tokenEvent, handler.Authorizer{Cached: true}, handler.Verdict{Policy: json.RawMessage(policy("Allow", "*"))},
			`{"principalId":"unnamed","policyDocument":` + policy("Allow", "*") + `}`, "as it was given"},
		{"HTTP API, policy", format2, handler.Authorizer{}, allow,
			`{"principalId":"ada","policyDocument":` + policy("Allow", routeARN) + `,"context":{"principalId":"ada"}}`, "AUT-21, AUT-22: an HTTP API hands on the context alone"},
		{"HTTP API, simple", format2, handler.Authorizer{Simple: true}, handler.Verdict{Allow: true, Principal: "ada", Context: map[string]any{"n": 1}},
			`{"isAuthorized":true,"context":{"n":1,"principalId":"ada"}}`, "AUT-21"},
		{"HTTP API, simple no", format2, handler.Authorizer{Simple: true, Cached: true}, handler.Verdict{}, `{"isAuthorized":false,"context":{"principalId":"unnamed"}}`, "AUT-21"},
		{"HTTP API, 1.0", format1, handler.Authorizer{Simple: true}, allow, `{"principalId":"ada","policyDocument":` + policy("Allow", routeARN) + `,"context":{"principalId":"ada"}}`, "AUT-21: policies only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.auth.Check = verdict(tt.verdict, nil)
			got, err := authorizing(tt.auth).Invoke(t.Context(), []byte(tt.event))
			if d := cmp.Diff(tt.want, string(got)); d != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", tt.why, err, d)
			}
		})
	}
}

// TestNoVerdict: a function error, which lets nobody in; 401 only for who says so.
func TestNoVerdict(t *testing.T) {
	t.Parallel()
	const unauthorized, other = "Unauthorized", "lambda: the authorizer came to no verdict"
	_, expired := (*jwt.Verifier)(nil).Verify(t.Context(), "x")
	allowing := func(change func(*handler.Verdict)) handler.AuthorizerFunc {
		v := handler.Verdict{Allow: true}
		change(&v)
		return verdict(v, nil)
	}
	for _, tt := range []struct {
		name, event string
		auth        handler.Authorizer
		want, log   string
		why         string
	}{
		{"unauthorized", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, handler.ErrUnauthorized)}, unauthorized, `"level":"DEBUG"`, "AUT-16, T168"},
		{"wrapped", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{}, fmt.Errorf("session 7: %w", handler.ErrUnauthorized))}, unauthorized, "session 7", "AUT-16"},
		{"a token's fault", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{}, &jwt.Error{Code: jwt.CodeExpired})}, unauthorized, "expired", "a verifier's error says 401"},
		{"no keys", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, expired)}, other, "keys_unavailable", "AUT-16"},
		{"only its text", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{}, errors.New("unauthorized"))}, other, `"level":"ERROR"`, "T168"},
		{"forbidden", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, handler.Errorf(403, "no"))}, other, `"status":500`, "AUT-16"},
		{"panic", tokenEvent, handler.Authorizer{Check: func(context.Context, handler.Check) (handler.Verdict, error) { panic("hunter2") }}, other, `"stack":`, "closed by default"},
		{"nil error", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, (*nilError)(nil))}, other, `"level":"ERROR"`, "errors that cannot be looked at"},
		{"object in the context", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Context = map[string]any{"o": map[string]any{}} })}, other, "texts, booleans and numbers", "AUT-12"},
		{"no number", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Context = map[string]any{"n": math.NaN()} })}, other, `context \"n\"`, "AUT-12"},
		{"principal in the context", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Context = map[string]any{"principalId": "root"} })}, other, "use another name", "AUT-13"},
		{"policy is not JSON", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Policy: json.RawMessage(`{`)}, nil)}, other, "not JSON", "AUT-15"},
		{"policy and allow", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Policy = json.RawMessage(`{}`) })}, other, "leave one out", "one answer"},
		{"routes of a denial", tokenEvent, handler.Authorizer{Check: verdict(handler.Verdict{Routes: []string{"GET /"}}, nil)}, other, "Allow is not set", "one answer"},
		{"no route", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Routes = []string{"/orders"} })}, other, `route \"/orders\"`, "what to write"},
		{"pattern", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Routes = []string{"GET /orders/{id}"} })}, other, "with * for any text", "a policy knows no patterns"},
		{"long route", tokenEvent, handler.Authorizer{Check: allowing(func(v *handler.Verdict) { v.Routes = []string{"GET /" + strings.Repeat("a", 500)} })}, other, "API Gateway takes 512", "AUT-03"},
		{"simple with routes", format2, handler.Authorizer{Simple: true, Check: allowing(func(v *handler.Verdict) { v.Routes = []string{"GET /"} })}, other, "declare the authorizer without Simple", "AUT-21"},
		{"no ARN", `{"type":"TOKEN","authorizationToken":"t","methodArn":"GET /"}`, handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, nil)}, other, "not that of a route", "AUT-01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			opts := log.options()
			opts.Authorizer = &tt.auth
			out, err := lambda.New(nil, opts).Invoke(t.Context(), []byte(tt.event))
			if out != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%s: Invoke = %s, %v, want the error %q", tt.why, out, err, tt.want)
			}
			if !strings.Contains(log.String(), tt.log) || strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), "t0ken") {
				t.Errorf("%s: want one line with %s and no token:\n%s", tt.why, tt.log, log.String())
			}
		})
	}
}

// TestAuthorizerServesNothingElse, and a function of another kind no authorizer
// event.
func TestAuthorizerServesNothingElse(t *testing.T) {
	t.Parallel()
	gate := authorizing(handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, nil)})
	for name, payload := range map[string]string{
		"REST": restEvent(``), "HTTP": httpEvent(``), "ALB": albEvent(``), "other": `{"foo":1}`,
		"type": `{"type":"token","authorizationToken":"t","methodArn":"` + routeARN + `"}`,
		"3.0":  strings.Replace(format2, `"2.0"`, `"3.0"`, 1),
	} {
		out, err := gate.Invoke(t.Context(), []byte(payload))
		var e *lambda.EventError
		if out != nil || !errors.As(err, &e) || !strings.Contains(err.Error(), "this function is an authorizer") {
			t.Errorf("%s: Invoke = %s, %v", name, out, err)
		}
	}
	if _, err := gate.Invoke(t.Context(), []byte(strings.Replace(requestEvent(routeARN), `"GET"`, `7`, 1))); err == nil ||
		err.Error() != "lambda: authorizer event: httpMethod is a number; it must be a string" {
		t.Errorf("a member of another type: %v", err)
	}
	both := lambda.New(echo, &lambda.Options{Authorizer: &handler.Authorizer{Check: verdict(handler.Verdict{Allow: true}, nil)}})
	for _, payload := range []string{restEvent(``), tokenEvent} {
		if _, err := both.Invoke(t.Context(), []byte(payload)); err != nil {
			t.Errorf("a function that is both: %v of %s", err, payload)
		}
	}
}

// TestAuthorizerSamples: AWS's own samples are read.
func TestAuthorizerSamples(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"unserved/authorizer-rest": "GET /request QueryString1=queryValue1 [] headerValue1",
		"unserved/authorizer-http": "POST /my/path parameter1=value1&parameter1=value2&parameter2=value [user1 123] value1",
	} {
		var got string
		_, err := authorizing(handler.Authorizer{Check: func(_ context.Context, c handler.Check) (handler.Verdict, error) {
			r := c.Request
			got = fmt.Sprint(r.Method(), " ", r.Path(), " ", r.RawQuery(), " ", c.Sources, " ", r.Header("HeaderAuth1")+r.Header("Header1"))
			return handler.Verdict{Allow: true}, nil
		}}).Invoke(t.Context(), fixture(t, name))
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

// FuzzAuthorizer: no payload makes an authorizer panic, allow what it denies, or
// answer what is not JSON.
func FuzzAuthorizer(f *testing.F) {
	for _, event := range []string{tokenEvent, requestEvent(routeARN), format2, format1, handshakeEvent, `{"type":"TOKEN","methodArn":1}`} {
		f.Add([]byte(event))
	}
	files, err := filepath.Glob("testdata/unserved/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	denying := func(_ context.Context, c handler.Check) (handler.Verdict, error) {
		look(c.Request)
		return handler.Verdict{Principal: c.Token}, nil
	}
	policies := authorizing(handler.Authorizer{Check: denying})
	simple := authorizing(handler.Authorizer{Check: denying, Simple: true, Cached: true})
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, d := range []*lambda.Doorway{policies, simple} {
			out, err := d.Invoke(t.Context(), payload)
			if err != nil {
				if out != nil {
					t.Fatalf("Invoke = %s, %v", out, err)
				}
				continue
			}
			var answer struct {
				IsAuthorized   bool `json:"isAuthorized"`
				PolicyDocument struct{ Statement []struct{ Effect string } }
			}
			if err := json.Unmarshal(out, &answer); err != nil || answer.IsAuthorized {
				t.Fatalf("%s: %v", out, err)
			}
			for _, s := range answer.PolicyDocument.Statement {
				if s.Effect != "Deny" {
					t.Fatalf("%s", out)
				}
			}
		}
	})
}

func ExampleOptions_authorizer() {
	gate := &handler.Authorizer{Check: func(_ context.Context, check handler.Check) (handler.Verdict, error) {
		if check.Token != "open sesame" {
			return handler.Verdict{}, handler.ErrUnauthorized
		}
		return handler.Verdict{Allow: true, Principal: "ali", Routes: []string{"GET /cave/*"}}, nil
	}}
	event := `{"type":"TOKEN","authorizationToken":"open sesame","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/cave/gold"}`
	answer, err := lambda.New(nil, &lambda.Options{Authorizer: gate}).Invoke(context.Background(), []byte(event))
	fmt.Println(string(answer), err)
	// Output: {"principalId":"ali","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":["arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/live/GET/cave/*"]}]}} <nil>
}
