package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
)

// rules is the one validator: it keeps what it has learnt of a type.
var rules = sync.OnceValue(func() *validator.Validate {
	return validator.New(validator.WithRequiredStructEnabled())
})

// checker checks the validate tags of an In.
type checker struct {
	in    *input
	name  string // what the library puts in front of each field
	dives string // "dive", "dive,dive", ... if In is a list of lists; "" for a struct
	sure  sure
}

// newChecker is the checker for an In, nil if no tag in it says anything.
func newChecker(in *input) (*checker, error) {
	found := ruled{seen: map[reflect.Type]bool{}}
	found.walk(in.typed)
	if !found.any {
		return nil, nil
	}
	if err := found.probe(); err != nil {
		return nil, err
	}
	c := &checker{in: in}
	t := in.typed
	for ; t.Kind() != reflect.Struct; t = t.Elem() {
		if t.Kind() != reflect.Pointer {
			c.dives = strings.TrimPrefix(c.dives+",dive", ",")
		}
	}
	if c.dives == "" && in.typed.Name() != "" {
		c.name = in.typed.Name() + "."
	}
	c.sure = newSure(in.typ, c.dives)
	return c, nil
}

// run checks v, a *In, and adds what fails, but for fields that have not been
// read, or of which a part has not. An error is no verdict on the request.
func (c *checker) run(ctx context.Context, v any, fails *failures) error {
	if c.sure(reflect.ValueOf(v).UnsafePointer()) {
		return nil
	}
	return c.ask(ctx, v, fails)
}

// ask lets the library decide.
func (c *checker) ask(ctx context.Context, v any, fails *failures) (err error) {
	defer func() {
		// The library panics where a rule does not suit a value.
		if r := recover(); r != nil {
			err = fmt.Errorf("validate %v: %v", c.in.typ, r)
		}
	}()
	unread := len(fails.fields)
	var failed validator.ValidationErrors
	err = c.validate(ctx, v)
	if err != nil && !errors.As(err, &failed) {
		return fmt.Errorf("validate %v: %w", c.in.typ, err)
	}
	for _, f := range failed {
		location := c.locate(f.StructNamespace())
		if !touches(fails.fields[:unread], location, f.Tag()) {
			fails.add(location, f.Tag(), ruleMessage(f))
		}
	}
	return nil
}

func (c *checker) validate(ctx context.Context, v any) error {
	if c.dives != "" {
		return rules().VarCtx(ctx, v, c.dives)
	}
	if c.in.typ.Kind() != reflect.Pointer {
		return rules().StructCtx(ctx, v)
	}
	p := reflect.ValueOf(v).Elem()
	for p.Kind() == reflect.Pointer && p.Type().Elem().Kind() == reflect.Pointer && !p.IsNil() {
		p = p.Elem()
	}
	if p.IsNil() {
		return nil
	}
	return rules().StructCtx(ctx, p.Interface())
}

// touches reports whether a location lies at or below one that has not been
// read; or is required and lies above one, so that only a part is missing.
func touches(unread []FieldError, location, rule string) bool {
	for _, f := range unread {
		if within(location, f.Location) || within(f.Location, location) && strings.HasPrefix(rule, "required") {
			return true
		}
	}
	return false
}

// within reports whether a location is another or lies below it.
func within(location, above string) bool {
	rest, ok := strings.CutPrefix(location, above)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// validator is what an In can have to check itself.
type selfValidator interface {
	Validate(ctx context.Context) error
}

// validate calls In's own method.
func (in *input) validate(ctx context.Context, v any) error {
	own, ok := v.(selfValidator)
	if !ok { // In is a pointer
		p := reflect.ValueOf(v).Elem()
		if p.Kind() == reflect.Pointer && p.IsNil() {
			return nil
		}
		own = p.Interface().(selfValidator)
	}
	err := own.Validate(ctx)
	var e *Error
	switch {
	case err == nil, errors.As(err, &e):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return (&Error{Status: http.StatusBadRequest, Message: "the request is not valid"}).Wrap(err)
}
