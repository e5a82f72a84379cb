package lambda

import (
	"bytes"
	"errors"
	"io"
)

// StreamType is the content type of a streamed answer at the Runtime API: a JSON
// object with status and headers, eight NUL bytes, and the body as it comes.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
const StreamType = "application/vnd.awslambda.http-integration-response"

// bufferedType is what aws-lambda-go says of the bytes of an answer.
const bufferedType = "application/octet-stream"

// Output is what a [Doorway] answers to one event, as it comes. Read gives what
// the Runtime API is to be sent: of a streamed answer ([StreamType]) status and
// headers first; of another the bytes of [Doorway.Invoke]. An error of Read that
// is not io.EOF cuts the answer off. Who reads must close it; Close may be called
// while Read waits, which then ends, and tells a handler that still writes to
// stop.
type Output struct {
	reader      io.Reader
	contentType string
	close       func() // nil for one that is whole
}

var _ io.ReadCloser = (*Output)(nil)

// Read reads what has come.
func (o *Output) Read(p []byte) (int, error) { return o.reader.Read(p) }

// ContentType is [StreamType] for a streamed answer.
func (o *Output) ContentType() string { return o.contentType }

// Close ends the answer. Its error is always nil.
func (o *Output) Close() error {
	if o.close != nil {
		o.close()
	}
	return nil
}

func whole(contentType string, out []byte) *Output {
	return &Output{reader: bytes.NewReader(out), contentType: contentType}
}

// errGone is what a handler learns that writes on when nobody reads any more.
var errGone = errors.New("lambda: the answer was closed before its end: the client has gone")
