package local

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"
)

// answer is what the gateway sends to the client.
type answer struct {
	status int
	header http.Header // names as the client gets to see them
	body   []byte
	trace  string // X-Amzn-Trace-Id; "" on what the gateway answers itself
}

// errEncoding is a body that says it is base64 and is not.
var errEncoding = errors.New("body: not base64")

// newAnswer makes an answer of a function's output. The first media type of
// accept decides whether a base64 body is decoded.
func newAnswer(o *output, binary mediaTypes, accept string) (*answer, error) {
	header, err := answerHeader(o)
	if err != nil {
		return nil, err
	}
	a := &answer{status: o.status, header: header, body: o.body}
	if o.base64 && binary.fit(accept) {
		if a.body, err = base64.StdEncoding.DecodeString(string(o.body)); err != nil {
			return nil, fmt.Errorf("%w: %v", errEncoding, err)
		}
	}
	return a, nil
}

// answerHeader joins the two maps of an answer: values of multiValueHeaders
// first, in its spelling; a pair that is in both is sent once.
func answerHeader(o *output) (http.Header, error) {
	// The keys are canonical until all spellings are known.
	h := make(http.Header, len(o.headers)+len(o.multi)+1)
	var spelled map[string]string
	for i, f := range slices.Concat(o.multi, o.headers) {
		name, keep, err := answerName(f.name)
		if err != nil {
			return nil, err
		}
		if !keep || len(f.values) == 0 {
			continue
		}
		canonical := http.CanonicalHeaderKey(name)
		if _, known := h[canonical]; !known && canonical != name {
			if spelled == nil {
				spelled = map[string]string{}
			}
			spelled[canonical] = name
		}
		for _, v := range f.values {
			if !httpguts.ValidHeaderFieldValue(v) {
				return nil, fmt.Errorf("header %s: control character in value %q", name, v)
			}
			if i < len(o.multi) || !slices.Contains(h[canonical], v) {
				h[canonical] = append(h[canonical], v)
			}
		}
	}
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = []string{jsonType}
	}
	for canonical, name := range spelled {
		h[name] = h[canonical]
		delete(h, canonical)
	}
	return h, nil
}

// answerName is the name under which the client gets a header of a function,
// and whether it does at all.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func answerName(name string) (sent string, keep bool, err error) {
	if !httpguts.ValidHeaderFieldName(name) {
		return "", false, fmt.Errorf("header %q: not a header name", name)
	}
	switch canonical := http.CanonicalHeaderKey(name); canonical {
	case "Connection", "Content-Length", "Date", "Server":
		return "x-amzn-Remapped-" + canonical, true, nil
	case "Transfer-Encoding":
		return "", false, nil
	case "Trailer":
		// It would announce what no answer of a function can have.
		return "", false, nil
	case "X-Amzn-Requestid", "X-Amz-Apigw-Id", "X-Amzn-Trace-Id":
		return "", false, nil // the gateway's own
	case "Content-Type":
		// The one name that decides something on the way out, so in the one
		// spelling that net/http knows.
		return canonical, true, nil
	}
	return name, true, nil
}

// failed is the answer to a request whose function did not give one.
func failed(err error) *refusal {
	switch {
	case errors.Is(err, errGatewayTimeout):
		return &timedOut
	case errors.Is(err, ErrNotInvoked), errors.Is(err, errEncoding):
		return &notInvoked
	}
	return &functionFailed
}

// write sends a. What fails here is the connection, of which nobody is left to
// be told.
func (a *answer) write(w http.ResponseWriter, ids *identifiers) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	own := [...]string{ids.request, ids.extended, a.trace, ""}
	h["x-amzn-RequestId"] = own[0:1:1]
	h["x-amz-apigw-id"] = own[1:2:2]
	if a.trace != "" {
		h["X-Amzn-Trace-Id"] = own[2:3:3]
	}
	if hasBody(a.status) {
		own[3] = strconv.Itoa(len(a.body))
		h["Content-Length"] = own[3:4:4]
	}
	w.WriteHeader(a.status)
	if hasBody(a.status) && len(a.body) > 0 {
		_, _ = w.Write(a.body)
	}
}

// hasBody reports whether an answer of that status may have a body.
func hasBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
