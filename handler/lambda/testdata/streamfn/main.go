// Command streamfn is a function whose URL, and whose REST routes below /s, are
// in stream mode, for the tests of a whole process.
package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

func handle(_ context.Context, req *handler.Request) (*handler.Response, error) {
	resp := &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}}
	switch req.Path() {
	case "/s/step": // writes on when a line comes in on stdin
		resp.Stream = func(_ context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, "first"); err != nil {
				return err
			}
			if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
				return err
			}
			_, err := io.WriteString(w, "second")
			return err
		}
	case "/s/cut":
		resp.Stream = func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "half")
			return errors.Join(err, errors.New("cursor lost"))
		}
	case "/s/wait":
		resp.Stream = func(ctx context.Context, w io.Writer) error {
			w.(http.Flusher).Flush()
			<-ctx.Done()
			return context.Cause(ctx)
		}
	case "/s/abort":
		resp.Stream = func(context.Context, io.Writer) error { panic(http.ErrAbortHandler) }
	case "/s/large":
		resp.Stream = func(_ context.Context, w io.Writer) error {
			for range 16 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
			return nil
		}
	case "/whole":
		resp.Body = []byte("whole")
	default:
		return nil, handler.Errorf(http.StatusNotFound, "no such path")
	}
	return resp, nil
}

func main() {
	lambda.Start(handler.HandlerFunc(handle), &lambda.Options{
		Streams: func(frontDoor, resource, _ string) bool {
			return frontDoor == "url" || strings.HasPrefix(resource, "/s/")
		},
	})
}
