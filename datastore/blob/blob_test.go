package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

type files interface {
	blob.Getter
	blob.Stater
	blob.Putter
	blob.Deleter
	blob.ManyDeleter
	blob.Lister
	blob.Copier
	blob.GetSigner
	blob.PutSigner
	blob.PostSigner
}

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver answers every operation with one error, and keeps what was sent.
type driver struct {
	err, openErr error
	content      blob.Content
	page         blob.ListPage
	sent         []string
	write        blob.Write
}

func (*driver) Kind() string { return "blob" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenBucket(context.Context, *datastore.Data, blob.Spec) (blob.Conn, error) {
	return d, d.openErr
}

func (d *driver) did(op, key string) error {
	d.sent = append(d.sent, op+" "+key)
	return d.err
}

func (d *driver) Get(_ context.Context, key string, _ blob.Read) (blob.Content, error) {
	return d.content, d.did("get", key)
}

func (d *driver) Stat(_ context.Context, key string, _ blob.Read) (blob.Info, error) {
	return blob.Info{Key: "x"}, d.did("stat", key)
}

func (d *driver) List(_ context.Context, q blob.ListQuery) (blob.ListPage, error) {
	return d.page, d.did("list", fmt.Sprintf("%s %d %s", q.Prefix, q.Limit, q.After))
}

func (d *driver) Put(_ context.Context, key string, w blob.Write) (blob.Info, error) {
	d.write = w
	return blob.Info{Key: "x"}, d.did("put", key)
}

func (d *driver) Copy(_ context.Context, dst, src string, _ blob.Write) (blob.Info, error) {
	return blob.Info{Key: "x"}, d.did("copy", dst+" "+src)
}

func (d *driver) Delete(_ context.Context, key string, _ blob.Condition) error {
	return d.did("delete", key)
}

func (d *driver) DeleteMany(_ context.Context, keys []string) error {
	return d.did("deletemany", strings.Join(keys, " "))
}

func (d *driver) Sign(_ context.Context, key string, s blob.Signing) (blob.Signed, error) {
	return blob.Signed{URL: "x"}, d.did(s.Op, key)
}

func open[C any](d *driver) C {
	return datastore.Use[C](function("f"), blob.New(datastore.New([]datastore.Driver{d}, nil), "files"))
}

// TestErrorsOfDrivers: errors get their store and operation, and an error that is
// none of a store's leaves open what happened to a write.
func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	d := &driver{err: errors.New("boom")}
	f := open[files](d)
	ctx := t.Context()
	_, get := f.Get(ctx, "a")
	info, stat := f.Stat(ctx, "a")
	_, put := f.Put(ctx, "a", nil)
	_, list := f.List(ctx, blob.Query{})
	_, cp := f.Copy(ctx, "b", "a")
	signed, sign := f.SignGet(ctx, "a", time.Minute)
	for _, tt := range []struct {
		op   string
		err  error
		want error
	}{
		{"get", get, datastore.ErrUnavailable}, {"stat", stat, datastore.ErrUnavailable}, {"list", list, datastore.ErrUnavailable}, {"signget", sign, datastore.ErrUnavailable},
		{"put", put, datastore.ErrUnknown}, {"copy", cp, datastore.ErrUnknown}, {"delete", f.Delete(ctx, "a"), datastore.ErrUnknown}, {"deletemany", f.DeleteMany(ctx, []string{"a"}), datastore.ErrUnknown},
	} {
		var e *datastore.Error
		if !errors.Is(tt.err, tt.want) || !errors.As(tt.err, &e) || e.Store != "blob files" || e.Op != tt.op {
			t.Errorf("%s: error = %v, want %v of blob files", tt.op, tt.err, tt.want)
		}
	}
	if info.Key != "" || signed.URL != "" {
		t.Errorf("beside an error: %+v, %+v", info, signed)
	}
	if _, err := open[files](&driver{openErr: errors.New("boom")}).Put(ctx, "a", nil); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("a Put that could not open: %v, want it unavailable", err)
	}
}

// TestBody: a body that is not what was announced is an error, never a short
// object.
func TestBody(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		end  error
		want error
	}{
		"whole":            {"12345", nil, nil},
		"cut short":        {"1234", nil, datastore.ErrUnavailable},
		"too long":         {"123456", nil, datastore.ErrCorrupt},
		"connection lost":  {"123", io.ErrUnexpectedEOF, datastore.ErrUnavailable},
		"failed at end":    {"12345", errors.New("boom"), datastore.ErrUnavailable},
		"driver's verdict": {"12345", &datastore.Error{Kind: datastore.ErrCorrupt}, datastore.ErrCorrupt},
	} {
		body := io.NopCloser(strings.NewReader(tt.body))
		if tt.end != nil {
			body = io.NopCloser(io.MultiReader(strings.NewReader(tt.body), failing{tt.end}))
		}
		f := open[blob.Getter](&driver{content: blob.Content{Info: blob.Info{Size: 5}, Length: 5, Body: body}})
		o, err := f.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(o)
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: read: error = %v, want %v", name, err, tt.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "blob files: get: ") {
			t.Errorf("%s: read: error = %q, want it to name the store", name, err)
		}
		if _, again := o.Read(make([]byte, 1)); again != err && (err != nil || again != io.EOF) {
			t.Errorf("%s: read again: error = %v, want %v", name, again, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestUndisclosed: without Lister a missing object is denied, and nothing below
// says that it is not found.
func TestUndisclosed(t *testing.T) {
	t.Parallel()
	type native struct{ error }
	cause := native{errors.New("native")}
	for _, kind := range []error{datastore.ErrNotFound, datastore.ErrDenied} {
		f := open[blob.Stater](&driver{err: &datastore.Error{Kind: kind, Code: "NoSuchKey", Attempts: 2, Err: cause}})
		_, err := f.Stat(t.Context(), "a")
		var e *datastore.Error
		if !errors.Is(err, datastore.ErrDenied) || errors.Is(err, datastore.ErrNotFound) || !errors.As(err, &e) || e.Code != "NoSuchKey" || e.Attempts != 2 || !errors.As(err, &native{}) {
			t.Errorf("Stat of %v without Lister = %v", kind, err)
		}
	}
	f := open[blob.Stater](&driver{err: &datastore.Error{Kind: datastore.ErrThrottled}})
	if _, err := f.Stat(t.Context(), "a"); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Stat that is throttled without Lister = %v", err)
	}
}

// TestGranted: only what the interface names can be done, by its function.
func TestGranted(t *testing.T) {
	t.Parallel()
	d := &driver{}
	putter := open[blob.Putter](d)
	for op, err := range map[string]error{
		"Delete":     putter.(blob.Deleter).Delete(t.Context(), "a"),
		"DeleteMany": putter.(blob.ManyDeleter).DeleteMany(t.Context(), nil),
		"Put by g":   second(putter.Put(datastore.WithFunction(t.Context(), "g"), "a", nil)),
	} {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s without its grant: error = %v, want %v", op, err, datastore.ErrDenied)
		}
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %q", d.sent)
	}
	if _, err := putter.Put(t.Context(), "a", nil); err != nil || d.sent[0] != "put a" || d.write.Body == nil || d.write.ContentType != blob.DefaultContentType || len(d.write.ID) != 16 {
		t.Errorf("Put = %v, sent %q %+v", err, d.sent, d.write)
	}
}

func second(_ blob.Info, err error) error { return err }

// TestNeeds: exactly the actions that the operations need, on exactly what is in
// the scope.
func TestNeeds(t *testing.T) {
	t.Parallel()
	object := func(resource string, actions ...string) datastore.Need {
		return datastore.Need{Service: "s3", Actions: actions, Resource: resource}
	}
	whole, under := blob.Spec{Logical: "files"}, blob.Spec{Logical: "files", Prefix: "in/"}
	for _, tt := range []struct {
		spec blob.Spec
		ops  []string
		want []datastore.Need
	}{
		{whole, []string{"Get"}, []datastore.Need{object("{name}/*", "GetObject")}},
		{whole, []string{"Stat", "SignGet"}, []datastore.Need{object("{name}/*", "GetObject")}},
		{under, []string{"Put"}, []datastore.Need{object("{name}/in/*", "AbortMultipartUpload", "PutObject")}},
		{under, []string{"SignPost", "SignPut"}, []datastore.Need{object("{name}/in/*", "PutObject")}},
		{under, []string{"Delete", "DeleteMany", "Copy"}, []datastore.Need{object("{name}/in/*", "DeleteObject", "GetObject", "PutObject")}},
		{whole, []string{"List"}, []datastore.Need{object("{name}", "ListBucket")}},
		{under, []string{"List", "Get"}, []datastore.Need{object("{name}/in/*", "GetObject"), {
			Service: "s3", Actions: []string{"ListBucket"}, Resource: "{name}",
			Conditions: []datastore.Condition{{Operator: "StringLike", Key: "s3:prefix", Values: []string{"in/*"}}},
		}}},
		{whole, []string{"Else"}, nil},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("Needs(%q) of %+v (-want +got):\n%s", tt.ops, tt.spec, d)
		}
	}
	for _, c := range blob.New(datastore.New(nil, nil), "files").Capabilities() {
		if len(whole.Needs([]string{c.Op})) == 0 {
			t.Errorf("%s needs nothing", c.Op)
		}
	}
}

// TestScope: the grant has the scope, and a wrong one is a mistake with its line.
func TestScope(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	bucket := blob.New(data, "files", blob.Origins("https://app.example", "http://localhost:3000"))
	got := bucket.Under("in/").Under("in/today/").Spec()
	if want := (blob.Spec{Logical: "files", Prefix: "in/today/", Origins: "https://app.example http://localhost:3000"}); got != want || !datastore.Same(got, bucket.Spec()) {
		t.Errorf("Spec = %+v, want %+v", got, want)
	}
	if len(data.Errs()) > 0 || len(data.Specs()) != 1 {
		t.Fatalf("Errs = %v, Specs = %v", data.Errs(), data.Specs())
	}
	for _, prefix := range []string{"", "in", "in/*/", "a?/", "${aws:userid}/", "../", "a/../b/", "in\n/"} {
		bucket.Under(prefix)
	}
	f := datastore.Use[blob.Stater](function("f"), bucket.Under("a/").Under("b/"))
	errs := data.Errs()
	if len(errs) != 9 {
		t.Errorf("Errs = %v, want 9", errs)
	}
	for _, err := range errs {
		var d *datastore.DeclarationError
		if !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "blob_test.go") {
			t.Errorf("Errs has %v, want a line of this file", err)
		}
	}
	if _, err := f.Stat(t.Context(), "b/x"); !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("Stat in a wrong scope = %v, want ErrDeclaration", err)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{"app.example", "https://", "https://a/b", "ftp://a", "https://a b", ""} {
		data := datastore.New(nil, nil)
		blob.New(data, "files", blob.Origins(origin))
		if len(data.Errs()) != 1 {
			t.Errorf("Origins(%q): Errs = %v, want one", origin, data.Errs())
		}
	}
	data := datastore.New(nil, nil)
	blob.New(data, "files", blob.Origins("*"))
	if len(data.Errs()) > 0 {
		t.Errorf("Origins(*): %v", data.Errs())
	}
}

// TestTokens: the driver's place comes back to it, and only in its own query.
func TestTokens(t *testing.T) {
	t.Parallel()
	d := &driver{page: blob.ListPage{Next: "place \x00\xff"}}
	f := open[blob.Lister](d)
	page, err := f.List(t.Context(), blob.Query{Prefix: "a/", Limit: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.List(t.Context(), blob.Query{Prefix: "a/", After: page.Next}); err != nil || d.sent[1] != "list a/ 1000 place \x00\xff" {
		t.Errorf("List = %v, sent %q", err, d.sent)
	}
	other := datastore.Use[blob.Lister](function("f"), blob.New(datastore.New([]datastore.Driver{d}, nil), "other"))
	if _, err := other.List(t.Context(), blob.Query{Prefix: "a/", After: page.Next}); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("List with the token of another bucket = %v, want ErrInvalid", err)
	}
}

func FuzzToken(f *testing.F) {
	d := &driver{page: blob.ListPage{Next: "place"}}
	list := open[blob.Lister](d)
	page, err := list.List(context.Background(), blob.Query{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(page.Next))
	f.Add("AA")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := list.List(t.Context(), blob.Query{After: datastore.Token(token)})
		if err != nil && !errors.Is(err, datastore.ErrInvalid) {
			t.Errorf("List with the token %q = %v", token, err)
		}
	})
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		span           blob.Span
		size           int64
		header         string
		offset, length int64
		ok             bool
	}{
		{blob.Span{}, 10, "", 0, 10, true},
		{blob.Span{}, 0, "", 0, 0, true},
		{blob.Span{Offset: 3}, 10, "bytes=3-", 3, 7, true},
		{blob.Span{Offset: 3, Length: 2}, 10, "bytes=3-4", 3, 2, true},
		{blob.Span{Length: 2}, 1, "bytes=0-1", 0, 1, true},
		{blob.Span{Length: 2}, 0, "bytes=0-1", 0, 0, false},
		{blob.Span{Offset: 10}, 10, "bytes=10-", 0, 0, false},
		{blob.Span{Offset: -4}, 10, "bytes=-4", 6, 4, true},
		{blob.Span{Offset: -40}, 10, "bytes=-40", 0, 10, true},
		{blob.Span{Offset: -1}, 0, "bytes=-1", 0, 0, false},
	} {
		offset, length, ok := tt.span.Of(tt.size)
		if h := tt.span.Header(); h != tt.header || offset != tt.offset || length != tt.length || ok != tt.ok {
			t.Errorf("%+v of %d = %q, %d+%d, %v; want %q, %d+%d, %v", tt.span, tt.size, h, offset, length, ok, tt.header, tt.offset, tt.length, tt.ok)
		}
	}
}
