package lambda_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

const nuls = "\x00\x00\x00\x00\x00\x00\x00\x00"

// streamMode are options of a function all of whose front doors that can are in
// stream mode.
func streamMode(log *logged) *lambda.Options {
	o := log.options()
	o.Streams = func(string, string, string) bool { return true }
	return o
}

// open streams the answer to one event.
func open(t *testing.T, ctx context.Context, h handler.Handler, o *lambda.Options, payload []byte) *lambda.Output {
	t.Helper()
	out, err := lambda.New(h, o).Stream(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// streaming is a handler that answers with this stream.
func streaming(resp handler.Response, stream func(context.Context, io.Writer) error) handler.Handler {
	return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		r := resp
		r.Stream = stream
		return &r, nil
	})
}

// T196, STR-01, STR-02: the bytes of an answer in stream mode.
func TestStreamed(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"text/csv"}, "Set-Cookie": {"a=1", "b=2"}, "X-List": {"1", "2"}, "Content-Length": {"8"}, "Transfer-Encoding": {"chunked"}}
	rows := func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "a,b\n")
		if err == nil {
			_, err = w.Write([]byte("\xff\x00\x00"))
		}
		return err
	}
	rest, url := []byte(restEvent(`"path":"/x"`)), handlertest.URLEvent(handlertest.Request("GET", "/x"))
	for _, tt := range []struct {
		name    string
		payload []byte
		h       handler.Handler
		want    string
	}{
		{"URL", url, streaming(handler.Response{Status: 201, Header: header}, rows),
			`{"statusCode":201,"headers":{"Content-Type":"text/csv","X-List":"1, 2"},"cookies":["a=1","b=2"]}` + nuls + "a,b\n\xff\x00\x00"},
		{"REST API", rest, streaming(handler.Response{Header: header}, rows),
			`{"statusCode":200,"multiValueHeaders":{"Content-Type":["text/csv"],"Set-Cookie":["a=1","b=2"],"X-List":["1","2"]}}` + nuls + "a,b\n\xff\x00\x00"},
		{"whole body", url, answering(handler.Response{Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte("\x89P")}),
			`{"statusCode":200,"headers":{"Content-Type":"image/png"}}` + nuls + "\x89P"},
		{"no body", rest, answering(handler.Response{}), `{"statusCode":200,"multiValueHeaders":{}}` + nuls},
		{"a stream of nothing", url, streaming(handler.Response{Status: 202, Header: http.Header{"Content-Type": {"text/csv"}}},
			func(context.Context, io.Writer) error { return nil }), `{"statusCode":202,"headers":{"Content-Type":"text/csv"}}` + nuls},
		{"a content type by the first bytes", url, streaming(handler.Response{}, func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "<html>")
			return err
		}), `{"statusCode":200,"headers":{"Content-Type":"text/html; charset=utf-8"}}` + nuls + "<html>"},
		{"a content type before the first bytes", url, streaming(handler.Response{}, func(_ context.Context, w io.Writer) error {
			w.(http.Flusher).Flush()
			_, err := io.WriteString(w, "<html>")
			return err
		}), `{"statusCode":200,"headers":{"Content-Type":"application/octet-stream"}}` + nuls + "<html>"},
		{"an error", rest, handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(404, "no")
		}), `{"statusCode":404,"multiValueHeaders":{"Cache-Control":["no-store"],"Content-Type":["application/problem+json"]}}` + nuls +
			`{"type":"about:blank","title":"Not Found","status":404,"detail":"no"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			out := open(t, t.Context(), tt.h, streamMode(&log), tt.payload)
			got, err := io.ReadAll(out)
			if string(got) != tt.want || err != nil || out.ContentType() != "application/vnd.awslambda.http-integration-response" {
				t.Errorf("%s %q, %v\nwant %q", out.ContentType(), got, err, tt.want)
			}
			if err := out.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// STR-08: no body where there must be none, and no stream to make one.
func TestStreamBodyless(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method string
		status int
	}{{"HEAD", 200}, {"GET", 204}, {"GET", 205}, {"GET", 304}} {
		for _, payload := range [][]byte{
			handlertest.URLEvent(handlertest.Request(tt.method, "/")), handlertest.RESTEvent(handlertest.Request(tt.method, "/")),
		} {
			done := 0
			h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				resp := &handler.Response{Status: tt.status, Stream: func(context.Context, io.Writer) error {
					t.Errorf("%s %d: the stream runs", tt.method, tt.status)
					return nil
				}}
				resp.OnDone(func(error) { done++ })
				return resp, nil
			})
			var log logged
			got, err := io.ReadAll(open(t, t.Context(), h, streamMode(&log), payload))
			if _, body, _ := bytes.Cut(got, []byte(nuls)); err != nil || len(body) != 0 || !bytes.HasSuffix(got, []byte(nuls)) || done != 1 {
				t.Errorf("%s %d: %q, %v, done %d; want a prelude only", tt.method, tt.status, got, err, done)
			}
		}
	}
}

// T202, FUR-16: what is not in stream mode is answered as by Invoke, and only
// the front doors that have the mode are asked.
func TestStreamModes(t *testing.T) {
	t.Parallel()
	h := streaming(handler.Response{Header: http.Header{"Content-Type": {"text/csv"}}}, func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "a,b\n")
		return err
	})
	asked := ""
	d := lambda.New(h, &lambda.Options{Streams: func(frontDoor, resource, method string) bool {
		asked += frontDoor + " " + method + " " + resource + ";"
		return frontDoor == "rest" && resource == "/files/{path+}"
	}})
	for _, tt := range []struct{ door, event, asked string }{
		{"rest", `{"resource":"/files/{path+}","path":"/files/a","httpMethod":"GET","requestContext":{}}`, "rest GET /files/{path+};"},
		{"rest", `{"resource":"/orders","path":"/orders","httpMethod":"POST","requestContext":{}}`, "rest POST /orders;"},
		{"http", `{"version":"1.0","resource":"/files/{path+}","path":"/files/a","httpMethod":"GET","requestContext":{}}`, ""},
		{"http", httpEvent(`"rawPath":"/files/a"`), ""},
		{"url", string(handlertest.URLEvent(handlertest.Request("GET", "/x"))), "url GET ;"},
		{"alb", albEvent(`"path":"/files/a"`), ""},
	} {
		asked = ""
		out, err := d.Stream(t.Context(), []byte(tt.event))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(out)
		if err != nil || asked != tt.asked {
			t.Errorf("%s: asked %q, %v; want %q", tt.event, asked, err, tt.asked)
		}
		streamed := tt.asked == "rest GET /files/{path+};"
		if streamed != (out.ContentType() == lambda.StreamType) {
			t.Errorf("%s: content type %s", tt.event, out.ContentType())
		}
		if streamed {
			continue
		}
		same, err := d.Invoke(t.Context(), []byte(tt.event))
		if err != nil || !bytes.Equal(got, same) {
			t.Errorf("%s: %s, want what Invoke answers: %s, %v", tt.event, got, same, err)
		}
	}
	if out, err := d.Invoke(t.Context(), []byte(restEvent(`"resource":"/files/{path+}"`))); err != nil || !bytes.Contains(out, []byte(`"body":"a,b\n"`)) {
		t.Errorf("Invoke = %s, %v; want a buffered answer", out, err)
	}
	if _, err := d.Stream(t.Context(), []byte(`{"foo":1}`)); err == nil {
		t.Error("an unknown event is no function error")
	}
}

// STR-05, T199: what fails before the first byte is a problem document, what
// fails later cuts the answer off. OnDone hears it once, before the end.
func TestStreamFails(t *testing.T) {
	t.Parallel()
	secret := errors.New("hunter2")
	for _, tt := range []struct {
		name   string
		resp   handler.Response
		stream func(context.Context, io.Writer) error
		status string // in the prelude
		cut    string // what Read says, "" for nothing
		logs   string
	}{
		{"at once", handler.Response{}, func(context.Context, io.Writer) error { return handler.Errorf(409, "taken") }, "409", "", `"level":"DEBUG"`},
		{"at once, no words", handler.Response{}, func(context.Context, io.Writer) error { return secret }, "500", "", "hunter2"},
		{"panics at once", handler.Response{}, func(context.Context, io.Writer) error { panic("hunter2") }, "500", "", `"stack":"goroutine`},
		{"a status that cannot be sent", handler.Response{Status: 101}, func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "x") // even if the handler goes over the error
			return nil
		}, "500", "", "write one from 200 to 599"},
		{"a header that cannot be sent", handler.Response{Header: http.Header{"X": {"a\nb"}}}, func(_ context.Context, w io.Writer) error {
			w.(http.Flusher).Flush()
			return nil
		}, "500", "", "line break"},
		{"too many headers", handler.Response{Header: http.Header{"X": {strings.Repeat("x", 16<<10)}}}, func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "x")
			return err
		}, "500", "", "more than the 16384"},
		{"later", handler.Response{}, func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "half")
			return secret
		}, "200", "hunter2", `"msg":"answer cut off"`},
		{"panics later", handler.Response{}, func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "half")
			panic(secret)
		}, "200", "hunter2", `"stack":"goroutine`},
		{"an error answered as a stream", handler.Response{Status: 503, Err: secret}, func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "sorry")
			return err
		}, "503", "", "hunter2"},
		{"nothing wrong", handler.Response{}, func(_ context.Context, w io.Writer) error {
			_, err := io.WriteString(w, "x")
			return err
		}, "200", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			done := make(chan error, 2)
			h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				resp := tt.resp
				resp.Stream = tt.stream
				resp.OnDone(func(err error) { done <- err })
				return &resp, nil
			})
			d := lambda.New(h, streamMode(&log))
			for range 2 { // the process lives
				out, err := d.Stream(t.Context(), []byte(restEvent(``)))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(out)
				if tt.cut == "" && err != nil || tt.cut != "" && (err == nil || !strings.Contains(err.Error(), tt.cut)) {
					t.Errorf("Read: %v, want %q", err, tt.cut)
				}
				if !bytes.HasPrefix(got, []byte(`{"statusCode":`+tt.status+`,`)) || !bytes.Contains(got, []byte(nuls)) || bytes.Contains(got, []byte("hunter2")) {
					t.Errorf("answer %q, want status %s", got, tt.status)
				}
				heard := <-done
				failed := tt.cut != "" || tt.status != "200" && tt.status != "503"
				if len(done) != 0 || (heard != nil) != failed {
					t.Errorf("OnDone heard %v", heard)
				}
				out.Close()
			}
			if lines := strings.Count(log.String(), "\n"); !strings.Contains(log.String(), tt.logs) || (lines == 2) != (tt.logs != "") {
				t.Errorf("log %s, want %q in one line an answer", log.String(), tt.logs)
			}
		})
	}
}

// T82: a handler that gave up, before the first byte and after it.
func TestStreamAborts(t *testing.T) {
	t.Parallel()
	var log logged
	h := streaming(handler.Response{}, func(context.Context, io.Writer) error { panic(http.ErrAbortHandler) })
	if out, err := lambda.New(h, streamMode(&log)).Stream(t.Context(), []byte(restEvent(``))); err == nil || out != nil {
		t.Errorf("Stream = %v, %v; want a function error", out, err)
	}
	h = streaming(handler.Response{}, func(_ context.Context, w io.Writer) error {
		io.WriteString(w, "x")
		panic(http.ErrAbortHandler)
	})
	got, err := io.ReadAll(open(t, t.Context(), h, streamMode(&log), []byte(restEvent(``))))
	if err == nil || !bytes.HasSuffix(got, []byte("x")) || log.String() != "" {
		t.Errorf("%q, %v, log %s; want it cut off and no log", got, err, log.String())
	}
}

// STR-06: status and headers are sent with the first flush, and each write as it
// is made.
func TestStreamAsItComes(t *testing.T) {
	t.Parallel()
	step := make(chan struct{})
	h := streaming(handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}}, func(_ context.Context, w io.Writer) error {
		w.(http.Flusher).Flush()
		for _, s := range []string{"a", "b"} {
			<-step
			w.Write([]byte(s))
			w.(http.Flusher).Flush()
		}
		<-step
		return nil
	})
	var log logged
	out := open(t, t.Context(), h, streamMode(&log), []byte(restEvent(``)))
	buf := make([]byte, 512)
	for _, want := range []string{`{"statusCode":200,"multiValueHeaders":{"Content-Type":["text/plain"]}}` + nuls, "a", "b"} {
		n, err := out.Read(buf)
		if string(buf[:n]) != want || err != nil {
			t.Fatalf("Read = %q, %v, want %q", buf[:n], err, want)
		}
		step <- struct{}{}
	}
	if n, err := out.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("Read = %q, %v, want the end", buf[:n], err)
	}
}

// T201: the reader goes away, or the time is up: the writer unblocks, learns
// why, and nothing is left running.
func TestStreamUnblocks(t *testing.T) {
	t.Parallel()
	writeOn := func(_ context.Context, w io.Writer) error {
		for {
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return err
			}
		}
	}
	wait := func(ctx context.Context, w io.Writer) error {
		w.(http.Flusher).Flush()
		<-ctx.Done()
		return context.Cause(ctx)
	}
	for name, stream := range map[string]func(context.Context, io.Writer) error{"writes": writeOn, "waits": wait} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log logged
				out := open(t, t.Context(), streaming(handler.Response{}, stream), streamMode(&log), []byte(restEvent(``)))
				if _, err := out.Read(make([]byte, 10)); err != nil {
					t.Fatal(err)
				}
				out.Close()
				synctest.Wait()
				if !strings.Contains(log.String(), "the client has gone") || !strings.Contains(log.String(), `"level":"DEBUG"`) {
					t.Errorf("log %s", log.String())
				}
			})
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				var log logged
				out := open(t, ctx, streaming(handler.Response{}, stream), streamMode(&log), []byte(restEvent(``)))
				time.Sleep(2 * time.Second) // of the bubble: nobody reads
				if _, err := io.ReadAll(out); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Read after the deadline: %v", err)
				}
				synctest.Wait()
				if !strings.Contains(log.String(), "deadline exceeded") || !strings.Contains(log.String(), `"level":"ERROR"`) {
					t.Errorf("log %s", log.String())
				}
			})
		})
	}
}
