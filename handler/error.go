package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Error is an error that knows its answer. Everything but Err is sent to the
// client, as a problem document (RFC 9457); Err is for errors.Is, errors.As and
// the log.
type Error struct {
	// Status of the answer, 400 to 599. Any other means 500.
	Status int
	// Code is a stable name that programs may act on: "sold_out". Optional.
	Code string
	// Message is a sentence for the person at the other end. Optional; without
	// one the status speaks for itself.
	Message string
	// Fields are the parts of the request that are wrong, all of them at once.
	Fields []FieldError
	// Header is added to the answer: Retry-After, Allow. Optional.
	Header http.Header
	// Err is the cause. It is never sent.
	Err error
}

// FieldError says what is wrong with one part of a request.
type FieldError struct {
	// Location of the part: "body.items[3].sku", "path.id", "query.limit",
	// "header.X-Trace", "cookie.session"; "body" for the whole body.
	Location string `json:"location"`
	// Rule that it breaks: the name of the validate tag, "type", "json".
	Rule string `json:"rule"`
	// Message says what is expected: "must be a valid email address".
	Message string `json:"message"`
}

// Errorf is an [Error] with a status and a message for the client. It takes no
// %w: a cause is not for the client, see [Error.Wrap].
func Errorf(status int, format string, args ...any) *Error {
	return &Error{Status: status, Message: fmt.Sprintf(format, args...)}
}

// Wrap is a copy of e with err as its cause, which is logged and not sent.
func (e *Error) Wrap(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

func (e *Error) Error() string {
	text := strconv.Itoa(e.StatusCode())
	if e.Code != "" {
		text += " " + e.Code
	}
	switch {
	case e.Message != "":
		text += ": " + e.Message
	default:
		text += ": " + http.StatusText(e.StatusCode())
	}
	for i, f := range e.Fields {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += sep + f.Location + " " + f.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusCode is the status of the answer: Status, or 500 where that is not 400 to
// 599, so that no error is ever answered as a success.
func (e *Error) StatusCode() int {
	if e.Status < 400 || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

// statusCoder is what an error of another package can have to choose its
// status; its text is still not sent.
type statusCoder interface{ StatusCode() int }

// AsError is the answer that err deserves: the [*Error] in its chain; else one
// of the status that an error in its chain names with a method StatusCode() int;
// else one of status 500. Only an *Error's own words reach the client.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var s statusCoder
	if errors.As(err, &s) {
		if status := s.StatusCode(); status >= 400 && status <= 599 {
			return &Error{Status: status, Err: err}
		}
	}
	return &Error{Status: http.StatusInternalServerError, Err: err}
}

// ProblemType is the content type of a problem document.
const ProblemType = "application/problem+json"

// Problem is a problem document (RFC 9457): the body of every error answer.
type Problem struct {
	Type   string       `json:"type"`             // "about:blank"
	Title  string       `json:"title"`            // the status in words: "Not Found"
	Status int          `json:"status"`           // the status
	Detail string       `json:"detail,omitempty"` // Error.Message
	Code   string       `json:"code,omitempty"`   // Error.Code
	ID     string       `json:"requestId,omitempty"`
	Errors []FieldError `json:"errors,omitempty"` // Error.Fields
}

// Respond answers req with the problem document of err. The response keeps err
// as its Err. It is the one place where an error becomes an answer; a doorway
// calls it for the error that the whole chain returned. A middleware that must
// add to error answers may call it earlier.
func Respond(req *Request, err error) *Response {
	e := AsError(err)
	title := http.StatusText(e.StatusCode())
	if title == "" {
		title = "Error"
	}
	body, jsonErr := json.Marshal(Problem{
		Type: "about:blank", Title: title, Status: e.StatusCode(),
		Detail: e.Message, Code: e.Code, ID: req.ID(), Errors: e.Fields,
	})
	if jsonErr != nil { // no field of Problem can fail
		body = []byte("{}")
	}
	h := e.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	return &Response{Status: e.StatusCode(), Header: h, Body: body, Err: err}
}
