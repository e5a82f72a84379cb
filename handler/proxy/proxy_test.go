package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	chiadapter "github.com/awslabs/aws-lambda-go-api-proxy/chi"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/proxy"
)

type event struct {
	method, path, query string
	header              http.Header
	body                []byte
	err                 error
	caller              handler.Caller
}

func (e event) Line() (string, string, string) { return e.method, e.path, e.query }
func (e event) Values(name string) []string    { return e.header[name] }
func (e event) Header() http.Header            { return e.header.Clone() }
func (e event) Body() ([]byte, error)          { return e.body, e.err }
func (e event) Caller() handler.Caller         { return e.caller }
func (e event) Facts() handler.Facts {
	return handler.Facts{
		FrontDoor: "http", ID: "id-1", Host: "api.example.com", Remote: "203.0.113.7:4711", Protocol: "HTTP/1.1",
		Scheme: "https", Stage: "prod", Time: time.Date(2025, 7, 1, 10, 0, 0, 0, time.UTC),
	}
}

// adapters are all ways to mount one http.Handler.
var adapters = map[string]func(http.Handler) handler.Handler{
	"V1":  func(h http.Handler) handler.Handler { return proxy.V1(httpadapter.New(h).ProxyWithContext) },
	"V2":  func(h http.Handler) handler.Handler { return proxy.V2(httpadapter.NewV2(h).ProxyWithContext) },
	"ALB": func(h http.Handler) handler.Handler { return proxy.ALB(httpadapter.NewALB(h).ProxyWithContext) },
	"Switchable 1.0": func(h http.Handler) handler.Handler {
		a := httpadapter.New(h)
		return proxy.Switchable(func(ctx context.Context, event core.SwitchableAPIGatewayRequest) (*core.SwitchableAPIGatewayResponse, error) {
			resp, err := a.ProxyWithContext(ctx, *event.Version1())
			return core.NewSwitchableAPIGatewayResponseV1(&resp), err
		})
	},
	"Switchable 2.0": func(h http.Handler) handler.Handler {
		a := httpadapter.New(h)
		return proxy.Switchable(func(ctx context.Context, event core.SwitchableAPIGatewayRequest) (*core.SwitchableAPIGatewayResponse, error) {
			resp, err := a.ProxyWithContext(ctx, *event.Version1())
			return core.NewSwitchableAPIGatewayResponseV2(&events.APIGatewayV2HTTPResponse{
				StatusCode: resp.StatusCode, Headers: map[string]string{"content-type": "text/plain"},
				Cookies: resp.MultiValueHeaders["Set-Cookie"], Body: resp.Body, IsBase64Encoded: resp.IsBase64Encoded,
			}), err
		})
	},
}

type key struct{}

func each(t *testing.T, f func(t *testing.T, name string, mount func(http.Handler) handler.Handler)) {
	t.Helper()
	for name, mount := range adapters {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, name, mount)
		})
	}
}

func handle(t *testing.T, h handler.Handler, e event) *handler.Response {
	t.Helper()
	resp, err := h.Handle(context.WithValue(t.Context(), key{}, "function"), handler.NewRequest(e))
	if err != nil {
		t.Fatalf("Handle: %v", err)
	}
	return resp
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type line struct {
		Method, Path, Escaped, Host string
		Form                        map[string][]string
	}
	for _, tt := range []struct {
		name, path, query string
		want              line
	}{
		{"plain", "/orders/7", "q=a+b&q=c%2Bd&x=", line{Path: "/orders/7", Escaped: "/orders/7", Form: map[string][]string{"q": {"a b", "c+d"}, "x": {""}}}},
		{"T1: an encoded slash", "/a%2Fb", "", line{Path: "/a/b", Escaped: "/a%2Fb", Form: map[string][]string{}}},
		{"T2: a space", "/a b", "", line{Path: "/a b", Escaped: "/a%20b", Form: map[string][]string{}}},
		{"T5: a question mark in the path", "/a?b=1", "", line{Path: "/a?b=1", Escaped: "/a%3Fb=1", Form: map[string][]string{}}},
		{"T8: two slashes", "//evil.example/x", "", line{Path: "//evil.example/x", Escaped: "//evil.example/x", Form: map[string][]string{}}},
		{"T21: encoded values, encoded once", "/", "redirect=https%3A%2F%2Fexample.com%2Fa", line{Path: "/", Escaped: "/", Form: map[string][]string{"redirect": {"https://example.com/a"}}}},
		{"an invalid escape", "/a%zz", "", line{Path: "/a%zz", Escaped: "/a%25zz", Form: map[string][]string{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Method, tt.want.Host = "PUT", "api.example.com"
			each(t, func(t *testing.T, _ string, mount func(http.Handler) handler.Handler) {
				var got line
				handle(t, mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if err := r.ParseForm(); err != nil {
						t.Error(err)
					}
					got = line{r.Method, r.URL.Path, r.URL.EscapedPath(), r.Host, r.Form}
					if r.Context().Value(key{}) != "function" {
						t.Error("the context's values are gone")
					}
					w.WriteHeader(200)
				})), event{method: "PUT", path: tt.path, query: tt.query})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, mount func(http.Handler) handler.Handler) {
		var got http.Header
		var cookie string
		handle(t, mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			if c, err := r.Cookie("b"); err == nil {
				cookie = c.Value
			}
			w.WriteHeader(200)
		})), event{method: "GET", path: "/", header: http.Header{
			"X-P": {"first", "second"}, "Cookie": {"a=1", "b=2"}, "Date": {"Tue, 01 Jul 2025 10:00:00 GMT"},
		}})
		want := http.Header{"X-P": {"first", "second"}, "Cookie": {"a=1; b=2"}, "Date": {"Tue, 01 Jul 2025 10:00:00 GMT"}}
		if name == "V2" { // T33: the module's defect
			want["Date"] = []string{"Tue", "01 Jul 2025 10:00:00 GMT"}
		}
		if diff := cmp.Diff(want, got); diff != "" || cookie != "2" {
			t.Error(cookie, diff)
		}
	})
}

func TestBody(t *testing.T) {
	t.Parallel()
	for _, body := range [][]byte{nil, []byte("hällo"), {0, 1, 0xfe, 0xff}} {
		each(t, func(t *testing.T, _ string, mount func(http.Handler) handler.Handler) {
			resp := handle(t, mount(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(201)
				_, _ = io.Copy(w, r.Body)
			})), event{method: "POST", path: "/", body: body})
			if resp.Status != 201 || !bytes.Equal(resp.Body, body) {
				t.Errorf("answer = %d %q, want %q", resp.Status, resp.Body, body)
			}
		})
	}
	wrong := handler.Errorf(400, "the body is not base64")
	_, err := proxy.V1(nil).Handle(t.Context(), handler.NewRequest(event{method: "GET", path: "/", err: wrong}))
	if !errors.Is(err, wrong) {
		t.Errorf("Handle: %v, want %v", err, wrong)
	}
}

func TestResponse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name string, mount func(http.Handler) handler.Handler) {
		resp := handle(t, mount(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "<&>")
		})), event{method: "GET", path: "/"})
		want := http.Header{"Set-Cookie": {"a=1", "b=2"}, "Content-Type": {"text/plain"}}
		if diff := cmp.Diff(want, resp.Header); diff != "" || resp.Status != 200 || string(resp.Body) != "<&>" {
			t.Errorf("answer = %d %q\n%s", resp.Status, resp.Body, diff)
		}
	})
}

// What the module does wrong stays as it is, and is said in the package comment.
func TestDefects(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, mount func(http.Handler) handler.Handler) {
		resp := handle(t, mount(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			w.WriteHeader(409)
		})), event{method: "GET", path: "/"})
		if resp.Status != 409 { // T59
			t.Errorf("status = %d, want the last one", resp.Status)
		}
		_, err := mount(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).
			Handle(t.Context(), handler.NewRequest(event{method: "GET", path: "/"}))
		if err == nil || handler.AsError(err).StatusCode() != 500 || !strings.HasPrefix(err.Error(), "proxy: adapter: ") { // T58
			t.Errorf("Handle = %v, want an error of status 500", err)
		}
	})
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		resp events.APIGatewayProxyResponse
		want handler.Response
		err  string
	}{
		{"nothing is 200", events.APIGatewayProxyResponse{}, handler.Response{Status: 200, Header: http.Header{}, Body: []byte{}}, ""},
		{"both maps", events.APIGatewayProxyResponse{
			StatusCode:        202,
			Headers:           map[string]string{"x-a": "1", "x-b": "3"},
			MultiValueHeaders: map[string][]string{"X-A": {"1", "2"}},
		}, handler.Response{Status: 202, Header: http.Header{"X-A": {"1", "2"}, "X-B": {"3"}}, Body: []byte{}}, ""},
		{"base64", events.APIGatewayProxyResponse{StatusCode: 200, Body: "AAH+/w==", IsBase64Encoded: true}, handler.Response{Status: 200, Header: http.Header{}, Body: []byte{0, 1, 0xfe, 0xff}}, ""},
		{"not base64", events.APIGatewayProxyResponse{StatusCode: 200, Body: "?", IsBase64Encoded: true}, handler.Response{}, "base64"},
		{"an invalid status", events.APIGatewayProxyResponse{StatusCode: 42}, handler.Response{}, "status 42"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := proxy.V1(func(context.Context, events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
				return tt.resp, nil
			}).Handle(t.Context(), handler.NewRequest(event{method: "GET", path: "/"}))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("Handle: %v, want %q in it", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := (handler.Response{Status: resp.Status, Header: resp.Header, Body: resp.Body}); !cmp.Equal(tt.want.Header, got.Header) ||
				got.Status != tt.want.Status || !bytes.Equal(got.Body, tt.want.Body) {
				t.Errorf("answer = %+v, want %+v", got, tt.want)
			}
		})
	}
	_, err := proxy.Switchable(func(context.Context, core.SwitchableAPIGatewayRequest) (*core.SwitchableAPIGatewayResponse, error) {
		return nil, nil
	}).Handle(t.Context(), handler.NewRequest(event{method: "GET", path: "/"}))
	if err == nil {
		t.Error("Switchable: an answer of neither version is no error")
	}
}

// The application's accessors find the caller, whatever the front door was.
func TestCaller(t *testing.T) {
	t.Parallel()
	claims := map[string]string{"sub": "ann", "plan": "gold"}
	v1 := func(c handler.Caller) events.APIGatewayProxyRequestContext {
		var got events.APIGatewayProxyRequestContext
		handle(t, adapters["V1"](http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, _ = core.GetAPIGatewayContextFromContext(r.Context())
			w.WriteHeader(200)
		})), event{method: "GET", path: "/", caller: c})
		return got
	}
	v2 := func(c handler.Caller) events.APIGatewayV2HTTPRequestContext {
		var got events.APIGatewayV2HTTPRequestContext
		handle(t, adapters["V2"](http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got, _ = core.GetAPIGatewayV2ContextFromContext(r.Context())
			w.WriteHeader(200)
		})), event{method: "GET", path: "/", caller: c})
		return got
	}
	jwt := handler.Caller{Kind: handler.CallerJWT, ID: "ann", Claims: claims, Scopes: []string{"read"}}
	lambda := handler.Caller{Kind: handler.CallerLambda, ID: "ann", Claims: claims}
	iam := handler.Caller{Kind: handler.CallerIAM, ID: "AIDA", ARN: "arn:aws:iam::1:user/ann", Account: "1", Identity: "eu:1"}

	got := v1(handler.Caller{})
	if got.Authorizer != nil || got.Identity.SourceIP != "203.0.113.7" || got.RequestID != "id-1" || got.Stage != "prod" ||
		got.RequestTime != "01/Jul/2025:10:00:00 +0000" || got.RequestTimeEpoch != 1751364000000 {
		t.Errorf("V1 context = %+v", got)
	}
	if m, ok := v1(jwt).Authorizer["claims"].(map[string]any); !ok || m["plan"] != "gold" {
		t.Errorf("V1 claims = %v", m)
	}
	if a := v1(lambda).Authorizer; a["principalId"] != "ann" || a["plan"] != "gold" {
		t.Errorf("V1 authorizer = %v", a)
	}
	if id := v1(iam).Identity; id.UserArn != iam.ARN || id.AccountID != "1" || id.User != "AIDA" || id.CognitoIdentityID != "eu:1" {
		t.Errorf("V1 identity = %+v", id)
	}
	if c := v2(handler.Caller{}); c.Authorizer != nil || c.HTTP.SourceIP != "203.0.113.7" || c.TimeEpoch != 1751364000000 {
		t.Errorf("V2 context = %+v", c)
	}
	if a := v2(jwt).Authorizer; a == nil || a.JWT.Claims["plan"] != "gold" || a.JWT.Scopes[0] != "read" {
		t.Errorf("V2 authorizer = %+v", a)
	}
	if a := v2(lambda).Authorizer; a == nil || a.Lambda["plan"] != "gold" {
		t.Errorf("V2 authorizer = %+v", a)
	}
	if a := v2(iam).Authorizer; a == nil || a.IAM.UserARN != iam.ARN || a.IAM.CognitoIdentity.IdentityID != "eu:1" {
		t.Errorf("V2 authorizer = %+v", a)
	}
	if claims["principalId"] != "" {
		t.Error("the caller's claims were changed")
	}
}

// A chi application behind the module's own chi adapter.
func TestChiAdapter(t *testing.T) {
	t.Parallel()
	r := chi.NewRouter()
	r.Get("/orders/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, chi.URLParam(r, "id")) })
	for name, h := range map[string]handler.Handler{
		"V1": proxy.V1(chiadapter.New(r).ProxyWithContext),
		"V2": proxy.V2(chiadapter.NewV2(r).ProxyWithContextV2),
	} {
		if resp := handle(t, h, event{method: "GET", path: "/orders/7"}); string(resp.Body) != "7" {
			t.Errorf("%s: answer = %d %q", name, resp.Status, resp.Body)
		}
	}
}

func ExampleV1() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "order %s of %s", r.PathValue("id"), r.Host)
	})
	h := proxy.V1(httpadapter.New(mux).ProxyWithContext)

	resp, err := h.Handle(context.Background(), handler.NewRequest(event{method: "GET", path: "/orders/7"}))
	fmt.Println(resp.Status, string(resp.Body), err)
	// Output: 200 order 7 of api.example.com <nil>
}

func ExampleV2() {
	h := proxy.V2(httpadapter.NewV2(http.NotFoundHandler()).ProxyWithContext)
	resp, err := h.Handle(context.Background(), handler.NewRequest(event{method: "GET", path: "/"}))
	fmt.Println(resp.Status, err)
	// Output: 404 <nil>
}

func ExampleALB() {
	h := proxy.ALB(httpadapter.NewALB(http.RedirectHandler("/home", 302)).ProxyWithContext)
	resp, err := h.Handle(context.Background(), handler.NewRequest(event{method: "HEAD", path: "/"}))
	fmt.Println(resp.Status, resp.Header.Get("Location"), err)
	// Output: 302 /home <nil>
}

func ExampleSwitchable() {
	// gorillamux.New(router).ProxyWithContext is such a function.
	adapter := func(_ context.Context, event core.SwitchableAPIGatewayRequest) (*core.SwitchableAPIGatewayResponse, error) {
		return core.NewSwitchableAPIGatewayResponseV1(&events.APIGatewayProxyResponse{
			StatusCode: 200, Body: event.Version1().HTTPMethod + " " + event.Version1().Path,
		}), nil
	}
	resp, err := proxy.Switchable(adapter).Handle(context.Background(), handler.NewRequest(event{method: "GET", path: "/x"}))
	fmt.Println(resp.Status, string(resp.Body), err)
	// Output: 200 GET /x <nil>
}
