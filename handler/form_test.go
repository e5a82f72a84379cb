package handler_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

type signUp struct {
	Name  string   `form:"name" validate:"required"`
	Age   *int     `form:"age"`
	Likes []string `form:"like"`
	Plan  string   `form:"plan" default:"free"`
}

type album struct {
	Title string         `form:"title"`
	Cover *handler.File  `form:"cover"`
	One   handler.File   `form:"one"`
	All   []handler.File `form:"photo" validate:"max=2"`
}

func TestURLEncodedForm(t *testing.T) {
	t.Parallel()
	const kind = "Content-Type: application/x-www-form-urlencoded"
	got, err := bound[signUp](t, request("POST /", kind, "", "name=A+%26+B&like=x&like=y&age=3"))
	age := 3
	if diff := cmp.Diff(signUp{"A & B", &age, []string{"x", "y"}, "free"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = bound[signUp](t, request("POST /", kind, "", "age=x"))
	if diff := cmp.Diff([]string{"form.age type: must be a whole number", "form.name required: is required"}, fieldsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	_, err = bound[signUp](t, request("POST /"))
	if diff := cmp.Diff([]string{"form.name required: is required"}, fieldsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	for _, header := range []string{"Content-Type: application/json", "A: b", kind + "; charset=latin1"} {
		if _, err := bound[signUp](t, request("POST /", header, "", "name=a")); handler.AsError(err).StatusCode() != 415 {
			t.Errorf("%s: %v, want 415", header, err)
		}
	}
	if _, err := bound[album](t, request("POST /", kind, "", "title=a")); handler.AsError(err).StatusCode() != 415 {
		t.Errorf("a form with files, urlencoded: %v, want 415", err)
	}
}

// multi writes a multipart form; names ending in ! are files.
func multi(t *testing.T, pairs ...string) *handler.Request {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		name, file := strings.CutSuffix(pairs[i], "!")
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"`}}
		if file {
			h = textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + name + `"; filename="../../x.png"`}, "Content-Type": {"image/png"}}
		}
		part, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return handler.NewRequest(delivery{method: "POST", path: "/", body: b.String(), header: http.Header{"Content-Type": {w.FormDataContentType()}}})
}

func TestMultipartForm(t *testing.T) {
	t.Parallel()
	got, err := bound[album](t, multi(t, "title", "summer", "photo!", "1", "cover!", "\x00\xff", "photo!", "2", "other", "x"))
	file := func(data string) handler.File {
		return handler.File{Name: "x.png", Type: "image/png", Data: []byte(data)}
	}
	cover := file("\x00\xff")
	if diff := cmp.Diff(album{Title: "summer", Cover: &cover, All: []handler.File{file("1"), file("2")}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	_, err = bound[album](t, multi(t, "title", "a", "title", "b", "one!", "1", "one!", "2", "photo!", "1", "photo!", "2", "photo!", "3"))
	want := []string{"form.title duplicate: must be given once", "form.one duplicate: must be given once", "form.photo max: must have at most 2 items"}
	if diff := cmp.Diff(want, fieldsOf(t, err)); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct{ header, body string }{
		{"Content-Type: multipart/form-data", "x"}, {"Content-Type: multipart/form-data; boundary=b", "x"},
		{"Content-Type: multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nabc"},
		{"Content-Type: multipart/form-data; boundary=b", strings.Repeat("--b\r\n\r\n\r\n", 1001) + "--b--"},
	} {
		_, err := bound[album](t, request("POST /", tt.header, "", tt.body))
		if got := fieldsOf(t, err); len(got) != 1 || !strings.HasPrefix(got[0], "body form: is not a multipart form") {
			t.Errorf("%s %.40q: %q", tt.header, tt.body, got)
		}
	}
}
