package handlertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Answer is what a client would see.
type Answer struct {
	Status  int
	Header  http.Header // canonical names, without Set-Cookie; never nil
	Cookies []string    // the Set-Cookie lines
	Body    []byte      // decoded
	Base64  bool        // whether the body was sent as base64
}

// JSON decodes the body.
func (a Answer) JSON(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return fmt.Errorf("body of status %d: %w: %.200q", a.Status, err, a.Body)
	}
	return nil
}

// Do calls h as a doorway would: an error becomes a problem document, a stream
// is written, and [handler.Response.Done] runs after the last byte. The error is
// the one that was answered: what h returned, the response's Err, or what cut
// the stream off; the Answer is valid in each case.
func Do(ctx context.Context, h handler.Handler, req *handler.Request) (Answer, error) {
	resp, err := h.Handle(ctx, req)
	if err == nil && resp == nil {
		err = errors.New("the handler returned neither a response nor an error")
	}
	if err != nil {
		resp = handler.Respond(req, err)
	}
	body := resp.Body
	cut := resp.Err
	if resp.Stream != nil {
		var b bytes.Buffer
		if err := resp.Stream(ctx, &b); err != nil {
			cut = err
		}
		body = b.Bytes()
	}
	a := Answer{Status: resp.StatusCode(), Header: http.Header{}, Body: body}
	for name, values := range resp.Header {
		a.add(name, values...)
	}
	if resp.Stream != nil {
		resp.Done(cut)
	} else {
		resp.Done(nil)
	}
	return a, cut
}

func (a *Answer) add(name string, values ...string) {
	name = http.CanonicalHeaderKey(name)
	if name == "Set-Cookie" {
		a.Cookies = append(a.Cookies, values...)
		return
	}
	a.Header[name] = append(a.Header[name], values...)
}

// ReadAnswer reads what a function answered to a front door, in the format of
// any of them. It is an error if the answer has members that no front door
// knows.
func ReadAnswer(payload []byte) (Answer, error) {
	var in struct {
		StatusCode        int                 `json:"statusCode"`
		StatusDescription string              `json:"statusDescription"`
		Headers           map[string]string   `json:"headers"`
		MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
		Cookies           []string            `json:"cookies"`
		Body              string              `json:"body"`
		IsBase64Encoded   bool                `json:"isBase64Encoded"`
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Answer{}, fmt.Errorf("read answer %.200q: %w", payload, err)
	}
	a := Answer{Status: in.StatusCode, Header: http.Header{}, Body: []byte(in.Body), Base64: in.IsBase64Encoded}
	if in.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(in.Body)
		if err != nil {
			return Answer{}, fmt.Errorf("read answer: body: %w", err)
		}
		a.Body = body
	}
	a.Cookies = append(a.Cookies, in.Cookies...)
	for name, values := range in.MultiValueHeaders {
		a.add(name, values...)
	}
	for name, value := range in.Headers {
		a.add(name, value)
	}
	if in.StatusDescription != "" && !strings.HasPrefix(in.StatusDescription, fmt.Sprint(in.StatusCode)) {
		return Answer{}, fmt.Errorf("read answer: statusDescription %q does not start with %d", in.StatusDescription, in.StatusCode)
	}
	return a, nil
}
