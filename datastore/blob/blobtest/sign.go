package blobtest

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

var signRules = []rule{
	{"get", "anyone can read by a signed GET, with the headers that were signed", func(t *testing.T, open target) {
		f := start(t, open)
		key := "dir/a b+ü%20&c.txt"
		store(t, f, key, "content", blob.ContentType("text/plain"), blob.CacheControl("no-store"))
		signed, err := f.SignGet(t.Context(), key, time.Minute, blob.ContentDisposition(`attachment; filename="a b.txt"`), blob.ContentType("image/png"))
		if err != nil {
			t.Fatal(err)
		}
		if signed.Method != "GET" || time.Until(signed.Expires) > time.Minute+time.Second && signed.Expires.IsZero() {
			t.Errorf("SignGet = %+v", signed)
		}
		resp := send(t, signed, nil, nil)
		h := resp.Header
		if body := text(t, resp); resp.StatusCode != 200 || body != "content" || h.Get("Content-Type") != "image/png" ||
			h.Get("Content-Disposition") != `attachment; filename="a b.txt"` || h.Get("Cache-Control") != "no-store" || h.Get("ETag") == "" {
			t.Errorf("GET = %s %q with %v", resp.Status, body, h)
		}
		part := send(t, signed, map[string]string{"Range": "bytes=1-3"}, nil)
		if body := text(t, part); part.StatusCode != 206 || body != "ont" || part.Header.Get("Content-Range") != "bytes 1-3/7" {
			t.Errorf("GET of a part = %s %q with %v", part.Status, body, part.Header)
		}
		known := send(t, signed, map[string]string{"If-None-Match": h.Get("ETag")}, nil)
		if text(t, known); known.StatusCode != 304 {
			t.Errorf("GET of what is known = %s, want 304", known.Status)
		}
	}},
	{"changed", "a signed request that was changed is refused", func(t *testing.T, open target) {
		f := start(t, open)
		put(t, f, "a", "b")
		signed, err := f.SignGet(t.Context(), "a", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(*http.Request){
			"another key":    func(r *http.Request) { r.URL.Path = strings.TrimSuffix(r.URL.Path, "a") + "b"; r.URL.RawPath = "" },
			"another method": func(r *http.Request) { r.Method = "PUT" },
			"a longer time": func(r *http.Request) {
				r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=600", 1)
			},
			"one more parameter": func(r *http.Request) { r.URL.RawQuery += "&response-content-type=text%2Fhtml" },
			"no signature":       func(r *http.Request) { q := r.URL.Query(); q.Del("X-Amz-Signature"); r.URL.RawQuery = q.Encode() },
		} {
			req := request(t, signed, nil, nil)
			change(req)
			resp := do(t, req)
			text(t, resp)
			wantRefused(t, open, name, resp)
		}
	}},
	{"put", "anyone can store by a signed PUT what was signed", func(t *testing.T, open target) {
		f := start(t, open)
		signed, err := f.SignPut(t.Context(), "up/a b", time.Minute, blob.ContentType("text/plain"), blob.Metadata(map[string]string{"who": "me"}), blob.ContentLength(4))
		if err != nil || signed.Method != "PUT" {
			t.Fatalf("SignPut = %+v, %v", signed, err)
		}
		for name, c := range map[string]struct {
			headers map[string]string
			body    string
		}{
			"another type":   {map[string]string{"Content-Type": "text/html"}, "text"},
			"another size":   {nil, "text+"},
			"more metadata":  {map[string]string{"x-amz-meta-more": "x"}, "text"},
			"other metadata": {map[string]string{"x-amz-meta-who": "you"}, "text"},
		} {
			resp := send(t, signed, c.headers, strings.NewReader(c.body))
			text(t, resp)
			wantRefused(t, open, "PUT of "+name, resp)
		}
		if !open.has(Unverified) {
			wantMissing(t, f, "up/a b")
		}
		resp := send(t, signed, nil, strings.NewReader("text"))
		if body := text(t, resp); resp.StatusCode != 200 {
			t.Fatalf("PUT = %s %s", resp.Status, body)
		}
		got, o := content(t, f, "up/a b")
		if got != "text" || o.ContentType != "text/plain" || o.Metadata["who"] != "me" {
			t.Errorf("Get = %q, %+v", got, o.Info)
		}
	}},
	{"put/absent", "a signed PUT can ask that there is none", func(t *testing.T, open target) {
		f := start(t, open)
		signed, err := f.SignPut(t.Context(), "a", time.Minute, blob.Absent())
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int{200, 412} {
			resp := send(t, signed, nil, strings.NewReader("text"))
			if body := text(t, resp); resp.StatusCode != want {
				t.Errorf("PUT %d = %s %s, want %d", i, resp.Status, body, want)
			}
		}
	}},
	{"post", "anyone can store by a signed form what its policy allows", signPost},
	{"invalid", "times and limits that cannot be signed are refused", func(t *testing.T, open target) {
		f := start(t, open)
		ctx := t.Context()
		_, short := f.SignGet(ctx, "a", 0)
		_, long := f.SignPut(ctx, "a", 8*24*time.Hour)
		_, size := f.SignPost(ctx, "a", blob.PostPolicy{TTL: time.Minute})
		_, sizes := f.SignPost(ctx, "a", blob.PostPolicy{TTL: time.Minute, MinSize: 2, MaxSize: 1})
		_, filename := f.SignPost(ctx, "in/${filename}", blob.PostPolicy{TTL: time.Minute, MaxSize: 1})
		_, header := f.SignGet(ctx, "a", time.Minute, blob.ContentType("a\nb"))
		for name, err := range map[string]error{"no time": short, "too long": long, "no size": size, "wrong sizes": sizes, "a file name": filename, "a line break": header} {
			wantError(t, name, err, datastore.ErrInvalid)
		}
	}},
}

// Unverified: signatures and policies are not looked at (moto 5.2.5).
const Unverified Difference = "signed requests are not verified"

func wantRefused(t testing.TB, open target, what string, resp *http.Response) {
	t.Helper()
	if open.has(Unverified) {
		if what != "no signature" && resp.StatusCode/100 == 4 {
			t.Errorf("%s: %s; want the difference %q", what, resp.Status, Unverified)
		}
		return
	}
	if resp.StatusCode/100 != 4 {
		t.Errorf("%s: %s, want it refused", what, resp.Status)
	}
}

func signPost(t *testing.T, open target) {
	f := start(t, open)
	key := "in/ü 1"
	signed, err := f.SignPost(t.Context(), key, blob.PostPolicy{
		TTL: time.Minute, MinSize: 2, MaxSize: 5, ContentTypePrefix: "image/",
		Attributes: blob.Attributes{CacheControl: "no-store", Metadata: map[string]string{"who": "me"}},
	})
	if err != nil || signed.Method != "POST" {
		t.Fatalf("SignPost = %+v, %v", signed, err)
	}
	for _, c := range []struct {
		name    string
		fields  map[string]string
		content string
	}{
		{"too much", map[string]string{"Content-Type": "image/png"}, "123456"},
		{"too little", map[string]string{"Content-Type": "image/png"}, "1"},
		{"another type", map[string]string{"Content-Type": "text/html"}, "1234"},
		{"another key", map[string]string{"Content-Type": "image/png", "key": "in/other"}, "1234"},
		{"another policy", map[string]string{"Content-Type": "image/png", "policy": signed.Fields["policy"][4:]}, "1234"},
	} {
		resp := post(t, signed, c.fields, c.content)
		text(t, resp)
		wantRefused(t, open, "POST of "+c.name, resp)
	}
	if !open.has(Unverified) {
		wantKeys(t, f)
	}
	resp := post(t, signed, map[string]string{"Content-Type": "image/png"}, "12345")
	if body := text(t, resp); resp.StatusCode != 204 {
		t.Fatalf("POST = %s %s", resp.Status, body)
	}
	wantLocation(t, open, resp, key)
	got, o := content(t, f, key)
	if got != "12345" || o.ContentType != "image/png" || o.CacheControl != "no-store" || o.Metadata["who"] != "me" {
		t.Errorf("Get = %q, %+v", got, o.Info)
	}
}

// Unlocated: the answer to a POST says neither where the object is nor its ETag (moto
// 5.2.5).
const Unlocated Difference = "answers to POST have no Location"

// wantLocation fails unless an answer says where the object is that was stored.
func wantLocation(t *testing.T, open target, resp *http.Response, key string) {
	t.Helper()
	location, etag := resp.Header.Get("Location"), resp.Header.Get("ETag")
	if open.has(Unlocated) {
		if location+etag != "" {
			t.Errorf("POST: Location = %q, ETag = %q; want the difference %q", location, etag, Unlocated)
		}
		return
	}
	if at, err := url.PathUnescape(location); err != nil || !strings.HasPrefix(location, "http") || !strings.HasSuffix(at, "/"+key) || etag == "" {
		t.Errorf("POST: Location = %q, ETag = %q; want the URL of %s and an ETag", location, etag, key)
	}
}

// request is the signed request, with further or other headers.
func request(t testing.TB, s blob.Signed, headers map[string]string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), s.Method, s.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []map[string]string{s.Headers, headers} {
		for name, value := range list {
			req.Header.Set(name, value)
		}
	}
	return req
}

func send(t testing.TB, s blob.Signed, headers map[string]string, body io.Reader) *http.Response {
	t.Helper()
	return do(t, request(t, s, headers, body))
}

func do(t testing.TB, req *http.Request) *http.Response {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func text(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// post sends a signed form, with further or other fields.
func post(t testing.TB, s blob.Signed, fields map[string]string, content string) *http.Response {
	t.Helper()
	all := maps.Clone(s.Fields)
	maps.Copy(all, fields)
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range all {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("file", "x.png")
	if err == nil {
		_, err = io.WriteString(file, content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return send(t, s, map[string]string{"Content-Type": form.FormDataContentType()}, &b)
}
