package s3blob_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
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

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func use(data *datastore.Data) files {
	return datastore.Use[files](function{}, blob.New(data, "files"))
}

// broken is a bucket on a real server behind a proxy, and the bucket's name.
func broken(t *testing.T) (f files, p *faults.Proxy, server, bucket string) {
	t.Helper()
	server = servers.URL(t, "TIERKIT_TEST_VERSITYGW")
	p = faults.NewProxy(t, server)
	bucket = createBucket(t, server)
	return use(onServer(config(t, p.URL(), nil), bucket)), p, server, bucket
}

func put(t testing.TB, f files, key, content string) blob.Info {
	t.Helper()
	info, err := f.Put(t.Context(), key, strings.NewReader(content))
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return info
}

// TestCutShort: a body that is cut anywhere is an error, never a short object.
func TestCutShort(t *testing.T) {
	t.Parallel()
	f, p, _, _ := broken(t)
	const size = 1 << 20
	put(t, f, "a", strings.Repeat("x", size))
	for _, n := range []int{2000, size / 2, size - 10} {
		p.CutAfter(n)
		o, err := f.Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(o)
		if !errors.Is(err, datastore.ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) || len(data) >= size {
			t.Errorf("cut after %d: read %d bytes, %v; want ErrUnavailable", n, len(data), err)
		}
		o.Close()
		p.Pass()
	}
	if o, err := f.Get(t.Context(), "a"); err != nil {
		t.Error(err)
	} else if data, err := io.ReadAll(o); err != nil || len(data) != size || o.Close() != nil {
		t.Errorf("afterwards: read %d bytes, %v", len(data), err)
	}
}

// TestLostAnswers: a write that was carried out and whose answer was lost is
// repeated, or recognises itself, or says that it does not know.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 9<<20)
	for _, c := range []struct {
		name, lose string
		do         func(ctx context.Context, f files, etag string) error
		want       error
		content    int // bytes of the object afterwards; -1 for none
	}{
		{"put", "PUT /", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "a", strings.NewReader("text"))
			return err
		}, nil, 4},
		{"put of what is absent", "PUT /", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "new", strings.NewReader("text"), blob.Absent())
			return err
		}, nil, 4},
		{"put in place", "PUT /", func(ctx context.Context, f files, etag string) error {
			_, err := f.Put(ctx, "a", strings.NewReader("text"), blob.IfMatch(etag))
			return err
		}, nil, 4},
		{"begin of pieces", "uploads", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "a", strings.NewReader(large))
			return err
		}, nil, len(large)},
		{"a piece", "partNumber=2", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "a", strings.NewReader(large))
			return err
		}, nil, len(large)},
		{"end of pieces", "<CompleteMultipartUpload", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "a", strings.NewReader(large))
			return err
		}, nil, len(large)},
		{"end of pieces of what is absent", "<CompleteMultipartUpload", func(ctx context.Context, f files, _ string) error {
			_, err := f.Put(ctx, "new", strings.NewReader(large), blob.Absent())
			return err
		}, nil, len(large)},
		{"delete", "DELETE /", func(ctx context.Context, f files, _ string) error { return f.Delete(ctx, "a") }, nil, -1},
		{"delete of that", "DELETE /", func(ctx context.Context, f files, etag string) error {
			return f.Delete(ctx, "a", blob.IfMatch(etag))
		}, datastore.ErrUnknown, -1},
		{"delete of many", "POST /", func(ctx context.Context, f files, _ string) error {
			return f.DeleteMany(ctx, []string{"a", "none"})
		}, nil, -1},
		{"copy", "PUT /", func(ctx context.Context, f files, _ string) error {
			_, err := f.Copy(ctx, "new", "a")
			return err
		}, nil, 3},
		{"copy to what is absent", "PUT /", func(ctx context.Context, f files, _ string) error {
			_, err := f.Copy(ctx, "new", "a", blob.Absent())
			return err
		}, datastore.ErrUnknown, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, p, _, _ := broken(t)
			old := put(t, f, "a", "old")
			p.LoseAnswerTo(c.lose)
			err := c.do(t.Context(), f, old.ETag)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("error = %v, want %v", err, c.want)
			}
			if p.Lost() != 1 {
				t.Fatalf("%d answers were lost, want 1", p.Lost())
			}
			key := "a"
			if info, err := f.Stat(t.Context(), "new"); err == nil {
				key = "new"
				if len(info.Metadata) != 0 {
					t.Errorf("metadata = %v, want none", info.Metadata)
				}
			}
			info, err := f.Stat(t.Context(), key)
			if c.content < 0 && !errors.Is(err, datastore.ErrNotFound) || c.content >= 0 && (err != nil || info.Size != int64(c.content)) {
				t.Errorf("afterwards: %s has %d bytes, %v; want %d", key, info.Size, err, c.content)
			}
			_, err = f.Put(t.Context(), key, nil, blob.Absent())
			if c.content >= 0 && !errors.Is(err, datastore.ErrConflict) {
				t.Errorf("Put by someone else = %v, want %v", err, datastore.ErrConflict)
			}
		})
	}
}

// TestBlackHole: no call outlives its deadline, and what was stuck in one
// connection is tried in another.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	f, p, _, _ := broken(t)
	put(t, f, "a", "text")
	p.BlackHole()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := f.Stat(ctx, "a"); err != nil {
		t.Errorf("Stat after a connection was lost: %v", err)
	}
	p.BlackHoleAll()
	for op, do := range map[string]func(context.Context) error{
		"Get":  func(ctx context.Context) error { _, err := f.Get(ctx, "a"); return err },
		"List": func(ctx context.Context) error { _, err := f.List(ctx, blob.Query{}); return err },
		"Put":  func(ctx context.Context) error { _, err := f.Put(ctx, "a", strings.NewReader("x")); return err },
		"Put of pieces": func(ctx context.Context) error {
			_, err := f.Put(ctx, "a", strings.NewReader(strings.Repeat("x", 9<<20)))
			return err
		},
	} {
		const budget = 300 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), budget)
		begin := time.Now()
		err := do(ctx)
		took := time.Since(begin)
		cancel()
		var e *datastore.Error
		if !errors.As(err, &e) || took > budget+500*time.Millisecond { // of a busy machine, for 9 MiB under the race detector
			t.Errorf("%s in a black hole: error = %v after %v, want one within %v", op, err, took, budget)
		}
	}
}

// TestBlackHoleInBody: the reading of a body ends with the context too.
func TestBlackHoleInBody(t *testing.T) {
	t.Parallel()
	f, p, _, _ := broken(t)
	put(t, f, "a", strings.Repeat("x", 6<<20))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	o, err := f.Get(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if _, err := io.ReadFull(o, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	p.BlackHole()
	if _, err = io.Copy(io.Discard, o); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("read = %v, want %v", err, datastore.ErrNoBudget)
	}
}

// TestNoGoroutines: nothing is left after calls that failed half-way.
func TestNoGoroutines(t *testing.T) {
	server := servers.URL(t, "TIERKIT_TEST_VERSITYGW")
	bucket := createBucket(t, server)
	faults.NoGoroutines(t) // but for those that reach the server without the proxy
	p := faults.NewProxy(t, server)
	f := use(onServer(config(t, p.URL(), nil), bucket))
	put(t, f, "a", strings.Repeat("x", 2<<20))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	o, err := f.Get(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	_, err = f.Put(ctx, "b", io.MultiReader(io.LimitReader(rand.Reader, 20<<20), iotest.ErrReader(errors.New("boom"))))
	if err == nil {
		t.Error("Put of a reader that fails: error = nil")
	}
	p.BlackHoleAll()
	if _, err := f.Get(ctx, "a"); err == nil {
		t.Error("Get in a black hole: error = nil")
	}
}

// TestUploadsEnd: what fails in pieces leaves no upload behind.
func TestUploadsEnd(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(ctx context.Context, cancel func(), f files, p *faults.Proxy) error{
		"cancelled": func(ctx context.Context, cancel func(), f files, _ *faults.Proxy) error {
			_, err := f.Put(ctx, "a", io.MultiReader(io.LimitReader(rand.Reader, 20<<20), callback(cancel), io.LimitReader(rand.Reader, 20<<20)))
			return err
		},
		"reader fails": func(ctx context.Context, _ func(), f files, _ *faults.Proxy) error {
			_, err := f.Put(ctx, "a", io.MultiReader(io.LimitReader(rand.Reader, 20<<20), iotest.ErrReader(errors.New("boom"))))
			return err
		},
		"condition": func(ctx context.Context, _ func(), f files, _ *faults.Proxy) error {
			_, err := f.Put(ctx, "there", io.LimitReader(rand.Reader, 9<<20), blob.Absent())
			return err
		},
		"too large": func(ctx context.Context, _ func(), f files, _ *faults.Proxy) error {
			_, err := f.Put(ctx, "a", io.LimitReader(rand.Reader, 9<<20), blob.MaxSize(8<<20+1))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p, server, bucket := broken(t)
			put(t, f, "there", "x")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := do(ctx, cancel, f, p); err == nil {
				t.Error("error = nil, want one")
			}
			left, err := direct(t, server).ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
			if err != nil || len(left.Uploads) > 0 {
				t.Errorf("%d uploads are left, %v", len(left.Uploads), err)
			}
			if _, err := f.Stat(t.Context(), "a"); !errors.Is(err, datastore.ErrNotFound) {
				t.Errorf("Stat = %v, want %v", err, datastore.ErrNotFound)
			}
		})
	}
}

// callback is a reader that calls a function and gives nothing.
type callback func()

func (c callback) Read([]byte) (int, error) { c(); return 0, io.EOF }

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[files]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := servers.URL(t, "TIERKIT_TEST_VERSITYGW")
			bucket := createBucket(t, server)
			put(t, use(onServer(config(t, server, nil), bucket)), "a", "x")
			return faults.Keeping(t, server), bucket
		},
		Open: func(t *testing.T, url, bucket string, now func() time.Time) files {
			return use(onServer(config(t, url, iam.HTTPClientAt(now)), bucket))
		},
		Operations: []faults.Operation[files]{
			{Name: "Get", Do: func(ctx context.Context, f files) error {
				_, _, err := blob.ReadAll(ctx, f, "a", 10)
				return err
			}},
			{Name: "Stat", Do: func(ctx context.Context, f files) error { _, err := f.Stat(ctx, "a"); return err }},
			{Name: "Put", Write: true, Repeatable: true, Do: func(ctx context.Context, f files) error {
				_, err := f.Put(ctx, "b", strings.NewReader("x"))
				return err
			}},
			{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, f files) error { return f.Delete(ctx, "c") }},
			{Name: "DeleteMany", Write: true, Repeatable: true, Do: func(ctx context.Context, f files) error { return f.DeleteMany(ctx, []string{"d", "e"}) }},
			{Name: "List", Do: func(ctx context.Context, f files) error {
				page, err := f.List(ctx, blob.Query{Prefix: "a"})
				if err == nil && len(page.Items) != 1 {
					err = fmt.Errorf("%d objects, want 1", len(page.Items))
				}
				return err
			}},
			{Name: "Copy", Write: true, Repeatable: true, Do: func(ctx context.Context, f files) error {
				_, err := f.Copy(ctx, "f/"+rand.Text(), "a")
				return err
			}},
		},
	}.Run(t)
}
