package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// explained sends r through a gateway and returns what it tells of it.
func explained(tb testing.TB, api *tier.API, door local.Door, invoke func(context.Context, []byte) ([]byte, error), r *http.Request) *local.Explanation {
	tb.Helper()
	var got []*local.Explanation
	g := newGateway(tb, api, &local.Options{Door: door, Explain: func(e *local.Explanation) { got = append(got, e) }}, invoke)
	do(tb, g, r)
	if len(got) != 1 {
		tb.Fatalf("told %d times, want once", len(got))
	}
	return got[0]
}

// lines are the steps, each "who: what", with "!" at the one that refused.
func lines(e *local.Explanation) string {
	var b strings.Builder
	for _, s := range e.Steps {
		mark := ""
		if s.Refused {
			mark = "! "
		}
		fmt.Fprintf(&b, "%s%s: %s\n", mark, s.Who, s.What)
	}
	return b.String()
}

// TestExplain: the steps of a request say what each decided and why, up to the
// one that refused it.
func TestExplain(t *testing.T) {
	t.Parallel()
	patterns := []string{"GET /orders", "POST /orders", "GET /orders/{id}", "GET /files/{path...}"}
	api := declare(t, patterns...)
	pages := tier.New("shop").API("orders")
	pages.CORS(handler.CORS{Origins: []string{"https://shop.example", "https://b.example"}})
	pages.Handle("GET /orders", noop)
	for _, tt := range []struct {
		name   string
		api    *tier.API
		door   local.Door
		invoke func(context.Context, []byte) ([]byte, error)
		r      *http.Request
		status int
		want   []string // of the steps, in this order
		not    string
	}{
		{"served", api, local.REST{}, answering(`{"body":"x"}`), httptest.NewRequest("GET", "/orders/7", nil), 200,
			[]string{"request: within the limits of a REST API, 0 bytes of body", "router: GET /orders/{id} serves it, by function orders", "function orders: answered 200, 12 bytes"}, "!"},
		{"nothing there", api, local.REST{}, nil, httptest.NewRequest("GET", "/order/7", nil), 404,
			[]string{`resource /orders/{id} does not fit: segment 1 is "order" and not "orders"`, "! router: no resource has GET /order/7"}, "function"},
		{"too deep", api, local.REST{}, nil, httptest.NewRequest("GET", "/orders/7/lines", nil), 404,
			[]string{"resource /orders/{id} does not fit: it has 2 segments, the path has 3", "resource /orders does not fit: it has 1 segments, the path has 3", "resource /files/{path+} does not fit"}, "function"},
		{"nothing below", api, local.REST{}, nil, httptest.NewRequest("GET", "/files", nil), 404,
			[]string{"resource /files/{path+} does not fit: it has 2 segments, the path has 1"}, "function"},
		{"a wrong method", api, local.REST{}, nil, httptest.NewRequest("DELETE", "/orders", nil), 405,
			[]string{"! router: resource /orders has no route for DELETE, the gateway answers itself"}, "does not fit"},
		{"passed over", declare(t, "GET /jobs/{op}", "/{rest...}"), local.REST{}, answering(`{}`), httptest.NewRequest("POST", "/jobs/reboot", nil), 200,
			[]string{"router: resource /jobs/{op} fits the path and has no POST; it has GET", "router: ANY /{rest+} serves it"}, "!"},
		{"an HTTP API's 404", api, local.HTTP{}, nil, httptest.NewRequest("DELETE", "/orders", nil), 404,
			[]string{"resource /orders fits the path and has no DELETE; it has GET, POST", "! router: no resource has DELETE /orders"}, "function"},
		{"not in the stage", api, local.HTTP{Stage: "dev"}, nil, httptest.NewRequest("GET", "/orders", nil), 404,
			[]string{"! stage: no stage is named by the first segment of /orders"}, "function"},
		{"a door that does not route", api, local.URL{}, answering(`{"statusCode":404}`), httptest.NewRequest("GET", "/nothing", nil), 404,
			[]string{"router: a function URL does not route: every request goes to function orders", "! function orders: answered 404"}, ""},
		{"a load balancer", api, local.ALB{}, answering(`{"statusCode":200}`), httptest.NewRequest("GET", "/nothing", nil), 200,
			[]string{"router: a load balancer does not route"}, "!"},
		{"too large", api, local.REST{}, nil, httptest.NewRequest("GET", "/orders?q="+strings.Repeat("x", 11000), nil), 414,
			[]string{"! request: URL over 10240 bytes; see https://docs.aws.amazon.com/"}, "router"},
		{"too large an event", api, local.URL{}, nil, controls(2 << 20), 413,
			[]string{"! event: event over 6291456 bytes"}, "answered"},
		{"a function error", api, local.REST{}, func(context.Context, []byte) ([]byte, error) { return nil, errors.New("out of memory") }, httptest.NewRequest("GET", "/orders", nil), 502,
			[]string{"! function orders: function orders: out of memory"}, ""},
		{"a malformed answer", api, local.REST{}, answering(`{"status":200}`), httptest.NewRequest("GET", "/orders", nil), 502,
			[]string{"function orders: answered 14 bytes", `! answer: function orders: malformed answer: answer: key "status" is not allowed`}, ""},
		{"a preflight", pages, local.REST{}, nil, preflight("https://shop.example"), 204,
			[]string{"router: resource /orders has no route for OPTIONS, the gateway answers itself", "CORS: the origin https://shop.example is allowed"}, "!"},
		{"a preflight of a stranger", pages, local.HTTP{}, nil, preflight("https://evil.example"), 204,
			[]string{"CORS: the origin https://evil.example is not allowed, so its pages cannot read the answer; these are: https://shop.example, https://b.example"}, "function"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			invoke := tt.invoke
			if invoke == nil {
				invoke = func(context.Context, []byte) ([]byte, error) { t.Error("the function ran"); return nil, nil }
			}
			e := explained(t, tt.api, tt.door, invoke, tt.r)
			steps := lines(e)
			rest := steps
			for _, want := range tt.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("no %q in this order:\n%s", want, steps)
				}
				rest = after
			}
			if tt.not != "" && strings.Contains(steps, tt.not) {
				t.Errorf("%q in\n%s", tt.not, steps)
			}
			if e.Answer.Status != tt.status || e.Door != tt.door.String() || e.ID == "" || e.Request.Method != tt.r.Method || (e.Function != "") != (tt.invoke != nil) {
				t.Errorf("%s %s of %s: %d by %q, want status %d", e.Request.Method, e.ID, e.Door, e.Answer.Status, e.Function, tt.status)
			}
			if (len(e.Event) > 0) != (tt.invoke != nil) || len(e.Event) > 0 && !json.Valid(e.Event) {
				t.Errorf("event %s", e.Event)
			}
			if _, err := json.Marshal(e); err != nil {
				t.Error(err)
			}
		})
	}
}

// controls is a body whose JSON is six times as large.
func controls(n int) *http.Request {
	r := httptest.NewRequest("POST", "/orders", strings.NewReader(strings.Repeat("\x01", n)))
	r.Header.Set("Content-Type", "text/plain")
	return r
}

func preflight(origin string) *http.Request {
	r := httptest.NewRequest("OPTIONS", "/orders", nil)
	r.Header.Set("Origin", origin)
	r.Header.Set("Access-Control-Request-Method", "GET")
	return r
}

// TestExplainLines: a step names the Go line of what was declared.
func TestExplainLines(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders")
	api.Handle("GET /orders", noop) // this line
	e := explained(t, api, local.REST{}, answering(`{}`), httptest.NewRequest("GET", "/orders", nil))
	route := api.Routes()[0].At()
	if at := e.Steps[1].At; at != route || !strings.HasSuffix(at.File, "explain_test.go") {
		t.Errorf("the router's line is %v, want %v\n%s", at, route, lines(e))
	}
}

// TestExplainSecrets: what a developer sees or pastes has no secrets in it, and
// all the rest.
func TestExplainSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, door := range doors {
		for _, body := range []struct{ contentType, text string }{
			{"application/json", `{"email":"ada@shop.example","password":"hunter2","deep":[{"apiKey":"hunter2","n":1}],"tokens":["hunter2",7],"secret":{"a":"hunter2","b":{"c":"hunter2"}}}`},
			{"application/x-www-form-urlencoded", "email=ada%40shop.example&password=hunter2&access%5Ftoken=hunter2"},
		} {
			t.Run(name+" "+body.contentType, func(t *testing.T) {
				t.Parallel()
				r := httptest.NewRequest("POST", "/orders?page=2&X-Amz-Signature=hunter2&X-Amz-Security-Token=hunter2&access_token=hunter2", strings.NewReader(body.text))
				r.Header = http.Header{
					"Content-Type": {body.contentType}, "Authorization": {"Bearer hunter2"}, "Cookie": {"session=hunter2; theme=hunter2"},
					"X-Api-Key": {"hunter2"}, "X-Amz-Security-Token": {"hunter2"}, "X-Csrf-Token": {"hunter2"}, "X-Page": {"seen"},
				}
				e := explained(t, declare(t, "POST /orders"), door, answering(
					`{"statusCode":400,"headers":{"set-cookie":"id=hunter2; Path=/hunter2"},"body":"{\"token\":\"hunter2\",\"detail\":\"seen too\"}"}`), r)
				text, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(string(text), secret) {
					t.Errorf("the secret is in %s", text)
				}
				for _, want := range []string{"page=2", "X-Amz-Signature=[redacted]", "Bearer [redacted]", "session=[redacted]; theme=[redacted]", "seen", "seen too", "email"} {
					if !strings.Contains(string(text), want) {
						t.Errorf("no %q in %s", want, text)
					}
				}
				if e.Request.Size != len(body.text) {
					t.Errorf("body of %d bytes, want %d", e.Request.Size, len(body.text))
				}
			})
		}
	}
}

// TestExplainBodies: large bodies are cut, and what is no text is not shown.
func TestExplainBodies(t *testing.T) {
	t.Parallel()
	api := declare(t, "POST /orders")
	e := explained(t, api, local.REST{}, answering(`{}`), httptest.NewRequest("POST", "/orders", strings.NewReader(strings.Repeat("é", 4000))))
	if len(e.Request.Body) > 5000 || !strings.HasSuffix(e.Request.Body, "... [8000 bytes in all]") || e.Request.Size != 8000 {
		t.Errorf("body of %d bytes ends in %q", len(e.Request.Body), e.Request.Body[len(e.Request.Body)-40:])
	}
	e = explained(t, api, local.REST{BinaryMediaTypes: []string{"*/*"}}, answering(`{}`), httptest.NewRequest("POST", "/orders", strings.NewReader("\xff\xfe")))
	if e.Request.Body != "[2 bytes that are no text]" || !strings.Contains(string(e.Event), "[2 bytes that are no text]") {
		t.Errorf("binary body %q, event %s", e.Request.Body, e.Event)
	}
}

// FuzzExplain: whatever a client sends and a function answers, an explanation is
// JSON and has no secret.
func FuzzExplain(f *testing.F) {
	f.Add("page=1&token=x", `{"a":[1,{"password":"x"}]}`, `{"statusCode":200,"body":"x"}`)
	f.Add("a=b;c", `{"a":`, `[`)
	f.Add("%zz=%", "\xff", `{"headers":{"set-cookie":"a"},"cookies":["a=b"]}`)
	api := tier.New("shop").API("orders")
	api.Handle("POST /orders", noop)
	f.Fuzz(func(t *testing.T, query, body, output string) {
		if strings.Contains(query+body+output, "hunter2") {
			return
		}
		for _, door := range doors {
			r := httptest.NewRequest("POST", "/orders", strings.NewReader(body))
			r.URL.RawQuery = query + "&token=hunter2"
			r.Header.Set("Authorization", "Basic hunter2")
			e := explained(t, api, door, answering(output), r)
			text, err := json.Marshal(e)
			if err != nil || strings.Contains(string(text), "hunter2") {
				t.Fatalf("%s, %v", text, err)
			}
		}
	})
}

// What became of a request, step by step.
func ExampleOptions_explain() {
	api := tier.New("shop").API("orders")
	api.Handle("GET /orders/{id}", noop)
	gateway, err := local.NewGateway(api, func(string) local.Function {
		return local.Function{Invoke: answering(`{"status":200}`)}
	}, &local.Options{Explain: func(e *local.Explanation) {
		for _, s := range e.Steps {
			fmt.Printf("%s: %s\n", s.Who, s.What)
		}
		fmt.Println(e.Answer.Status, e.Answer.Body)
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	gateway.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/orders/7", nil))
	// Output:
	// request: within the limits of a REST API, 0 bytes of body
	// router: GET /orders/{id} serves it, by function orders
	// function orders: answered 14 bytes
	// answer: function orders: malformed answer: answer: key "status" is not allowed; write statusCode, headers, multiValueHeaders, body, isBase64Encoded
	// 502 {"message": "Internal server error"}
}
