package local

import (
	"net/http"
	"strconv"
)

// Words of a WebSocket API.
const (
	socketForbidden = "Forbidden"             // no route for a message
	socketInternal  = "Internal server error" // the function failed
)

// errorFrame is what a client gets in place of an answer. AWS does not document
// it; this is the form that clients have seen.
func errorFrame(message, connectionID, requestID string) []byte {
	b := appendString([]byte(`{"message": `), message)
	b = appendString(append(b, `, "connectionId":`...), connectionID)
	b = appendString(append(b, `, "requestId":`...), requestID)
	return append(b, '}')
}

// socketAnswer is an answer over HTTP.
type socketAnswer struct {
	status    int
	header    http.Header
	body      []byte
	errorType string // x-amzn-ErrorType; "" for none
	why       error  // for the log; nil for nothing to say
}

// socketRefusal is an answer in the form of API Gateway's errors.
func socketRefusal(status int, message string) *socketAnswer {
	return &socketAnswer{status: status, body: append(appendString([]byte(`{"message":`), message), '}')}
}

// refused is an answer of a gate, and why it was given.
func refused(a *answer, why error) *socketAnswer {
	return &socketAnswer{status: a.status, header: a.header, body: a.body, why: why}
}

// write sends a. What fails here is the connection, of which nobody is left to
// be told.
func (a *socketAnswer) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if len(h["Content-Type"]) == 0 && len(a.body) > 0 {
		h["Content-Type"] = []string{jsonType}
	}
	if a.errorType != "" {
		h["X-Amzn-Errortype"] = []string{a.errorType}
	}
	if hasBody(a.status) {
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	w.WriteHeader(a.status)
	if hasBody(a.status) {
		_, _ = w.Write(a.body)
	}
}
