package lambda_test

import (
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

func latticeEvent(members string) string {
	return `{"version":"2.0","path":"/","method":"GET","headers":{},"queryStringParameters":{},` +
		`"requestContext":{"serviceNetworkArn":"arn:n","serviceArn":"arn:s","targetGroupArn":"arn:t","identity":{},"timeEpoch":"1690497599177430"}` + also(members)
}

func latticeV1Event(members string) string {
	return `{"raw_path":"/","method":"GET","headers":{},"query_string_parameters":{},"body":"","is_base64_encoded":false` + also(members)
}

func TestLatticeLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event, path string
		query             url.Values
		why               string
	}{
		{"path as sent", latticeEvent(`"path":"/a%2Fb%20c"`), "/a%2Fb%20c", url.Values{}, "LAT-02"},
		{"query behind the path", latticeEvent(`"path":"/x?a=1&a=%20&b=c%2Bd","queryStringParameters":{"a":["1"," "],"b":["c+d"]}`), "/x",
			url.Values{"a": {"1", " "}, "b": {"c+d"}}, "the query as sent wins, and is there once"},
		{"second question mark", latticeEvent(`"path":"/x?next=/y?z"`), "/x", url.Values{"next": {"/y?z"}}, "RFC 3986, 3.4"},
		{"lists", latticeEvent(`"queryStringParameters":{"a":["1","2"],"b":["c"]}`), "/", url.Values{"a": {"1", "2"}, "b": {"c"}}, "LAT-02"},
		{"texts", latticeEvent(`"queryStringParameters":{"a":"1","n":null}`), "/", url.Values{"a": {"1"}}, "LAT-02: string or list"},
		{"a sample's spelling", latticeEvent(`"queryStringParameters":null,"query_string_parameters":{"order-id":"1"}`), "/", url.Values{"order-id": {"1"}}, "LAT-02"},
		{"decoded values", latticeEvent(`"queryStringParameters":{"a&b":["x=1&y=2 é#;100%"]}`), "/", url.Values{"a&b": {"x=1&y=2 é#;100%"}}, "a value makes no parameters"},
		{"encoded values", latticeEvent(`"queryStringParameters":{"a%26b":["x%3D1"]}`), "/", url.Values{"a&b": {"x=1"}}, "not encoded twice"},
		{"empty path", latticeEvent(`"path":""`), "/", url.Values{}, "Line: the path starts with a slash"},
		{"authority-like", latticeEvent(`"path":"//evil.example/x"`), "//evil.example/x", url.Values{}, "T8, ADP-02"},
		{"V1", latticeV1Event(`"raw_path":"/a%2Fb","query_string_parameters":{"a":"2"}`), "/a%2Fb", url.Values{"a": {"2"}}, "T96, LAT-01"},
		{"V1, query behind the path", latticeV1Event(`"raw_path":"/x?a=1&a=2","query_string_parameters":{"a":"2"}`), "/x", url.Values{"a": {"1", "2"}}, "T96"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, []byte(tt.event), nil)
			query, err := url.ParseQuery(req.RawQuery())
			if req.Path() != tt.path || err != nil || !reflect.DeepEqual(query, tt.query) {
				t.Errorf("%s %q, %v, want %s %v (%s)", req.Path(), req.RawQuery(), err, tt.path, tt.query, tt.why)
			}
			if _, err := url.ParseRequestURI(req.Path()); err != nil {
				t.Errorf("Path() = %q is no request URI: %v", req.Path(), err)
			}
		})
	}
}

func TestLatticeBasePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/app/x?a=1": "/x", "/app?a=1": "/", "/application": "/application"} {
		req := request(t, []byte(latticeEvent(`"path":"`+path+`"`)), &lambda.Options{BasePath: "/app"})
		if req.Path() != want {
			t.Errorf("%s: Path() = %q, want %q (T9)", path, req.Path(), want)
		}
	}
}

func TestLatticeRequest(t *testing.T) {
	t.Parallel()
	identity := func(members string) string {
		return `"requestContext":{"serviceNetworkArn":"arn:n","identity":{` + members + `}}`
	}
	const user = "arn:aws:iam::123456789012:user/ada"
	for _, tt := range []struct {
		name, event string
		got         func(*handler.Request) any
		want        any
		why         string
	}{
		{"header lists", latticeEvent(`"headers":{"x-p":["first","second"]}`), values("X-P"), []string{"first", "second"}, "LAT-02"},
		{"header texts", latticeEvent(`"headers":{"x-p":"first, second"}`), values("x-p"), []string{"first, second"}, "LAT-02, T33: never split"},
		{"cookie lines", latticeEvent(`"headers":{"cookie":["a=1","b=2"]}`), values("Cookie"), []string{"a=1; b=2"}, "ADP-06"},
		{"null headers", latticeEvent(`"headers":null`), values("x-p"), []string(nil), "T47"},
		{"V1 base64", latticeV1Event(`"body":"AAECAw==","is_base64_encoded":true`), body, "\x00\x01\x02\x03", "T96, LAT-01"},
		{"V1 text", latticeV1Event(`"body":"AAECAw=="`), body, "AAECAw==", "T96, LAT-01"},
		{"V2 base64", latticeEvent(`"body":"AAECAw==","isBase64Encoded":true`), body, "\x00\x01\x02\x03", "T50, LAT-02"},
		{"right-most address", latticeEvent(`"headers":{"x-forwarded-for":["6.6.6.6","10.0.0.1"]}`), facts(remote), "10.0.0.1:0", "as ALB-11"},
		{"V1 right-most address", latticeV1Event(`"headers":{"x-forwarded-for":"6.6.6.6, 7.7.7.7, 10.0.0.1"}`), facts(remote), "10.0.0.1:0", "as ALB-11"},
		{"scheme", latticeV1Event(`"headers":{"x-forwarded-for-proto":"http"}`), facts(func(f handler.Facts) string { return f.Scheme }), "http", "VPC Lattice's header"},
		{"time", latticeEvent(``), when, time.UnixMicro(1690497599177430).UTC(), "LAT-02: microseconds in a text"},
		{"no time", latticeEvent(`"requestContext":{"serviceNetworkArn":"arn:n","timeEpoch":"now"}`), when, time.Time{}, "unknown facts are zero"},
		{"V1 has none", latticeV1Event(`"requestContext":{"timeEpoch":"1690497599177430"}`), facts(func(f handler.Facts) string { return f.Resource + f.Stage }), "", "unknown facts are zero"},
		{"signed", latticeEvent(identity(`"type":"AWS_IAM","principal":"` + user + `"`)), caller,
			handler.Caller{Kind: handler.CallerIAM, ID: user, ARN: user, Account: "123456789012"}, "LAT-02"},
		{"no ARN", latticeEvent(identity(`"type":"AWS_IAM","principal":"x"`)), caller, handler.Caller{Kind: handler.CallerIAM, ID: "x", ARN: "x"}, "an account is told or not"},
		{"not verified", latticeEvent(identity(`"principal":"` + user + `"`)), caller, handler.Caller{}, "only AWS_IAM says that it was"},
		{"no principal", latticeEvent(identity(`"type":"AWS_IAM","sourceVpcArn":"arn:v"`)), caller, handler.Caller{}, "nobody signed"},
		{"from a VPC", latticeEvent(identity(`"sourceVpcArn":"arn:v"`)), caller, handler.Caller{}, "a network is no caller"},
		{"no identity", latticeEvent(`"requestContext":{"serviceNetworkArn":"arn:n","identity":"admin"}`), caller, handler.Caller{}, "nothing but what VPC Lattice writes"},
		{"forged header, V2", latticeEvent(`"headers":{"x-amzn-lattice-identity":["Principal=` + user + `"]}`), caller, handler.Caller{}, "T45, ADP-10"},
		{"forged header, V1", latticeV1Event(`"headers":{"x-amzn-lattice-identity":"Principal=` + user + `"}`), caller, handler.Caller{}, "T45, ADP-10"},
		{"V1 context", latticeV1Event(`"requestContext":{"identity":{"type":"AWS_IAM","principal":"` + user + `"}}`), caller, handler.Caller{}, "LAT-01: V1 has none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, []byte(tt.event), nil)
			if got := tt.got(req); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, want %#v (%s)", got, tt.want, tt.why)
			}
			if door := req.Facts().FrontDoor; door != "lattice" {
				t.Errorf("front door %q, want lattice (%s)", door, tt.why)
			}
		})
	}
}

func values(name string) func(*handler.Request) any {
	return func(req *handler.Request) any { return req.HeaderValues(name) }
}

func facts(get func(handler.Facts) string) func(*handler.Request) any {
	return func(req *handler.Request) any { return get(req.Facts()) }
}

func body(req *handler.Request) any {
	b, err := req.Body()
	if err != nil {
		return err
	}
	return string(b)
}

func when(req *handler.Request) any   { return req.Facts().Time }
func caller(req *handler.Request) any { return req.Caller() }

// LAT-03: what is special about VPC Lattice events is looked at before what
// they share with those of others.
func TestLatticeDetection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, event, want string }{
		{"V2 looks like an HTTP API", latticeEvent(`"rawPath":"/x","requestContext":{"serviceNetworkArn":"arn:n","http":{"method":"GET"}}`), "lattice"},
		{"V2 looks like a load balancer", latticeEvent(`"httpMethod":"GET","requestContext":{"serviceNetworkArn":"arn:n","elb":{"targetGroupArn":"arn:t"}}`), "lattice"},
		{"V1 looks like a REST API", latticeV1Event(`"resource":"/","path":"/x","httpMethod":"GET"`), "lattice"},
		{"a null is not there", restEvent(`"raw_path":null,"requestContext":{"serviceNetworkArn":null}`), "rest"},
		{"not in a body", httpEvent(`"body":"{\"raw_path\":\"/x\"}"`), "http"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := request(t, []byte(tt.event), nil).Facts().FrontDoor; got != tt.want {
				t.Errorf("front door %q, want %q (LAT-03)", got, tt.want)
			}
		})
	}
}

func TestNotALatticeEvent(t *testing.T) {
	t.Parallel()
	const missing = " is missing; the listener in front of the function must be one for HTTP or HTTPS"
	for _, tt := range []struct{ name, event, want string }{
		{"no method", latticeEvent(`"method":null`), "lambda: VPC Lattice event: method" + missing},
		{"no path", latticeEvent(`"path":null`), "lambda: VPC Lattice event: path" + missing},
		{"method", latticeEvent(`"method":1`), "lambda: VPC Lattice event: method is a number; it must be a string"},
		{"path", latticeEvent(`"path":{}`), "lambda: VPC Lattice event: path is an object; it must be a string"},
		{"query", latticeEvent(`"queryStringParameters":"a=1"`), "lambda: VPC Lattice event: queryStringParameters is a string; it must be an object"},
		{"V1 path", latticeV1Event(`"raw_path":[]`), "lambda: VPC Lattice event (version V1): raw_path is an array; it must be a string"},
		{"V1 query", latticeV1Event(`"query_string_parameters":[]`), "lambda: VPC Lattice event (version V1): query_string_parameters is an array; it must be an object"},
		{"V1 method", `{"raw_path":"/"}`, "lambda: VPC Lattice event (version V1): method" + missing},
		{"V1 headers", latticeV1Event(`"headers":[]`), "lambda: VPC Lattice event (version V1): headers is an array; it must be an object"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.New(nil, nil).Invoke(t.Context(), []byte(tt.event))
			if out != nil || err == nil || err.Error() != tt.want {
				t.Errorf("Invoke = %s, %v, want error %q", out, err, tt.want)
			}
		})
	}
}

// LAT-04: the answer is that of a load balancer with one value a header.
func TestLatticeAnswer(t *testing.T) {
	t.Parallel()
	resp := handler.Response{Status: 201, Body: []byte("hi"), Header: http.Header{
		"Content-Type": {"text/plain"}, "Link": {"</a>", "</b>"}, "Set-Cookie": {"a=1", "b=2"}, "X-None": nil, "Connection": {"close"}}}
	const want = `{"statusCode":201,"statusDescription":"201 Created","headers":{"Content-Type":"text/plain","Link":"</a>, </b>","Set-Cookie":"b=2"},"body":"hi","isBase64Encoded":false}`
	for name, event := range map[string]string{"V2": latticeEvent(``), "V1": latticeV1Event(``)} {
		var log logged
		out, err := lambda.New(answering(resp), log.options()).Invoke(t.Context(), []byte(event))
		if string(out) != want || err != nil {
			t.Errorf("%s: Invoke = %v\n%s, want\n%s", name, err, out, want)
		}
		if got := log.String(); !strings.Contains(got, `"level":"WARN"`) || !strings.Contains(got, "VPC Lattice sends only the last Set-Cookie") {
			t.Errorf("%s: log %s, want a warning of the lost cookie (ADP-09)", name, got)
		}
		large := handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: bytes.Repeat([]byte("x"), 6_291_556)}
		if a := invoke(t, answering(large), quiet(), []byte(event)); a.Status != 500 {
			t.Errorf("%s: answer above 6 MB: status %d, want 500", name, a.Status)
		}
	}
}
