package datatest_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
)

type blobs interface {
	blob.Getter
	blob.Putter
	blob.Deleter
	blob.Lister
	blob.GetSigner
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	files := datastore.Use[blobs](function{}, blob.New(data, "files"))
	put := datatest.PutObject(t, data, "files", "in/a", "text", blob.Attributes{Metadata: map[string]string{"k": "v"}})
	text, info, err := blob.ReadAll(t.Context(), files, "in/a", 100)
	if err != nil || string(text) != "text" || info.Metadata["k"] != "v" || info.ETag != put.ETag || !info.Modified.Equal(data.Now()) {
		t.Errorf("Get of what PutObject put = %q, %+v, %v", text, info, err)
	}
	if _, err := files.Put(t.Context(), "b", strings.NewReader("own"), blob.ContentType("text/plain")); err != nil {
		t.Fatal(err)
	}
	if got, info := datatest.Object(t, data, "files", "b"); got != "own" || info.ContentType != "text/plain" {
		t.Errorf("Object = %q, %+v", got, info)
	}
	if got, want := datatest.Keys(t, data, "files", ""), []string{"b", "in/a"}; !slices.Equal(got, want) {
		t.Errorf("Keys = %q, want %q", got, want)
	}
	if got := datatest.Keys(t, data, "files", "in/"); len(got) != 1 {
		t.Errorf("Keys of a prefix = %q", got)
	}
}

func TestBlobFaults(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	files := datastore.Use[blobs](function{}, blob.New(data, "files"))
	for _, f := range []datatest.Fault{
		{Op: "Put", Err: datastore.ErrUnknown, Applied: true}, {Op: "Get", Err: datastore.ErrThrottled, Applied: true}, {Op: "Delete", Err: datastore.ErrUnavailable}, {Op: "List", Err: datastore.ErrUnavailable}, {Op: "SignGet", Err: datastore.ErrUnavailable},
	} {
		f.Store = "blob files"
		datatest.Fail(t, data, f)
	}
	_, put := files.Put(t.Context(), "a", strings.NewReader("x"))
	_, get := files.Get(t.Context(), "a")
	_, list := files.List(t.Context(), blob.Query{})
	_, sign := files.SignGet(t.Context(), "a", time.Minute)
	for _, c := range []struct {
		op        string
		got, want error
	}{
		{"Put", put, datastore.ErrUnknown}, {"Get", get, datastore.ErrThrottled}, {"Delete", files.Delete(t.Context(), "a"), datastore.ErrUnavailable},
		{"List", list, datastore.ErrUnavailable}, {"SignGet", sign, datastore.ErrUnavailable},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s with a fault: error = %v, want %v", c.op, c.got, c.want)
		}
	}
	if got := datatest.Keys(t, data, "files", ""); len(got) != 1 {
		t.Errorf("Keys = %q: a write whose answer was lost was done, a failed Delete was not", got)
	}
}

func TestServeBlobs(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	files := datastore.Use[blobs](function{}, blob.New(data, "files"))
	datatest.PutObject(t, data, "files", "a", "text", blob.Attributes{})
	datatest.ServeBlobs(t, data)
	signed, err := files.SignGet(t.Context(), "a", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(signed.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "text" {
		t.Errorf("GET of what was signed = %s %q, %v", resp.Status, body, err)
	}
}
