package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// streamer is a door that can be in stream mode.
type streamer interface {
	// streams reports whether the answer to x is streamed.
	streams(x *exchange) bool
	// begin makes an answer of status and headers.
	begin(p *prelude) (*answer, error)
	// buffered makes an answer of what a function gave that does not stream.
	buffered(body io.ReadCloser) (*answer, error)
	// idle is how long the door waits for a byte.
	idle() time.Duration
}

// streamIdle is how long a regional or private REST API waits for the next byte.
// A function URL has no limit of its own.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html.
const streamIdle = 5 * time.Minute

// stream invokes the function and makes an answer of which the body is still to
// come.
func (g *Gateway) stream(x *exchange, event []byte, door streamer) (*answer, error) {
	if x.explained {
		x.event = event
	}
	body, err := x.function.stream(x.Context(), event, &x.ids, door.idle())
	if err != nil {
		return nil, err
	}
	a, err := streamedAnswer(body, door)
	switch {
	case body.broken != nil:
		_ = body.Close() // what is wrong is known already, here and below
		return nil, body.broken
	case err != nil:
		_ = body.Close()
		return nil, fmt.Errorf("function %s: malformed answer: %w", x.function.Name, err)
	case !hasBody(a.status):
		_ = body.Close() // nobody wants the rest
		a.stream = nil
		return a, nil
	}
	x.note("function "+x.function.Name, "streams its answer: status %d", a.status)
	return a, nil
}

func streamedAnswer(body *streamed, door streamer) (*answer, error) {
	if body.ContentType() != streamType {
		return door.buffered(body)
	}
	p, rest, err := readPrelude(body)
	if err != nil {
		return nil, err
	}
	body.ahead = rest
	a, err := door.begin(p)
	if err != nil {
		return nil, err
	}
	a.stream = body
	return a, nil
}

// pass sends the body as it comes. What ends it early is x.err; the client is
// told by a connection that breaks, unless it is the one who has gone.
func (a *answer) pass(w http.ResponseWriter, x *exchange) {
	defer a.stream.Close()
	control := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	err := flush(control) // status and headers
	for err == nil {
		var n int
		n, err = a.stream.Read(buf)
		if n > 0 {
			if _, failed := w.Write(buf[:n]); failed != nil {
				err = errClientGone
				break
			}
			if failed := flush(control); failed != nil {
				err = failed
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		x.err, x.cut = err, !errors.Is(err, errClientGone)
	}
}

// breakConnection does so by net/http's own word for it, the only way there is.
func breakConnection() { panic(http.ErrAbortHandler) }

// flush sends what was written. A writer that cannot do that sends it later.
func flush(control *http.ResponseController) error {
	if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errClientGone
	}
	return nil
}

func (d *restDoor) streams(x *exchange) bool {
	r := x.match.method.route
	return r != nil && r.Streams()
}

func (d *restDoor) idle() time.Duration { return streamIdle }

func (d *restDoor) begin(p *prelude) (*answer, error) {
	o := &restOutput{headers: p.headers, multi: p.multi}
	if len(p.cookies) > 0 {
		o.multi = append(o.multi, field{"Set-Cookie", p.cookies})
	}
	h, err := restHeader(o)
	return &answer{status: p.status, header: h}, err
}

// buffered: API Gateway cannot do with an answer that has no status and headers
// in front.
func (d *restDoor) buffered(io.ReadCloser) (*answer, error) {
	return nil, errors.New("answer: the route is in stream mode, and the function does not stream; see lambda.Options.Streams")
}

func (d *urlDoor) streams(*exchange) bool { return d.stream }

func (d *urlDoor) idle() time.Duration { return noWait }

func (d *urlDoor) begin(p *prelude) (*answer, error) {
	o := &output2{structured: true, headers: p.headers, cookies: p.cookies}
	h, err := d.answers.header(o)
	return &answer{status: p.status, header: h}, err
}

// urlUnstreamed is the content type of an answer without status and headers.
const urlUnstreamed = "application/octet-stream"

// buffered: the client gets the bytes that the function gave, with status 200.
// Those of a function that answers as for a URL in the mode BUFFERED are the JSON
// that was meant for Lambda.
func (d *urlDoor) buffered(body io.ReadCloser) (*answer, error) {
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {urlUnstreamed}}, stream: body}, nil
}

// unstreamed is the answer of a function that knows nothing of streams.
func unstreamed(answer []byte) Output { return whole{bytes.NewReader(answer)} }

type whole struct{ io.Reader }

func (whole) Close() error        { return nil }
func (whole) ContentType() string { return urlUnstreamed }
