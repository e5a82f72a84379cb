package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Content is a body of a content type.
type Content struct {
	Type string // "image/png"; "" means application/octet-stream
	Data []byte
}

// Redirect is an answer that sends the client elsewhere.
type Redirect struct {
	Status int    // 301, 302, 303, 307 or 308; 0 means 303 See Other
	URL    string // absolute, or a path; percent-encoded
}

// output is the plan that makes a response of an Out.
type output struct {
	typ     reflect.Type
	status  int
	body    func(o *output, at unsafe.Pointer, resp *reply) error // nil for none
	bodyAt  uintptr
	media   string
	json    *schema.Type
	item    *schema.Type // of a NDJSON
	encoder *schema.Encoder
	room    atomic.Int64 // what the last body took
	parts   []part       // headers and cookies
	choice  uintptr      // offset of the status field
	chooses bool         // there is a status field
	direct  bool         // Out is a *Response
	streams bool         // the body can be a stream

	bodyType reflect.Type // of a NDJSON
}

var redirectType = reflect.TypeFor[Redirect]()

const anyType = "*/*"

// readOutput reads Out.
func readOutput(t reflect.Type, s settings) (*output, error) {
	o := &output{typ: t, status: s.status}
	if t == reflect.TypeFor[*Response]() {
		o.direct, o.media, o.streams = true, anyType, true
		return o, nil
	}
	var err error
	if t.Kind() == reflect.Struct && hasPart(t) {
		err = o.readParts(t, t.String(), 0, nil)
	} else {
		err = o.readBody(t, 0)
	}
	switch redirects := t == reflect.TypeFor[Redirect](); {
	case redirects && s.status != 0:
		err = errors.Join(err, errors.New("handler.Status: a Redirect carries its own status; drop the option"))
	case redirects:
		o.status = http.StatusSeeOther
	case o.status == 0 && o.body == nil:
		o.status = http.StatusNoContent
	case o.status == 0:
		o.status = http.StatusOK
	case (o.status == http.StatusNoContent || o.status == http.StatusResetContent) && o.body != nil:
		err = errors.Join(err, fmt.Errorf("handler.Status(%d): such an answer has no body, but %v is one; use struct{} as Out", o.status, t))
	}
	return o, err
}

// readBody makes a type at an offset the body.
func (o *output) readBody(t reflect.Type, offset uintptr) (err error) {
	o.bodyAt = offset
	if t.Kind() == reflect.Func && t.Implements(itemsType) {
		return o.readItems(t)
	}
	switch t {
	case empty:
	case bytesType:
		o.media, o.body = "application/octet-stream", (*output).writeBytes
	case readerType:
		o.media, o.body, o.streams = "application/octet-stream", (*output).writeReader, true
	case eventStream:
		o.media, o.body, o.streams = eventStreamType, (*output).writeEvents, true
	case reflect.TypeFor[Content]():
		o.media, o.body = anyType, (*output).writeContent
	case reflect.TypeFor[Redirect]():
		o.body = (*output).writeRedirect
	default:
		if t.Kind() == reflect.Func {
			return fmt.Errorf("%v is a function, which is no answer; for a stream return handler.NDJSON[T] or handler.EventStream", t)
		}
		o.media, o.body = jsonType, (*output).writeJSON
		if o.json, err = schema.ReadOutput(t); err == nil {
			o.encoder = schema.NewEncoder(o.json)
		}
	}
	return err
}

// respond makes the response of v, a *Out.
func (o *output) respond(v any) (*Response, error) {
	at := reflect.ValueOf(v).UnsafePointer()
	if o.direct {
		resp := *(**Response)(at)
		if resp == nil {
			return nil, errors.New("handler: the function returned a nil *Response and no error")
		}
		return resp, nil
	}
	resp := &reply{Response: Response{Status: o.status, Header: http.Header{}}}
	if o.chooses {
		if err := o.choose(*(*int)(unsafe.Add(at, o.choice)), &resp.Response); err != nil {
			return nil, err
		}
	}
	if o.body != nil && bodyAllowed(resp.Status) {
		if err := o.body(o, unsafe.Add(at, o.bodyAt), resp); err != nil {
			return nil, err
		}
	}
	for i := range o.parts {
		if err := o.parts[i].write(at, resp.Header); err != nil {
			return nil, err
		}
	}
	return &resp.Response, nil
}

// reply is a response being made, with room for what nearly all have.
type reply struct {
	Response
	room [1]string
}

// setType sets the content type.
func (r *reply) setType(contentType string) {
	r.room[0] = contentType
	r.Header["Content-Type"] = r.room[:]
}

// choose takes the status that the function has chosen.
func (o *output) choose(status int, resp *Response) error {
	if status == 0 {
		return nil
	}
	if status < 200 || status > 599 {
		return fmt.Errorf("handler: the function chose the status %d; must be 200 to 599", status)
	}
	resp.Status = status
	return nil
}

func (o *output) writeJSON(at unsafe.Pointer, resp *reply) (err error) {
	t := o.json.Go
	if t.Kind() == reflect.Pointer && *(*unsafe.Pointer)(at) == nil {
		if resp.Status == http.StatusOK {
			resp.Status = http.StatusNoContent
		}
		return nil
	}
	last := o.room.Load()
	resp.Body, err = o.encoder.Append(make([]byte, 0, min(last+64, 64<<10)), reflect.NewAt(t, at).Interface())
	if err != nil {
		return fmt.Errorf("encode %v: %w", o.typ, err)
	}
	if size := int64(len(resp.Body)); size != last {
		o.room.Store(size)
	}
	resp.setType(jsonType)
	return nil
}

func (o *output) writeBytes(at unsafe.Pointer, resp *reply) error {
	resp.Body = *(*[]byte)(at)
	resp.setType(o.media)
	return nil
}

func (o *output) writeReader(at unsafe.Pointer, resp *reply) error {
	r := *(*io.Reader)(at)
	if r == nil {
		return nil
	}
	resp.setType(o.media)
	resp.Stream = func(_ context.Context, w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	}
	if c, ok := r.(io.Closer); ok {
		resp.OnDone(func(error) { c.Close() })
	}
	return nil
}

func (o *output) writeContent(at unsafe.Pointer, resp *reply) error {
	c := (*Content)(at)
	if c.Type == "" {
		c.Type = "application/octet-stream"
	}
	if err := checkValue("Content-Type", c.Type); err != nil {
		return err
	}
	resp.Body = c.Data
	resp.setType(c.Type)
	return nil
}

func (o *output) writeRedirect(at unsafe.Pointer, resp *reply) error {
	r := (*Redirect)(at)
	switch r.Status {
	case 0:
	case 301, 302, 303, 307, 308:
		resp.Status = r.Status
	default:
		return fmt.Errorf("handler: redirect with the status %d; must be 301, 302, 303, 307 or 308", r.Status)
	}
	if r.URL == "" {
		return errors.New("handler: redirect without a URL")
	}
	if err := checkValue("Location", r.URL); err != nil {
		return err
	}
	resp.Header["Location"] = []string{r.URL}
	return nil
}
