package filebucket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
)

// TestFormOfAnotherApp: a form for a bucket is none for the bucket of the same name
// that another App has.
func TestFormOfAnotherApp(t *testing.T) {
	t.Parallel()
	driver := filebucket.Memory()
	shop := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "shop"})
	billing := datastore.New([]datastore.Driver{driver}, &datastore.Options{Namespace: "billing"})
	mine, theirs := use(shop), use(billing)
	server := httptest.NewUnstartedServer(nil)
	handler, err := driver.Handler("http://"+server.Listener.Addr().String(), shop, billing)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(server.Close)
	form, err := mine.SignPost(t.Context(), "a", blob.PostPolicy{TTL: time.Minute, MaxSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	own := form.URL
	form.URL = strings.Replace(own, "/shop%3A", "/billing%3A", 1)
	if form.URL == own {
		t.Fatalf("the URL %s does not name the App", own)
	}
	if status, body := postForm(t, form, "text"); status != 403 {
		t.Errorf("POST to the bucket of another App = %d %s, want 403", status, body)
	}
	if _, err := theirs.Stat(t.Context(), "a"); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Stat of the object in the other App's bucket: error = %v, want ErrNotFound", err)
	}
	form.URL = own
	if status, body := postForm(t, form, "text"); status != 204 {
		t.Errorf("POST to the own bucket = %d %s, want 204", status, body)
	}
}

// TestLargeHeaders: headers that are not signed are limited too, as S3 does, so that
// what is stored can be read and listed.
func TestLargeHeaders(t *testing.T) {
	t.Parallel()
	f := use(serve(t, filebucket.In(t.TempDir(), nil), nil))
	signed, err := f.SignPut(t.Context(), "a", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ size, want int }{{1000, 200}, {100 << 10, 400}} {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", signed.URL, strings.NewReader("text"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Cache-Control", strings.Repeat("x", c.size))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.want {
			t.Errorf("PUT with a header of %d bytes = %s %s %v, want %d", c.size, resp.Status, body, err, c.want)
		}
	}
	if _, err := f.List(t.Context(), blob.Query{}); err != nil {
		t.Errorf("List: error = %v, want none", err)
	}
}

// TestManyFields: what nobody has signed takes no memory without end.
func TestManyFields(t *testing.T) {
	t.Parallel()
	f := use(serve(t, filebucket.Memory(), nil))
	form, err := f.SignPost(t.Context(), "b", blob.PostPolicy{TTL: time.Minute, MaxSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := range 5000 {
		if err := w.WriteField(fmt.Sprintf("x-ignore-%d", i), ""); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range form.Fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	file, err := w.CreateFormFile("file", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(file, "text"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	resp, err := http.Post(form.URL, w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 400 {
		t.Errorf("POST of 5000 empty fields = %s, want 400", resp.Status)
	}
}

// TestLargePut: one PUT stores what S3 takes in one, and no more.
func TestLargePut(t *testing.T) {
	t.Parallel()
	driver := filebucket.Memory()
	data := datastore.New([]datastore.Driver{driver}, nil)
	handler, err := driver.Handler("http://127.0.0.1:1", data)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := use(data).SignPut(t.Context(), "a", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size int64
		want int
	}{{4, 200}, {blob.MaxPostSize + 1, 400}} {
		answer := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), "PUT", signed.URL, strings.NewReader("text"))
		req.ContentLength = c.size
		if handler.ServeHTTP(answer, req); answer.Code != c.want {
			t.Errorf("PUT of %d bytes = %d %s, want %d", c.size, answer.Code, answer.Body, c.want)
		}
	}
}
