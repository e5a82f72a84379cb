package handler

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unsafe"
)

const jsonType = "application/json"

// bindBody sets what comes from the body. An error is the whole answer; what is
// wrong with fields is added to fails.
func (in *input) bindBody(ctx context.Context, req *Request, v any, at unsafe.Pointer, fails *failures) error {
	data, err := req.Body()
	if err != nil {
		return err
	}
	if len(data) > in.max {
		return Errorf(http.StatusRequestEntityTooLarge, "the body must not have more than %d bytes", in.max)
	}
	switch in.body {
	case rawBytes:
		*(*[]byte)(in.fieldOf(at)) = data
		return nil
	case rawReader:
		*(*io.Reader)(in.fieldOf(at)) = bytes.NewReader(data)
		return nil
	case decodedBody:
		return in.decodeBody(ctx, data, v)
	}
	if err := identity(req); err != nil {
		return err
	}
	if in.body == formBody {
		return in.bindForm(req, data, at, fails)
	}
	return in.bindJSON(req, data, v, at, fails)
}

// decodeBody lets the function of [Decode] make the In.
func (in *input) decodeBody(ctx context.Context, data []byte, v any) error {
	err := in.decode(ctx, data, v)
	if e := (*Error)(nil); err == nil || errors.As(err, &e) {
		return err
	}
	return &Error{Status: http.StatusBadRequest, Message: "the body cannot be decoded", Err: err}
}

// fieldOf is where the body belongs: a field of In, or In itself.
func (in *input) fieldOf(at unsafe.Pointer) unsafe.Pointer {
	if in.bodyField != nil {
		return unsafe.Add(at, in.bodyField.Offset)
	}
	return at
}

func (in *input) bindJSON(req *Request, data []byte, v any, at unsafe.Pointer, fails *failures) error {
	switch {
	case in.body == jsonField:
		v = reflect.NewAt(in.json.Go, in.fieldOf(at)).Interface()
	case in.body == jsonSome && in.typ != in.typed:
		v = reflect.NewAt(in.json.Go, at).Interface()
	}
	if len(data) == 0 {
		if in.required {
			fails.add("body", "required", "is required, as JSON")
		} else {
			in.decoder.Default(v)
		}
		return nil
	}
	if err := checkJSON(req.Header("Content-Type")); err != nil {
		return err
	}
	for _, i := range in.decoder.Decode(data, v) {
		fails.add("body"+i.Location, i.Rule, i.Message)
		if !in.redacted {
			fails.because(i.Reason)
		}
	}
	return nil
}

// checkJSON refuses a content type that is not JSON in UTF-8. None at all will
// do: JSON is what is expected.
func checkJSON(contentType string) error {
	if contentType == "" || contentType == jsonType {
		return nil
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != jsonType && !(strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")) {
		return unsupported("the body must be JSON: Content-Type: "+jsonType, "Accept", jsonType)
	}
	return checkCharset(params)
}

// checkCharset refuses a charset other than UTF-8, or ASCII, which is part of it.
func checkCharset(params map[string]string) error {
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
		return nil
	}
	return unsupported("the body must be UTF-8", "Accept-Charset", "utf-8")
}

// identity refuses a compressed body.
func identity(req *Request) error {
	for _, line := range req.HeaderValues("Content-Encoding") {
		if line != "" && !strings.EqualFold(strings.TrimSpace(line), "identity") {
			return unsupported("the body must not be compressed", "Accept-Encoding", "identity")
		}
	}
	return nil
}

// unsupported is a 415 that says in a header what is supported.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
func unsupported(message, header, value string) *Error {
	return &Error{Status: http.StatusUnsupportedMediaType, Message: message,
		Header: http.Header{http.CanonicalHeaderKey(header): {value}}}
}
