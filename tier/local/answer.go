package local

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"golang.org/x/net/http/httpguts"
)

// answer is what the client gets.
type answer struct {
	status  int
	header  http.Header // names as the client gets to see them
	body    []byte
	stream  io.ReadCloser // the body as it comes, nil if it is body
	invoked bool          // the function gave it, not the front door
	// refused, if it is not nil, is an error of a REST API that its gateway
	// responses can customise.
	refused *refusal
}

// errEncoding is a body that says it is base64 and is not.
var errEncoding = errors.New("body: not base64")

// decoded is a body that says it is base64.
func decoded(body []byte) ([]byte, error) {
	plain, err := base64.StdEncoding.AppendDecode(nil, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errEncoding, err)
	}
	return plain, nil
}

// checkHeader reports why a header of a function cannot be sent.
func checkHeader(name string, values []string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("header %q: not a header name", name)
	}
	for _, v := range values {
		if !httpguts.ValidHeaderFieldValue(v) {
			return fmt.Errorf("header %s: control character in value %q", name, v)
		}
	}
	return nil
}

// hopByHop reports whether a header, under its canonical name, is about the
// connection and not about the message, or a length that is computed anyway.
func hopByHop(canonical string) bool {
	switch canonical {
	case "Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return false
}

// sendable are the headers of a function's answer, the connection's and the
// front door's own aside, with a content type.
func sendable(fields []field, contentType string, own func(canonical string) bool) (http.Header, error) {
	h := make(http.Header, len(fields)+3)
	for _, f := range fields {
		if err := checkHeader(f.name, f.values); err != nil {
			return nil, err
		}
		name := http.CanonicalHeaderKey(f.name)
		if len(f.values) > 0 && !hopByHop(name) && !own(name) {
			h[name] = append(h[name], f.values...)
		}
	}
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = []string{contentType}
	}
	return h, nil
}

// write sends a. What fails here is the connection, of which nobody is left to
// be told.
func (a *answer) write(w http.ResponseWriter, x *exchange, door steps) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	door.sign(h, x, a)
	if hasBody(a.status) && a.stream == nil {
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	w.WriteHeader(a.status)
	if a.stream != nil {
		a.pass(w, x)
		return
	}
	if hasBody(a.status) && len(a.body) > 0 {
		_, _ = w.Write(a.body)
	}
}

// hasBody reports whether an answer of that status may have a body.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
