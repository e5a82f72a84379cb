package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// directEvent is an invocation without a front door: the payload is the body.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html
type directEvent struct {
	payload    string
	invocation string
	identity   string // Cognito identity of who invokes, "" for none
}

var _ handler.Event = (*directEvent)(nil)

// Line: there is no request line. This one is what a payload that is sent would
// have.
func (e *directEvent) Line() (method, path, rawQuery string) { return http.MethodPost, "/", "" }

func (e *directEvent) Values(string) []string { return nil }

func (e *directEvent) Header() http.Header { return http.Header{} }

func (e *directEvent) Body() ([]byte, error) { return []byte(e.payload), nil }

func (e *directEvent) Facts() handler.Facts {
	return handler.Facts{FrontDoor: "invoke", ID: e.invocation, Invocation: e.invocation}
}

// Caller: IAM let the caller in and Lambda does not say whom, but for a caller
// with credentials of an identity pool.
func (e *directEvent) Caller() handler.Caller {
	if e.identity == "" {
		return handler.Caller{}
	}
	return handler.Caller{Kind: handler.CallerIAM, ID: e.identity, Identity: e.identity}
}

// invokeDirect answers an event that no front door claims: the handler of d gets
// the payload as the body of a request, and the body of its response is the
// answer, "null" if there is none. What would be an error answer is a function
// error.
func (d *Doorway) invokeDirect(ctx context.Context, e *event) ([]byte, error) {
	ev := &directEvent{payload: e.payload, invocation: e.invocation}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		ev.identity = lc.Identity.CognitoIdentityID
	}
	req := handler.NewRequest(ev)
	resp, err := d.handle(ctx, e, req)
	var out []byte
	if err == nil {
		out, err = directAnswer(ctx, resp)
	}
	if resp != nil {
		d.done(ctx, req, resp, err)
	}
	if err != nil {
		return nil, d.failDirect(ctx, req, err)
	}
	return out, nil
}

// directAnswer is the JSON that a response carries. Its status and headers have
// no place in an answer, so an error status is an error.
func directAnswer(ctx context.Context, resp *handler.Response) ([]byte, error) {
	status := resp.StatusCode()
	switch {
	case resp.Err != nil:
		return nil, resp.Err
	case status >= 400:
		return nil, &handler.Error{Status: status}
	case status < 200 || status > 299:
		return nil, fmt.Errorf("response: status %d: an answer to a direct invocation has no status; return a value or an error", status)
	}
	body := resp.Body
	if resp.Stream != nil {
		b := &buffer{limit: payloadLimit}
		if err := stream(ctx, resp, b); err != nil {
			return nil, err
		}
		body = b.data.Bytes()
	}
	switch {
	case len(body) == 0:
		return []byte("null"), nil
	case len(body) > payloadLimit:
		return nil, fmt.Errorf("response: %d bytes, more than the %d that Lambda takes; answer in pages, or with the address of an object in a bucket",
			len(body), payloadLimit)
	case !json.Valid(body):
		return nil, errors.New("response: the answer to a direct invocation must be JSON")
	}
	return body, nil
}

// failDirect is the function error of err, as aws-lambda-go passes it on to
// Lambda: errorType is the error's code, or its status in words; errorMessage is
// what a client would read in a problem document.
func (d *Doorway) failDirect(ctx context.Context, req *handler.Request, err error) error {
	resp, err := respond(req, err)
	if err == errAborted {
		return err
	}
	if !req.IsLogged() {
		d.log(ctx, req, resp.StatusCode(), err)
	}
	return functionError(resp)
}

// functionError is the function error of an answer that is a problem document.
func functionError(resp *handler.Response) messages.InvokeResponse_Error {
	var p handler.Problem
	if err := json.Unmarshal(resp.Body, &p); err != nil {
		p.Title = http.StatusText(http.StatusInternalServerError)
	}
	e := messages.InvokeResponse_Error{Type: p.Code, Message: p.Detail}
	if e.Type == "" {
		e.Type = p.Title
	}
	if e.Message == "" {
		e.Message = p.Title
	}
	fields := make([]string, len(p.Errors))
	for i, f := range p.Errors {
		fields[i] = f.Location + " " + f.Message
	}
	if len(fields) > 0 {
		e.Message += ": " + strings.Join(fields, "; ")
	}
	return e
}
