package local_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

const (
	httpFailedBody = `{"message":"Internal Server Error"}`
	urlFailedBody  = "Internal Server Error"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// TestPayload2Answer gives the same outputs to both doors of payload format 2.0.
func TestPayload2Answer(t *testing.T) {
	t.Parallel()
	const failed = "failed"
	for _, tt := range []struct {
		output, http, url string // bodies; failed is each door's own
		status            int
		why               string
	}{
		{`{"hello": "world"}`, `{"hello": "world"}`, `{"hello":"world"}`, 200, "HTP-30, FUR-10, T134: without statusCode; a URL writes it compactly"},
		{`"hello"`, "hello", "hello", 200, "HTP-30, FUR-10, T133: a string without quotes"},
		{`"a\"\u00e9"`, `a"é`, `a"é`, 200, "HTP-30: unescaped"},
		{`[1,2]`, "[1,2]", "[1,2]", 200, "FUR-10"},
		{`12.50`, "12.50", "12.50", 200, "FUR-10: as the function wrote it"},
		{`true`, "true", "true", 200, "FUR-10"},
		{`{}`, "{}", "{}", 200, "HTP-30"},
		{`{"statusCode":201,"body":"x"}`, "x", "x", 201, "HTP-31"},
		{`{"statusCode":"418","body":"x"}`, "x", "x", 418, "FUR-11: a numeric string"},
		{`{"statusCode":200}`, "", "", 200, "HTP-31: no body"},
		{`{"statusCode":200,"body":null,"headers":null,"cookies":null}`, "", "", 200, "HTP-31: null"},
		{`{"statusCode":200,"foo":{"a":[1]},"body":"x"}`, "x", "x", 200, "HTP-31: unknown members have no effect"},
		{`{"statusCode":200,"body":{"a": 1}}`, failed, `{"a":1}`, 200, "FUR-11: an object is JSON"},
		{`{"statusCode":200,"body":"/wA=","isBase64Encoded":true}`, "\xff\x00", "\xff\x00", 200, "HTP-33: always decoded"},
		{`{"statusCode":200,"body":"no base64","isBase64Encoded":true}`, failed, failed, 0, "HTP-35"},
		{`{"statusCode":"abc"}`, failed, failed, 0, "HTP-35: no status"},
		{`{"statusCode":0}`, failed, failed, 0, "HTP-35: no status"},
		{`{"statusCode":200,"headers":[]}`, failed, failed, 0, "HTP-35"},
		{`{"statusCode":200,"headers":{"a b":"c"}}`, failed, failed, 0, "no header name"},
		{`{"statusCode":200,"headers":{"a":"b\nc: d"}}`, failed, failed, 0, "a value that would be two headers"},
		{`{"statusCode":200,"cookies":"a=1"}`, failed, failed, 0, "HTP-31: not a list"},
		{`{"statusCode":200,"cookies":["a=1\r\nb: c"]}`, failed, failed, 0, "a cookie that would be two headers"},
		{`{"statusCode":200`, failed, failed, 0, "HTP-35: not JSON"},
		{`{"statusCode":200,"headers":{"a":"b"`, failed, failed, 0, "HTP-35: not JSON"},
		{`{"hello":`, failed, failed, 0, "HTP-35: not JSON"},
		{`"x" y`, failed, failed, 0, "HTP-35: not JSON"},
		{`{"statusCode":200} x`, failed, failed, 0, "HTP-35: not JSON"},
		{``, failed, failed, 0, "HTP-35: nothing"},
		{"\"\xff\"", failed, failed, 0, "HTP-35: not UTF-8"},
	} {
		for _, door := range []local.Door{local.HTTP{}, local.URL{}} {
			want, status := tt.http, tt.status
			failedStatus, failedText := 500, httpFailedBody
			if door == (local.URL{}) {
				want, failedStatus, failedText = tt.url, 502, urlFailedBody
			}
			if want == failed {
				status, want = failedStatus, failedText
			}
			r := httptest.NewRequest("GET", "/x", nil)
			r.Header.Set("Accept", "text/html") // T138: does not matter
			resp := do(t, newGateway(t, declare(t, "GET /x"), &local.Options{Door: door}, answering(tt.output)), r)
			if body, _ := io.ReadAll(resp.Body); resp.StatusCode != status || string(body) != want {
				t.Errorf("%s: %s = %d %q, want %d %q\n%s", door, tt.output, resp.StatusCode, body, status, want, tt.why)
			}
		}
	}
}

func TestPayload2Headers(t *testing.T) {
	t.Parallel()
	json := func(more http.Header) http.Header {
		more["Content-Type"] = []string{"application/json"}
		return more
	}
	for _, tt := range []struct {
		output string
		want   http.Header
		why    string
	}{
		{`{"hello":"world"}`, json(http.Header{}), "HTP-30, FUR-10"},
		{`{"statusCode":200,"headers":{"content-type":"application/json"},"body":"x","multiValueHeaders":{"A":["1"]}}`,
			json(http.Header{}), "HTP-31, T136: multiValueHeaders has no effect"},
		{`{"statusCode":200,"headers":{"content-type":"application/json","X-N":12,"x-b":true}}`,
			json(http.Header{"X-N": {"12"}, "X-B": {"true"}}), "scalars"},
		{`{"statusCode":200,"headers":{"content-type":"application/json","set-cookie":"c=3"},"cookies":["a=1","b=2"]}`,
			json(http.Header{"Set-Cookie": {"a=1", "b=2", "c=3"}}), "HTP-32: cookies first, each its own"},
		{`{"statusCode":200,"headers":{"content-type":"application/json","Connection":"close","content-length":"7","Trailer":"x","Transfer-Encoding":"chunked"}}`,
			json(http.Header{}), "the connection's own are left out"},
		{`{"statusCode":200,"headers":{"content-type":"application/json","apigw-requestid":"forged","x-amzn-requestid":"forged","x-amzn-trace-id":"forged"}}`,
			json(http.Header{}), "HTP-35, FUR-15: nor the front door's"},
	} {
		for _, door := range []local.Door{local.HTTP{}, local.URL{}} {
			resp := do(t, newGateway(t, declare(t, "GET /x"), &local.Options{Door: door}, answering(tt.output)), httptest.NewRequest("GET", "/x", nil))
			own := map[string]string{"Apigw-Requestid": "ICEiIyQlJicoKSo=", "Content-Length": resp.Header.Get("Content-Length")}
			want := tt.want.Clone()
			if door == (local.URL{}) {
				own = map[string]string{"x-amzn-RequestId": "10111213-1415-4617-9819-1a1b1c1d1e1f", "Content-Length": own["Content-Length"],
					"X-Amzn-Trace-Id": "Root=1-6a4f56aa-2b2c2d2e2f30313233343536;Parent=3738393a3b3c3d3e;Sampled=0"}
			}
			got := resp.Header.Clone()
			for name, value := range own {
				if d := cmp.Diff([]string{value}, got[name]); d != "" {
					t.Errorf("%s: HTP-35, FUR-15: %s of %s (-want +got):\n%s", door, name, tt.output, d)
				}
				delete(got, name)
			}
			if door == (local.HTTP{}) { // where these are nobody's
				delete(got, "X-Amzn-Requestid")
				delete(got, "X-Amzn-Trace-Id")
			} else {
				delete(got, "Apigw-Requestid")
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s (-want +got):\n%s%s", door, tt.output, d, tt.why)
			}
		}
	}
}

// TestURLDefaultType: a structured answer of a URL is JSON unless it says
// otherwise (FUR-11). That of an HTTP API is not documented and only never empty.
func TestURLDefaultType(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.HTTP{}, local.URL{}} {
		g := newGateway(t, declare(t, "GET /x"), &local.Options{Door: door}, answering(`{"statusCode":200,"body":"x"}`))
		got := do(t, g, httptest.NewRequest("GET", "/x", nil)).Header.Get("Content-Type")
		if door == (local.URL{}) && got != "application/json" || got == "" {
			t.Errorf("%s: content type %q\nFUR-11, HTP-34", door, got)
		}
	}
}
