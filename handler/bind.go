package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// failures are the failing fields of one request.
type failures struct {
	fields  []FieldError
	reasons []error // of types that refused a field themselves: for the log
}

func (f *failures) add(location, rule, message string) {
	f.fields = append(f.fields, FieldError{Location: location, Rule: rule, Message: message})
}

// because keeps the reason of the field that was added last, nil for none.
func (f *failures) because(reason error) {
	if reason != nil {
		f.reasons = append(f.reasons, fmt.Errorf("%s: %w", f.fields[len(f.fields)-1].Location, reason))
	}
}

// answer is the answer to the request.
func (f *failures) answer() *Error {
	e := Invalid(f.fields...)
	e.Err = errors.Join(f.reasons...)
	return e
}

// Invalid is the answer to a request of which these fields are wrong: status
// 400. Validate methods return it.
func Invalid(fields ...FieldError) *Error {
	return &Error{Status: http.StatusBadRequest, Message: "the request is not valid", Fields: fields}
}

// bind sets v, a *In, from the request.
func (in *input) bind(ctx context.Context, req *Request, v any) error {
	if in.typ == empty {
		return nil
	}
	at := reflect.ValueOf(v).UnsafePointer()
	if in.tagged && in.typ != in.typed {
		p := reflect.New(in.typed).UnsafePointer()
		*(*unsafe.Pointer)(at) = p
		at = p
	}
	var fails failures
	for _, g := range in.doorFields {
		g.fill(req, unsafe.Add(at, g.offset))
	}
	in.bindParams(req, at, &fails)
	if in.body != noBody {
		if err := in.bindBody(ctx, req, v, at, &fails); err != nil {
			return err
		}
	}
	return in.accept(ctx, v, &fails)
}

func (in *input) bindParams(req *Request, at unsafe.Pointer, fails *failures) {
	for i := range in.path {
		p := &in.path[i]
		p.one(at, req.PathValue(p.Name), fails)
	}
	if len(in.query) > 0 {
		bindQuery(in.query, req.RawQuery(), at, fails)
	}
	for i := range in.header {
		p := &in.header[i]
		var t texts
		for _, v := range req.HeaderValues(p.Name) {
			t.addHeader(v, p)
		}
		p.assign(at, &t, fails)
	}
	for i := range in.cookie {
		p := &in.cookie[i]
		if value, ok := req.Cookie(p.Name); ok {
			p.one(at, value, fails)
		} else {
			p.absent(at)
		}
	}
}

// texts are the values that a request has for one parameter.
type texts struct {
	n     int
	first string
	rest  []string
	bad   bool // one is not percent-encoded
}

func (t *texts) add(value string) {
	if t.n == 0 {
		t.first = value
	} else {
		t.rest = append(t.rest, value)
	}
	t.n++
}

// addHeader adds one header line. Lines of a list are joined by definition, so
// each is split.
func (t *texts) addHeader(line string, p *param) {
	if !p.List || !p.Split {
		t.add(line)
		return
	}
	for part := range strings.SplitSeq(line, ",") {
		if part = strings.TrimSpace(part); part != "" {
			t.add(part)
		}
	}
}

// bindQuery binds parameters from a query, or from a form, which is written the
// same way.
func bindQuery(params []param, raw string, at unsafe.Pointer, fails *failures) {
	var room [8]texts
	found := room[:]
	if len(params) > len(room) {
		found = make([]texts, len(params))
	}
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(pair, "=")
		key, ok := unescape(key)
		if !ok {
			continue
		}
		for i := range params {
			if params[i].Name == key {
				value, ok := unescape(value)
				found[i].bad = found[i].bad || !ok
				found[i].add(value)
				break
			}
		}
	}
	for i := range params {
		params[i].assign(at, &found[i], fails)
	}
}

// assign sets the field from the values there are.
func (p *param) assign(at unsafe.Pointer, t *texts, fails *failures) {
	switch {
	case t.bad:
		fails.add(p.location, "type", "must be percent-encoded")
	case t.n == 0:
		p.absent(at)
	case p.List:
		p.many(at, t, fails)
	case t.n > 1:
		fails.add(p.location, "duplicate", "must be given once")
	default:
		p.one(at, t.first, fails)
	}
}

func (p *param) one(at unsafe.Pointer, value string, fails *failures) {
	if problem, reason := p.set.Set(unsafe.Add(at, p.offset), value); problem != "" {
		fails.add(p.location, "type", problem)
		fails.because(p.told(reason))
	}
}

func (p *param) many(at unsafe.Pointer, t *texts, fails *failures) {
	values := make([]string, 0, t.n)
	if t.n == 1 && p.Split && p.In != schema.InHeader {
		values = schema.SplitList(t.first)
	} else {
		values = append(append(values, t.first), t.rest...)
	}
	if i, problem, reason := p.set.SetList(unsafe.Add(at, p.offset), values); problem != "" {
		fails.add(p.location+"["+strconv.Itoa(i)+"]", "type", problem)
		fails.because(p.told(reason))
	}
}

// told is a reason, if it may be told.
func (p *param) told(reason error) error {
	if p.redacted {
		return nil
	}
	return reason
}

func (p *param) absent(at unsafe.Pointer) {
	if p.Default != nil {
		p.set.SetDefault(unsafe.Add(at, p.offset), *p.Default)
	}
}
