package handler_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func TestServerEvent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		event handler.ServerEvent
		want  string // "" for an error
	}{
		{"data", handler.ServerEvent{Data: "a"}, "data: a\n\n"},
		{"all", handler.ServerEvent{Event: "e", ID: "7", Data: "a", Retry: 1500 * time.Millisecond, Comment: "c"},
			": c\nevent: e\nid: 7\nretry: 1500\ndata: a\n\n"},
		{"lines", handler.ServerEvent{Data: "a\nb\r\nc\rd\n"}, "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"},
		{"a line that looks like a field", handler.ServerEvent{Data: "a\n\nid: 9", Comment: "x\nevent: y"},
			": x\n: event: y\ndata: a\ndata: \ndata: id: 9\n\n"},
		{"a space in front", handler.ServerEvent{Data: " a"}, "data:  a\n\n"},
		{"a type without data is dispatched", handler.ServerEvent{Event: "ping"}, "event: ping\ndata: \n\n"},
		{"an id alone is not", handler.ServerEvent{ID: "7"}, "id: 7\n\n"},
		{"heartbeat", handler.ServerEvent{}, ": \n\n"},
		{"less than a millisecond", handler.ServerEvent{Retry: 1}, "retry: 1\n\n"},
		{"a line break in the type", handler.ServerEvent{Event: "a\nid: 9"}, ""},
		{"a line break in the id", handler.ServerEvent{ID: "a\rb"}, ""},
		{"a NUL in the id", handler.ServerEvent{ID: "a\x00"}, ""},
		{"negative", handler.ServerEvent{Retry: -1}, ""},
	} {
		got, err := tt.event.Append(nil)
		if string(got) != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: Append = %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// dispatched is one event as a browser dispatches it.
type dispatched struct{ event, id, data string }

// parseEvents reads a stream as the standard says.
func parseEvents(text string) []dispatched {
	var all []dispatched
	var now dispatched
	data := []string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line := lines.Text()
		if line == "" {
			if len(data) > 0 {
				now.data = strings.Join(data, "\n")
				all = append(all, now)
			}
			now, data = dispatched{id: now.id}, data[:0]
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			now.event = value
		case "id":
			now.id = value
		case "data":
			data = append(data, value)
		}
	}
	return all
}

// FuzzServerEvent: whatever an event holds, a client reads that one event.
func FuzzServerEvent(f *testing.F) {
	f.Add("news", "7", "a\nb", "hello")
	f.Add("", "", "\r\n\r", "\ndata: forged\n\n")
	f.Fuzz(func(t *testing.T, event, id, data, comment string) {
		e := handler.ServerEvent{Event: event, ID: id, Data: data, Comment: comment}
		text, err := e.Append(nil)
		if err != nil {
			return
		}
		want := []dispatched{{event, id, strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")}}
		if data == "" && event == "" {
			want = nil
		}
		if got := parseEvents(string(text)); !slices.Equal(got, want) {
			t.Errorf("%+v is sent as %q and read as %q, want %q", e, text, got, want)
		}
	})
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("feed lost")
	for _, tt := range []struct {
		name   string
		events []handler.ServerEvent
		fail   error
		out    *chunks
		want   []string
		cut    string
	}{
		{"events", []handler.ServerEvent{{Data: "a"}, {}, {Data: "b"}}, nil, &chunks{}, []string{"", "data: a\n\n", ": \n\n", "data: b\n\n"}, ""},
		{"none", nil, nil, &chunks{}, []string{""}, ""},
		{"an error", nil, broken, &chunks{}, []string{""}, "feed lost"},
		{"a refused event", []handler.ServerEvent{{ID: "\n"}}, nil, &chunks{}, []string{""}, "line break"},
		{"the client goes", []handler.ServerEvent{{Data: "a"}, {Data: "b"}}, nil, &chunks{fail: 3}, []string{"", "data: a\n\n"}, "client gone"},
		{"the client is gone", []handler.ServerEvent{{Data: "a"}}, nil, &chunks{fail: 1}, nil, "client gone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stopped := tt.name == "the client is gone" // its iterator never starts
			resp, err := answer(t, handler.EventStream(func(yield func(handler.ServerEvent, error) bool) {
				defer func() { stopped = true }()
				for _, e := range tt.events {
					if !yield(e, nil) {
						return
					}
				}
				if tt.fail != nil {
					yield(handler.ServerEvent{}, tt.fail)
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			if resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("header %v", resp.Header)
			}
			err = resp.Stream(t.Context(), tt.out)
			if tt.cut == "" && err != nil || tt.cut != "" && (err == nil || !strings.Contains(err.Error(), tt.cut)) {
				t.Errorf("Stream = %v, want %q", err, tt.cut)
			}
			if !slices.Equal(tt.out.got, tt.want) || tt.out.flushed != len(tt.want) || !stopped {
				t.Errorf("writes %q, %d flushed, stopped %v; want %q", tt.out.got, tt.out.flushed, stopped, tt.want)
			}
			resp.Done(err)
			if resp.Stream(t.Context(), tt.out) == nil {
				t.Error("the stream ran twice")
			}
		})
	}
}

func TestEventStream_Ends(t *testing.T) {
	t.Parallel()
	endless := handler.EventStream(func(yield func(handler.ServerEvent, error) bool) {
		for yield(handler.ServerEvent{}, nil) {
		}
	})
	resp, err := answer(t, endless)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := resp.Stream(ctx, &chunks{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Stream of an ended context = %v", err)
	}
	if resp, err = answer[handler.EventStream](t, nil); err != nil {
		t.Fatal(err)
	}
	if err := resp.Stream(t.Context(), &chunks{}); err != nil {
		t.Errorf("nil stream: %v", err)
	}
}

func TestEventStream_InParts(t *testing.T) {
	t.Parallel()
	type out struct {
		Cache  string              `header:"Cache-Control"`
		Events handler.EventStream `body:""`
	}
	for cache, want := range map[string]string{"": "no-cache", "no-store": "no-store"} {
		resp, err := answer(t, out{Cache: cache})
		if err != nil || resp.Header.Get("Cache-Control") != want || resp.Stream == nil {
			t.Errorf("%v, %v, want Cache-Control: %s", resp.Header, err, want)
		}
	}
}

func ExampleEventStream() {
	watch := func(context.Context, struct{}) (handler.EventStream, error) {
		return func(yield func(handler.ServerEvent, error) bool) {
			for _, e := range []handler.ServerEvent{{Comment: "hello"}, {Event: "sold", ID: "7", Data: "gear-24"}} {
				if !yield(e, nil) {
					return
				}
			}
		}, nil
	}
	resp, err := handler.New(watch).Handle(context.Background(), request("GET /sales"))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = resp.Stream(context.Background(), os.Stdout)
	resp.Done(err)
	// Output:
	// : hello
	//
	// event: sold
	// id: 7
	// data: gear-24
}

func ExampleServerEvent_Append() {
	text, err := (&handler.ServerEvent{Event: "sold", Data: "gear-24\ngear-25"}).Append(nil)
	fmt.Printf("%s%v", text, err)
	// Output:
	// event: sold
	// data: gear-24
	// data: gear-25
	//
	// <nil>
}
