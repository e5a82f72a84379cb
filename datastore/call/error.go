package call

import (
	"encoding/json"
	"strings"
)

// RemoteError is what a function answered that failed, found by errors.As. Its
// text has the type alone: message and trace are the other function's, and may hold
// what its errors hold.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/golang-exceptions.html
type RemoteError struct {
	// Type of the error, as the function's runtime names it: "errorString",
	// "Sandbox.Timedout", "Runtime.ExitError". "" if it has none.
	Type string
	// Message of the error.
	Message string
	// Trace is where it happened, as the runtime wrote it: JSON, or nil.
	Trace json.RawMessage
}

// Error says that the function failed, and the type.
func (e *RemoteError) Error() string {
	if e.Type == "" {
		return "the function failed"
	}
	return "the function failed with an error of type " + shortType(e.Type)
}

// shortType is a type as it may stand in a text: short, and in one line.
func shortType(t string) string {
	t = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, t)
	if len(t) > 100 {
		return strings.ToValidUTF8(t[:100], "") + "..."
	}
	return t
}

// ParseRemoteError reads the payload that a function answered that failed. One
// that is no error as runtimes write it has no parts.
func ParseRemoteError(payload []byte) *RemoteError {
	var e struct {
		Type       string          `json:"errorType"`
		Message    string          `json:"errorMessage"`
		StackTrace json.RawMessage `json:"stackTrace"`
		Trace      json.RawMessage `json:"trace"`
	}
	if json.Unmarshal(payload, &e) != nil {
		return &RemoteError{}
	}
	if e.StackTrace == nil {
		e.StackTrace = e.Trace
	}
	return &RemoteError{e.Type, e.Message, e.StackTrace}
}
