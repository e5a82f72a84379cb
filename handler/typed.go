package handler

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Operation is a typed function as a [Handler]. It knows what the function takes
// and gives ([Operation.Describe]). Make one with [New].
type Operation struct {
	in, out reflect.Type
	call    func(context.Context, *Request) (*Response, error)
	older   *older // nil unless made by Older
	typed
	settings

	once   sync.Once
	input  *input
	output *output
	sample *schema.Example // nil if none was given
	err    error
	// refused is the first error of a Compile.
	refused atomic.Pointer[error]
}

// typed is the function behind an [Older], of pointers to In and Out.
type typed struct {
	work          func(ctx context.Context, in, out any) error // nil without a function
	newIn, newOut func() any
}

var (
	_ Handler  = (*Operation)(nil)
	_ Compiler = (*Operation)(nil)
)

// New makes a [Handler] of a typed function. The request is bound to an In and
// validated before fn runs; the Out, or the error, becomes the answer.
//
// # In
//
// A tag says where a field comes from:
//
//	ID    string       `path:"id"`       // of the pattern: /orders/{id}
//	Limit int          `query:"limit"`   // ?limit=20
//	Trace string       `header:"X-Trace"`
//	SID   string       `cookie:"sid"`
//	Title string       `form:"title"`    // urlencoded or multipart body
//	Photo handler.File `form:"photo"`    // an upload in a multipart body
//	Order Order        `body:""`         // the whole body as JSON
//	Data  []byte       `body:""`         // or as it is, of any content type; not to be changed; or an io.Reader
//	By    handler.Caller                 // who is calling, see Request.Caller; without a tag
//
// Without any such field, In as a whole is the JSON body: a struct, slice, map,
// or pointer; []byte or io.Reader is the body as it is. With some, the fields
// with a json tag and none of these are together the JSON body. A field of type
// [Connection] without a tag is the WebSocket connection. A field with one
// of these tags is never set by the body, whatever its json tag says. Embedded
// structs count as if their fields stood there. struct{} takes no input. A
// [Caller] comes from the authorizer and from nothing that a client can write:
// tags on it, and a Caller anywhere in a body, are refused.
//
// Parameters are strings, booleans, numbers, time.Time (RFC 3339), types with
// UnmarshalText, pointers to those, and lists of those (not from path or cookie).
// A list takes a repeated name, each value as it is (?a=1&a=2); a single value
// is split at commas (?a=1,2), unless the tag says query:"a,nosplit". A name that
// is no list may be given once.
//
// # Required, optional, null
//
//	                       absent                       null              zero ("", 0, false)
//	T                      default tag, else zero       refused           accepted
//	*T                     default tag, else nil        nil               pointer to zero
//	[]T, map, any          default tag, else nil        nil               empty, not nil
//	T  validate:"required" refused unless default       refused           refused
//	*T validate:"required" refused unless default       refused           accepted
//	[] validate:"required" refused unless default       refused           empty accepted
//
// So everything is optional unless it is validate:"required", which has the
// meaning it has in package validator. json.RawMessage and types with their own
// UnmarshalJSON decide on null themselves. A JSON body must be there if it has a
// required member or is no object; a pointer (body:"" *T, or In = *T) makes it
// optional, nil if it is absent.
//
// # Rules
//
// The validate tag has the vocabulary of github.com/go-playground/validator/v10
// without validateFn. Then, if nothing was wrong, In's own method
// Validate(ctx) error runs, if it has one: an [*Error] it returns is the answer
// (see [Invalid]); any other error answers 400 without its text.
//
// What a type's own UnmarshalJSON or UnmarshalText says of a value that it refuses is
// for the log, as the Err of the [*Error], and not for the client. It is dropped where
// a field has the tag redact: the field itself, one around it, or one of the type.
//
// # Refusals
//
// All failing fields of a request are answered at once, with status 400. Others:
// 413 for a body over [MaxBody]; 415 for a content type, charset or content
// encoding that is not understood. JSON is read strictly, see package
// handler/schema: no duplicate names, names match by case, UTF-8 only.
//
// # Out
//
//	struct{}                   204, no body
//	nil pointer                no body; 204, unless another status was asked for
//	a struct, slice, map, ...  JSON; nil slices as [], nil maps as {}
//	[]byte, io.Reader          the body as it is; a reader is streamed, and closed if it is an io.Closer
//	NDJSON[T]                  a line of JSON for each item, streamed
//	EventStream                server-sent events, streamed
//	Content                    bytes with a content type
//	Redirect                   a redirect
//	*Response                  full control
//
// A struct with fields of these tags is an answer of several parts:
//
//	Status int           `status:""`      // 0 for the default
//	ETag   string        `header:"ETag"`  // not sent if empty or nil
//	SID    *http.Cookie  `cookie:""`      // not sent if nil; also http.Cookie and lists
//	Order  Order         `body:""`        // as above; without one there is no body
//
// # Errors
//
// A returned error goes on to the caller of Handle, and becomes the answer that
// [AsError] tells, or that [Errors] declares.
//
// New itself does nothing but keep its arguments. What is wrong with In, Out or
// the options is an error of [Operation.Compile] and of [Operation.Describe],
// and each request is answered 500.
func New[In, Out any](fn func(ctx context.Context, in In) (Out, error), opts ...Option) *Operation {
	op := &Operation{in: reflect.TypeFor[In](), out: reflect.TypeFor[Out]()}
	op.maxBody = 1 << 20
	for _, o := range opts {
		o.apply(&op.settings)
	}
	op.call = func(ctx context.Context, req *Request) (*Response, error) {
		var values struct { // one allocation
			in  In
			out Out
		}
		if err := op.input.bind(ctx, req, &values.in); err != nil {
			return nil, err
		}
		var err error
		if values.out, err = fn(ctx, values.in); err != nil {
			return nil, op.declared(err)
		}
		resp, err := op.output.respond(&values.out)
		if err != nil {
			return nil, op.declared(err) // it may be the first item of a stream
		}
		return resp, nil
	}
	op.newIn, op.newOut = func() any { return new(In) }, func() any { return new(Out) }
	op.work = func(ctx context.Context, in, out any) (err error) {
		*out.(*Out), err = fn(ctx, *in.(*In))
		return err
	}
	if fn == nil {
		op.work = nil
		op.refuse(errors.New("handler.New: the function is nil"))
	}
	return op
}

// Handle binds, validates, calls the function and encodes.
func (op *Operation) Handle(ctx context.Context, req *Request) (*Response, error) {
	op.once.Do(op.read)
	if op.err != nil {
		return nil, op.err
	}
	if err := op.refused.Load(); err != nil {
		return nil, *err
	}
	return op.call(ctx, req)
}

// Compile reads the types for a route whose pattern has these path parameters.
// The error joins everything that is wrong. After an error every request is
// answered 500.
func (op *Operation) Compile(pathParams []string) error {
	op.once.Do(op.read)
	err := op.err
	if op.input != nil {
		err = errors.Join(err, op.input.checkPath(pathParams))
	}
	if refused := op.refused.Load(); refused != nil && err == nil {
		return *refused
	}
	if err != nil {
		op.refuse(err)
	}
	return err
}

func (op *Operation) refuse(err error) { op.refused.CompareAndSwap(nil, &err) }

// read makes the plans.
func (op *Operation) read() {
	var inErr, outErr error
	if op.older != nil {
		if op.err = op.older.read(op); op.err != nil {
			return
		}
	}
	op.input, inErr = readInput(op.in, op.settings)
	op.output, outErr = readOutput(op.out, op.settings)
	if op.older != nil {
		op.older.input = op.input
	}
	var exampleErr error
	if outErr == nil {
		op.sample, exampleErr = op.readExample()
	}
	op.err = errors.Join(inErr, outErr, exampleErr, op.settings.check())
}

func (s *settings) check() error {
	var errs []error
	if s.status != 0 && (s.status < 200 || s.status > 299) {
		errs = append(errs, fmt.Errorf("handler.Status(%d): must be 200 to 299; return an error for others", s.status))
	}
	if s.maxBody <= 0 {
		errs = append(errs, fmt.Errorf("handler.MaxBody(%d): must be at least 1", s.maxBody))
	}
	for i, e := range s.errors {
		if e == nil || e.StatusCode() < 400 || e.StatusCode() > 599 {
			errs = append(errs, fmt.Errorf("handler.Errors: error %d must not be nil and have a status of 400 to 599", i))
		}
	}
	return errors.Join(errs...)
}

// declared is the declared error that err is, or err.
func (op *Operation) declared(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return err
	}
	for _, e := range op.errors {
		if e.Err != nil && errors.Is(err, e.Err) {
			return e.Wrap(err)
		}
	}
	return err
}

// checkPath compares the path fields with the pattern.
func (in *input) checkPath(pathParams []string) error {
	var errs []error
	bound := map[string]bool{}
	for _, p := range in.path {
		bound[p.Name] = true
		if !slices.Contains(pathParams, p.Name) {
			errs = append(errs, fmt.Errorf("field %s: the pattern has no parameter {%s}; it has %s",
				p.field, p.Name, names(pathParams)))
		}
	}
	for _, name := range pathParams {
		if !bound[name] {
			errs = append(errs, fmt.Errorf("path parameter {%s} is bound by no field of %v; add a field `%s string `path:%q``",
				name, in.typ, goName(name), name))
		}
	}
	return errors.Join(errs...)
}

func names(params []string) string {
	if len(params) == 0 {
		return "none"
	}
	return "{" + strings.Join(params, "}, {") + "}"
}

// goName is a field name for a parameter.
func goName(param string) string {
	if param == "id" {
		return "ID"
	}
	if param == "" {
		return "Field"
	}
	return strings.ToUpper(param[:1]) + strings.ReplaceAll(param[1:], "-", "")
}
