package s3blob_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// TestSlowCopy: an answer that has begun is waited for, within the deadline, and one
// that has not is asked for again.
func TestSlowCopy(t *testing.T) {
	t.Parallel()
	const result = "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"
	for _, c := range []struct {
		name          string
		before, after time.Duration // the first byte of the answer, and then the rest
		want          error
		asked         int
	}{
		{"begun at once", 0, 40 * time.Second, nil, 1},
		{"not begun", 11 * time.Second, 0, datastore.ErrUnknown, 2},
		{"over the deadline", 0, 90 * time.Second, datastore.ErrUnknown, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				var serving sync.WaitGroup
				defer serving.Wait()
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					client, server := net.Pipe()
					asked++
					serving.Go(func() { answerSlowly(server, c.before, c.after, result) })
					return client, nil
				}}
				defer transport.CloseIdleConnections()
				f := use(onServer(config(t, "http://s3.invalid", &http.Client{Transport: transport}), "bucket"))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := f.Copy(ctx, "b", "a")
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || asked < c.asked || c.asked == 1 && asked != 1 {
					t.Errorf("Copy = %v after %d requests, want %v after %d", err, asked, c.want, c.asked)
				}
			})
		})
	}
}

// answerSlowly is a server of one request.
func answerSlowly(conn net.Conn, before, after time.Duration, body string) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return
	}
	time.Sleep(before)
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n ", len(body)+1)
	time.Sleep(after)
	_, _ = io.WriteString(conn, body)
}
