package tier

import (
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Function declares a function that belongs to no API: programs and other
// functions invoke it ([Function.Invoke]). The same binary serves it, its name
// is the Handler of the Lambda function, and it has its own role.
func (a *App) Function(name string, opts ...FunctionOption) *Function {
	at := datastore.Caller()
	a.checkName(at, "function", name)
	f := a.newFunction(nil, name, at)
	f.apply(opts)
	return f
}

// Invoke makes the function answer direct invocations (lambda:Invoke) with a
// payload of JSON of its own:
//
//	price := app.Function("price")
//	price.Invoke(handler.New(func(ctx context.Context, in Basket) (Total, error) { ... }))
//
// The payload is decoded and validated as the body of a request is; what is
// returned is the answer, and struct{} is null. There is nothing else: an In
// with fields from the path, the query, headers, cookies or a form is a mistake
// of the declaration, and so is an Out with headers, cookies or anything but
// JSON. An error is a function error with the words that a client would read.
//
// Nobody may invoke it by that alone: who does needs lambda:InvokeFunction on
// the function in a role of its own. Middleware of an API does not run. A
// function can have routes and direct invocations; an event of AWS is never
// taken for a payload.
// Options say what becomes of invocations that nobody waits for and that fail:
// [Retries], [MaxAge] and [OnFailure].
//
//	price.Invoke(handler.New(fn), tier.Retries(1), tier.OnFailure(lost))
//
// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-invocation.html
// and https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html.
func (f *Function) Invoke(h handler.Handler, opts ...TriggerOption) {
	f.invoke(datastore.Caller(), h, opts)
}

// Invoke makes the default function answer direct invocations. See
// [Function.Invoke].
func (api *API) Invoke(h handler.Handler, opts ...TriggerOption) {
	api.functions[0].invoke(datastore.Caller(), h, opts)
}

func (f *Function) invoke(at datastore.Position, h handler.Handler, opts []TriggerOption) {
	switch {
	case f.authorizer != nil:
		f.app.fail(at, "function %s is a Lambda authorizer, which answers nothing else; declare another function with app.Function", f.name)
	case h == nil:
		f.app.fail(at, "function %s: the handler of direct invocations is nil; write Invoke(handler.New(fn))", f.name)
	case f.direct != nil:
		f.app.fail(at, "function %s: Invoke at %s says already what answers direct invocations; declare another function", f.name, f.directAt)
	default:
		f.direct, f.directAt = h, at
		if len(opts) > 0 {
			f.undelivered(at, opts)
		}
	}
}

// Direct compiles what answers direct invocations, nil if nothing does. The
// error is a [*datastore.DeclarationError].
func (f *Function) Direct() (handler.Handler, error) {
	if f.direct == nil {
		return nil, nil
	}
	fail := func(format string, args ...any) error {
		return &datastore.DeclarationError{At: f.directAt, Message: "function " + f.name + ": direct invocation: " + fmt.Sprintf(format, args...)}
	}
	if d, ok := f.direct.(describer); ok {
		op, err := d.Describe()
		if err != nil {
			return nil, fail("%v", err)
		}
		if problem := notDirect(op); problem != "" {
			return nil, fail("%s", problem)
		}
	}
	if c, ok := f.direct.(handler.Compiler); ok {
		if err := c.Compile(nil); err != nil {
			return nil, fail("%v", err)
		}
	}
	return functionContext(f, f.direct), nil
}

// DirectHandler is the handler of direct invocations as it was declared, nil for
// none.
func (f *Function) DirectHandler() handler.Handler { return f.direct }

// DirectAt is where Invoke said what answers direct invocations, zero for
// nowhere.
func (f *Function) DirectAt() datastore.Position { return f.directAt }

// notDirect is what an operation asks for that a direct invocation does not
// have, "" for nothing.
func notDirect(op *schema.Operation) string {
	if len(op.Params) > 0 {
		p := op.Params[0]
		return fmt.Sprintf("the input has a field from the %s, %q, and there is only a payload; give it a json tag", p.In, p.Name)
	}
	if op.Body != nil && len(op.Body.Form) > 0 {
		return "the input is a form, and the payload is JSON; write json tags in place of form"
	}
	var parts []string
	for _, p := range append(op.Output.Headers, op.Output.Cookies...) {
		parts = append(parts, string(p.In)+" "+p.Name)
	}
	switch {
	case len(parts) > 0:
		return fmt.Sprintf("the output has %s, and an answer is only a value; give it a json tag", strings.Join(parts, ", "))
	case op.Output.AnyStatus:
		return "the output chooses a status, and an answer is only a value; return that and an error"
	case op.Output.MediaType != "" && !isJSON(op.Output.MediaType):
		return fmt.Sprintf("the output is %s, and an answer is JSON; return a struct", op.Output.MediaType)
	}
	return ""
}
