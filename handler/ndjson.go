package handler

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// NDJSON is a streamed answer of JSON values, one a line, of content type
// application/x-ndjson. It is the Out of a typed function, or its body field:
//
//	func export(ctx context.Context, in filter) (handler.NDJSON[Order], error) {
//		return func(yield func(Order, error) bool) {
//			for order, err := range all(ctx, in) {
//				if !yield(order, err) {
//					return
//				}
//			}
//		}, nil
//	}
//
// Each item is sent as soon as it is yielded. The first one is drawn before the
// answer starts, so an error in its place is answered as an error that the
// function returns. A later error, or an item that has no JSON form, cuts the
// answer off, so that the client can tell: the document lacks its end.
//
// The iterator runs within the invocation and is told to stop (yield returns
// false) when the client is gone, when ctx has ended or when nobody wants the
// body, so what it opened it can close with defer. Where it waits it must heed
// the ctx that the function was given. nil is an answer without items.
//
// See https://github.com/ndjson/ndjson-spec
type NDJSON[T any] iter.Seq2[T, error]

const ndjsonType = "application/x-ndjson"

// items is a [NDJSON] of any type.
type items interface {
	itemType() reflect.Type
	// lines starts the iterator. next appends the next item as a line and
	// reports whether there was one; stop ends the iterator.
	lines(enc *schema.Encoder) (next func(dst []byte) (line []byte, more bool, err error), stop func())
}

var itemsType = reflect.TypeFor[items]()

func (s NDJSON[T]) itemType() reflect.Type { return reflect.TypeFor[T]() }

func (s NDJSON[T]) lines(enc *schema.Encoder) (next func([]byte) ([]byte, bool, error), stop func()) {
	// A panic passes from one goroutine to another in iter.Pull2, and its stack
	// would be lost; as an error it keeps it.
	var panicked *PanicError
	pull, stop := iter.Pull2(func(yield func(T, error) bool) {
		defer func() {
			if v := recover(); v != nil {
				panicked = caught(v)
			}
		}()
		if s != nil {
			s(yield)
		}
	})
	var item T // one allocation for all items
	return func(dst []byte) ([]byte, bool, error) {
		var err error
		var more bool
		item, err, more = pull()
		switch {
		case panicked != nil:
			return dst, false, panicked
		case !more || err != nil:
			return dst, false, err
		}
		if dst, err = enc.Append(dst, &item); err != nil {
			return dst, false, fmt.Errorf("encode %T: %w", item, err)
		}
		return append(dst, '\n'), true, nil
	}, stop
}

// readItems makes a NDJSON type the body.
func (o *output) readItems(t reflect.Type) (err error) {
	o.media, o.streams, o.body = ndjsonType, true, (*output).writeItems
	if o.item, err = schema.ReadOutput(reflect.Zero(t).Interface().(items).itemType()); err == nil {
		o.encoder = schema.NewEncoder(o.item)
	}
	o.bodyType = t
	return err
}

// writeItems draws the first item and leaves the others to the stream.
func (o *output) writeItems(at unsafe.Pointer, resp *reply) error {
	next, stop := reflect.NewAt(o.bodyType, at).Elem().Interface().(items).lines(o.encoder)
	s := &itemStream{next: next, stop: stop}
	var err error
	if s.line, s.more, err = next(nil); err != nil {
		stop()
		return err
	}
	resp.setType(ndjsonType)
	resp.Stream = s.write
	resp.OnDone(func(error) { s.end() })
	return nil
}

// itemStream is a NDJSON of which the first line was drawn.
type itemStream struct {
	next  func([]byte) ([]byte, bool, error)
	stop  func()
	line  []byte
	more  bool
	taken atomic.Bool // by write or by end, whichever comes first
	ended atomic.Bool
}

func (s *itemStream) write(ctx context.Context, w io.Writer) (err error) {
	if s.taken.Swap(true) {
		return errStreamTaken
	}
	defer s.stop()
	for s.more && err == nil {
		if err = streamOver(ctx, &s.ended); err != nil {
			break
		}
		if err = writeChunk(w, s.line); err == nil {
			s.line, s.more, err = s.next(s.line[:0])
		}
	}
	return err
}

// end stops an iterator of which nobody wants the rest. One that is being
// written stops itself.
func (s *itemStream) end() {
	s.ended.Store(true)
	if !s.taken.Swap(true) {
		s.stop()
	}
}

// writeChunk writes what the client is to have at once.
func writeChunk(w io.Writer, p []byte) error {
	if _, err := w.Write(p); err != nil {
		return err
	}
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}
