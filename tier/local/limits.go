package local

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// limit is a size in bytes that API Gateway or Lambda does not exceed.
type limit struct {
	what   string
	max    int
	answer refusal // what the client gets
	page   string  // the AWS page that states it
}

// exceeded is what the log says of a request or an answer over the limit.
func (l *limit) exceeded() error {
	return fmt.Errorf("%s over %d bytes; see %s", l.what, l.max, l.page)
}

// The limits of a REST API and of a synchronous invocation.
var (
	limitBody    = limit{"request body", 10_485_760, bodyTooLarge, gatewayLimits}
	limitHeaders = limit{"header values", 10_240, headersTooLarge, gatewayLimits}
	limitURL     = limit{"URL", 10_240, urlTooLong, gatewayLimits}
	limitEvent   = limit{"event", 6_291_456, requestTooLong, lambdaLimits}
	limitOutput  = limit{"answer", 6_291_556, functionFailed, lambdaLimits}
)

const (
	gatewayLimits = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"
	lambdaLimits  = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
)

// The time the gateway waits for a function. Above the default a quota must be
// raised, which AWS does for regional and private APIs.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const (
	minTimeout     = 50 * time.Millisecond
	defaultTimeout = 29 * time.Second
)

// drain is how much of a refused body is still read, so that a client that
// writes before it reads sees the answer and not a broken connection.
const drain = 32 << 20

// read is the first step: the body of r, or how r is refused and why, if it is
// not within the limits.
func read(r *http.Request) ([]byte, *refusal, error) {
	switch {
	case urlSize(r) > limitURL.max:
		return nil, &limitURL.answer, limitURL.exceeded()
	case headerSize(r) > limitHeaders.max:
		return nil, &limitHeaders.answer, limitHeaders.exceeded()
	case strings.IndexByte(r.URL.RawQuery, '|') >= 0:
		return nil, &badRequest, errors.New("raw | in the query; send it as %7C")
	}
	body, err := readBody(r)
	switch {
	case err != nil:
		return nil, &badRequest, fmt.Errorf("read request body: %w", err)
	case len(body) > limitBody.max:
		return nil, &limitBody.answer, limitBody.exceeded()
	}
	return body, nil, nil
}

// urlSize is the size of the path and the query as sent.
func urlSize(r *http.Request) int {
	size := len(requestPath(r.URL))
	if r.URL.RawQuery != "" {
		size += 1 + len(r.URL.RawQuery)
	}
	return size
}

// headerSize is the size of all header values together.
func headerSize(r *http.Request) int {
	size := len(r.Host)
	for _, values := range r.Header {
		for _, v := range values {
			size += len(v)
		}
	}
	return size
}

// readBody reads the body, or one byte more than the limit of one that is too
// large.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > 0 && r.ContentLength <= int64(limitBody.max) {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, err
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limitBody.max)+1))
	if err != nil {
		return nil, err
	}
	if len(body) > limitBody.max {
		// Whether the rest arrives does not change the answer.
		_, _ = io.CopyN(io.Discard, r.Body, drain)
	}
	return body, nil
}
