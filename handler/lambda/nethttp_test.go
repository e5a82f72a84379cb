package lambda_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// The traps of adapters onto net/http, on the whole way: an event through the
// doorway to an http.Handler, and its answer back.

// serve lets f handle the request of an event; its answer is that of 200.
func serve(t *testing.T, event string, f func(*http.Request)) {
	t.Helper()
	called := false
	h := handler.FromHTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		f(r)
	}))
	a := invoke(t, h, quiet(), []byte(event))
	if a.Status != 200 || !called {
		t.Fatalf("status %d, called %v, want 200 and a call", a.Status, called)
	}
}

func TestNetHTTPURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, path, escaped, query, uri, why string }{
		{"escaped slash", restEvent(`"path":"/files/a%2Fb"`), "/files/a/b", "/files/a%2Fb", "", "/files/a%2Fb", "T1, ADP-01"},
		{"decoded space", httpEvent(`"rawPath":"/capture/space value"`), "/capture/space value", "/capture/space%20value", "", "/capture/space%20value", "T2, HTP-02"},
		{"decoded question mark", httpEvent(`"rawPath":"/users/me?admin=true"`), "/users/me?admin=true", "/users/me%3Fadmin=true", "", "/users/me%3Fadmin=true", "T5, HTP-02"},
		{"function URL", urlEvent(`"rawPath":"/a%2Fb%20c"`), "/a/b c", "/a%2Fb%20c", "", "/a%2Fb%20c", "T6, FUR-02"},
		{"authority-like", restEvent(`"path":"//evil.example/x"`), "//evil.example/x", "//evil.example/x", "", "//evil.example/x", "T8, ADP-02"},
		{"slash at the end", restEvent(`"path":"/proxy-value/","pathParameters":{"proxy":"proxy-value"}`), "/proxy-value/", "/proxy-value/", "", "/proxy-value/", "T15, RST-07"},
		{"no query", restEvent(`"path":"/x"`), "/x", "/x", "", "/x", "T31, RST-02"},
		{"query of a map", httpEvent(`"queryStringParameters":{"a":"1"}`), "/", "/", "a=1", "/?a=1", "T29"},
		{"semicolon", httpEvent(`"rawQueryString":"a=1;b=2"`), "/", "/", "a=1;b=2", "/?a=1;b=2", "T30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			serve(t, tt.event, func(r *http.Request) {
				if r.URL.Path != tt.path || r.URL.EscapedPath() != tt.escaped || r.URL.RawQuery != tt.query || r.RequestURI != tt.uri {
					t.Errorf("Path %q, EscapedPath %q, RawQuery %q, RequestURI %q, want %q, %q, %q, %q (%s)",
						r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI, tt.path, tt.escaped, tt.query, tt.uri, tt.why)
				}
				if r.URL.Host != "" || r.URL.Scheme != "" {
					t.Errorf("URL has host %q, scheme %q, want none (%s)", r.URL.Host, r.URL.Scheme, tt.why)
				}
				_ = r.ParseForm() // T30: its error is the application's business
			})
		})
	}
}

func TestNetHTTPForm(t *testing.T) {
	t.Parallel()
	const form = `"headers":{"content-type":"application/x-www-form-urlencoded"},"requestContext":{"http":{"method":"POST"}},"isBase64Encoded":true,"body":"YT0xJmI9JTI2"`
	for _, tt := range []struct {
		name, event string
		want        url.Values
		why         string
	}{
		{"ALB multi", albMultiEvent(`"multiValueQueryStringParameters":{"redirect":["https%3A%2F%2Fexample.com%2Fa"],"lit":["a+b"],"enc":["a%2Bb"]}`),
			url.Values{"redirect": {"https://example.com/a"}, "lit": {"a b"}, "enc": {"a+b"}}, "T21, ALB-02"},
		{"ALB single", albEvent(`"queryStringParameters":{"a":"1%202"}`), url.Values{"a": {"1 2"}}, "T32, ALB-02"},
		{"REST", restEvent(`"multiValueQueryStringParameters":{"q":["a b","c+d"]}`), url.Values{"q": {"a b", "c+d"}}, "T24, RST-09"},
		{"REST, single map", restEvent(`"queryStringParameters":{"q":"a&b"}`), url.Values{"q": {"a&b"}}, "T25"},
		{"REST, both maps", restEvent(`"queryStringParameters":{"a":"2"},"multiValueQueryStringParameters":{"a":["1","2"]}`), url.Values{"a": {"1", "2"}}, "T26"},
		{"HTTP API", httpEvent(`"rawQueryString":"repeat=one&repeat=two&x=a%2Cb","queryStringParameters":{"repeat":"one,two","x":"a,b"}`),
			url.Values{"repeat": {"one", "two"}, "x": {"a,b"}}, "T27, HTP-04"},
		{"posted", httpEvent(form), url.Values{"a": {"1"}, "b": {"&"}}, "T54, HTP-10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			serve(t, tt.event, func(r *http.Request) {
				if err := r.ParseForm(); err != nil || !reflect.DeepEqual(r.Form, tt.want) {
					t.Errorf("Form %v, %v, want %v (%s)", r.Form, err, tt.want, tt.why)
				}
			})
		})
	}
}

// T55: what a form of several parts has is bytes, line ends too.
func TestNetHTTPMultipart(t *testing.T) {
	t.Parallel()
	// --b CRLF Content-Disposition: form-data; name="f"; filename="x" CRLF CRLF a CRLF b CRLF --b-- CRLF
	const event = `"headers":{"content-type":"multipart/form-data; boundary=b"},"isBase64Encoded":true,` +
		`"requestContext":{"domainName":"x.lambda-url.eu-west-1.on.aws","http":{"method":"POST"}},` +
		`"body":"LS1iDQpDb250ZW50LURpc3Bvc2l0aW9uOiBmb3JtLWRhdGE7IG5hbWU9ImYiOyBmaWxlbmFtZT0ieCINCg0KYQ0KYg0KLS1iLS0NCg=="`
	serve(t, urlEvent(event), func(r *http.Request) {
		if err := r.ParseMultipartForm(1 << 20); err != nil {
			t.Errorf("T55: ParseMultipartForm: %v", err)
			return
		}
		f, _, err := r.FormFile("f")
		if err != nil {
			t.Errorf("T55: FormFile: %v", err)
			return
		}
		defer f.Close()
		if got, err := io.ReadAll(f); string(got) != "a\r\nb" || err != nil {
			t.Errorf("T55: file %q, %v, want a CRLF b", got, err)
		}
	})
}

func TestNetHTTPHeader(t *testing.T) {
	t.Parallel()
	host := `"headers":{"Host":"api.example.com"}`
	serve(t, restEvent(host), func(r *http.Request) {
		if r.Host != "api.example.com" || r.Header["Host"] != nil {
			t.Errorf("T37: Host %q, header %v, want api.example.com and none", r.Host, r.Header["Host"])
		}
	})
	serve(t, restEvent(`"path":"//evil.example/x",`+host), func(r *http.Request) {
		if r.Host != "api.example.com" {
			t.Errorf("T8: Host %q, want that of the event", r.Host)
		}
	})
	serve(t, httpEvent(`"cookies":["a=1","b=2"]`), func(r *http.Request) {
		b, err := r.Cookie("b")
		if err != nil || b.Value != "2" || r.Header.Get("Cookie") != "a=1; b=2" || len(r.Header["Cookie"]) != 1 {
			t.Errorf("T42: cookie b %v, %v, header %q, want one line", b, err, r.Header["Cookie"])
		}
	})
	serve(t, urlEvent(`"cookies":["a=1","b=2"],"headers":{"cookie":"a=1; b=2"}`), func(r *http.Request) {
		if len(r.Cookies()) != 2 || len(r.Header["Cookie"]) != 1 {
			t.Errorf("T43: cookies %v, lines %q, want two in one line", r.Cookies(), r.Header["Cookie"])
		}
	})
	for name, event := range map[string]string{
		"203.0.113.9": restEvent(`"requestContext":{"identity":{"sourceIp":"203.0.113.9"}}`),
		"2001:db8::1": httpEvent(`"requestContext":{"http":{"method":"GET","sourceIp":"2001:db8::1"}}`),
		"":            albEvent(``),
	} {
		serve(t, event, func(r *http.Request) {
			if ip, port, err := net.SplitHostPort(r.RemoteAddr); ip != name || port != "0" || err != nil {
				t.Errorf("T39: RemoteAddr %q, %v, want that of %q", r.RemoteAddr, err, name)
			}
		})
	}
}

// T48: names of headers are compared without case, however the event has them.
func TestHeaderNamesWithoutCase(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"Authorization", "authorization", "aUTHORIZATION"} {
		for _, event := range []string{
			restEvent(`"headers":{"` + sent + `":"Bearer x"}`), restEvent(`"multiValueHeaders":{"` + sent + `":["Bearer x"]}`),
			restEvent(`"version":"1.0","headers":{"` + sent + `":"Bearer x"}`), albEvent(`"headers":{"` + sent + `":"Bearer x"}`),
		} {
			req := request(t, []byte(event), nil)
			for _, asked := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
				if got := req.Header(asked); got != "Bearer x" {
					t.Errorf("T48: Header(%q) = %q, want Bearer x, for %s", asked, got, event)
				}
			}
			if got := req.Headers().Get("authorization"); got != "Bearer x" {
				t.Errorf("T48: Headers().Get = %q, want Bearer x, for %s", got, event)
			}
		}
	}
}

// T47: an event without headers bears all that middleware asks for.
func TestNullEverywhere(t *testing.T) {
	t.Parallel()
	const none = `"headers":null,"multiValueHeaders":null,"cookies":null,"body":null,"queryStringParameters":null,"requestContext":`
	for _, event := range []string{
		restEvent(none + `{"identity":null,"authorizer":null,"stage":null}`), httpEvent(none + `{"authorizer":null,"http":{"method":"GET"}}`),
		urlEvent(none + `{"domainName":"x.lambda-url.eu-west-1.on.aws","http":{"method":"GET","sourceIp":null}}`),
		albEvent(none + `{"elb":{"targetGroupArn":null}}`), latticeEvent(none + `{"serviceNetworkArn":"arn:n","identity":null,"timeEpoch":null}`),
		latticeV1Event(none + `null,"query_string_parameters":null`),
	} {
		serve(t, event, func(r *http.Request) {
			r.Header.Set("X-Middleware", "1") // of a map that is there
			b, err := io.ReadAll(r.Body)
			if len(r.Header) != 1 || r.Body == nil || r.ContentLength != 0 || len(b) != 0 || err != nil {
				t.Errorf("T47, T51: header %v, length %d, body %q, %v, want none, for %s", r.Header, r.ContentLength, b, err, event)
			}
		})
	}
}

func TestNetHTTPBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want, why string }{
		{"base64", httpEvent(`"body":"AAECAw==","isBase64Encoded":true,"headers":{"content-length":"8"}`), "\x00\x01\x02\x03", "T50, ADP-05"},
		{"empty", albEvent(`"body":""`), "", "T51, ADP-05"},
		{"missing", httpEvent(``), "", "T51, ADP-05"},
		{"base64 of null", restEvent(`"body":null,"isBase64Encoded":true`), "", "T52"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			serve(t, tt.event, func(r *http.Request) {
				if r.Body == nil {
					t.Fatalf("Body is nil (%s)", tt.why)
				}
				if got, err := io.ReadAll(r.Body); string(got) != tt.want || err != nil || r.ContentLength != int64(len(tt.want)) {
					t.Errorf("body %q, %v, length %d, want %q (%s)", got, err, r.ContentLength, tt.want, tt.why)
				}
			})
		})
	}
}

// Routes see what the event's path says, decoded once, segment by segment.
func TestMuxBehindDoors(t *testing.T) {
	t.Parallel()
	mux := handler.NewMux()
	for _, pattern := range []string{"GET /x/{name}", "GET /a/{x}/b"} {
		err := mux.Route(pattern, handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(req.PathValue("name") + req.PathValue("x"))}, nil
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		event, want string
		status      int
		why         string
	}{
		{restEvent(`"path":"/x/test%2Balias@gmail.com"`), "test+alias@gmail.com", 200, "T17, RST-08"},
		{restEvent(`"path":"/x/%252F"`), "%2F", 200, "T17: exactly once"},
		{httpEvent(`"rawPath":"/x/%2F"`), "%2F", 200, "T17: decoded by the front door already"},
		{restEvent(`"path":"/x/a%2Fb"`), "a/b", 200, "T17: an encoded slash divides nothing"},
		{latticeEvent(`"path":"/x/%252F?y=1"`), "%2F", 200, "T17"},
		{restEvent(`"path":"/x/a=b+$&@:~%20c"`), "a=b+$&@:~ c", 200, "T18"},
		{httpEvent(`"rawPath":"/x/a=b+$&@:~ c"`), "a=b+$&@:~ c", 200, "T18"},
		{restEvent(`"path":"/a/1/b"`), "1", 200, "T20"},
		{restEvent(`"path":"/a/1/2/b"`), "", 404, "T20: a parameter is one segment"},
	} {
		a := invoke(t, mux, quiet(), []byte(tt.event))
		if a.Status != tt.status || tt.status == 200 && string(a.Body) != tt.want {
			t.Errorf("%s: status %d, %q, want %d, %q (%s)", tt.event, a.Status, a.Body, tt.status, tt.want, tt.why)
		}
	}
}

// T57: parameters and spaces of a content type do not hide that it is JSON.
func TestContentTypeBinds(t *testing.T) {
	t.Parallel()
	type order struct {
		N int `json:"n" validate:"required"`
	}
	h := handler.New(func(_ context.Context, in order) (order, error) { return in, nil })
	for _, contentType := range []string{"application/json ; charset=UTF-8", "Application/JSON", "application/json;charset=utf-8"} {
		event := httpEvent(`"body":"{\"n\":7}","headers":{"content-type":"` + contentType + `"},"requestContext":{"http":{"method":"POST"}}`)
		if a := invoke(t, h, quiet(), []byte(event)); a.Status != 200 || string(a.Body) != `{"n":7}` {
			t.Errorf("T57: %q: status %d, %s, want 200 with n", contentType, a.Status, a.Body)
		}
	}
}
