package zstd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/middleware/zstd"
)

// TestEncoding: what either level has compressed is read again, also by a compressor that
// was used before.
func TestEncoding(t *testing.T) {
	t.Parallel()
	for _, opts := range []*zstd.Options{nil, {Smaller: true}} {
		e := zstd.Encoding(opts)
		z, err := e.NewWriter()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"", "a", strings.Repeat("hello, world", 100_000)} {
			var b bytes.Buffer
			z.Reset(&b)
			if _, err := z.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			r, err := e.NewReader(&b)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != text {
				t.Errorf("%d bytes came back as %d, %v", len(text), len(got), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func ExampleEncoding() {
	compress := middleware.Compress(&middleware.CompressOptions{Encodings: []middleware.Encoding{zstd.Encoding(nil)}})
	h := compress(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: bytes.Repeat([]byte("hello"), 1000)}, nil
	}))
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/", handlertest.Header("Accept-Encoding", "gzip, zstd")))
	fmt.Println(a.Header.Get("Content-Encoding"))
	// Output: zstd
}
