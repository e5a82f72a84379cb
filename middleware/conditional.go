package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// ConditionalOptions changes what [Conditional] does. The zero value of each field is its
// default.
type ConditionalOptions struct {
	// Current says which state a resource is in before a request changes it, such as by
	// [CurrentOf]. An error of status 404 or 410, such as [datastore.ErrNotFound], says
	// that there is none. Default: conditions of requests that change something are left
	// to the handler.
	Current func(ctx context.Context, req *handler.Request) (Validator, error)
	// Require refuses requests of PUT, PATCH and DELETE that have no condition, with 428.
	// If-None-Match: * is one.
	Require bool
	// Weak makes the computed tags weak: for answers that differ in bytes and not in
	// what they say.
	Weak bool
	// WeakMatch has If-Match hold for weak tags too, against RFC 9110: where something
	// on the way weakens tags because it compresses, as [Compress] and CloudFront do, and
	// the tags are versions.
	WeakMatch bool
}

// Validator is the state of a resource, as it is told apart from others. Both may be
// zero.
type Validator struct {
	ETag     string    // as in the header: "x" in quotation marks, W/ before it if weak
	Modified time.Time // in whole seconds
}

// Conditional answers by the conditions of a request: If-Match, If-None-Match,
// If-Unmodified-Since and If-Modified-Since.
//
//	GET, HEAD   the client has it already                   304
//	any         the resource is in another state            412
//	PUT ...     there is no condition, and one is required  428
//
// An answer of status 200 to GET that has no ETag gets one, a hash of its body. A stream
// has one if the handler says so; without, it passes. To compute it the handler runs, so
// what is saved is sending; what is not to run is said by a handler's own ETag and a
// [Cache] inside.
//
// Requests that change something are compared with [ConditionalOptions].Current before the
// handler runs. Between that and the change another one may come: where that matters, the
// handler gives the version of If-Match to the store, as a condition of the write.
//
// It belongs inside of [Compress] and [Once], and outside of [Cache]. Outside of Once it would
// refuse a change that is sent again because its answer was lost: the state is another one
// since. Records pass. opts may be nil.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-13
func Conditional(opts *ConditionalOptions) handler.Middleware {
	c := &conditional{}
	if opts != nil {
		c.ConditionalOptions = *opts
	}
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			switch {
			case datastore.RecordFrom(ctx) != nil:
				return next.Handle(ctx, req)
			case req.Method() == http.MethodGet || req.Method() == http.MethodHead:
				return c.read(ctx, req, next)
			case !safe(req.Method()):
				if err := c.admit(ctx, req); err != nil {
					return nil, err
				}
			}
			return next.Handle(ctx, req)
		}, c.effect}
	}
}

// The causes of the [*handler.Error] of status 412 and 428 of [Conditional].
var (
	ErrPrecondition         = errors.New("conditional: the resource is in another state")
	ErrPreconditionRequired = errors.New("conditional: the request has no condition")
)

type conditional struct{ ConditionalOptions }

func (c *conditional) read(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	resp, err := next.Handle(ctx, req)
	if err != nil || resp == nil || resp.StatusCode() != http.StatusOK || resp.Err != nil {
		return resp, err
	}
	if resp.Stream == nil && len(resp.Body) > 0 && resp.Header.Get("ETag") == "" {
		resp.SetHeader("ETag", entityTag(resp.Header, resp.Body, c.Weak))
	}
	switch c.outcome(req, validatorOf(resp.Header), true) {
	case http.StatusPreconditionFailed:
		err := failedCondition()
		resp.Done(err) // nobody else sees it
		return nil, err
	case http.StatusNotModified:
		notModified(resp)
	}
	return resp, nil
}

// admit refuses a request that would change something.
func (c *conditional) admit(ctx context.Context, req *handler.Request) error {
	none := req.Header("If-None-Match")
	switch has := req.Header("If-Match") != "" || req.Header("If-Unmodified-Since") != ""; {
	case !has && none == "" || !has && c.Require && strings.TrimSpace(none) != "*":
		if !c.Require || req.Method() == http.MethodPost {
			break
		}
		return unconditional()
	}
	if c.Current == nil || req.Header("If-Match") == "" && req.Header("If-Unmodified-Since") == "" && none == "" {
		return nil
	}
	current, err := c.Current(ctx, req)
	exists := err == nil
	if err != nil {
		if status := handler.AsError(err).StatusCode(); status != http.StatusNotFound && status != http.StatusGone {
			return err
		}
	}
	if c.outcome(req, validator{current, exists}, false) != 0 {
		return failedCondition()
	}
	return nil
}

// effect are the headers that are read, and the refusals.
func (c *conditional) effect(method string) handler.Effect {
	e := handler.Effect{Headers: []handler.HeaderText{{Name: "If-Match"}, {Name: "If-None-Match"}}, Errors: []*handler.Error{handler.AsError(failedCondition())}}
	switch {
	case !safe(method) && method != http.MethodPost && c.Require:
		e.Errors = append(e.Errors, handler.AsError(unconditional()))
	case !safe(method) && c.Current == nil || method == http.MethodOptions || method == http.MethodTrace:
		return handler.Effect{}
	}
	return e
}

func unconditional() error {
	return &handler.Error{Status: http.StatusPreconditionRequired, Code: "precondition_required", Err: ErrPreconditionRequired,
		Message: "say with If-Match which state you are changing, or with If-None-Match: * that there is none"}
}

func failedCondition() error {
	return &handler.Error{Status: http.StatusPreconditionFailed, Code: "precondition_failed", Err: ErrPrecondition,
		Message: "the resource is in another state than you expect; read it again"}
}

// validator is the state of a resource that may not be there.
type validator struct {
	Validator
	exists bool
}

func validatorOf(h http.Header) validator {
	modified, _ := http.ParseTime(h.Get("Last-Modified"))
	return validator{Validator{h.Get("ETag"), modified}, true}
}

// outcome is the status by which the conditions end the request, 0 if they do not, in
// the order of RFC 9110.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
func (c *conditional) outcome(req *handler.Request, v validator, read bool) int {
	if match := req.HeaderValues("If-Match"); len(match) > 0 {
		if !v.in(match, c.WeakMatch) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := dateOf(req, "If-Unmodified-Since"); ok && (!v.exists || v.Modified.Truncate(time.Second).After(since)) {
		return http.StatusPreconditionFailed
	}
	unchanged := http.StatusPreconditionFailed
	if read {
		unchanged = http.StatusNotModified
	}
	if none := req.HeaderValues("If-None-Match"); len(none) > 0 {
		if v.in(none, true) {
			return unchanged
		}
	} else if since, ok := dateOf(req, "If-Modified-Since"); ok && read && !v.Modified.IsZero() && !v.Modified.Truncate(time.Second).After(since) {
		return unchanged
	}
	return 0
}

func dateOf(req *handler.Request, name string) (time.Time, bool) {
	values := req.HeaderValues(name)
	if len(values) != 1 {
		return time.Time{}, false
	}
	at, err := http.ParseTime(values[0])
	return at, err == nil
}

// in reports whether the state is among those of a list of tags. What does not read as
// one ends its line.
func (v validator) in(lines []string, weakly bool) bool {
	own, ownWeak := strings.CutPrefix(v.ETag, "W/")
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			return v.exists
		}
		for tag, weak, rest, ok := cutTag(line); ok; tag, weak, rest, ok = cutTag(rest) {
			if v.exists && tag == own && (weakly || !weak && !ownWeak) {
				return true
			}
		}
	}
	return false
}

// cutTag cuts the first tag off a list, in its quotation marks.
func cutTag(list string) (tag string, weak bool, rest string, ok bool) {
	list = strings.TrimLeft(list, " \t,")
	list, weak = strings.CutPrefix(list, "W/")
	if !strings.HasPrefix(list, `"`) {
		return "", false, "", false
	}
	end := strings.IndexByte(list[1:], '"')
	if end < 0 {
		return "", false, "", false
	}
	tag, rest = list[:end+2], list[end+2:]
	if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
		return "", false, "", false
	}
	return tag, weak, rest, true
}

// entityTag is a tag of a body and of how it is to be read.
func entityTag(h http.Header, body []byte, weak bool) string {
	hash := sha256.New()
	hash.Write(appendParts(nil, h.Get("Content-Type"), h.Get("Content-Encoding"), h.Get("Content-Language")))
	hash.Write(body)
	var sum [sha256.Size]byte
	text := make([]byte, 0, 32)
	if weak {
		text = append(text, "W/"...)
	}
	text = append(text, '"')
	text = base64.RawURLEncoding.AppendEncode(text, hash.Sum(sum[:0])[:16])
	return string(append(text, '"'))
}

// notModified makes a response a 304: the headers that say what the body is like go with
// it.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
func notModified(resp *handler.Response) {
	resp.Status, resp.Body, resp.Stream = http.StatusNotModified, nil, nil
	for name := range resp.Header {
		switch {
		case name == "Content-Location" || name == "Content-Security-Policy" || name == "Content-Security-Policy-Report-Only":
		case strings.HasPrefix(name, "Content-"), name == "Accept-Ranges":
			delete(resp.Header, name)
		}
	}
}

// CurrentOf is [ConditionalOptions].Current by what get, the handler of the resource's GET,
// answers: its ETag and Last-Modified, or the tag that [Conditional] would compute. get is
// given the request as a GET, without conditions and body, with the same path values.
func CurrentOf(get handler.Handler) func(ctx context.Context, req *handler.Request) (Validator, error) {
	if get == nil {
		misdeclared("CurrentOf: there is no handler; give it the one of the resource's GET")
	}
	return func(ctx context.Context, req *handler.Request) (v Validator, err error) {
		h := req.Headers()
		for _, name := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range",
			"Content-Type", "Content-Length", "Content-Encoding", "Idempotency-Key"} {
			h.Del(name)
		}
		resp, err := get.Handle(ctx, req.WithMethod(http.MethodGet).WithHeaders(h).WithBody(nil))
		switch {
		case err != nil:
			return v, err
		case resp == nil:
			return v, errNoAnswer
		}
		defer func() { resp.Done(err) }()
		switch {
		case resp.StatusCode() >= http.StatusBadRequest:
			return v, &handler.Error{Status: resp.StatusCode(), Err: resp.Err}
		case resp.Stream == nil && len(resp.Body) > 0 && resp.Header.Get("ETag") == "":
			resp.SetHeader("ETag", entityTag(resp.Header, resp.Body, false))
		}
		return validatorOf(resp.Header).Validator, nil
	}
}

var errNoAnswer = errors.New("conditional: the handler of GET has given neither a response nor an error")
