package lambda_test

import (
	"context"
	"io"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// BenchmarkStream is a streamed answer: what it costs to begin one, and to pass
// pieces of 32 KB on.
func BenchmarkStream(b *testing.B) {
	payload := handlertest.URLEvent(handlertest.Request("GET", "/x"))
	for name, pieces := range map[string]int{"begin": 1, "1000-pieces": 1000} {
		b.Run(name, func(b *testing.B) {
			piece := make([]byte, 32<<10)
			d := lambda.New(streaming(handler.Response{Header: orderHeader}, func(_ context.Context, w io.Writer) error {
				for range pieces {
					if _, err := w.Write(piece); err != nil {
						return err
					}
				}
				return nil
			}), &lambda.Options{Streams: func(string, string, string) bool { return true }})
			b.ReportAllocs()
			b.SetBytes(int64(pieces * len(piece)))
			buf := make([]byte, 32<<10)
			for b.Loop() {
				out, err := d.Stream(b.Context(), payload)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{out}, buf); err != nil {
					b.Fatal(err)
				}
				out.Close()
			}
		})
	}
}
