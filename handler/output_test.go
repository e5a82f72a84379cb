package handler_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// answer is what a function that returns out answers.
func answer[Out any](t *testing.T, out Out, opts ...handler.Option) (*handler.Response, error) {
	t.Helper()
	op := handler.New(func(context.Context, struct{}) (Out, error) { return out, nil }, opts...)
	if err := op.Compile(nil); err != nil {
		t.Fatal(err)
	}
	return op.Handle(t.Context(), request("GET /"))
}

type shown struct {
	Name  string           `json:"name"`
	Nums  []int            `json:"nums"`
	Map   map[string]int   `json:"map"`
	Wait  time.Duration    `json:"wait"`
	Bytes [2]byte          `json:"bytes"`
	Zero  int              `json:"zero,omitempty"`
	Quote int64            `json:"quote,string"`
	Any   map[string]error `json:"any,omitempty"`
}

type tagged struct {
	Code     int            `status:""`
	ETag     string         `header:"etag"`
	Modified time.Time      `header:"Last-Modified"`
	Age      *int           `header:"Age"`
	Link     []string       `header:"Link"`
	SID      http.Cookie    `cookie:""`
	More     []*http.Cookie `cookie:""`
	Body     *shown         `body:""`
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	age := 7
	jsonOf := func(extra http.Header) http.Header {
		h := http.Header{"Content-Type": {"application/json"}}
		for k, v := range extra {
			h[k] = v
		}
		return h
	}
	tests := []struct {
		name   string
		give   func(*testing.T) (*handler.Response, error)
		status int
		header http.Header
		body   string
	}{
		{"nothing", func(t *testing.T) (*handler.Response, error) { return answer(t, struct{}{}) }, 204, http.Header{}, ""},
		{"json", func(t *testing.T) (*handler.Response, error) {
			return answer(t, shown{Name: "<é\xff>", Map: map[string]int{"b": 1, "a": 2}, Wait: 5}, handler.Status(201))
		}, 201, jsonOf(nil), `{"name":"<é` + "\ufffd" + `>","nums":[],"map":{"a":2,"b":1},"wait":5,"bytes":[0,0],"quote":"0"}`},
		{"nil pointer", func(t *testing.T) (*handler.Response, error) { return answer[*shown](t, nil) }, 204, http.Header{}, ""},
		{"list", func(t *testing.T) (*handler.Response, error) { return answer[[]int](t, nil) }, 200, jsonOf(nil), "[]"},
		{"text", func(t *testing.T) (*handler.Response, error) { return answer(t, "a") }, 200, jsonOf(nil), `"a"`},
		{"bytes", func(t *testing.T) (*handler.Response, error) { return answer(t, []byte("a")) }, 200, http.Header{"Content-Type": {"application/octet-stream"}}, "a"},
		{"content", func(t *testing.T) (*handler.Response, error) {
			return answer(t, handler.Content{Type: "text/css", Data: []byte("b{}")})
		}, 200, http.Header{"Content-Type": {"text/css"}}, "b{}"},
		{"redirect", func(t *testing.T) (*handler.Response, error) { return answer(t, handler.Redirect{URL: "/a"}) }, 303, http.Header{"Location": {"/a"}}, ""},
		{"redirect for good", func(t *testing.T) (*handler.Response, error) {
			return answer(t, handler.Redirect{Status: 308, URL: "/a"})
		}, 308, http.Header{"Location": {"/a"}}, ""},
		{"response", func(t *testing.T) (*handler.Response, error) {
			return answer(t, &handler.Response{Status: 299, Body: []byte("x")})
		}, 299, nil, "x"},
		{"parts", func(t *testing.T) (*handler.Response, error) {
			return answer(t, tagged{Code: 202, ETag: `"1"`, Modified: time.Unix(0, 0), Age: &age, Link: []string{"a", "b"},
				SID: http.Cookie{Name: "s", Value: "v", HttpOnly: true}, More: []*http.Cookie{nil, {Name: "t", Value: "w"}}, Body: &shown{}})
		}, 202, jsonOf(http.Header{"Etag": {`"1"`}, "Last-Modified": {"Thu, 01 Jan 1970 00:00:00 GMT"}, "Age": {"7"}, "Link": {"a", "b"},
			"Set-Cookie": {"s=v; HttpOnly", "t=w"}}), `{"name":"","nums":[],"map":{},"wait":0,"bytes":[0,0],"quote":"0"}`},
		{"no parts", func(t *testing.T) (*handler.Response, error) { return answer(t, tagged{}) }, 204, http.Header{}, ""},
		{"not modified", func(t *testing.T) (*handler.Response, error) {
			return answer(t, tagged{Code: 304, ETag: "x", Body: &shown{}})
		}, 304, http.Header{"Etag": {"x"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := tt.give(t)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode() != tt.status || string(resp.Body) != tt.body {
				t.Errorf("answer = %d %s, want %d %s", resp.StatusCode(), resp.Body, tt.status, tt.body)
			}
			if diff := cmp.Diff(tt.header, resp.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutputsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T) (*handler.Response, error){
		"header injection":   func(t *testing.T) (*handler.Response, error) { return answer(t, tagged{ETag: "a\r\nb: c"}) },
		"list injection":     func(t *testing.T) (*handler.Response, error) { return answer(t, tagged{Link: []string{"a", "\n"}}) },
		"redirect injection": func(t *testing.T) (*handler.Response, error) { return answer(t, handler.Redirect{URL: "/\r\na"}) },
		"type injection":     func(t *testing.T) (*handler.Response, error) { return answer(t, handler.Content{Type: "a\n"}) },
		"cookie injection": func(t *testing.T) (*handler.Response, error) {
			return answer(t, tagged{SID: http.Cookie{Name: "a", Value: "b; Domain=x\n"}})
		},
		"redirect to nowhere": func(t *testing.T) (*handler.Response, error) { return answer(t, handler.Redirect{}) },
		"redirect with 200": func(t *testing.T) (*handler.Response, error) {
			return answer(t, handler.Redirect{Status: 200, URL: "/"})
		},
		"status 99":           func(t *testing.T) (*handler.Response, error) { return answer(t, tagged{Code: 99}) },
		"nil response":        func(t *testing.T) (*handler.Response, error) { return answer[*handler.Response](t, nil) },
		"not a JSON number":   func(t *testing.T) (*handler.Response, error) { return answer(t, math.NaN()) },
		"unencodable dynamic": func(t *testing.T) (*handler.Response, error) { return answer[any](t, func() {}) },
	}
	for name, give := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if resp, err := give(t); err == nil || handler.AsError(err).StatusCode() != 500 {
				t.Errorf("answer = %+v, %v; want an error of status 500", resp, err)
			}
		})
	}
}

// closing tells whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return errors.New("nobody asks")
}

func TestStreamedOutput(t *testing.T) {
	t.Parallel()
	c := &closing{Reader: bytes.NewReader([]byte("abc"))}
	type out struct {
		Type string    `header:"Content-Type"`
		Body io.Reader `body:""`
	}
	resp, err := answer(t, out{"text/plain", c})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := resp.Stream(t.Context(), &got); err != nil || got.String() != "abc" || c.closed {
		t.Errorf("streamed %q, %v, closed %v", got.String(), err, c.closed)
	}
	if resp.Done(nil); !c.closed || resp.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("closed %v, header %v", c.closed, resp.Header)
	}
}
