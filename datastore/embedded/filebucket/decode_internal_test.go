package filebucket

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

func TestTrailer(t *testing.T) {
	t.Parallel()
	m := meta{Info: blob.Info{Key: "a", Size: 4, ETag: `"x"`, Attributes: blob.Attributes{ContentType: "a/b"}}, CRC: 7}
	end, err := m.trailer()
	if err != nil {
		t.Fatal(err)
	}
	file := append([]byte("text"), end...)
	got, err := decodeTrailer(bytes.NewReader(file), int64(len(file)))
	if err != nil || got.Key != "a" || got.Size != 4 || got.ContentType != "a/b" || got.CRC != 7 || got.Metadata == nil {
		t.Fatalf("decodeTrailer = %+v, %v", got, err)
	}
	for i := 4; i < len(file); i++ { // the content has a checksum of its own
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if m, err := decodeTrailer(bytes.NewReader(bad), int64(len(bad))); err == nil {
			t.Errorf("with byte %d changed: %+v, want an error", i, m)
		}
	}
	for i := range file {
		if m, err := decodeTrailer(bytes.NewReader(file[:i]), int64(i)); err == nil {
			t.Errorf("cut after %d bytes: %+v, want an error", i, m)
		}
	}
}

func FuzzTrailer(f *testing.F) {
	end, err := meta{Info: blob.Info{Key: "a"}}.trailer()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(end)
	f.Add([]byte(mark))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := decodeTrailer(bytes.NewReader(file), int64(len(file)))
		if err == nil && (m.Size < 0 || m.Size > int64(len(file))) {
			t.Errorf("decodeTrailer = %+v of %d bytes", m, len(file))
		}
	})
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want blob.Span
		ok   bool
	}{
		{"bytes=0-3", blob.Span{Length: 4}, true},
		{"bytes=2-", blob.Span{Offset: 2}, true},
		{"bytes=-5", blob.Span{Offset: -5}, true},
		{"", blob.Span{}, false},
		{"bytes=", blob.Span{}, false},
		{"bytes=-", blob.Span{}, false},
		{"bytes=-0", blob.Span{}, false},
		{"bytes=3-2", blob.Span{}, false},
		{"bytes=0-1,3-4", blob.Span{}, false},
		{"bytes=+1-2", blob.Span{}, false},
		{"bytes=1-99999999999999999999", blob.Span{}, false},
		{"lines=1-2", blob.Span{}, false},
	} {
		if got, ok := parseRange(tt.text); ok != tt.ok || ok && got != tt.want {
			t.Errorf("parseRange(%q) = %+v, %v, want %+v, %v", tt.text, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-3", "bytes=-5", "bytes=5-", "bytes=1-2,3-4"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, text string, size int64) {
		span, ok := parseRange(text)
		if !ok || size < 0 {
			return
		}
		offset, length, ok := span.Of(size)
		if ok && (offset < 0 || length < 0 || offset > size || length > size-offset) {
			t.Errorf("%q of %d = %d+%d", text, size, offset, length)
		}
	})
}

func encodePolicy(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestDecodePolicy(t *testing.T) {
	t.Parallel()
	expires, conditions, err := decodePolicy(encodePolicy(`{"expiration":"2030-01-02T03:04:05Z","conditions":[
		{"Key":"a"},["eq","$acl","b"],["starts-with","$Content-Type",""],["content-length-range", 1, 2]]}`))
	want := []condition{{field: "key", value: "a"}, {field: "acl", value: "b"}, {field: "content-type", start: true}, {least: 1, max: 2}}
	if err != nil || !expires.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) || len(conditions) != 4 {
		t.Fatalf("decodePolicy = %v, %+v, %v", expires, conditions, err)
	}
	for i := range want {
		if conditions[i] != want[i] {
			t.Errorf("condition %d = %+v, want %+v", i, conditions[i], want[i])
		}
	}
	for _, text := range []string{
		``, `{}`, `[]`, `{"expiration":"2030"}`, `{"expiration":"2030-01-02T03:04:05Z","conditions":[{}]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[{"a":"b","c":"d"}]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[["ends-with","$key","a"]]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[["eq","key","a"]]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[["content-length-range","1",2]]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[["content-length-range",3,2]]}`,
		`{"expiration":"2030-01-02T03:04:05Z","conditions":[["content-length-range",-1,2]]}`,
	} {
		if _, _, err := decodePolicy(encodePolicy(text)); err == nil {
			t.Errorf("decodePolicy(%s): error = nil, want one", text)
		}
	}
}

// FuzzPolicy: no policy lets through a field that it does not name.
func FuzzPolicy(f *testing.F) {
	f.Add(`{"expiration":"2030-01-02T03:04:05Z","conditions":[{"key":"a"},["content-length-range",1,2]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, conditions, err := decodePolicy(encodePolicy(text))
		if err != nil {
			return
		}
		named := false
		for _, c := range conditions {
			named = named || c.field == "key"
		}
		least, most, err := limits(conditions, map[string]string{"key": "a", "policy": ""})
		if err == nil && (!named || least < 0 || most > blob.MaxPostSize) {
			t.Errorf("limits of %s = %d to %d", text, least, most)
		}
	})
}

// FuzzVerify: nothing but what was signed is accepted.
func FuzzVerify(f *testing.F) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	query := url.Values{
		"X-Amz-Algorithm": {algorithm}, "X-Amz-Credential": {credential(at)}, "X-Amz-Date": {at.Format(timeFormat)},
		"X-Amz-Expires": {"60"}, "X-Amz-SignedHeaders": {"host"},
	}
	query.Set("X-Amz-Signature", signature{"GET", "/b/k", query, map[string]string{"host": "h"}, at}.sum("secret"))
	f.Add("GET", "/b/k", query.Encode())
	f.Add("PUT", "/b/k", query.Encode())
	f.Add("GET", "/b/k", "X-Amz-Signature=x")
	f.Fuzz(func(t *testing.T, method, path, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawQuery: raw}, Host: "h", Header: http.Header{}}
		same := method == "GET" && path == "/b/k" && q.Encode() == query.Encode()
		if err := verify(r, q, "secret", at); (err == nil) != same {
			t.Errorf("verify of %s %s?%s = %v", method, path, raw, err)
		}
	})
}
