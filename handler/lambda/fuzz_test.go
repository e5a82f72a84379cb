package lambda_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// echo answers with all that it was asked, and puts what the client chose into
// every part of the answer.
var echo = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	h := http.Header{"X-Path": {req.Path()}, "Set-Cookie": {"path=" + req.Path(), "b=2"}}
	for name, values := range req.Headers() {
		h[name] = append(h[name], values...)
	}
	req.Query("a")
	if c := req.Connection(); c.ID != "" && req.Facts().FrontDoor != "websocket" {
		return nil, fmt.Errorf("a connection %v of another front door", c)
	}
	if s := look(req); s.Caller.HasScope("admin") || s.Caller.InGroup("admin") {
		h["X-Admin"] = []string{s.Caller.ID}
	}
	return &handler.Response{Header: h, Body: body}, nil
})

// FuzzInvoke: no payload makes the doorway panic, answer what is not JSON, or
// see a path that is not percent-encoded; what it cannot read encoding/json
// cannot read either, or it is no event.
func FuzzInvoke(f *testing.F) {
	for _, pattern := range []string{"testdata/*.json", "testdata/unserved/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, event := range []string{restEvent(``), httpEvent(``), urlEvent(``), albEvent(``), albMultiEvent(``), latticeEvent(``), latticeV1Event(``), `{"foo":1}`, `[]`} {
		f.Add([]byte(event))
	}
	d := lambda.New(echo, socketOptions(echo))
	f.Fuzz(func(t *testing.T, payload []byte) {
		out, err := d.Invoke(t.Context(), payload)
		if err != nil {
			if out != nil || len(err.Error()) > 2000 {
				t.Fatalf("Invoke = %s, %v", out, err)
			}
			return
		}
		if !json.Valid(payload) {
			t.Fatalf("took %q, which is not JSON", payload)
		}
		if _, err := handlertest.ReadAnswer(out); err != nil {
			t.Fatalf("answer: %v", err)
		}
	})
}

// FuzzDoors: what a client sends arrives the same through every front door that
// can carry it.
func FuzzDoors(f *testing.F) {
	f.Add("/orders/a%2Fb", "x=1&y=a%2Cb", "text", []byte("body"))
	f.Add("//evil.example/x", "", "", []byte{0, 0xff})
	f.Add("/é %", "a=b=c&&", "a, b", []byte("\"\\\n"))
	f.Fuzz(func(t *testing.T, path, query, header string, body []byte) {
		req := handlertest.Request("POST", "/"+path, handlertest.Header("X-Fuzz", header), handlertest.Body("text/plain", body))

		for _, ev := range handlertest.Events(req.WithRawQuery(query)) {
			var got *handler.Request
			h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
				got = req
				return &handler.Response{Body: body}, nil
			})
			out, err := lambda.New(h, quiet()).Invoke(t.Context(), ev.Payload)
			if err != nil {
				t.Fatalf("%s: Invoke(%s): %v", ev.Door, ev.Payload, err)
			}
			answer, err := handlertest.ReadAnswer(out)
			if err != nil || string(answer.Body) != string(body) {
				t.Fatalf("%s: answer %s, %v, want body %q", ev.Door, out, err, body)
			}
			gotBody, err := got.Body()
			if err != nil || string(gotBody) != string(body) {
				t.Fatalf("%s: body %q, %v, want %q", ev.Door, gotBody, err, body)
			}
			want := []string{string([]rune(header))} // JSON carries UTF-8 only
			if got := got.HeaderValues("X-Fuzz"); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: header %q, want %q", ev.Door, got, want)
			}
			exact := ev.Door == "http" || ev.Door == "url" || ev.Door == "lattice" || ev.Door == "lattice-v1"
			if sent := string([]rune(query)); exact && got.RawQuery() != sent {
				t.Fatalf("%s: query %q, want %q", ev.Door, got.RawQuery(), sent)
			}
			if got.Path()[0] != '/' {
				t.Fatalf("%s: path %q", ev.Door, got.Path())
			}
		}
	})
}
