package local_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestEventBody is how the doors that go by content type deliver a body.
func TestEventBody(t *testing.T) {
	t.Parallel()
	const (
		text   = "text"
		base64 = "base64"
		open   = "not documented"
	)
	for _, tt := range []struct {
		contentType, encoding, body string
		payload2, alb               string
		why                         string
	}{
		{"application/json", "", `{"a":"é"}`, text, text, "HTP-10, ALB-05, FUR-06"},
		{"application/json; charset=utf-8", "", "{}", text, text, "HTP-10: with its charset"},
		{"Text/Plain; Charset=UTF-8", "", "x", text, text, "HTP-10: in any case"},
		{"text/html", "", "x", text, text, "HTP-10"},
		{"text/csv", "", "x", text, text, "HTP-10"},
		{"text/xml", "", "x", text, text, "HTP-10"},
		{"application/xml", "", "x", text, text, "HTP-10"},
		{"application/javascript", "", "x", text, text, "HTP-10"},
		{"text/css", "", "x", open, text, "ALB-05: text/*"},
		{"", "", "x", base64, base64, "HTP-10, T141, FUR-06: no content type"},
		{"application/x-www-form-urlencoded", "", "a=1", base64, base64, "HTP-10, T141, T54"},
		{"multipart/form-data; boundary=b", "", "--b\r\n", base64, base64, "HTP-10, FUR-06, T55"},
		{"application/octet-stream", "", "\x00\x01\xfe\xff", base64, base64, "HTP-10, T143"},
		{"image/png", "", "\x89PNG", base64, base64, "HTP-10"},
		{"idk", "", "x", base64, base64, "FUR-06: an unknown type"},
		{"application/json", "gzip", "\x1f\x8b", open, base64, "ALB-05: an encoding forces base64"},
	} {
		for name, door := range doors {
			how := tt.payload2
			switch door.(type) {
			case local.REST:
				continue // goes by its binaryMediaTypes
			case local.ALB:
				how = tt.alb
			}
			if how == open {
				continue
			}
			r := httptest.NewRequest("POST", "/x", strings.NewReader(tt.body))
			if tt.contentType != "" {
				r.Header.Set("Content-Type", tt.contentType)
			}
			if tt.encoding != "" {
				r.Header.Set("Content-Encoding", tt.encoding)
			}
			want := tt.body
			if how == base64 {
				want = base64Of(tt.body)
			}
			e := event2Of(t, declare(t, "POST /x"), door, r)
			if e.Body == nil || *e.Body != want || e.IsBase64Encoded != (how == base64) {
				t.Errorf("%s, %q, %q: body %v, base64 %v; want %q, %s\n%s", name, tt.contentType, tt.encoding, e.Body, e.IsBase64Encoded, want, how, tt.why)
			}
		}
	}
}
