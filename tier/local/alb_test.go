package local_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

var albDoors = []local.ALB{{}, {MultiValue: true}}

func TestALBEventKeys(t *testing.T) {
	t.Parallel()
	for _, door := range albDoors {
		payload := payloadOf(t, declare(t, "GET /x"), door, httptest.NewRequest("GET", "/x", nil))
		var e map[string]json.RawMessage
		if err := json.Unmarshal(payload, &e); err != nil {
			t.Fatal(err)
		}
		want := []string{"body", "headers", "httpMethod", "isBase64Encoded", "path", "queryStringParameters", "requestContext"}
		query := "queryStringParameters"
		if door.MultiValue {
			want = []string{"body", "httpMethod", "isBase64Encoded", "multiValueHeaders", "multiValueQueryStringParameters", "path", "requestContext"}
			query = "multiValueQueryStringParameters"
		}
		if d := cmp.Diff(want, keysOf(t, payload)); d != "" {
			t.Errorf("%s: ALB-01: keys (-want +got):\n%s", door, d)
		}
		if string(e[query]) != "{}" || string(e["body"]) != `""` || string(e["isBase64Encoded"]) != "false" {
			t.Errorf("%s: ALB-04: %s = %s, body %s, isBase64Encoded %s; want {}, \"\", false", door, query, e[query], e["body"], e["isBase64Encoded"])
		}
		if d := cmp.Diff([]string{"elb"}, keysOf(t, e["requestContext"])); d != "" {
			t.Errorf("%s: ALB-12: keys of requestContext (-want +got):\n%s", door, d)
		}
	}
}

func TestALBEvent(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/a%2Fb%20c/?r=one&r=two&enc=a%2Bb&lit=a+b&%C3%A9=%20&bare&=v", nil)
	r.Header = http.Header{"X-Probe": {"first", "second"}, "Cookie": {"a=1", "b=2"}, "X-Forwarded-For": {"198.51.100.1"}, "Connection": {"keep-alive"}}
	common := map[string][]string{
		"x-probe": {"first", "second"}, "cookie": {"a=1", "b=2"}, "connection": {"keep-alive"}, "host": {"example.com"},
		"x-forwarded-for": {"198.51.100.1, 192.0.2.1"}, "x-forwarded-port": {"443"}, "x-forwarded-proto": {"https"},
		"x-amzn-trace-id": {"Root=1-6a4f56aa-2b2c2d2e2f30313233343536"},
	}
	query := map[string][]string{"r": {"one", "two"}, "enc": {"a%2Bb"}, "lit": {"a+b"}, "%C3%A9": {"%20"}, "bare": {""}, "": {"v"}}
	last := func(all map[string][]string) map[string]string {
		m := map[string]string{}
		for k, v := range all {
			m[k] = v[len(v)-1]
		}
		return m
	}
	for _, door := range albDoors {
		e := decode(t, payloadOf(t, declare(t, "GET /x"), door, r))
		if e.Path != "/a%2Fb%20c/" || e.Method != "GET" {
			t.Errorf("%s: ALB-04: %s %s, want the path as sent", door, e.Method, e.Path)
		}
		if door.MultiValue {
			if d := cmp.Diff(common, e.MultiHeaders); d != "" {
				t.Errorf("ALB-04: multiValueHeaders (-want +got):\n%s", d)
			}
			if d := cmp.Diff(query, e.MultiQuery); d != "" {
				t.Errorf("ALB-02, T21: multiValueQueryStringParameters (-want +got):\n%s", d)
			}
			continue
		}
		if d := cmp.Diff(last(common), e.Headers); d != "" {
			t.Errorf("ALB-03: headers (-want +got):\n%s", d)
		}
		if d := cmp.Diff(last(query), e.Query); d != "" {
			t.Errorf("ALB-02, ALB-03: queryStringParameters (-want +got):\n%s", d)
		}
	}
}

// TestALBTarget: what says that it is a load balancer's event (ALB-01).
func TestALBTarget(t *testing.T) {
	t.Parallel()
	var e struct {
		Context struct {
			ELB struct {
				TargetGroupARN string `json:"targetGroupArn"`
			} `json:"elb"`
		} `json:"requestContext"`
	}
	if err := json.Unmarshal(payloadOf(t, declare(t, "GET /x"), local.ALB{}, httptest.NewRequest("GET", "/x", nil)), &e); err != nil {
		t.Fatal(err)
	}
	if arn := e.Context.ELB.TargetGroupARN; !strings.HasPrefix(arn, "arn:aws:elasticloadbalancing:local:000000000000:targetgroup/orders/") {
		t.Errorf("target group %q", arn)
	}
}

func isPage(status int, body string, h http.Header) bool {
	return strings.HasPrefix(body, "<html>") && strings.Contains(body, http.StatusText(status)) && h.Get("Content-Type") == "text/html"
}

func TestALBAnswer(t *testing.T) {
	t.Parallel()
	const failed = 502
	for _, tt := range []struct {
		output        string
		single, multi int    // status
		body          string // unless it failed
		header        string // of X-A, where it is of the mode
		why           string
	}{
		{`{"statusCode":200,"statusDescription":"200 OK","isBase64Encoded":false,"headers":{"X-A":"1"},"body":"x"}`, 200, 200, "x", "s1", "ALB-06: single"},
		{`{"statusCode":418,"multiValueHeaders":{"X-A":["1","2"]},"body":"x"}`, 418, 418, "x", "m1|2", "ALB-06: multi, without description"},
		{`{"statusCode":200,"headers":{"X-A":"1"},"multiValueHeaders":{"X-A":["2"]},"body":""}`, 200, 200, "", "s1m2", "ALB-06: the other map has no effect"},
		{`{"statusCode":200,"headers":{"Connection":"x","Transfer-Encoding":"x","Content-Length":"9"},"multiValueHeaders":{"Upgrade":["x"]},"body":"ok"}`, 200, 200, "ok", "", "ALB-08"},
		{`{"statusCode":200,"body":"/wA=","isBase64Encoded":true}`, 200, 200, "\xff\x00", "", "ALB-06: base64"},
		{`{"statusCode":204,"body":""}`, 204, 204, "", "", "ALB-07, T70"},
		{`{"statusCode":200,"body":"x","foo":[1]}`, 200, 200, "x", "", "unknown members have no effect"},
		{`{"statusCode":200,"statusDescription":5,"body":""}`, failed, failed, "", "", "ALB-06: a description that is no text"},
		{`{"statusCode":200,"foo":[1`, failed, failed, "", "", "ALB-09: not JSON"},
		{`{"body":"x"}`, failed, failed, "", "", "ALB-06: statusCode is needed"},
		{`{}`, failed, failed, "", "", "ALB-06"},
		{`{"statusCode":99,"body":""}`, failed, failed, "", "", "ALB-09: no status"},
		{`{"statusCode":200,"body":null}`, failed, failed, "", "", "ALB-07: null"},
		{`{"statusCode":200,"body":{}}`, failed, failed, "", "", "ALB-07: an object"},
		{`{"statusCode":200,"body":"!","isBase64Encoded":true}`, failed, failed, "", "", "ALB-09: no base64"},
		{`{"statusCode":200,"headers":{"a b":"x"},"multiValueHeaders":{"a b":["x"]},"body":""}`, failed, failed, "", "", "ALB-09: no header name"},
		{`{"statusCode":200,"headers":{"a":"x\ny"},"multiValueHeaders":{"a":["x\ny"]},"body":""}`, failed, failed, "", "", "ALB-09: two lines"},
		{`{"statusCode":200,"multiValueHeaders":{"a":"x"},"body":""}`, 200, failed, "", "", "ALB-09: not a list"},
		{`"x"`, failed, failed, "", "", "ALB-09: not an object"},
		{`{"statusCode":200`, failed, failed, "", "", "ALB-09: not JSON"},
		{`{"statusCode":200,"body":""} x`, failed, failed, "", "", "ALB-09: not JSON"},
		{``, failed, failed, "", "", "ALB-09: nothing"},
	} {
		for _, door := range albDoors {
			g := newGateway(t, declare(t, "GET /x"), &local.Options{Door: door}, answering(tt.output))
			resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
			body, _ := io.ReadAll(resp.Body)
			single, multi, _ := strings.Cut(strings.TrimPrefix(tt.header, "s"), "m")
			status, header := tt.single, single
			if door.MultiValue {
				status, header = tt.multi, multi
			}
			switch {
			case resp.StatusCode != status:
				t.Errorf("%s: %s = %d, want %d\n%s", door, tt.output, resp.StatusCode, status, tt.why)
			case status == failed:
				if !isPage(status, string(body), resp.Header) || resp.Header.Get("Server") == "" {
					t.Errorf("%s: %s: no page of the load balancer: %v %s\n%s", door, tt.output, resp.Header, body, tt.why)
				}
			case string(body) != tt.body || value(resp.Header, "X-A") != header || resp.Header.Get("Server")+resp.Header.Get("Connection") != "":
				t.Errorf("%s: %s = %v %q, want X-A %q, body %q\n%s", door, tt.output, resp.Header, body, header, tt.body, tt.why)
			}
		}
	}
}

func TestALBRefusals(t *testing.T) {
	t.Parallel()
	header := func(name, value string) *http.Request {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Header.Set(name, value)
		return r
	}
	many := httptest.NewRequest("GET", "/x", nil)
	for i := range 5 {
		many.Header.Set("X-Large-"+string(rune('a'+i)), strings.Repeat("a", 15<<10))
	}
	for _, door := range albDoors {
		for _, tt := range []struct {
			r      *http.Request
			status int
			why    string
		}{
			{httptest.NewRequest("POST", "/x", strings.NewReader(strings.Repeat("a", 1<<20+1))), 413, "ALB-09: a body over 1 MB"},
			{httptest.NewRequest("POST", "/x", strings.NewReader(strings.Repeat("a", 1<<20))), 200, "ALB-09: within"},
			{header("Upgrade", "WebSocket"), 400, "ALB-09: an upgrade"},
			{httptest.NewRequest("TRACE", "/x", nil), 405, "troubleshooting page: TRACE"},
			{httptest.NewRequest("GET", "/x?"+strings.Repeat("a", 16<<10), nil), 414, "quotas page: request line"},
			{header("X-Large", strings.Repeat("a", 16<<10)), 400, "quotas page: a header"},
			{header("X-Large", strings.Repeat("a", 15<<10)), 200, "quotas page: within"},
			{many, 400, "quotas page: all headers"},
		} {
			invoked := false
			g := newGateway(t, declare(t, "/x"), &local.Options{Door: door}, func(context.Context, []byte) ([]byte, error) {
				invoked = true
				return []byte(`{"statusCode":200,"body":""}`), nil
			})
			resp := do(t, g, tt.r)
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || invoked != (tt.status == 200) || tt.status != 200 && !isPage(tt.status, string(body), resp.Header) {
				t.Errorf("%s: status %d, invoked %v, %.80s; want %d\n%s", door, resp.StatusCode, invoked, body, tt.status, tt.why)
			}
		}
	}
}

func TestALBLargeAnswer(t *testing.T) {
	t.Parallel()
	const around = len(`{"statusCode":200,"body":""}`)
	for _, tt := range []struct{ size, status int }{{1 << 20, 200}, {1<<20 + 1, 502}} {
		output := `{"statusCode":200,"body":"` + strings.Repeat("a", tt.size-around) + `"}`
		resp := do(t, newGateway(t, declare(t, "GET /x"), &local.Options{Door: local.ALB{}}, answering(output)), httptest.NewRequest("GET", "/x", nil))
		if resp.StatusCode != tt.status {
			t.Errorf("ALB-09: an answer of %d bytes: %d, want %d", tt.size, resp.StatusCode, tt.status)
		}
	}
}
