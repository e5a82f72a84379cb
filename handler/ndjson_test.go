package handler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

type row struct {
	N    int      `json:"n"`
	Tags []string `json:"tags"`
}

// rows yields n rows and then fail, if there is one; stopped counts its ends.
func rows(n int, fail error, stopped *int) handler.NDJSON[row] {
	return func(yield func(row, error) bool) {
		defer func() { *stopped++ }()
		for i := range n {
			if !yield(row{N: i}, nil) {
				return
			}
		}
		if fail != nil {
			yield(row{}, fail)
		}
	}
}

// chunks keeps each write and fails from the one numbered fail on.
type chunks struct {
	got     []string
	flushed int
	fail    int // 0 for never
}

var errGone = errors.New("client gone")

func (c *chunks) Write(p []byte) (int, error) {
	if c.fail > 0 && len(c.got)+1 >= c.fail {
		return 0, errGone
	}
	c.got = append(c.got, string(p))
	return len(p), nil
}

func (c *chunks) Flush() { c.flushed++ }

func TestNDJSON(t *testing.T) {
	t.Parallel()
	broken := errors.New("cursor lost")
	for _, tt := range []struct {
		name   string
		items  func(stopped *int) handler.NDJSON[row]
		out    *chunks
		want   []string
		cut    error
		starts int // how often the iterator ended in all
	}{
		{"items", func(s *int) handler.NDJSON[row] { return rows(3, nil, s) }, &chunks{},
			[]string{`{"n":0,"tags":[]}` + "\n", `{"n":1,"tags":[]}` + "\n", `{"n":2,"tags":[]}` + "\n"}, nil, 1},
		{"none", func(s *int) handler.NDJSON[row] { return rows(0, nil, s) }, &chunks{}, nil, nil, 1},
		{"nil", func(*int) handler.NDJSON[row] { return nil }, &chunks{}, nil, nil, 0},
		{"an error after the first", func(s *int) handler.NDJSON[row] { return rows(1, broken, s) }, &chunks{},
			[]string{`{"n":0,"tags":[]}` + "\n"}, broken, 1},
		{"the client goes", func(s *int) handler.NDJSON[row] { return rows(1000, nil, s) }, &chunks{fail: 2},
			[]string{`{"n":0,"tags":[]}` + "\n"}, errGone, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stopped := 0
			resp, err := answer(t, tt.items(&stopped))
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/x-ndjson" || resp.Status != 200 {
				t.Errorf("answer %d %s", resp.Status, got)
			}
			if err := resp.Stream(t.Context(), tt.out); !errors.Is(err, tt.cut) {
				t.Errorf("Stream = %v, want %v", err, tt.cut)
			}
			resp.Done(tt.cut)
			if !slices.Equal(tt.out.got, tt.want) || tt.out.flushed != len(tt.want) {
				t.Errorf("writes %q, %d flushed; want %q, each flushed", tt.out.got, tt.out.flushed, tt.want)
			}
			if stopped != tt.starts {
				t.Errorf("the iterator ended %d times, want %d", stopped, tt.starts)
			}
			if err := resp.Stream(t.Context(), tt.out); err == nil {
				t.Error("the stream ran twice")
			}
		})
	}
}

// The first item is drawn before the answer starts: its error is one of the
// function.
func TestNDJSON_FirstError(t *testing.T) {
	t.Parallel()
	type odd struct {
		F float64 `json:"f"`
	}
	sold := errors.New("sold out")
	stopped := 0
	op := handler.New(func(context.Context, struct{}) (handler.NDJSON[row], error) { return rows(0, sold, &stopped), nil },
		handler.Errors(&handler.Error{Status: 409, Code: "sold_out", Err: sold}))
	if _, err := op.Handle(t.Context(), request("GET /")); handler.AsError(err).Code != "sold_out" || stopped != 1 {
		t.Errorf("Handle = %v, stopped %d; want the declared error and the iterator at its end", err, stopped)
	}
	nan := 0.0
	_, err := answer(t, handler.NDJSON[odd](func(yield func(odd, error) bool) { yield(odd{F: nan / nan}, nil) }))
	if err == nil || !strings.Contains(err.Error(), "encode handler_test.odd") {
		t.Errorf("an item without JSON: %v", err)
	}
	_, err = answer(t, handler.NDJSON[row](func(func(row, error) bool) { panic("hunter2") }))
	var p *handler.PanicError
	if !errors.As(err, &p) || !strings.Contains(string(p.Stack), "ndjson_test.go") {
		t.Errorf("a panic: %v, want a PanicError with the iterator's stack", err)
	}
}

// Nobody runs the stream, or it must not go on: the iterator is stopped.
func TestNDJSON_Stopped(t *testing.T) {
	t.Parallel()
	stopped := 0
	resp, err := answer(t, rows(5, nil, &stopped))
	if err != nil {
		t.Fatal(err)
	}
	resp.Done(nil)
	if stopped != 1 {
		t.Error("the iterator goes on after Done of a stream that did not run")
	}
	resp, err = answer(t, rows(5, nil, &stopped))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := resp.Stream(ctx, io.Discard); !errors.Is(err, context.Canceled) || stopped != 2 {
		t.Errorf("Stream of an ended context = %v, stopped %d", err, stopped)
	}
}

func TestNDJSON_InParts(t *testing.T) {
	t.Parallel()
	type out struct {
		Trace string              `header:"X-Trace"`
		Rows  handler.NDJSON[row] `body:""`
	}
	stopped := 0
	resp, err := answer(t, out{"t-1", rows(2, nil, &stopped)})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := resp.Stream(t.Context(), &b); err != nil || resp.Header.Get("X-Trace") != "t-1" || strings.Count(b.String(), "\n") != 2 {
		t.Errorf("%v, %v, %q", err, resp.Header, b.String())
	}
}

func TestStreamDescriptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		op      *handler.Operation
		media   string
		item    schema.Kind // 0 for none
		streams bool
	}{
		{declare[none, handler.NDJSON[row]](), "application/x-ndjson", schema.Object, true},
		{declare[none, handler.EventStream](), "text/event-stream", 0, true},
		{declare[none, io.Reader](), "application/octet-stream", 0, true},
		{declare[none, *handler.Response](), "*/*", 0, true},
		{declare[none, row](), "application/json", 0, false},
		{declare[none, []byte](), "application/octet-stream", 0, false},
		{declare[none, none](), "", 0, false},
	} {
		d, err := tt.op.Describe()
		if err != nil {
			t.Fatal(err)
		}
		kind := schema.Kind(0)
		if d.Output.Item != nil {
			kind = d.Output.Item.Kind
		}
		if d.Output.MediaType != tt.media || kind != tt.item || d.Output.Streams != tt.streams || d.Output.Type != nil && tt.item != 0 {
			t.Errorf("Describe = %+v, want %s, item %d, streams %v", d.Output, tt.media, tt.item, tt.streams)
		}
	}
	if err := declare[none, handler.NDJSON[chan int]]().Compile(nil); err == nil || !strings.Contains(err.Error(), "chan int has no JSON form") {
		t.Errorf("Compile = %v", err)
	}
	if err := declare[none, iter.Seq2[row, error]]().Compile(nil); err == nil || !strings.Contains(err.Error(), "for a stream return handler.NDJSON[T] or handler.EventStream") {
		t.Errorf("Compile of a bare iterator = %v", err)
	}
	if err := declare[none, handler.EventStream](handler.Status(204)).Compile(nil); err == nil {
		t.Error("a stream with status 204 is no error")
	}
}

func ExampleNDJSON() {
	type order struct {
		ID int `json:"id"`
	}
	export := func(context.Context, struct{}) (handler.NDJSON[order], error) {
		return func(yield func(order, error) bool) {
			for id := range 2 {
				if !yield(order{ID: id}, nil) {
					return
				}
			}
		}, nil
	}
	resp, err := handler.New(export).Handle(context.Background(), request("GET /orders"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(resp.Header.Get("Content-Type"))
	err = resp.Stream(context.Background(), os.Stdout)
	resp.Done(err)
	// Output:
	// application/x-ndjson
	// {"id":0}
	// {"id":1}
}

// BenchmarkNDJSON is one item of a stream.
func BenchmarkNDJSON(b *testing.B) {
	items := handler.NDJSON[row](func(yield func(row, error) bool) {
		for i := 0; yield(row{N: i}, nil) && i < b.N; i++ {
		}
	})
	op := handler.New(func(context.Context, struct{}) (handler.NDJSON[row], error) { return items, nil })
	resp, err := op.Handle(b.Context(), request("GET /"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	if err := resp.Stream(b.Context(), struct{ io.Writer }{io.Discard}); err != nil {
		b.Fatal(err)
	}
}

// Middleware of net/http around a stream sees each flush.
func TestNDJSON_ThroughBridge(t *testing.T) {
	t.Parallel()
	stopped := 0
	op := handler.New(func(context.Context, struct{}) (handler.NDJSON[row], error) { return rows(3, nil, &stopped), nil })
	h := handler.FromHTTPMiddleware(func(next http.Handler) http.Handler { return next })(op)
	s := serve(t, h, nil)
	resp, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || strings.Count(string(body), "\n") != 3 || stopped != 1 {
		t.Errorf("body %q, %v, stopped %d", body, err, stopped)
	}
}
