package handler_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

const (
	app   = "https://app.example"
	other = "https://other.example"
)

func TestCORSCheck(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		c    handler.CORS
		want string
	}{
		"fine":                      {handler.CORS{Origins: []string{app, "http://localhost:3000"}, Methods: []string{"GET"}, Headers: []string{"X-A"}, MaxAge: time.Hour, Credentials: true}, ""},
		"any origin":                {handler.CORS{Origins: []string{"*"}}, ""},
		"no origins":                {handler.CORS{}, "no Origins"},
		"COR-04: credentials for *": {handler.CORS{Origins: []string{"*"}, Credentials: true}, "cannot be combined"},
		"* among others":            {handler.CORS{Origins: []string{"*", app}}, "write it alone"},
		"a path":                    {handler.CORS{Origins: []string{app + "/"}}, "nothing after them"},
		"no scheme":                 {handler.CORS{Origins: []string{"app.example"}}, "scheme, host"},
		"null":                      {handler.CORS{Origins: []string{"null"}}, "scheme, host"},
		"upper case":                {handler.CORS{Origins: []string{"https://App.example"}}, "lower case"},
		"a quote":                   {handler.CORS{Origins: []string{"https://a'b.example"}}, "scheme, host"},
		"a method":                  {handler.CORS{Origins: []string{app}, Methods: []string{"get"}}, `method "get"`},
		"a header":                  {handler.CORS{Origins: []string{app}, Expose: []string{"X A"}}, `header "X A"`},
		"too old":                   {handler.CORS{Origins: []string{app}, MaxAge: 25 * time.Hour}, "MaxAge"},
		"half a second":             {handler.CORS{Origins: []string{app}, MaxAge: time.Second / 2}, "MaxAge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.c.Check()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}

// TestCORS: what a browser is told, and what no one else is (COR-06, T160: what
// depends on the origin says Vary: Origin).
func TestCORS(t *testing.T) {
	t.Parallel()
	c := handler.CORS{Origins: []string{app, "https://b.example"}, Expose: []string{"ETag"}, Credentials: true, MaxAge: time.Minute}
	sold := handler.Errorf(http.StatusConflict, "sold out")
	for _, tt := range []struct {
		why    string
		c      handler.CORS
		method string
		header []string
		err    error
		own    http.Header // what the handler sets
		status int
		want   map[string]string // "" for no such header
	}{
		{why: "an allowed page", c: c, header: []string{"Origin", app}, status: 200,
			want: map[string]string{"Access-Control-Allow-Origin": app, "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "ETag", "Vary": "Origin"}},
		{why: "COR-02, T157: a page that is not", c: c, header: []string{"Origin", other}, status: 200,
			want: map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Access-Control-Expose-Headers": "", "Vary": "Origin"}},
		{why: "COR-06, T162: no origin, no headers; caches are told that it matters", c: c, status: 200,
			want: map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"}},
		{why: "every origin", c: handler.CORS{Origins: []string{"*"}}, header: []string{"Origin", other}, status: 200,
			want: map[string]string{"Access-Control-Allow-Origin": "*", "Vary": "", "Access-Control-Allow-Credentials": ""}},
		{why: "an error can be read", c: c, header: []string{"Origin", app}, err: sold, status: 409,
			want: map[string]string{"Access-Control-Allow-Origin": app, "Content-Type": handler.ProblemType}},
		{why: "the handler's own words are replaced, its Vary is kept", c: c, header: []string{"Origin", app}, status: 200,
			own:  http.Header{"Access-Control-Allow-Origin": {"*"}, "Vary": {"Accept, origin"}},
			want: map[string]string{"Access-Control-Allow-Origin": app, "Vary": "Accept, origin"}},
		{why: "a preflight runs no handler", c: c, method: "OPTIONS", header: []string{"Origin", app, "Access-Control-Request-Method", "PUT"}, status: 204,
			want: map[string]string{"Access-Control-Allow-Origin": app, "Access-Control-Allow-Methods": "DELETE,GET,HEAD,PATCH,POST,PUT", "Access-Control-Max-Age": "60",
				"Access-Control-Allow-Headers": "Content-Type,Authorization,X-Amz-Date,X-Amz-Security-Token,X-Api-Key", "Access-Control-Allow-Credentials": "true", "X-Handler": ""}},
		{why: "a preflight of a page that may not", c: c, method: "OPTIONS", header: []string{"Origin", other, "Access-Control-Request-Method", "PUT"}, status: 204,
			want: map[string]string{"Access-Control-Allow-Origin": ""}},
		{why: "OPTIONS of its own is a request", c: c, method: "OPTIONS", header: []string{"Origin", app}, status: 200, want: map[string]string{"X-Handler": "ran"}},
		{why: "declared methods and headers", c: handler.CORS{Origins: []string{"*"}, Methods: []string{"GET"}, Headers: []string{"X-A", "X-B"}}, method: "OPTIONS",
			header: []string{"Origin", app, "Access-Control-Request-Method", "GET"}, status: 204,
			want: map[string]string{"Access-Control-Allow-Methods": "GET", "Access-Control-Allow-Headers": "X-A,X-B", "Access-Control-Max-Age": ""}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			h := tt.c.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				if tt.err != nil {
					return nil, tt.err
				}
				header := tt.own.Clone()
				if header == nil {
					header = http.Header{}
				}
				header.Set("X-Handler", "ran")
				return &handler.Response{Header: header}, nil
			}))
			method := tt.method
			if method == "" {
				method = "GET"
			}
			var opts []handlertest.Option
			for i := 0; i < len(tt.header); i += 2 {
				opts = append(opts, handlertest.Header(tt.header[i], tt.header[i+1]))
			}
			resp, err := h.Handle(t.Context(), handlertest.Request(method, "/", opts...))
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode() != tt.status || !errors.Is(resp.Err, tt.err) {
				t.Errorf("status %d, Err %v", resp.StatusCode(), resp.Err)
			}
			got := map[string]string{}
			for name := range tt.want {
				got[name] = strings.Join(resp.Header.Values(name), "; ")
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func ExampleCORS() {
	cors := handler.CORS{Origins: []string{"https://app.example"}}
	h := cors.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("hello")}, nil
	}))
	resp, err := h.Handle(context.Background(), handlertest.Request("GET", "/", handlertest.Header("Origin", "https://app.example")))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Header.Get("Access-Control-Allow-Origin"))
	// Output: https://app.example
}
