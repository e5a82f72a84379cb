package middleware_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/zstd"
)

var long = strings.Repeat("hello, world. ", 200)

func textHandler(body string, h http.Header) handler.Handler {
	return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		own := h.Clone()
		if own == nil {
			own = http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
		}
		return &handler.Response{Header: own, Body: []byte(body)}, nil
	})
}

// unpacked is what a body was before it was compressed.
func unpacked(t testing.TB, coding string, body []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.Encoding(nil).NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompressAccept(t *testing.T) {
	t.Parallel()
	h := middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(textHandler(long, nil))
	for _, test := range []struct{ accept, want string }{
		{"", ""}, {"gzip", "gzip"}, {"GZIP", "gzip"}, {"x-gzip", "gzip"}, {"zstd", "zstd"}, {"br", ""},
		{"gzip, deflate, br, zstd", "zstd"}, {"gzip;q=1.0, zstd;q=0.5", "gzip"}, {"gzip;q=0.5, zstd;q=0.500", "zstd"},
		{"gzip;q=0", ""}, {"gzip;q=0.000, *", "zstd"}, {"*", "zstd"}, {"*;q=0", ""}, {"*;q=0, gzip", "gzip"},
		{"gzip;q=0.5, identity", ""}, {"gzip, identity;q=0.5", "gzip"}, {"identity;q=0", ""},
		{"gzip;q=2", ""}, {"gzip;q=0.1234", ""}, {"gzip;q=x", ""}, {"gzip;level=1", ""}, {"gzip ; q=0.1", "gzip"}, {",,gzip", "gzip"},
	} {
		opts := []handlertest.Option{}
		if test.accept != "" {
			opts = append(opts, header("Accept-Encoding", test.accept))
		}
		a := do(t, h, get("/", opts...))
		if got := a.Header.Get("Content-Encoding"); got != test.want || unpacked(t, got, a.Body) != long || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding: %s: %q of %d bytes, Vary: %q; want %q", test.accept, got, len(a.Body), a.Header.Get("Vary"), test.want)
		}
	}
}

func TestCompressWhat(t *testing.T) {
	t.Parallel()
	with := func(pairs ...string) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	noise := make([]byte, 2000)
	for i, seed := 0, uint32(1); i < len(noise); i++ {
		seed = seed*1664525 + 1013904223
		noise[i] = byte(seed >> 24)
	}
	for _, test := range []struct {
		name   string
		header http.Header
		status int
		body   string
		want   bool
	}{
		{name: "JSON", header: with(), body: long, want: true},
		{name: "a problem", header: with("Content-Type", "application/problem+json"), body: long, want: true},
		{name: "SVG", header: with("Content-Type", "IMAGE/SVG+XML"), body: long, want: true},
		{name: "small", header: with(), body: long[:1023]},
		{name: "large enough", header: with(), body: long[:1024], want: true},
		{name: "an image", header: with("Content-Type", "image/png"), body: long},
		{name: "no type", header: http.Header{"X": {"1"}}, body: long},
		{name: "compressed already", header: with("Content-Encoding", "br"), body: long},
		{name: "a part", header: with("Content-Range", "bytes 0-9/10"), status: 206, body: long},
		{name: "not to be changed", header: with("Cache-Control", "public, no-transform"), body: long},
		{name: "with a digest", header: with("Content-Digest", "sha-256=:x:"), body: long},
		{name: "it would get longer", header: with(), body: string(noise)},
		{name: "skipped", header: with("X-Skip", "1"), body: long},
	} {
		h := middleware.Compress(&middleware.CompressOptions{Skip: func(_ *handler.Request, resp *handler.Response) bool {
			return resp.Header.Get("X-Skip") != ""
		}})(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: test.status, Header: test.header.Clone(), Body: []byte(test.body)}, nil
		}))
		a := do(t, h, get("/", header("Accept-Encoding", "gzip")))
		got := a.Header.Get("Content-Encoding")
		if (got == "gzip") != test.want {
			t.Errorf("%s: Content-Encoding: %q, compressed is to be %v", test.name, got, test.want)
		}
		if got == "gzip" && (len(a.Body) >= len(test.body) || unpacked(t, got, a.Body) != test.body) || got != "gzip" && string(a.Body) != test.body {
			t.Errorf("%s: %d bytes of %d", test.name, len(a.Body), len(test.body))
		}
	}
}

// TestCompressHeaders: what is said of the body is true of the compressed one.
func TestCompressHeaders(t *testing.T) {
	t.Parallel()
	own := http.Header{"Content-Type": {"text/html"}, "Etag": {`"v1"`}, "Content-Length": {"99"}, "Accept-Ranges": {"bytes"}, "Vary": {"Origin, Accept"}}
	h := middleware.Compress(nil)(middleware.Conditional(nil)(textHandler(long, own)))
	gzipped := header("Accept-Encoding", "gzip")
	a := do(t, h, get("/", gzipped))
	if a.Header.Get("ETag") != `W/"v1"` || a.Header.Get("Content-Length") != "" || a.Header.Get("Accept-Ranges") != "" ||
		strings.Join(a.Header.Values("Vary"), ", ") != "Origin, Accept, Accept-Encoding" {
		t.Errorf("the headers are %v", a.Header)
	}
	if a := do(t, h, get("/", gzipped, header("If-None-Match", `W/"v1"`))); a.Status != 304 {
		t.Errorf("with its own tag: %d", a.Status)
	}
	if a := do(t, h, handlertest.Request("HEAD", "/", gzipped)); a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("ETag") != `W/"v1"` || len(a.Body) > 0 {
		t.Errorf("HEAD: %v and %d bytes", a.Header, len(a.Body))
	}
	if _, err := handlertest.Do(t.Context(), middleware.Compress(nil)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, errStays
	})), get("/", gzipped)); !errors.Is(err, errStays) {
		t.Errorf("an error: %v", err)
	}
}

var errStays = errors.New("stays")

// flushed is a front door that remembers what came before each flush.
type flushed struct {
	bytes.Buffer
	at    []int
	begun bool
}

func (f *flushed) Write(p []byte) (int, error) {
	f.begun = true
	return f.Buffer.Write(p)
}

func (f *flushed) Flush() { f.at = append(f.at, f.Len()) }

// TestCompressStream: each item that a stream flushes can be read at once, a stream that is
// cut off has no end, and compressors serve one stream after the other.
func TestCompressStream(t *testing.T) {
	t.Parallel()
	for _, coding := range []string{"gzip", "zstd"} {
		var out flushed
		fail := error(nil)
		h := middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(
			handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				return &handler.Response{Header: http.Header{"Content-Type": {"text/event-stream"}}, Stream: func(_ context.Context, w io.Writer) error {
					if _, err := w.Write(nil); err != nil || !out.begun {
						t.Errorf("%s: the header of the answer has not gone: %v", coding, err)
					}
					for i := range 3 {
						fmt.Fprintf(w, "data: %d\n\n", i)
						w.(http.Flusher).Flush()
						r, err := readerOf(coding, out.Bytes())
						if err != nil {
							return err
						}
						got := make([]byte, 9*(i+1))
						if _, err := io.ReadFull(r, got); err != nil || !strings.HasSuffix(string(got), fmt.Sprintf("data: %d\n\n", i)) {
							t.Errorf("%s: after item %d the client has %q, %v", coding, i, got, err)
						}
					}
					return fail
				}}, nil
			}))
		for _, fail = range []error{nil, errStays, nil} {
			out = flushed{}
			resp, err := h.Handle(t.Context(), get("/", header("Accept-Encoding", coding)))
			if err != nil {
				t.Fatal(err)
			}
			err = resp.Stream(t.Context(), &out)
			resp.Done(err)
			if !errors.Is(err, fail) || len(out.at) != 3 {
				t.Errorf("%s: ended with %v after %d flushes", coding, err, len(out.at))
			}
			r, _ := readerOf(coding, out.Bytes())
			if _, err := io.ReadAll(r); (err == nil) != (fail == nil) {
				t.Errorf("%s: a stream that ended with %v is read to %v", coding, fail, err)
			}
		}
	}
}

func readerOf(coding string, b []byte) (io.Reader, error) {
	if coding == "zstd" {
		return zstd.Encoding(nil).NewReader(bytes.NewReader(b))
	}
	return gzip.NewReader(bytes.NewReader(b))
}

// TestCompressAtOnce: invocations that run at once do not share a compressor.
func TestCompressAtOnce(t *testing.T) {
	t.Parallel()
	h := middleware.Compress(nil)(handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(strings.Repeat(req.Path(), 1000))}, nil
	}))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				path := fmt.Sprintf("/%d", i)
				a, err := handlertest.Do(t.Context(), h, get(path, header("Accept-Encoding", "gzip")))
				if err != nil || unpacked(t, "gzip", a.Body) != strings.Repeat(path, 1000) {
					t.Errorf("%s: another's answer, %v", path, err)
				}
			}
		})
	}
	all.Wait()
}

// packed is a request with a compressed body.
func packed(t testing.TB, coding string, body []byte) *handler.Request {
	t.Helper()
	e := zstd.Encoding(&zstd.Options{Smaller: true})
	var b bytes.Buffer
	var z io.WriteCloser = gzip.NewWriter(&b)
	if coding == "zstd" {
		own, err := e.NewWriter()
		if err != nil {
			t.Fatal(err)
		}
		own.Reset(&b)
		z = own
	}
	if _, err := z.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return handlertest.Request("POST", "/", handlertest.Body("application/json", b.Bytes()), header("Content-Encoding", coding))
}

// echo answers what the handler was given.
func echo(_ context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := req.Body()
	return &handler.Response{Header: http.Header{"X-Encoding": req.HeaderValues("Content-Encoding"), "X-Length": req.HeaderValues("Content-Length")}, Body: body}, err
}

func TestDecompress(t *testing.T) {
	t.Parallel()
	h := middleware.Decompress(10_000, &middleware.DecompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(handler.HandlerFunc(echo))
	for _, coding := range []string{"gzip", "zstd", "X-GZIP", "identity"} {
		req := packed(t, strings.TrimPrefix(strings.ToLower(coding), "x-"), []byte(long)).WithHeader("Content-Encoding", coding)
		if coding == "identity" {
			req = handlertest.Request("POST", "/", handlertest.Body("text/plain", []byte(long)), header("Content-Encoding", coding))
		}
		a := do(t, h, req)
		if string(a.Body) != long || a.Header.Get("X-Encoding") != "" || a.Header.Get("X-Length") != fmt.Sprint(len(long)) {
			t.Errorf("%s: the handler was given %d bytes, encoding %q, length %s", coding, len(a.Body), a.Header.Get("X-Encoding"), a.Header.Get("X-Length"))
		}
	}
	body := func(b []byte, encoding ...string) *handler.Request {
		return handlertest.Request("POST", "/", handlertest.Body("text/plain", b), header("Content-Encoding", encoding...))
	}
	gzipped, _ := packed(t, "gzip", []byte(long)).Body()
	for _, test := range []struct {
		name   string
		req    *handler.Request
		status int
	}{
		{"as large as may be", packed(t, "gzip", make([]byte, 10_000)), 200},
		{"too large", packed(t, "gzip", make([]byte, 10_001)), 413},
		{"a bomb of gzip", packed(t, "gzip", make([]byte, 64<<20)), 413},
		{"a bomb of zstd", packed(t, "zstd", make([]byte, 64<<20)), 413},
		{"a bomb of many small ones", body(bytes.Repeat(gzipped, 5000/len(gzipped)+4), "gzip"), 413},
		{"too large, not compressed", body(make([]byte, 10_001), "identity"), 413},
		{"too large before", body(make([]byte, 10_001), "gzip"), 413},
		{"not compressed", body([]byte("hello"), "gzip"), 400},
		{"nothing", body(nil, "gzip"), 400},
		{"cut off", body(gzipped[:len(gzipped)-1], "gzip"), 400},
		{"changed on the way", body(append(bytes.Clone(gzipped[:len(gzipped)-8]), 1, 2, 3, 4, 5, 6, 7, 8), "gzip"), 400},
		{"with something behind", body(append(bytes.Clone(gzipped), "behind"...), "gzip"), 400},
		{"another coding", body(gzipped, "br"), 415},
		{"twice", body(gzipped, "gzip, gzip"), 415},
		{"twice, in lines", body(gzipped, "gzip", "zstd"), 415},
	} {
		a := do(t, h, test.req)
		if a.Status != test.status {
			t.Errorf("%s: %d, want %d", test.name, a.Status, test.status)
		}
		if test.status == 415 && a.Header.Get("Accept-Encoding") != "gzip, zstd" {
			t.Errorf("%s: Accept-Encoding: %q", test.name, a.Header.Get("Accept-Encoding"))
		}
	}
	wantRefused(t, "maxBytes", func() { middleware.Decompress(0, nil) })
	wantRefused(t, "Level", func() { middleware.Compress(&middleware.CompressOptions{Level: 10}) })
	wantRefused(t, "encoding", func() {
		middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{{Name: "x"}}})
	})
}

// TestDecompressMemory: a bomb takes no more memory than the limit and what the reader
// itself needs.
func TestDecompressMemory(t *testing.T) {
	for _, coding := range []string{"gzip", "zstd"} {
		req := packed(t, coding, make([]byte, 64<<20))
		h := middleware.Decompress(1<<20, &middleware.DecompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(handler.HandlerFunc(echo))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a := do(t, h, req)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; a.Status != 413 || got > 24<<20 {
			t.Errorf("%s: %d, 64 MB compressed took %d KB", coding, a.Status, got>>10)
		}
	}
}

func FuzzDecompress(f *testing.F) {
	for _, coding := range []string{"gzip", "zstd"} {
		b, _ := packed(f, coding, []byte("hello")).Body()
		f.Add(coding, b)
	}
	h := middleware.Decompress(1000, &middleware.DecompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(handler.HandlerFunc(echo))
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		a := do(t, h, handlertest.Request("POST", "/", handlertest.Body("text/plain", body)).WithHeader("Content-Encoding", encoding))
		if a.Status == 200 && len(a.Body) > 1000 {
			t.Errorf("%d bytes came through", len(a.Body))
		}
	})
}

// BenchmarkCompress is what compression costs beside the bare handler: gzip of the standard
// library, zstd, and a client that takes neither.
func BenchmarkCompress(b *testing.B) {
	body := []byte(strings.Repeat(`{"id":"8e03978e","total":500,"state":"open"},`, 220)) // 10 KB
	bare := textHandler(string(body), http.Header{"Content-Type": {"application/json"}})
	h := middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})(bare)
	run := func(name string, h handler.Handler, accept string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := get("/", header("Accept-Encoding", accept))
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare, "gzip")
	run("compress/identity", h, "br")
	run("compress/gzip", h, "gzip")
	run("compress/zstd", h, "zstd")
}

// A large answer is compressed for a client that takes it.
func ExampleCompress() {
	h := middleware.Compress(nil)(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(long)}, nil
	}))
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/", handlertest.Header("Accept-Encoding", "gzip, br")))
	fmt.Println(a.Header.Get("Content-Encoding"), len(a.Body) < len(long)/10)
	// Output: gzip true
}

// A compressed body reaches the handler as it was.
func ExampleDecompress() {
	h := middleware.Decompress(1<<20, nil)(handler.HandlerFunc(echo))
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	z.Write([]byte(`{"id":1}`))
	z.Close()
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("POST", "/",
		handlertest.Body("application/json", body.Bytes()), handlertest.Header("Content-Encoding", "gzip")))
	fmt.Println(string(a.Body))
	// Output: {"id":1}
}
