package lambda_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// Small events, of which a test gives the members it is about; a member given
// twice counts as given last.

func restEvent(members string) string {
	return `{"resource":"/{proxy+}","path":"/","httpMethod":"GET","headers":null,"multiValueHeaders":null,` +
		`"queryStringParameters":null,"multiValueQueryStringParameters":null,"requestContext":{"stage":"prod"},"body":null,"isBase64Encoded":false` + also(members)
}

func httpEvent(members string) string {
	return `{"version":"2.0","rawPath":"/","rawQueryString":"","headers":{},` +
		`"requestContext":{"stage":"$default","http":{"method":"GET"}},"isBase64Encoded":false` + also(members)
}

func urlEvent(members string) string {
	return `{"version":"2.0","rawPath":"/","rawQueryString":"","headers":{},` +
		`"requestContext":{"stage":"$default","domainName":"x.lambda-url.eu-west-1.on.aws","http":{"method":"GET","path":"/decoded"}}` + also(members)
}

func albEvent(members string) string {
	return `{"requestContext":{"elb":{"targetGroupArn":"arn:x"}},"httpMethod":"GET","path":"/","queryStringParameters":{},"headers":{},"body":"","isBase64Encoded":false` + also(members)
}

func albMultiEvent(members string) string {
	return `{"requestContext":{"elb":{"targetGroupArn":"arn:x"}},"httpMethod":"GET","path":"/","multiValueQueryStringParameters":{},"multiValueHeaders":{},"body":"","isBase64Encoded":false` + also(members)
}

func also(members string) string {
	if members == "" {
		return "}"
	}
	return "," + members + "}"
}

func TestPath(t *testing.T) {
	t.Parallel()
	stage := func(name string) string {
		return `,"requestContext":{"stage":"` + name + `","http":{"method":"GET"}}`
	}
	for _, tt := range []struct{ name, event, base, want, why string }{
		{"escaped slash", restEvent(`"path":"/files/a%2Fb"`), "", "/files/a%2Fb", "T1, RST-04"},
		{"plus and escapes kept", restEvent(`"path":"/a/test%2Balias@x+y"`), "", "/a/test%2Balias@x+y", "RST-04"},
		{"trailing slash kept", restEvent(`"path":"/proxy-value/","pathParameters":{"proxy":"proxy-value"}`), "", "/proxy-value/", "T15, RST-07"},
		{"inner slashes kept", restEvent(`"path":"/a//b"`), "", "/a//b", "RST-06"},
		{"no stage cut", restEvent(`"path":"/prod/x"`), "", "/prod/x", "RST-05: the path has no stage"},
		{"missing slash", restEvent(`"path":"x"`), "", "/x", "Line: the path starts with a slash"},
		{"empty", restEvent(`"path":""`), "", "/", "Line: the path starts with a slash"},
		{"decoded space", httpEvent(`"rawPath":"/capture/space value"`), "", "/capture/space%20value", "T2, HTP-02"},
		{"decoded question mark", httpEvent(`"rawPath":"/users/me?admin=true"`), "", "/users/me%3Fadmin=true", "T5, HTP-02"},
		{"decoded percent", httpEvent(`"rawPath":"/100%25/a%zz#"`), "", "/100%2525/a%25zz%23", "HTP-02: a % is a character"},
		{"decoded non-ASCII and control", httpEvent(`"rawPath":"/é\n"`), "", "/%C3%A9%0A", "HTP-02"},
		{"segment characters", httpEvent(`"rawPath":"/x/a=b+$&@:~,;!'()*"`), "", "/x/a=b+$&@:~,;!'()*", "T18"},
		{"authority-like", httpEvent(`"rawPath":"//evil.example/x"`), "", "//evil.example/x", "T8, ADP-02"},
		{"named stage", httpEvent(`"rawPath":"/dev/items/1"` + stage("dev")), "", "/items/1", "T11, HTP-07"},
		{"named stage alone", httpEvent(`"rawPath":"/dev"` + stage("dev")), "", "/", "HTP-07"},
		{"stage is no whole segment", httpEvent(`"rawPath":"/development/x"` + stage("dev")), "", "/development/x", "T13"},
		{"stage once", httpEvent(`"rawPath":"/dev/dev/x"` + stage("dev")), "", "/dev/x", "HTP-07"},
		{"default stage", httpEvent(`"rawPath":"/$default/x"`), "", "/$default/x", "T14"},
		{"URL keeps escapes", urlEvent(`"rawPath":"/a%2Fb%20c"`), "", "/a%2Fb%20c", "T6, FUR-02"},
		{"URL with an invalid escape", urlEvent(`"rawPath":"/a%zz%"`), "", "/a%25zz%25", "FUR-02: an invalid escape stays; a Request's path is encoded"},
		{"ALB as sent", albEvent(`"path":"/a%2Fb%20c"`), "", "/a%2Fb%20c", "ALB-04"},
		{"HTTP API 1.0", restEvent(`"version":"1.0","path":"/prod/space value"`), "", "/space%20value", "HTP-20"},
		{"base path", restEvent(`"path":"/app/x"`), "/app", "/x", "T9, RST-23"},
		{"base path alone", restEvent(`"path":"/app"`), "app/", "/", "T9"},
		{"base path is no whole segment", restEvent(`"path":"/application/x"`), "/app", "/application/x", "T9"},
		{"base path only in front", restEvent(`"path":"/v1/x/v1/y"`), "/v1", "/x/v1/y", "T10"},
		{"base path of two segments", httpEvent(`"rawPath":"/orders/v1/x"`), "orders/v1", "/x", "RST-23"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, []byte(tt.event), &lambda.Options{BasePath: tt.base})
			if got := req.Path(); got != tt.want {
				t.Errorf("Path() = %q, want %q (%s)", got, tt.want, tt.why)
			}
			if _, err := url.ParseRequestURI(req.Path()); err != nil {
				t.Errorf("Path() = %q is no request URI: %v", req.Path(), err)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want, why string }{
		{"REST encodes once", restEvent(`"multiValueQueryStringParameters":{"q":["a b","c+d"]}`), "q=a+b&q=c%2Bd", "T24, RST-09"},
		{"REST single map only", restEvent(`"queryStringParameters":{"b":"1","a":"x&y"}`), "b=1&a=x%26y", "T25; order of the event"},
		{"REST both maps", restEvent(`"queryStringParameters":{"a":"2"},"multiValueQueryStringParameters":{"a":["1","2"]}`), "a=1&a=2", "T26"},
		{"REST null maps", restEvent(``), "", "T31, RST-02"},
		{"REST empty value", restEvent(`"multiValueQueryStringParameters":{"a":[""]}`), "a=", "RST-09"},
		{"HTTP bytes", httpEvent(`"rawQueryString":"repeat=one&repeat=two&x=a%2Cb","queryStringParameters":{"repeat":"one,two","x":"a,b"}`), "repeat=one&repeat=two&x=a%2Cb", "T27, HTP-03"},
		{"HTTP map only", httpEvent(`"queryStringParameters":{"a":"1 2"}`), "a=1+2", "T29"},
		{"HTTP without the key", `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}},"queryStringParameters":{"a":"1"}}`, "a=1", "T92, T29"},
		{"semicolon", httpEvent(`"rawQueryString":"a=1;b=2"`), "a=1;b=2", "T30"},
		{"ALB multi as sent", albMultiEvent(`"multiValueQueryStringParameters":{"redirect":["https%3A%2F%2Fexample.com%2Fa"],"lit":["a+b"],"enc":["a%2Bb"]}`), "redirect=https%3A%2F%2Fexample.com%2Fa&lit=a+b&enc=a%2Bb", "T21, ALB-02"},
		{"ALB single as sent", albEvent(`"queryStringParameters":{"a":"1%202"}`), "a=1%202", "T32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := request(t, []byte(tt.event), nil).RawQuery(); got != tt.want {
				t.Errorf("RawQuery() = %q, want %q (%s)", got, tt.want, tt.why)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event string
		want        http.Header
		host, why   string
	}{
		{"a date is one value", httpEvent(`"headers":{"date":"Tue, 01 Jul 2025 10:00:00 GMT"}`), http.Header{"Date": {"Tue, 01 Jul 2025 10:00:00 GMT"}}, "", "T33, HTP-05"},
		{"repeated", restEvent(`"headers":{"x-p":"second"},"multiValueHeaders":{"x-p":["first","second"]}`), http.Header{"X-P": {"first", "second"}}, "", "T35, RST-15"},
		{"spellings", restEvent(`"headers":{"content-type":"text/plain"},"multiValueHeaders":{"Content-Type":["text/plain"]}`), http.Header{"Content-Type": {"text/plain"}}, "", "T36"},
		{"in one map only", restEvent(`"headers":{"a":"1","b":"2"},"multiValueHeaders":{"A":["1"]}`), http.Header{"A": {"1"}, "B": {"2"}}, "", "hand-made events"},
		{"host", restEvent(`"headers":{"Host":"api.example.com"},"multiValueHeaders":{"Host":["api.example.com"]}`), http.Header{}, "api.example.com", "T37, ADP-03"},
		{"host of the domain name", urlEvent(``), http.Header{}, "x.lambda-url.eu-west-1.on.aws", "ADP-03: fallback"},
		{"cookie array", httpEvent(`"cookies":["a=1","b=2"]`), http.Header{"Cookie": {"a=1; b=2"}}, "", "T42, HTP-06"},
		{"cookies twice", urlEvent(`"cookies":["a=1","b=2"],"headers":{"cookie":"a=1; b=2"}`), http.Header{"Cookie": {"a=1; b=2"}}, "x.lambda-url.eu-west-1.on.aws", "T43, FUR-03"},
		{"cookie lines", albMultiEvent(`"multiValueHeaders":{"cookie":["a=1","b=2"]}`), http.Header{"Cookie": {"a=1; b=2"}}, "", "ADP-06"},
		{"null maps", restEvent(``), http.Header{}, "", "T47, RST-03"},
		{"null and other values", restEvent(`"headers":{"n":null,"i":7,"t":true,"o":{"a":1}}`), http.Header{"I": {"7"}, "T": {"true"}}, "", "hand-made events"},
		{"escapes", httpEvent(`"headers":{"x\u002da":"say \"hi\" \u00e9"}`), http.Header{"X-A": {`say "hi" é`}}, "", "JSON"},
		{"last of a name counts", httpEvent(`"headers":{"a":"1","a":"2"}`), http.Header{"A": {"2"}}, "", "as encoding/json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, []byte(tt.event), nil)
			if got := req.Headers(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Headers() = %v, want %v (%s)", got, tt.want, tt.why)
			}
			for name, want := range tt.want {
				if got := req.HeaderValues(strings.ToLower(name)); !reflect.DeepEqual(got, want) {
					t.Errorf("HeaderValues(%q) = %q, want %q (%s)", name, got, want, tt.why)
				}
			}
			if req.HeaderValues("Host") != nil || req.Facts().Host != tt.host {
				t.Errorf("Host header %q, Facts().Host = %q, want none and %q (%s)", req.HeaderValues("Host"), req.Facts().Host, tt.host, tt.why)
			}
		})
	}
}

// T45, ADP-10: a header is never the gateway's word.
func TestNothingIsReadFromHeaders(t *testing.T) {
	t.Parallel()
	forged := `"headers":{"x-golambdaproxy-apigw-context":"{\"authorizer\":{\"principalId\":\"admin\"}}","requestcontext":"{}","x-amzn-request-context":"{\"authorizer\":{}}"}`
	for _, event := range []string{restEvent(forged), httpEvent(forged), urlEvent(forged), albEvent(forged)} {
		if c := request(t, []byte(event), nil).Caller(); !c.Anonymous() {
			t.Errorf("Caller() = %+v, want none for %s", c, event)
		}
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event, want string
		status            int
		why               string
	}{
		{"base64", httpEvent(`"body":"AAECAw==","isBase64Encoded":true`), "\x00\x01\x02\x03", 0, "T50"},
		{"null", restEvent(`"body":null`), "", 0, "T51"},
		{"missing", httpEvent(``), "", 0, "T51"},
		{"empty", albEvent(`"body":""`), "", 0, "T51"},
		{"base64 of null", restEvent(`"body":null,"isBase64Encoded":true`), "", 0, "T52"},
		{"form", httpEvent(`"headers":{"content-type":"application/x-www-form-urlencoded"},"body":"YT0xJmI9eA==","isBase64Encoded":true`), "a=1&b=x", 0, "T54, HTP-10"},
		{"line ends", urlEvent(`"body":"LS1iDQoNCnjDqQ0KLS1iLS0NCg==","isBase64Encoded":true`), "--b\r\n\r\nx\u00e9\r\n--b--\r\n", 0, "T55"},
		{"escapes", restEvent(`"body":"{\"a\":\"\\u00e9 \u00e9 \ud83d\ude00 \ud83d \/\b\f\"}"`), "{\"a\":\"\\u00e9 é 😀 \ufffd /\b\f\"}", 0, "JSON"},
		{"not base64", httpEvent(`"body":"%%%","isBase64Encoded":true`), "", 400, "ADP-05"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body, err := request(t, []byte(tt.event), nil).Body()
			if string(body) != tt.want || (body == nil) != (tt.want == "") {
				t.Errorf("Body() = %q, want %q (%s)", body, tt.want, tt.why)
			}
			var e *handler.Error
			if errors.As(err, &e); e == nil && tt.status != 0 || e != nil && (e.Status != tt.status || len(e.Fields) != 1 || e.Fields[0].Location != "body") {
				t.Errorf("Body() error %v, want status %d (%s)", err, tt.status, tt.why)
			}
		})
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	rest := func(members string) string { return restEvent(`"requestContext":{` + members + `}`) }
	http := func(authorizer string) string {
		return httpEvent(`"requestContext":{"http":{"method":"GET"},"authorizer":` + authorizer + `}`)
	}
	for _, tt := range []struct {
		name, event string
		want        handler.Caller
		why         string
	}{
		{"Lambda authorizer, REST", rest(`"authorizer":{"principalId":"ada","n":"123","b":"true","integrationLatency":12}`),
			handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: map[string]string{"n": "123", "b": "true"}}, "AUT-13"},
		{"Lambda authorizer, HTTP", http(`{"lambda":{"n":1,"b":true,"l":["x"],"o":{"k":1},"z":null}}`),
			handler.Caller{Kind: handler.CallerLambda, Claims: map[string]string{"n": "1", "b": "true", "l": `["x"]`, "o": `{"k":1}`}}, "AUT-22"},
		{"Lambda authorizer without context", http(`{"lambda":null}`), handler.Caller{}, "AUT-22"},
		{"Cognito, REST", rest(`"authorizer":{"claims":{"sub":"u1","cognito:groups":"admin,staff","scope":"a/read b"}}`),
			handler.Caller{Kind: handler.CallerJWT, ID: "u1", Scopes: []string{"a/read", "b"}, Groups: []string{"admin", "staff"},
				Claims: map[string]string{"sub": "u1", "cognito:groups": "admin,staff", "scope": "a/read b"}}, "AUT-40"},
		{"JWT without scopes on the route", http(`{"jwt":{"claims":{"sub":"u1","scope":"read write","cognito:groups":"[a b]"},"scopes":null}}`),
			handler.Caller{Kind: handler.CallerJWT, ID: "u1", Scopes: []string{"read", "write"}, Groups: []string{"a", "b"},
				Claims: map[string]string{"sub": "u1", "scope": "read write", "cognito:groups": "[a b]"}}, "AUT-32, JWT-09"},
		{"JWT with scp", http(`{"jwt":{"claims":{"scp":"[read write]"}}}`),
			handler.Caller{Kind: handler.CallerJWT, Scopes: []string{"read", "write"}, Claims: map[string]string{"scp": "[read write]"}}, "JWT-08"},
		{"JWT, HTTP API 1.0", `{"version":"1.0","resource":"/","path":"/","httpMethod":"GET","requestContext":{"authorizer":{"claims":{"sub":"u"},"scopes":["s"]}}}`,
			handler.Caller{Kind: handler.CallerJWT, ID: "u", Scopes: []string{"s"}, Claims: map[string]string{"sub": "u"}}, "HTP-20"},
		{"groups as JSON", http(`{"jwt":{"claims":{"cognito:groups":["a b","c"]}}}`),
			handler.Caller{Kind: handler.CallerJWT, Groups: []string{"a b", "c"}, Claims: map[string]string{"cognito:groups": `["a b","c"]`}}, "JWT-09"},
		{"IAM, REST", rest(`"identity":{"user":"AROA:s","caller":"c","userArn":"arn:aws:iam::1:user/a","accountId":"1","cognitoIdentityId":"eu:1"}`),
			handler.Caller{Kind: handler.CallerIAM, ID: "AROA:s", ARN: "arn:aws:iam::1:user/a", Account: "1", Identity: "eu:1"}, "AUT-50"},
		{"no IAM caller, REST", rest(`"identity":{"user":null,"caller":null,"userArn":null,"accountId":null,"sourceIp":"1.2.3.4"}`), handler.Caller{}, "RST-18"},
		{"IAM, HTTP", http(`{"iam":{"userId":"AIDA","userArn":"arn:x","accountId":"1","cognitoIdentity":null}}`),
			handler.Caller{Kind: handler.CallerIAM, ID: "AIDA", ARN: "arn:x", Account: "1"}, "AUT-50"},
		{"empty IAM", http(`{"iam":{}}`), handler.Caller{}, "AUT-50"},
		{"no object", http(`"admin"`), handler.Caller{}, "nothing but what a gateway writes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := request(t, []byte(tt.event), nil).Caller(); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Caller() = %+v, want %+v (%s)", got, tt.want, tt.why)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event string
		get         func(handler.Facts) string
		want, why   string
	}{
		{"REST address", restEvent(`"requestContext":{"identity":{"sourceIp":"203.0.113.9"}}`), remote, "203.0.113.9:0", "T39, ADP-04"},
		{"IPv6", httpEvent(`"requestContext":{"http":{"method":"GET","sourceIp":"2001:db8::1"}}`), remote, "[2001:db8::1]:0", "ADP-04"},
		{"ALB right-most address", albEvent(`"headers":{"x-forwarded-for":"6.6.6.6, 7.7.7.7, 203.0.113.9"}`), remote, "203.0.113.9:0", "ALB-11"},
		{"ALB several lines", albMultiEvent(`"multiValueHeaders":{"x-forwarded-for":["6.6.6.6","203.0.113.9"]}`), remote, "203.0.113.9:0", "ALB-11"},
		{"ALB health check", albEvent(`"headers":{"user-agent":"ELB-HealthChecker/2.0"}`), remote, "", "ALB-10"},
		{"not its X-Forwarded-For", restEvent(`"headers":{"X-Forwarded-For":"6.6.6.6"},"requestContext":{"identity":{"sourceIp":"203.0.113.9"}}`), remote, "203.0.113.9:0", "ALB-11"},
		{"route of a key", httpEvent(`"routeKey":"GET /orders/{id}"`), func(f handler.Facts) string { return f.Resource }, "/orders/{id}", "HTP-09"},
		{"request id, ALB", albEvent(``), func(f handler.Facts) string { return f.ID }, "invocation-1", "ALB has none"},
		{"request id, REST", restEvent(`"requestContext":{"requestId":"r-1"}`), func(f handler.Facts) string { return f.ID + " " + f.Invocation }, "r-1 invocation-1", "RST-17"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-1"})
			h := &recorder{}
			if _, err := lambda.New(h, nil).Invoke(ctx, []byte(tt.event)); err != nil {
				t.Fatal(err)
			}
			if got := tt.get(h.req.Facts()); got != tt.want {
				t.Errorf("got %q, want %q (%s)", got, tt.want, tt.why)
			}
		})
	}
}

func remote(f handler.Facts) string { return f.Remote }

func TestDetection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want, why string }{
		{"function URL", urlEvent(``), "url", "T86"},
		{"HTTP API", httpEvent(``), "http", "T86"},
		{"HTTP API 1.0", restEvent(`"version":"1.0"`), "http", "T87"},
		{"REST", restEvent(``), "rest", "T87"},
		{"ALB", albEvent(``), "alb", "T88"},
		{"REST of a local tool", `{"resource":"/x","path":"/x","httpMethod":"GET"}`, "rest", "T91"},
		{"a body cannot change it", restEvent(`"body":"{\"requestContext\":{\"elb\":{}}}"`), "rest", "T95"},
		{"null is not there", restEvent(`"requestContext":{"elb":null,"connectionId":null}`), "rest", "RST-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := request(t, []byte(tt.event), nil).Facts().FrontDoor; got != tt.want {
				t.Errorf("front door %q, want %q (%s)", got, tt.want, tt.why)
			}
		})
	}
}

// aws-lambda-go uses the buffer of a payload again.
func TestPayloadIsNotKept(t *testing.T) {
	t.Parallel()
	payload := fixture(t, "capture-rest")
	want := bytes.Clone(payload)
	req := request(t, payload, nil)
	for i := range payload {
		payload[i] = 'x'
	}
	if req.Header("X-Probe") != "first" || req.Path() != "/capture/space%20value" {
		t.Errorf("the request changed with the buffer: %q %q", req.Header("X-Probe"), req.Path())
	}
	got, ok := lambda.Payload(req.WithPath("/other"))
	if !ok || !bytes.Equal(got, want) {
		t.Errorf("Payload() = %s, %v, want the event", got, ok)
	}
	got[0] = 'x' // the caller owns it
	if again, _ := lambda.Payload(req); !json.Valid(again) {
		t.Error("Payload() is shared")
	}
	if got, ok := lambda.Payload(handlertest.Request("GET", "/")); ok || got != nil {
		t.Errorf("Payload() of another request = %s, %v, want none", got, ok)
	}
}

func TestFunctionName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "reads"} {
		h := &recorder{}
		if _, err := lambda.New(h, &lambda.Options{Function: name}).Invoke(t.Context(), []byte(httpEvent(``))); err != nil {
			t.Fatal(err)
		}
		if got, ok := datastore.FunctionFrom(h.ctx); got != name || ok != (name != "") {
			t.Errorf("FunctionFrom = %q, %v, want %q", got, ok, name)
		}
	}
}

// An event may be read by several goroutines at once (run with -race).
func TestConcurrentReaders(t *testing.T) {
	t.Parallel()
	req := request(t, fixture(t, "capture-rest"), nil)
	want := look(req)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := look(req); !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
			}
		})
	}
	wg.Wait()
}

// Invocations of one doorway may overlap, and do not see each other's parts.
func TestConcurrentInvocations(t *testing.T) {
	t.Parallel()
	d := lambda.New(echo, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body := strings.Repeat(string(rune('a'+i)), 100)
			for range 20 {
				out, err := d.Invoke(t.Context(), []byte(httpEvent(`"body":"`+body+`"`)))
				if err != nil || !bytes.Contains(out, []byte(`"body":"`+body+`"`)) {
					t.Errorf("Invoke = %s, %v, want body %s", out, err, body)
				}
			}
		})
	}
	wg.Wait()
}

// The doorway's own work for a request must stay small: it is on the way of
// every invocation.
func TestAllocations(t *testing.T) {
	// not parallel: testing.AllocsPerRun counts those of others too
	for name, limit := range map[string]float64{"capture-http": 6, "capture-url": 6, "capture-rest": 22} {
		payload := fixture(t, name)
		d := lambda.New(answering(handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("hi")}), nil)
		ctx := t.Context()
		got := testing.AllocsPerRun(100, func() {
			if _, err := d.Invoke(ctx, payload); err != nil {
				t.Fatal(err)
			}
		})
		if got > limit {
			t.Errorf("%s: %v allocations an invocation, want at most %v", name, got, limit)
		}
	}
}
