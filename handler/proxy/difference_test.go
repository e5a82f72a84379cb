package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// view is what an http.Handler sees of a request, and a client of its answer,
// one line a fact.
type view map[string]string

func look(r *http.Request) view {
	body, err := io.ReadAll(r.Body)
	v := view{
		"Method": r.Method, "URL.Path": r.URL.Path, "EscapedPath": r.URL.EscapedPath(), "RawQuery": r.URL.RawQuery,
		"RequestURI": r.RequestURI, "Host": r.Host, "URL.Host": r.URL.Host, "RemoteAddr": r.RemoteAddr, "Proto": r.Proto,
		"ContentLength": fmt.Sprint(r.ContentLength), "Body": fmt.Sprintf("%q %v", body, err),
	}
	for name, values := range r.Header {
		v["Header "+name] = fmt.Sprintf("%q", values)
	}
	return v
}

// ours is the way of an event through this module.
func ours(t *testing.T, event string, answer http.HandlerFunc) view {
	t.Helper()
	v := view{}
	doorway := lambda.New(handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v = look(r)
		answer(w, r)
	})), &lambda.Options{Logger: slog.New(slog.DiscardHandler)})
	payload, err := doorway.Invoke(t.Context(), []byte(event))
	if err != nil {
		t.Fatalf("ours: %v", err)
	}
	return v.answered(t, payload)
}

// theirs is its way through aws-lambda-go-api-proxy.
func theirs(t *testing.T, event string, answer http.HandlerFunc) view {
	t.Helper()
	v := view{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v = look(r)
		answer(w, r)
	})
	var out any
	var err error
	switch {
	case strings.Contains(event, `"elb"`):
		out, err = through[events.ALBTargetGroupRequest](t, event, httpadapter.NewALB(h).ProxyWithContext)
	case strings.Contains(event, `"version":"2.0"`):
		out, err = through[events.APIGatewayV2HTTPRequest](t, event, httpadapter.NewV2(h).ProxyWithContext)
	default:
		out, err = through[events.APIGatewayProxyRequest](t, event, httpadapter.New(h).ProxyWithContext)
	}
	if err != nil {
		v["error"] = "it answers with a function error"
		return v
	}
	payload, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return v.answered(t, payload)
}

func through[In, Out any](t *testing.T, event string, adapter func(context.Context, In) (Out, error)) (Out, error) {
	t.Helper()
	var in In
	if err := json.Unmarshal([]byte(event), &in); err != nil {
		t.Fatal(err)
	}
	return adapter(t.Context(), in)
}

func (v view) answered(t *testing.T, payload []byte) view {
	t.Helper()
	// ReadAnswer refuses what a load balancer would: this one is looked at apart.
	var described struct{ StatusDescription string }
	if err := json.Unmarshal(payload, &described); err != nil {
		t.Fatal(err)
	}
	if d := described.StatusDescription; d != "" {
		v["answer's statusDescription"] = d
		payload = []byte(strings.Replace(string(payload), `"statusDescription":"`+d+`",`, "", 1))
	}
	a, err := handlertest.ReadAnswer(payload)
	if err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	v["answer"] = fmt.Sprintf("%d %q", a.Status, a.Body)
	v["answer's cookies"] = fmt.Sprintf("%q", a.Cookies)
	for name, values := range a.Header {
		v["answer's "+name] = fmt.Sprintf("%q", values)
	}
	return v
}

func plainAnswer(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }

const (
	restContext = `"requestContext":{"accountId":"1","resourceId":"r","stage":"prod","requestId":"i","identity":{"sourceIp":"203.0.113.7"},"domainName":"api.example.com","protocol":"HTTP/1.1"}`
	httpContext = `"requestContext":{"accountId":"1","stage":"$default","requestId":"i","domainName":"api.example.com","http":{"method":"%s","path":"/","protocol":"HTTP/1.1","sourceIp":"203.0.113.7"}}`
	albContext  = `"requestContext":{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/x/1"}}`
)

func rest(members string) string {
	return `{"resource":"/{p+}","httpMethod":"POST",` + members + `,` + restContext + `}`
}

func http2(method, members string) string {
	return `{"version":"2.0","routeKey":"$default","isBase64Encoded":false,"rawQueryString":"",` + members + `,` + fmt.Sprintf(httpContext, method) + `}`
}

func alb(members string) string {
	return `{"httpMethod":"GET",` + members + `,` + albContext + `}`
}

// everywhere are the differences of every event.
var everywhere = map[string]string{
	"RemoteAddr":                 "ADP-04: net/http promises ip:port; the module gives the bare address, and nothing behind a load balancer",
	"answer's statusDescription": "ALB-06: 200 OK, as AWS writes it; the module leaves the number out",
	"URL.Host":                   "the URL of a server's request has no host (net/http); the module makes a client's URL",
}

// TestDifferences lists, for events that tell the two apart, what an application
// sees otherwise than with aws-lambda-go-api-proxy v0.16.2 on the same event, and
// why. A difference that is not listed fails, and so does one that is gone.
func TestDifferences(t *testing.T) {
	t.Parallel()
	for _, tt := range differences {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := tt.answer
			if answer == nil {
				answer = plainAnswer
			}
			mine, other := ours(t, tt.event, answer), theirs(t, tt.event, answer)
			all := maps.Clone(mine)
			maps.Copy(all, other)
			for _, fact := range slices.Sorted(maps.Keys(all)) {
				_, known := tt.why[fact]
				if !known {
					_, known = everywhere[fact]
				}
				if differs := mine[fact] != other[fact]; differs && !known {
					t.Errorf("%s: ours %s, theirs %s, and no reason is listed", fact, mine[fact], other[fact])
				}
			}
			for fact, why := range tt.why {
				if mine[fact] == other[fact] {
					t.Errorf("%s: %s with both, and the list says: %s", fact, mine[fact], why)
				}
			}
		})
	}
}

func answer(status int, header http.Header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

var differences = []struct {
	name, event string
	answer      http.HandlerFunc
	why         map[string]string // fact -> reason
}{
	{"REST: a plain request", rest(`"path":"/a","headers":{"X-A":"1"}`), nil, nil},
	{"HTTP: a plain request", http2("GET", `"rawPath":"/a","headers":{"x-a":"1"}`), nil, nil},
	{"ALB: a plain request", alb(`"path":"/a","headers":{"x-a":"1","x-forwarded-for":"203.0.113.7"},"body":""`), nil, nil},
	{"REST: a host", rest(`"path":"/a","headers":{"Host":"api.example.com"}`), nil, map[string]string{
		"Header Host": "ADP-03: net/http takes Host out of the header",
	}},
	{"REST: an encoded slash", rest(`"path":"/a%2Fb"`), nil, nil},
	{"HTTP: a decoded hash", http2("GET", `"rawPath":"/a#b c"`), nil, map[string]string{
		"EscapedPath": "ADP-02: a decoded hash is part of the path; the module parses it as a fragment and loses the rest",
		"URL.Path":    "as EscapedPath",
		"RequestURI":  "as EscapedPath",
	}},
	{"REST: two slashes first", rest(`"path":"//evil.example/x"`), nil, nil},
	// Of several names the module loses the order, which differs from run to run.
	{"REST: values of the query", rest(`"path":"/a","multiValueQueryStringParameters":{"b":["2","x y"]}`), nil, nil},
	{"HTTP: the query as sent", http2("GET", `"rawPath":"/a","rawQueryString":"b=2&a=x+y&b=1&c=%zz"`), nil, nil},
	{"ALB: an encoded query", alb(`"path":"/a","queryStringParameters":{"to":"https%3A%2F%2Fexample.com%2F"},"headers":{},"body":""`), nil, map[string]string{
		"RawQuery":   "ALB-02: it is encoded in the event; the module encodes it again",
		"RequestURI": "as RawQuery",
	}},
	{"HTTP: commas in header values", http2("GET", `"rawPath":"/a","headers":{"date":"Tue, 01 Jul 2025 10:00:00 GMT","x-list":"a,b"}`), nil, map[string]string{
		"Header Date":   "HTP-05: a comma is no proof of two values; the module splits all but 13 headers",
		"Header X-List": "HTP-05: the two are one to a server that reads the list",
	}},
	{"HTTP: cookies", http2("GET", `"rawPath":"/a","cookies":["a=1","b=2"],"headers":{}`), nil, map[string]string{
		"Header Cookie": "ADP-06: one Cookie line; net/http reads several, most other readers the first",
	}},
	{"REST: a body", rest(`"path":"/a","headers":{"Content-Type":"text/plain"},"body":"aGk=","isBase64Encoded":true`), nil, nil},
	{"REST: a body that says base64 and is not", rest(`"path":"/a","body":"?","isBase64Encoded":true`), nil, map[string]string{
		"answer":                 "ADP-05: the client's mistake is a 400 before the application runs; the module fails the function",
		"answer's Content-Type":  "as the answer",
		"answer's Cache-Control": "as the answer",
		"answer's cookies":       "as the answer",
		"error":                  "as the answer",
	}},
	{"REST: an answer of nothing", rest(`"path":"/a"`), func(http.ResponseWriter, *http.Request) {}, map[string]string{
		"answer":           "ADP-07: a handler that writes nothing answers 200",
		"answer's cookies": "as the answer",
		"error":            "as the answer",
	}},
	{"REST: WriteHeader twice", rest(`"path":"/a"`), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(409) }, map[string]string{
		"answer": "ADP-07: the first WriteHeader wins",
	}},
	{"REST: a header after the first byte", rest(`"path":"/a"`), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok"); w.Header().Set("X-Late", "1") }, map[string]string{
		"answer's X-Late": "ADP-07: what is set after the header was written does not count",
	}},
	{"REST: 204 with a body", rest(`"path":"/a"`), answer(204, nil, "x"), map[string]string{
		"answer":                "ADP-07: 204 has no body; net/http refuses to write one",
		"answer's Content-Type": "as the body",
	}},
	{"REST: bytes", rest(`"path":"/a"`), answer(200, http.Header{"Content-Type": {"image/png"}}, "\x89PNG\xff"), nil},
	{"REST: an encoded body", rest(`"path":"/a"`), answer(200, http.Header{"Content-Encoding": {"gzip"}}, "abc"), map[string]string{
		"answer's Content-Type": "ADP-07: an encoded body is not sniffed; the module takes gzip for text",
	}},
	{"HTTP: two cookies", http2("GET", `"rawPath":"/a"`), answer(200, http.Header{"Set-Cookie": {"a=1", "b=2"}, "Content-Type": {"text/plain"}}, "x"), nil},
	{"ALB: two values of a header", alb(`"path":"/a","headers":{},"body":""`), answer(200, http.Header{"X-A": {"1", "2"}, "Content-Type": {"text/plain"}}, "x"), map[string]string{
		"answer's X-A": "ALB-06: a load balancer in single mode reads headers and not multiValueHeaders, so the values are joined; all headers of the module are lost there",
	}},
	{"ALB: multi-value event", alb(`"path":"/a","multiValueHeaders":{"x-a":["1","2"]},"multiValueQueryStringParameters":{"q":["1","2"]},"body":""`), nil, nil},
}
