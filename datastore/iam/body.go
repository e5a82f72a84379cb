package iam

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// maxInMemory is the length of a body up to which a copy costs less than a
// second packet.
const maxInMemory = 64 << 10

// sendable is req with a body that net/http sends well. The SDK's, made of bytes
// in memory, is of a type of its own, which costs three things. The headers go
// out before it, in a packet of their own. It cannot be sent once more where
// net/http knows that nothing was sent. And if the answer comes before net/http
// is done with it, the SDK has closed it, its WriteTo answers io.EOF, and
// net/http takes that for a failure and gives the connection up.
// One with GetBody is not the SDK's.
func sendable(req *http.Request) (*http.Request, error) {
	if _, ok := req.Body.(io.WriterTo); !ok || req.GetBody != nil || req.Body == http.NoBody {
		return req, nil
	}
	own := req.WithContext(req.Context()) // a RoundTripper does not change requests
	if req.ContentLength <= 0 || req.ContentLength > maxInMemory {
		own.Body = struct{ io.ReadCloser }{req.Body} // without WriteTo
		return own, nil
	}
	defer req.Body.Close()
	body := make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, body); err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	own.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	own.Body = io.NopCloser(bytes.NewReader(body))
	return own, nil
}
