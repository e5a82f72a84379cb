package lambda_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// One request as the front doors deliver it: the handler sees no difference
// but those that the front door has destroyed.
func TestCaptures(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		probe []string
		facts handler.Facts
	}{
		{"capture-rest", []string{"first", "second"}, handler.Facts{FrontDoor: "rest", ID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
			Host: "api0id.execute-api.eu-west-1.amazonaws.com", Remote: "203.0.113.24:0", Protocol: "HTTP/1.1", Scheme: "https",
			Stage: "live", Resource: "/capture/{proxy+}", Time: received}},
		{"capture-http", []string{"first,second"}, handler.Facts{FrontDoor: "http", ID: "JKJaXmPLvHcESHA=",
			Host: "api0id.execute-api.eu-west-1.amazonaws.com", Remote: "203.0.113.24:0", Protocol: "HTTP/1.1", Scheme: "https",
			Stage: "$default", Resource: "$default", Time: received}},
		{"capture-url", []string{"first,second"}, handler.Facts{FrontDoor: "url", ID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
			Host: "abcdefg.lambda-url.eu-west-1.on.aws", Remote: "203.0.113.24:0", Protocol: "HTTP/1.1", Scheme: "https",
			Stage: "$default", Resource: "$default", Time: received}},
		{"capture-alb-multi", []string{"first", "second"}, handler.Facts{FrontDoor: "alb",
			Host: "lb.example.com", Remote: "203.0.113.24:0", Scheme: "https"}},
		{"capture-lattice", []string{"first", "second"}, handler.Facts{FrontDoor: "lattice", Host: latticeHost,
			Remote: "10.0.12.34:0", Scheme: "https", Time: received.Add(250 * time.Microsecond)}},
		{"capture-lattice-v1", []string{"first, second"}, handler.Facts{FrontDoor: "lattice", Host: latticeHost,
			Remote: "10.0.12.34:0", Scheme: "https"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := request(t, fixture(t, tt.name), nil)
			if req.Method() != "POST" || req.Path() != "/capture/space%20value" {
				t.Errorf("request line %s %s", req.Method(), req.Path())
			}
			query, err := url.ParseQuery(req.RawQuery())
			if err != nil {
				t.Fatal(err)
			}
			want := url.Values{"repeat": {"one", "two"}, "redirect": {"https://example.com/a/b"},
				"literalPlus": {"a b"}, "encodedPlus": {"a+b"}, "empty": {""}}
			if !reflect.DeepEqual(query, want) {
				t.Errorf("query %v, want %v", query, want)
			}
			if got := req.HeaderValues("x-probe"); !reflect.DeepEqual(got, tt.probe) {
				t.Errorf("x-probe %q, want %q", got, tt.probe)
			}
			if got := req.HeaderValues("Cookie"); !reflect.DeepEqual(got, []string{"session=abc123; theme=dark"}) {
				t.Errorf("Cookie %q", got)
			}
			if v, _ := req.Cookie("theme"); v != "dark" {
				t.Errorf("cookie theme %q, want dark", v)
			}
			if body, err := req.Body(); string(body) != `{"hello":"world"}` || err != nil {
				t.Errorf("body %q, %v", body, err)
			}
			if got := req.Facts(); got != tt.facts {
				t.Errorf("facts\n%+v, want\n%+v", got, tt.facts)
			}
			if !req.Caller().Anonymous() {
				t.Errorf("caller %+v, want none", req.Caller())
			}
		})
	}
}

// AWS's own samples, and samples in the shapes that AWS documents.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		want seen
	}{
		{"rest", seen{Method: "POST", Path: "/hello/world", Query: "name=me", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: handler.Facts{FrontDoor: "rest", ID: "deef4878-7910-11e6-8f14-25afc3e9ae33", Scheme: "https",
				Host: "gy415nuibc.execute-api.us-east-1.amazonaws.com", Remote: "192.168.196.186:0", Protocol: "HTTP/1.1",
				Stage: "testStage", Resource: "/{proxy+}", Time: time.UnixMilli(1589522469693).UTC()},
			Caller: handler.Caller{Kind: handler.CallerLambda, ID: "admin", Claims: map[string]string{"clientId": "1", "clientName": "Exata"}}}},
		{"http", seen{Method: "GET", Path: "/",
			Facts: handler.Facts{FrontDoor: "http", ID: "LV7fzho-PHcEJPw=", Scheme: "https", Host: "aaaaaaaaaa.execute-api.us-west-2.amazonaws.com",
				Remote: "1.2.3.4:0", Protocol: "HTTP/1.1", Stage: "$default", Resource: "$default", Time: time.UnixMilli(1587481701067).UTC()}}},
		{"http-jwt", seen{Method: "GET", Path: "/my/path", Query: "parameter1=value1&parameter1=value2&parameter2=value", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: sampleFacts, Caller: handler.Caller{Kind: handler.CallerJWT, Scopes: []string{"scope1", "scope2"},
				Claims: map[string]string{"claim1": "value1", "claim2": "value2"}}}},
		{"http-lambda", seen{Method: "GET", Path: "/my/path", Query: "parameter1=value1&parameter1=value2&parameter2=value", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: sampleFacts, Caller: handler.Caller{Kind: handler.CallerLambda, Claims: map[string]string{"key": "value"}}}},
		{"http-iam", seen{Method: "GET", Path: "/my/path", Query: "parameter1=value1&parameter1=value2&parameter2=value", Body: "{\r\n\t\"a\": 1\r\n}",
			Facts: sampleFacts, Caller: handler.Caller{Kind: handler.CallerIAM, ID: "AROA2ZJZYVRE7Y3TUXHH6",
				ARN: "arn:aws:iam::1234567890:user/Admin", Account: "1234567890", Identity: "us-east-1:3f291106-8703-466b-8f2b-3ecee1ca56ce"}}},
		{"url-iam", seen{Method: "POST", Path: "/my/path", Query: "parameter1=value1&parameter1=value2&parameter2=value", Body: "Hello from client!",
			Facts: handler.Facts{FrontDoor: "url", ID: "id", Scheme: "https", Host: "<url-id>.lambda-url.us-west-2.on.aws", Remote: "123.123.123.123:0",
				Protocol: "HTTP/1.1", Time: time.UnixMilli(1583348638390).UTC()},
			Caller: handler.Caller{Kind: handler.CallerIAM, ID: "AIDA...", ARN: "arn:aws:iam::111122223333:user/example-user", Account: "111122223333"}}},
		{"url-base64", seen{Method: "POST", Path: "/", Body: "<idk/>",
			Facts: handler.Facts{FrontDoor: "url", ID: "9701a3d4-36ad-40bd-bf0b-a525c987d27f", Scheme: "https", Host: "lambda-url-id.lambda-url.us-west-2.on.aws",
				Remote: "127.0.0.1:0", Protocol: "HTTP/1.1", Stage: "$default", Resource: "$default", Time: time.UnixMilli(1681837307386).UTC()}}},
		{"alb", seen{Method: "GET", Path: "/", Query: "key=hello",
			Facts: handler.Facts{FrontDoor: "alb", Scheme: "http", Host: "lambda-test-alb-1334523864.us-east-1.elb.amazonaws.com", Remote: "25.12.198.67:0"}}},
		{"alb-multi", seen{Method: "GET", Path: "/", Query: "key=hello",
			Facts: handler.Facts{FrontDoor: "alb", Scheme: "http", Host: "lambda-test-alb-1234567.us-east-1.elb.amazonaws.com", Remote: "72.21.198.67:0"}}},
		{"lattice", seen{Method: "GET", Path: "/orders/42", Query: "expand=true",
			Facts: handler.Facts{FrontDoor: "lattice", Scheme: "https", Host: latticeHost, Remote: "10.0.12.34:0",
				Time: time.UnixMicro(1773480413000250).UTC()}}},
		{"lattice-iam", seen{Method: "POST", Path: "/orders", Body: "\x00\x01\x02\x03",
			Facts: handler.Facts{FrontDoor: "lattice", Scheme: "https", Host: latticeHost, Remote: "10.0.12.34:0",
				Time: time.UnixMicro(1773480413000250).UTC()},
			Caller: handler.Caller{Kind: handler.CallerIAM, ID: latticePrincipal, ARN: latticePrincipal, Account: "123456789012",
				Claims: map[string]string{"sourceVpcArn": "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0123456789abcdef0",
					"principalOrgID": "o-0123456789", "sessionName": "i-0123456789abcdef0"}}}},
		{"lattice-v1", seen{Method: "POST", Path: "/orders/42", Query: "expand=true", Body: "\x00\x01\x02\x03",
			Facts: handler.Facts{FrontDoor: "lattice", Scheme: "https", Host: latticeHost, Remote: "10.0.12.34:0"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := look(request(t, fixture(t, tt.name), nil))
			got.Header = nil
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got\n%+v, want\n%+v", got, tt.want)
			}
		})
	}
}

const (
	latticeHost      = "orders-0123456789abcdef0.7d67968.vpc-lattice-svcs.eu-west-1.on.aws"
	latticePrincipal = "arn:aws:sts::123456789012:assumed-role/checkout/i-0123456789abcdef0"
)

var sampleFacts = handler.Facts{FrontDoor: "http", ID: "id", Host: "id.execute-api.us-east-1.amazonaws.com", Remote: "IP:0", Scheme: "https",
	Protocol: "HTTP/1.1", Stage: "$default", Resource: "$default", Time: time.UnixMilli(1583348638390).UTC()}

// FUR-03, T43: cookies are in an array and in a header.
func TestFunctionURLCookiesOnce(t *testing.T) {
	t.Parallel()
	req := request(t, fixture(t, "url-cookies"), nil)
	if got := req.HeaderValues("Cookie"); !reflect.DeepEqual(got, []string{"foo=bar; hello=hello"}) {
		t.Errorf("Cookie %q, want one line", got)
	}
	if got := req.Headers()["Cookie"]; !reflect.DeepEqual(got, []string{"foo=bar; hello=hello"}) {
		t.Errorf("Headers()[Cookie] %q, want one line", got)
	}
}

// Every header is found by Values as Header has it.
func TestValuesAgreeWithHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rest", "http", "url-cookies", "alb", "alb-multi", "capture-rest", "capture-http", "capture-lattice", "lattice-iam", "lattice-v1"} {
		e := request(t, fixture(t, name), nil).Event()
		all := e.Header()
		if len(all) < 5 {
			t.Errorf("%s: Header() = %v", name, all)
		}
		for key, want := range all {
			if got := e.Values(key); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: Values(%q) = %q, want %q", name, key, got, want)
			}
		}
		all["X-Changed"] = []string{"yes"} // the caller owns it
		if e.Header().Get("X-Changed") != "" {
			t.Errorf("%s: Header() is shared", name)
		}
	}
}

func TestUnservedEvents(t *testing.T) {
	t.Parallel()
	const serves = "; this function serves REST API, HTTP API, function URL, ALB and VPC Lattice events"
	for _, tt := range []struct{ name, payload, want, why string }{
		{"unknown", `{"foo":1}`, "lambda: unknown event: top-level keys [foo]" + serves, "T94"},
		{"empty object", `{}`, "lambda: unknown event: an empty object, or no object" + serves, "T94"},
		{"no object", `[{"requestContext":{}}]`, "lambda: unknown event: an empty object, or no object" + serves, "T94"},
		{"EventBridge", string(fixture(t, "unserved/eventbridge")), "lambda: unknown event: top-level keys [version id detail-type source account time region resources detail]" + serves, "T95: top-level keys only"},
		{"WebSocket connect", string(fixture(t, "websocket-connect")), "lambda: WebSocket API event: ", "ADP-11, WSK-04"},
		{"WebSocket message", string(fixture(t, "websocket-message")), "lambda: WebSocket API event: ", "ADP-11"},
		{"REST authorizer", string(fixture(t, "unserved/authorizer-rest")), "lambda: authorizer event: ", "ADP-11: before the HTTP events"},
		{"HTTP authorizer", string(fixture(t, "unserved/authorizer-http")), "lambda: authorizer event: ", "ADP-11: before the HTTP events"},
		{"AppSync resolver", `{"arguments":{},"identity":null,"source":null,"request":{"headers":{}},"prev":null,"info":{"fieldName":"a","parentTypeName":"Query"}}`,
			"lambda: unknown event: top-level keys [arguments identity source request prev info]" + serves, "T94"},
		{"AppSync Events", `{"identity":null,"request":{"headers":{}},"info":{"channel":{"path":"/a"},"operation":"PUBLISH"},"events":[{"id":"1","payload":{}}]}`,
			"lambda: unknown event: top-level keys [identity request info events]" + serves, "T94"},
		{"Bedrock agent", `{"messageVersion":"1.0","agent":{"name":"a"},"sessionId":"1","actionGroup":"g","function":"f","parameters":[]}`,
			"lambda: unknown event: top-level keys [messageVersion agent sessionId actionGroup function parameters]" + serves, "T94"},
		{"CloudFormation custom resource", `{"RequestType":"Create","ResponseURL":"https://a.example","StackId":"s","RequestId":"r","ResourceType":"Custom::A","LogicalResourceId":"l","ResourceProperties":{}}`,
			"lambda: unknown event: top-level keys [RequestType ResponseURL StackId RequestId ResourceType LogicalResourceId ResourceProperties]" + serves, "T94"},
		{"SQS", string(fixture(t, "unserved/sqs")), "lambda: batch of records: top-level keys [Records]; the function works no records off; this function serves REST API", "ADP-11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.New(nil, nil).Invoke(t.Context(), []byte(tt.payload))
			if err == nil || out != nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("%s: Invoke = %s, %v, want an error %q", tt.why, out, err, tt.want)
			}
			var ev *lambda.EventError
			if !errors.As(err, &ev) || ev.Kind == "" {
				t.Errorf("%s: error is %T, want *lambda.EventError", tt.why, err)
			}
		})
	}
}

func TestUnservedEventTellsLittle(t *testing.T) {
	t.Parallel()
	many := map[string]string{strings.Repeat("k", 1000): "secret"}
	for i := range 100 {
		many[strings.Repeat("x", i+1)] = "secret"
	}
	payload, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	_, err = lambda.New(nil, nil).Invoke(t.Context(), payload)
	if err == nil || len(err.Error()) > 1200 || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), " ...]") {
		t.Errorf("Invoke: %v; want an error with at most 20 cut keys and no values", err)
	}
}

func TestNotAnEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, payload, want string }{
		{"empty", ``, "lambda: the event is not JSON: byte 0: expected a value"},
		{"cut off", `{"httpMethod":"GET"`, "lambda: the event is not JSON: byte 19: expected a comma or }"},
		{"trailing text", `{"httpMethod":"GET"} x`, "lambda: the event is not JSON: byte 21: unexpected text after the value"},
		{"bad escape far inside", `{"httpMethod":"GET","path":"/","requestContext":{"identity":{"user":"\q"}}}`, "lambda: the event is not JSON: byte 69: unknown escape in a string"},
		{"invalid UTF-8", "{\"httpMethod\":\"\xff\"}", "lambda: the event is not JSON: it is not valid UTF-8"},
		{"too deep", `{"a":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + "}", "lambda: the event is not JSON: byte 1005: nested too deep"},
		{"path of a wrong type", `{"httpMethod":"GET","path":5,"resource":"/"}`, "lambda: REST API event: path is a number; it must be a string"},
		{"headers of a wrong type", `{"httpMethod":"GET","path":"/","resource":"/","headers":["a"]}`, "lambda: REST API event: headers is an array; it must be an object"},
		{"body of a wrong type", `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}},"body":{"a":1}}`, "lambda: HTTP API event: body is an object; it must be a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.New(nil, nil).Invoke(t.Context(), []byte(tt.payload))
			if out != nil || err == nil || err.Error() != tt.want {
				t.Errorf("Invoke = %s, %v, want error %q", out, err, tt.want)
			}
		})
	}
}
