package local

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// limit is a size in bytes that a front door or Lambda does not exceed.
type limit struct {
	what   string
	max    int
	answer refusal // what the client gets
	page   string  // the AWS page that states it
}

// exceeded is what the log says of a request or an answer over the limit.
func (l *limit) exceeded() error { return &limitError{l} }

type limitError struct{ limit *limit }

func (e *limitError) Error() string {
	return fmt.Sprintf("%s over %d bytes; see %s", e.limit.what, e.limit.max, e.limit.page)
}

// refuse refuses the request of x for being over the limit.
func (l *limit) refuse(x *exchange) *refusal {
	x.err = l.exceeded()
	return &l.answer
}

// limitOutput is what Lambda takes as the answer of a synchronous invocation.
var limitOutput = limit{what: "answer", max: 6_291_556, page: lambdaLimits}

// maxEvent is what Lambda takes as the event of one.
const maxEvent = 6_291_456

const (
	gatewayLimits = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
	lambdaLimits  = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
)

// minTimeout is the shortest time that API Gateway waits for a function.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const minTimeout = 50 * time.Millisecond

// drain is how much of a refused body is still read, so that a client that
// writes before it reads sees the answer and not a broken connection.
const drain = 32 << 20

// urlSize is the size of the path and the query as sent.
func (x *exchange) urlSize() int {
	size := len(x.path)
	if x.URL.RawQuery != "" {
		size += 1 + len(x.URL.RawQuery)
	}
	return size
}

// valueSize is the size of all header values together.
func (x *exchange) valueSize() int {
	size := len(x.Host)
	for _, values := range x.Header {
		for _, v := range values {
			size += len(v)
		}
	}
	return size
}

// largestHeader is the size of the largest header line.
func (x *exchange) largestHeader() int {
	size := 0
	for name, values := range x.Header {
		for _, v := range values {
			size = max(size, len(name)+len(": ")+len(v))
		}
	}
	return size
}

// headSize is the size of the request line and all headers together.
func (x *exchange) headSize() int {
	size := len(x.Method) + x.urlSize() + len(x.Proto) + len("  \r\nHost: \r\n") + len(x.Host)
	for name, values := range x.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	return size
}

// within is the event, or how it is refused if it is over the limit.
func (x *exchange) within(event []byte, most *limit) ([]byte, *refusal) {
	if len(event) > most.max {
		return nil, most.refuse(x)
	}
	return event, nil
}

// readBody reads the body of x, or says how it is refused: as over the limit, or
// as broken.
func (x *exchange) readBody(most *limit, broken *refusal) *refusal {
	body, err := readBody(x.Request, most.max)
	switch {
	case err != nil:
		x.err = fmt.Errorf("read request body: %w", err)
		return broken
	case len(body) > most.max:
		return most.refuse(x)
	}
	x.body = body
	return nil
}

// readBody reads the body, or one byte more than the most if it is larger.
func readBody(r *http.Request, most int) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > 0 && r.ContentLength <= int64(most) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, err
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(most)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > most {
		// Whether the rest arrives does not change the answer.
		_, _ = io.CopyN(io.Discard, r.Body, drain)
	}
	return body, nil
}
