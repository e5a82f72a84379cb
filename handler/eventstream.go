package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"
)

// EventStream is a streamed answer of server-sent events, text/event-stream,
// which browsers read with EventSource. It is the Out of a typed function, or its
// body field:
//
//	func watch(ctx context.Context, in watching) (handler.EventStream, error) {
//		return func(yield func(handler.ServerEvent, error) bool) {
//			for {
//				select {
//				case <-ctx.Done():
//					return
//				case news := <-in.news:
//					if !yield(handler.ServerEvent{Event: "news", Data: news}, nil) {
//						return
//					}
//				}
//			}
//		}, nil
//	}
//
// The answer starts at once, with Cache-Control: no-cache unless a header field
// says otherwise, and each event is sent as soon as it is yielded. So an error
// always comes too late to be answered: it cuts the answer off, and the browser
// connects again. What can fail, the function does before it returns the stream.
// A browser that connects again names the last ID that it saw in the header
// Last-Event-ID.
//
// The iterator is told to stop (yield returns false) when the client is gone or
// ctx has ended; where it waits it must heed the ctx that the function was given.
// If it waits long, an event that has nothing but a Comment, once in a while,
// keeps what stands in between from closing the connection: a REST API does that
// after 5 minutes. nil is a stream without events.
//
// See https://html.spec.whatwg.org/multipage/server-sent-events.html
type EventStream iter.Seq2[ServerEvent, error]

// ServerEvent is one event of an [EventStream]. Fields that are zero are not
// sent; the zero event is a comment without text, a heartbeat.
type ServerEvent struct {
	// Event is the type of the event: the name that a browser's
	// addEventListener takes. "" means "message". It has no line break.
	Event string
	// ID that the client names when it connects again. It has no line break
	// and no NUL.
	ID string
	// Data is the text of the event. Its lines (LF, CR, or both) are sent as such
	// and reach the client joined by LF. An event without Data and without Event
	// is not dispatched by browsers: it sets what else it has.
	Data string
	// Retry is how long a client waits before it connects again, rounded up to
	// milliseconds. Not negative.
	Retry time.Duration
	// Comment is text that clients ignore.
	Comment string
}

const eventStreamType = "text/event-stream"

var eventStream = reflect.TypeFor[EventStream]()

// Append appends the event as it is sent, with the blank line that ends it. The
// error says which field is refused.
func (e *ServerEvent) Append(dst []byte) ([]byte, error) {
	switch {
	case strings.ContainsAny(e.Event, "\r\n"):
		return dst, errors.New("server-sent event: Event has a line break")
	case strings.ContainsAny(e.ID, "\r\n\x00"):
		return dst, errors.New("server-sent event: ID has a line break or a NUL")
	case e.Retry < 0:
		return dst, fmt.Errorf("server-sent event: Retry is %v; write 0 or more", e.Retry)
	}
	if e.Comment != "" || *e == (ServerEvent{}) {
		dst = appendEventLines(dst, "", e.Comment)
	}
	if e.Event != "" {
		dst = appendEventLine(dst, "event", e.Event)
	}
	if e.ID != "" {
		dst = appendEventLine(dst, "id", e.ID)
	}
	if e.Retry > 0 {
		ms := e.Retry.Milliseconds()
		if e.Retry%time.Millisecond > 0 {
			ms++
		}
		dst = appendEventLine(dst, "retry", strconv.FormatInt(ms, 10))
	}
	if e.Data != "" || e.Event != "" {
		dst = appendEventLines(dst, "data", e.Data)
	}
	return append(dst, '\n'), nil
}

// appendEventLines appends a field of several lines, the name before each.
func appendEventLines(dst []byte, name, text string) []byte {
	for {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return appendEventLine(dst, name, text)
		}
		dst = appendEventLine(dst, name, text[:i])
		if strings.HasPrefix(text[i:], "\r\n") {
			i++
		}
		text = text[i+1:]
	}
}

func appendEventLine(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, '\n')
}

// writeEvents leaves all events to the stream.
func (o *output) writeEvents(at unsafe.Pointer, resp *reply) error {
	events := *(*EventStream)(at)
	resp.setType(eventStreamType)
	resp.Header["Cache-Control"] = []string{"no-cache"}
	s := &eventWriter{events: events}
	resp.Stream = s.write
	resp.OnDone(func(error) { s.ended.Store(true) })
	return nil
}

type eventWriter struct {
	events EventStream
	taken  atomic.Bool
	ended  atomic.Bool
}

func (s *eventWriter) write(ctx context.Context, w io.Writer) error {
	if s.taken.Swap(true) {
		return errStreamTaken
	}
	if err := writeChunk(w, nil); err != nil || s.events == nil { // the header, at once
		return err
	}
	var text []byte
	for event, err := range s.events {
		if err == nil {
			err = streamOver(ctx, &s.ended)
		}
		if err == nil {
			text, err = event.Append(text[:0])
		}
		if err == nil {
			err = writeChunk(w, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	errStreamTaken = errors.New("handler: a stream was run twice, or after its response was done")
	errStreamEnded = errors.New("handler: the response of a stream was done before its end")
)

// streamOver is why a stream must not go on, nil if it may.
func streamOver(ctx context.Context, ended *atomic.Bool) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ended.Load():
		return errStreamEnded
	}
	return nil
}
