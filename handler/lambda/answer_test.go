package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// recorder keeps what it was called with and answers resp.
type recorder struct {
	ctx  context.Context
	req  *handler.Request
	resp handler.Response
}

func (r *recorder) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	r.ctx, r.req = ctx, req
	resp := r.resp
	return &resp, nil
}

func answering(resp handler.Response) handler.Handler { return &recorder{resp: resp} }

// TestFormat pins the bytes that each front door gets.
func TestFormat(t *testing.T) {
	t.Parallel()
	cookies := handler.Response{Status: 201, Body: []byte("hi <&>\u2028"), Header: http.Header{
		"Content-Type": {"text/plain"}, "Link": {"</a>", "</b>"}, "Set-Cookie": {"a=1", "b=2"}, "X-None": nil, "Content-Length": {"99"}}}
	for _, tt := range []struct {
		name, event string
		resp        handler.Response
		want, why   string
	}{
		{"REST", restEvent(``), cookies,
			`{"statusCode":201,"multiValueHeaders":{"Content-Type":["text/plain"],"Link":["</a>","</b>"],"Set-Cookie":["a=1","b=2"]},"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "T65, T71, T76, T77"},
		{"HTTP 1.0", restEvent(`"version":"1.0"`), cookies,
			`{"statusCode":201,"multiValueHeaders":{"Content-Type":["text/plain"],"Link":["</a>","</b>"],"Set-Cookie":["a=1","b=2"]},"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "HTP-21"},
		{"HTTP", httpEvent(``), cookies,
			`{"statusCode":201,"headers":{"Content-Type":"text/plain","Link":"</a>, </b>"},"cookies":["a=1","b=2"],"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "T63, T64, HTP-31"},
		{"URL", urlEvent(``), cookies,
			`{"statusCode":201,"headers":{"Content-Type":"text/plain","Link":"</a>, </b>"},"cookies":["a=1","b=2"],"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "T63, T64"},
		{"ALB single", albEvent(``), cookies,
			`{"statusCode":201,"statusDescription":"201 Created","headers":{"Content-Type":"text/plain","Link":"</a>, </b>","Set-Cookie":"b=2"},"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "T67, ADP-09"},
		{"ALB multi", albMultiEvent(``), cookies,
			`{"statusCode":201,"statusDescription":"201 Created","multiValueHeaders":{"Content-Type":["text/plain"],"Link":["</a>","</b>"],"Set-Cookie":["a=1","b=2"]},"body":"hi <&>` + "\u2028" + `","isBase64Encoded":false}`, "T67, T68"},
		{"nothing, REST", restEvent(``), handler.Response{}, `{"statusCode":200,"multiValueHeaders":{},"body":"","isBase64Encoded":false}`, "T58"},
		{"nothing, HTTP", httpEvent(``), handler.Response{}, `{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}`, "T58"},
		{"nothing, ALB", albEvent(``), handler.Response{Status: 204}, `{"statusCode":204,"statusDescription":"204 No Content","headers":{},"body":"","isBase64Encoded":false}`, "T58, T70"},
		{"teapot", albEvent(``), handler.Response{Status: 418}, `{"statusCode":418,"statusDescription":"418 I'm a teapot","headers":{},"body":"","isBase64Encoded":false}`, "T69"},
		{"unknown status", albEvent(``), handler.Response{Status: 599}, `{"statusCode":599,"statusDescription":"599","headers":{},"body":"","isBase64Encoded":false}`, "T69"},
		{"binary", restEvent(``), handler.Response{Body: []byte{0, 1, 0xfe, 0xff}, Header: http.Header{"Content-Type": {"application/octet-stream"}}},
			`{"statusCode":200,"multiValueHeaders":{"Content-Type":["application/octet-stream"]},"body":"AAH+/w==","isBase64Encoded":true}`, "T72, ADP-08"},
		{"quotes and control characters", httpEvent(``), handler.Response{Body: []byte("\"\\\n\r\t\x01"), Header: http.Header{"Content-Type": {"text/plain"}, "X-Q": {`say "hi"`}}},
			`{"statusCode":200,"headers":{"Content-Type":"text/plain","X-Q":"say \"hi\""},"body":"\"\\\n\r\t\u0001","isBase64Encoded":false}`, "JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := lambda.New(answering(tt.resp), quiet()).Invoke(t.Context(), []byte(tt.event))
			if string(out) != tt.want || err != nil {
				t.Errorf("Invoke = %v\n%s, want\n%s (%s)", err, out, tt.want, tt.why)
			}
			if !json.Valid(out) {
				t.Error("not JSON")
			}
		})
	}
}

// How a body travels depends on its type, its encoding and its bytes.
func TestBodyTravels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, contentType, encoding, body, wantType string
		base64                                      bool
		why                                         string
	}{
		{"JSON", "application/json", "", `{}`, "application/json", false, "T61"},
		{"problem", "application/problem+json; charset=utf-8", "", `{}`, "application/problem+json; charset=utf-8", false, "ADP-08"},
		{"space before the parameter", "Application/JSON ; charset=UTF-8", "", `{}`, "Application/JSON ; charset=UTF-8", false, "T57"},
		{"SVG", "image/svg+xml", "", "<svg/>", "image/svg+xml", false, "ADP-08"},
		{"form", "application/x-www-form-urlencoded", "", "a=1", "application/x-www-form-urlencoded", false, "ADP-08"},
		{"compressed", "application/json", "gzip", "\x1f\x8b", "application/json", true, "T74"},
		{"compressed text", "application/json", "br", "looks like text", "application/json", true, "T74"},
		{"identity", "application/json", "identity", "{}", "application/json", false, "ADP-08"},
		{"invalid UTF-8", "text/plain", "", "caf\xe9", "text/plain", true, "ADP-08"},
		{"image", "image/png", "", "looks like text", "image/png", true, "ADP-08"},
		{"found HTML", "", "", "<html><body>", "text/html; charset=utf-8", false, "ADP-07"},
		{"found PNG", "", "", "\x89PNG\r\n\x1a\n", "image/png", true, "ADP-07"},
		{"not looked for when compressed", "", "gzip", "\x1f\x8b", "", true, "ADP-07"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if tt.contentType != "" {
				h.Set("Content-Type", tt.contentType)
			}
			if tt.encoding != "" {
				h.Set("Content-Encoding", tt.encoding)
			}
			before := h.Clone()
			a := invoke(t, answering(handler.Response{Header: h, Body: []byte(tt.body)}), nil, []byte(httpEvent(``)))
			if string(a.Body) != tt.body || a.Base64 != tt.base64 || a.Header.Get("Content-Type") != tt.wantType {
				t.Errorf("body %q, base64 %v, type %q, want %q, %v, %q (%s)",
					a.Body, a.Base64, a.Header.Get("Content-Type"), tt.body, tt.base64, tt.wantType, tt.why)
			}
			if !reflect.DeepEqual(h, before) {
				t.Errorf("the handler's header was changed to %v", h)
			}
		})
	}
}

func TestHeaderOfAnswer(t *testing.T) {
	t.Parallel()
	h := http.Header{
		"content-type": {"text/plain"}, "Content-Type": {"application/json"}, "x-a": {"1"}, "X-A": {"0"},
		"Connection": {"close"}, "Transfer-Encoding": {"chunked"}, "Trailer": {"X-T"}, http.TrailerPrefix + "X-T": {"t"},
		"X-Name": {"Jürgen"},
	}
	a := invoke(t, answering(handler.Response{Header: h, Body: []byte("{}")}), nil, []byte(restEvent(``)))
	want := http.Header{"Content-Type": {"application/json"}, "X-A": {"0", "1"}, "X-Name": {"Jürgen"}}
	if !reflect.DeepEqual(a.Header, want) {
		t.Errorf("header %v, want %v (T62: one content type; ALB-08)", a.Header, want)
	}
}

// T79, STR-08: answers without a body.
func TestNoBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, event string
		status      int
		length      string
	}{
		{"HEAD", httpEvent(`"requestContext":{"http":{"method":"HEAD"}}`), 200, "2"},
		{"204", httpEvent(``), 204, ""},
		{"304", httpEvent(``), 304, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := handler.Response{Status: tt.status, Body: []byte("{}"), Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}}}
			a := invoke(t, answering(resp), nil, []byte(tt.event))
			if len(a.Body) != 0 || a.Status != tt.status || a.Header.Get("Content-Length") != tt.length {
				t.Errorf("status %d, body %q, length %q, want %d, none, %q", a.Status, a.Body, a.Header.Get("Content-Length"), tt.status, tt.length)
			}
		})
	}
}

// What cannot be sent is a 500 that the log explains.
func TestUnsendable(t *testing.T) {
	t.Parallel()
	header := func(name, value string) handler.Response {
		return handler.Response{Header: http.Header{name: {value}, "Content-Type": {"text/plain"}}, Body: []byte("secret")}
	}
	for _, tt := range []struct {
		name, event string
		resp        handler.Response
		log, why    string
	}{
		{"status 0 to 199", httpEvent(``), handler.Response{Status: 103}, "status 103", "T84, STR-06"},
		{"status 1000", httpEvent(``), handler.Response{Status: 1000}, "status 1000", "T85"},
		{"negative status", httpEvent(``), handler.Response{Status: -1}, "status -1", "T85"},
		{"line break", httpEvent(``), header("Location", "/x\r\nSet-Cookie: a=1"), "header Location", "response splitting"},
		{"invalid UTF-8 in a header", httpEvent(``), header("X-A", "\xff"), "header X-A", "JSON cannot carry it"},
		{"header name", httpEvent(``), header("X A", "1"), `header name \"X A\"`, "RFC 9110"},
		{"too large", httpEvent(``), handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: bytes.Repeat([]byte("x"), 6_291_556)}, "6291556", "RST-53"},
		{"too large as base64", restEvent(``), handler.Response{Header: http.Header{"Content-Type": {"image/png"}}, Body: bytes.Repeat([]byte("x"), 5<<20)}, "6291556", "RST-53"},
		{"too large for ALB", albEvent(``), handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: bytes.Repeat([]byte("x"), 1<<20)}, "1048576", "ALB-09"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			a := invoke(t, answering(tt.resp), log.options(), []byte(tt.event))
			if a.Status != 500 || a.Header.Get("Content-Type") != handler.ProblemType || bytes.Contains(a.Body, []byte("secret")) || len(a.Body) > 500 {
				t.Errorf("answer %d %v %s, want a problem of status 500 (%s)", a.Status, a.Header, a.Body, tt.why)
			}
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, tt.log) || !strings.Contains(got, `"level":"ERROR"`) {
				t.Errorf("log %s, want one error with %s (%s)", got, tt.log, tt.why)
			}
		})
	}
}

func TestLargestAnswer(t *testing.T) {
	t.Parallel()
	resp := handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}}
	empty, err := lambda.New(answering(resp), nil).Invoke(t.Context(), []byte(httpEvent(``)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body = bytes.Repeat([]byte("x"), 6_291_556-len(empty))
	out, err := lambda.New(answering(resp), nil).Invoke(t.Context(), []byte(httpEvent(``)))
	if err != nil || len(out) != 6_291_556 || !bytes.Contains(out[:20], []byte("200")) {
		t.Errorf("Invoke = %d bytes %s..., %v, want 6291556 bytes of status 200", len(out), out[:20], err)
	}
}
